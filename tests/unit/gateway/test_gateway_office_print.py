"""Many notices printed in the office: chosen by a filter or one by one, followed, and taken away as files."""

import io
import zipfile
from dataclasses import replace
from datetime import date
from http import HTTPStatus
from uuid import UUID

import pytest

from contracts.rpc import notices
from contracts.rpc import office as office_calls
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import FISCAL_CODE, Services, make_practice
from tests.unit.gateway.office_imports import IMPORT
from tests.unit.gateway.office_papers import JOB, REFERENCES
from tests.unit.gateway.office_services import OFFICE_TOKEN, Office

PRINT = "/ufficio/PM108/stampa"
PAGE = f"{PRINT}/{JOB}"


@pytest.fixture(name="office")
def _office(services: Services) -> Office:
    services.add(make_practice(1))
    found = Office(services)
    found.become("sportello", service_code="TARI")
    return found


@pytest.fixture(name="desk")
def _desk(browser: Browser, office: Office) -> Browser:
    browser.cookies["office"] = OFFICE_TOKEN
    return browser


def test_a_filter_says_how_many_notices_it_finds_and_its_address_can_be_sent(desk: Browser, services: Services) -> None:
    address = f"{PRINT}?servizio=TARI&scadenza_al=2026-12-31&creata_dal=2026-11-01&creata_al=ieri&file={IMPORT}"
    answer = desk.get(address)
    assert "Stampa 2 avvisi" in text_of(answer)
    (asked,) = services.asked(office_calls.SELECTION)
    assert (asked.service_codes, asked.service_code, asked.due_until, asked.created_since, asked.import_id) == (
        ["TARI"],
        "TARI",
        date(2026, 12, 31),
        date(2026, 11, 1),
        IMPORT,
    )
    assert (asked.due_since, asked.created_until, asked.practice_ids) == (None, None, None)


def test_the_filter_that_was_used_last_is_remembered_until_it_is_taken_off(desk: Browser, services: Services) -> None:
    assert desk.get(PRINT).status_code == HTTPStatus.OK
    desk.get(f"{PRINT}?servizio=TARI&scadenza_al=2026-12-31")
    remembered = desk.get(PRINT)
    assert remembered.headers["location"] == f"{PRINT}?servizio=TARI&scadenza_al=2026-12-31"
    assert desk.get(f"{PRINT}?vuoto=si").status_code == HTTPStatus.OK
    assert len(services.asked(office_calls.SELECTION)) == 1


def test_what_the_filter_finds_is_printed_as_a_job_of_the_roles_services(desk: Browser, services: Services) -> None:
    answer = desk.submit(PRINT, servizio="TARI", lingua="de", key="5f0c1b9e-0000-4000-8000-000000000001")
    assert answer.headers["location"].startswith(PAGE)
    (job,) = services.asked(notices.START_JOB)
    assert (job.external_ids, job.second_language, job.service_codes) == (REFERENCES, "de", ["TARI"])
    assert job.idempotency_key == "5f0c1b9e-0000-4000-8000-000000000001"


def test_practices_are_chosen_one_by_one_where_they_were_found(desk: Browser, services: Services) -> None:
    services.add(make_practice(2, state="paid", payable=False))
    services.add(make_practice(3, external_id=None))
    desk.submit("/ufficio/PM108/pratiche", testo=FISCAL_CODE)
    page = page_of(desk.get("/ufficio/PM108/pratiche"))
    assert page.xpath(f"//form[@action='{PRINT}']//tbody//input[@type='checkbox']/@name") == [f"pratica-{UUID(int=1)}"]
    desk.submit(PRINT, **{f"pratica-{UUID(int=1)}": "si", "lingua": "klingon"})
    (asked,) = services.asked(office_calls.SELECTION)
    assert (asked.practice_ids, asked.service_codes) == ([UUID(int=1)], ["TARI"])
    assert services.asked(notices.START_JOB)[0].second_language is None


def test_nothing_is_printed_where_there_is_nothing_or_too_much(
    desk: Browser, office: Office, services: Services
) -> None:
    nothing = desk.submit(PRINT)
    assert nothing.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Scegli almeno una pratica" in text_of(nothing)
    office.papers.selection = office_calls.Selection(external_ids=[])
    assert "Nessun avviso da stampare" in text_of(desk.get(f"{PRINT}?servizio=TARI"))
    assert "nessun avviso da stampare" in text_of(desk.submit(PRINT, servizio="TARI"))
    office.papers.selection = office_calls.Selection(external_ids=REFERENCES, has_more=True)
    assert "più di 10.000" in text_of(desk.get(f"{PRINT}?servizio=TARI"))
    assert "più di 10.000" in text_of(desk.submit(PRINT, servizio="TARI"))
    assert services.asked(notices.START_JOB) == []


def test_a_job_shows_how_far_it_is_and_offers_what_is_printed(desk: Browser, office: Office) -> None:
    page = page_of(desk.get(PAGE))
    assert not page.xpath("//*[@data-ask-again-s]")
    assert page.xpath(f"//a[@href='{PAGE}/avvisi.zip']")
    assert page.xpath(f"//a[@href='{PAGE}/senza-avviso.csv']")
    office.papers.job = replace(office.papers.job, printed=0, refused=0, finished_at=None)
    page = page_of(desk.get(PAGE))
    assert page.xpath("//*[@data-ask-again-s]")
    assert not page.xpath("//main//a[contains(@href, 'avvisi.')]")


def test_the_notices_are_taken_away_as_one_file(desk: Browser, office: Office, services: Services) -> None:
    packed = zipfile.ZipFile(io.BytesIO(desk.get(f"{PAGE}/avvisi.zip").content))
    assert packed.namelist() == ["00001-a.pdf", "refused.csv"]
    assert desk.get(f"{PAGE}/avvisi.pdf?fronte_retro=si").content.startswith(b"%PDF")
    assert "TARI-2026-00002;practice_paid" in desk.get(f"{PAGE}/senza-avviso.csv").text
    assert {tuple(one.service_codes or ()) for one in services.asked(notices.JOB_DOCUMENTS)} == {("TARI",)}
    office.papers.documents = office.papers.documents[1:]
    assert desk.get(f"{PAGE}/avvisi.pdf").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("file", ["", "/avvisi.zip", "/avvisi.pdf", "/senza-avviso.csv"])
def test_a_job_of_another_service_is_none(desk: Browser, office: Office, file: str) -> None:
    office.become("sportello", service_code="BOLLO_IT")
    assert desk.get(f"{PAGE}{file}").status_code == HTTPStatus.NOT_FOUND
