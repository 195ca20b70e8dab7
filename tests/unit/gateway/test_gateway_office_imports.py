"""Debt files in the office: sent, previewed, loaded, stopped, and their refused rows corrected."""

import csv
import io
import re
from dataclasses import replace
from http import HTTPStatus

import pytest

from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices
from contracts.rpc.operators import actor_of
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import Services, make_practice
from tests.unit.gateway.office_imports import CELLS, IMPORT, WITHOUT_REFERENCE, WRONG_HEADER
from tests.unit.gateway.office_services import MARIA, OFFICE_TOKEN, Office, office_practice

FILES = "/ufficio/PM108/importa"
PAGE = f"{FILES}/{IMPORT}"
CONTENT = "codice_debito;servizio\nà;TARI\n".encode()


@pytest.fixture(name="office")
def _office(services: Services) -> Office:
    services.add(make_practice(1))
    found = Office(services)
    found.become("ufficio", service_code="TARI")
    return found


@pytest.fixture(name="desk")
def _desk(browser: Browser, office: Office) -> Browser:
    browser.cookies["office"] = OFFICE_TOKEN
    return browser


# ---- sent


def test_a_file_goes_to_its_preview_for_the_services_of_the_role(
    desk: Browser, office: Office, services: Services
) -> None:
    page = page_of(desk.get(FILES))
    assert page.xpath("//form[@enctype='multipart/form-data']//input[@type='file'][@name='file']")
    assert page.xpath(f"//table//a[@href='{PAGE}']")
    answer = desk.upload(
        FILES, ("file", "tari 2026.csv", CONTENT), csrf_token=desk.token(), key="5f0c1b9e-0000-4000-8000-000000000001"
    )
    assert (answer.status_code, answer.headers["location"]) == (HTTPStatus.SEE_OTHER, PAGE)
    assert office.files.content == CONTENT
    (part,) = services.asked(practices.IMPORT_PART)
    assert (part.file_name, part.number) == ("tari 2026.csv", 1)
    (queued,) = services.asked(practices.QUEUE_IMPORT)
    assert queued.preview
    assert queued.service_codes == ["TARI"]
    assert queued.actor == actor_of(office.people[MARIA])
    assert queued.idempotency_key == "5f0c1b9e-0000-4000-8000-000000000001"


def test_a_large_file_goes_in_parts(desk: Browser, office: Office, services: Services) -> None:
    content = b"x" * (practices.IMPORT_PART_MAX_BYTES + 5)
    assert (
        desk.upload(FILES, ("file", "grande.csv", content), csrf_token=desk.token()).status_code == HTTPStatus.SEE_OTHER
    )
    assert office.files.content == content
    assert [one.number for one in services.asked(practices.IMPORT_PART)] == [1, 2]


def test_what_is_wrong_with_a_file_is_said_beside_its_field(desk: Browser, office: Office, services: Services) -> None:
    empty = desk.upload(FILES, ("file", "", b""), csrf_token=desk.token())
    assert empty.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Scegli il file da caricare." in text_of(empty)
    office.files.refusal = WRONG_HEADER
    answer = desk.upload(FILES, ("file", "tari.csv", CONTENT), csrf_token=desk.token())
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Mancano le colonne: importo." in text_of(answer)
    assert "Ci sono due volte: causale." in text_of(answer)
    described = page_of(answer).xpath("//input[@id='file'][@aria-invalid='true']/@aria-describedby")
    assert described == ["file-errore file-aiuto"]
    office.files.refusal = Refused(ErrorCode.UNKNOWN_ENTITY)
    assert (
        desk.upload(FILES, ("file", "tari.csv", CONTENT), csrf_token=desk.token()).status_code == HTTPStatus.NOT_FOUND
    )
    assert services.asked(practices.QUEUE_IMPORT) == []


def test_without_a_session_or_from_another_site_no_file_is_taken(
    desk: Browser, office: Office, services: Services
) -> None:
    office.session_live = False
    lost = desk.upload(FILES, ("file", "tari.csv", CONTENT), csrf_token=desk.token())
    assert lost.status_code == HTTPStatus.UNAUTHORIZED
    assert "La sessione è finita" in text_of(lost)
    office.session_live = True
    # The page of the lost session goes on with what it has, which is no file.
    again = desk.submit(FILES, key="5f0c1b9e-0000-4000-8000-000000000001")
    assert again.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Scegli di nuovo il file" in text_of(again)
    forged = desk.request(
        "POST",
        FILES,
        headers={"Content-Type": "multipart/form-data; boundary=x", "Sec-Fetch-Site": "cross-site"},
        body=b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc\r\n--x--\r\n',
    )
    assert forged.status_code == HTTPStatus.FORBIDDEN
    assert services.asked(practices.IMPORT_PART) == []


# ---- one file


def test_the_preview_says_what_would_change_and_each_number_opens(desk: Browser, office: Office) -> None:
    answer = desk.get(PAGE)
    page = page_of(answer)
    counts = dict(
        zip(
            (one.text_content() for one in page.xpath("//dl[contains(@class, 'portal-counts')]//dt")),
            (one.text_content().strip()[:1] for one in page.xpath("//dl[contains(@class, 'portal-counts')]//dd")),
            strict=True,
        )
    )
    assert counts == {
        "Pratiche nuove": "1",
        "Modificate": "0",
        "Invariate": "0",
        "Rifiutate": "1",
        "Da pagare e non nel file": "2",
    }
    assert page.xpath(f"//dd/a[@href='{PAGE}?esito=rifiutate#righe']")
    assert page.xpath(f"//dd/a[@href='{PAGE}/mancanti']")
    assert "L'importo non si legge. Scrivilo come 148,50." in text_of(answer)
    assert "Carica solo la riga buona" in text_of(answer)
    narrowed = page_of(desk.get(f"{PAGE}?esito=nuove"))
    assert len(narrowed.xpath("//tbody/tr")) == 1
    desk.language = "en"
    assert "L'importo" not in text_of(desk.get(PAGE))


def test_the_missing_are_shown_before_they_are_annulled(desk: Browser, office: Office) -> None:
    office.files.missing = [office_practice(make_practice(1))]
    page = page_of(desk.get(f"{PAGE}/mancanti"))
    assert page.xpath("//tbody//a[starts-with(@href, '/ufficio/PM108/pratiche/')]")
    assert page.xpath(f"//a[@href='{PAGE}/mancanti?dopo=7']")


@pytest.mark.parametrize(
    ("state", "changes", "buttons", "asks_again"),
    [
        ("waiting", {"previewed": False}, {"sospendi", "annulla"}, True),
        ("checking", {"previewed": False, "accepted": 0, "refused": 0}, {"sospendi", "annulla"}, True),
        ("loading", {"previewed": False}, {"sospendi", "annulla"}, True),
        ("waiting", {"previewed": False, "paused": True}, {"riprendi", "annulla"}, False),
        ("waiting", {}, {"carica", "annulla"}, False),
        ("done", {"previewed": False}, set(), False),
        ("cancelled", {"previewed": False}, set(), False),
        ("refused", {"previewed": False, "code": "import_not_utf8"}, set(), False),
    ],
)
def test_each_state_offers_what_can_be_done(
    desk: Browser,
    office: Office,
    state: str,
    changes: dict[str, object],
    buttons: set[str],
    asks_again: bool,  # noqa: FBT001 -- a column
) -> None:
    office.files.report = replace(office.files.report, state=state, **changes)  # type: ignore[arg-type]
    answer = desk.get(PAGE)
    page = page_of(answer)
    offered = {address.rpartition("/")[2] for address in page.xpath("//main//form[@method='post']/@action")}
    assert offered == buttons
    assert bool(page.xpath("//*[@data-ask-again-s]")) == asks_again
    assert len(page.xpath("//h1")) == 1
    if state == "refused":
        assert "UTF-8" in text_of(answer)


def test_a_file_is_loaded_stopped_and_let_go_on(desk: Browser, office: Office, services: Services) -> None:
    shown = text_of(desk.submit_and_follow(f"{PAGE}/carica", solo_buone="si", annulla_mancanti="si", motivo=" Fine "))
    assert "Sto caricando" in shown
    (applied,) = services.asked(practices.APPLY_IMPORT)
    assert (applied.accepted_only, applied.annul_missing, applied.reason) == (True, True, "Fine")
    assert (applied.service_codes, applied.actor) == (["TARI"], actor_of(office.people[MARIA]))
    assert "sospeso" in text_of(desk.submit_and_follow(f"{PAGE}/sospendi"))
    assert "riprende da dove era" in page_of(desk.submit_and_follow(f"{PAGE}/riprendi")).text_content()
    assert [one.paused for one in services.asked(practices.HOLD_IMPORT)] == [True, False]
    assert "Caricamento annullato" in text_of(desk.submit_and_follow(f"{PAGE}/annulla"))
    (cancelled,) = services.asked(practices.CANCEL_IMPORT)
    assert cancelled.actor == actor_of(office.people[MARIA])


def test_what_cannot_be_loaded_so_is_said_in_the_page(desk: Browser, office: Office) -> None:
    answer = desk.submit(f"{PAGE}/carica", solo_buone="si", annulla_mancanti="si")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = page_of(answer)
    assert page.xpath("//input[@id='motivo'][@aria-invalid='true']")
    assert page.xpath("//input[@id='annulla_mancanti'][@checked]")
    office.files.refusal = WITHOUT_REFERENCE
    answer = desk.submit(f"{PAGE}/carica", annulla_mancanti="si", motivo="Fine")
    assert "righe senza riferimento" in text_of(answer)
    assert page_of(answer).xpath("//input[@id='motivo']/@value") == ["Fine"]


# ---- its refused rows


def test_refused_rows_are_taken_away_as_a_file(desk: Browser) -> None:
    answer = desk.get(f"{PAGE}/da-correggere.csv")
    assert "attachment" in answer.headers["content-disposition"]
    header, row = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";")
    assert header[:5] == ["riga", "colonna", "valore", "problema", "rimedio"]
    assert row[5:] == list(CELLS.values())


def test_a_row_is_corrected_in_the_page_and_sent(desk: Browser, office: Office, services: Services) -> None:
    page = page_of(desk.get(f"{PAGE}/correggi"))
    wrong = page.xpath("//input[@name='r3-importo']")[0]
    assert (wrong.get("value"), wrong.get("aria-invalid")) == ("uno", "true")
    fields = {f"r3-{column}": text for column, text in CELLS.items()}
    answer = desk.submit(f"{PAGE}/correggi", **{**fields, "r3-importo": "148,50", "invia-3": "si", "dopo": "0"})
    assert answer.headers["location"].startswith(PAGE)
    header, row = csv.reader(io.StringIO(office.files.content.decode("utf-8-sig")), delimiter=";")
    assert dict(zip(header, row, strict=True)) == {**CELLS, "importo": "148,50"}
    (queued,) = services.asked(practices.QUEUE_IMPORT)
    assert (queued.preview, queued.service_codes, queued.actor) == (
        False,
        ["TARI"],
        actor_of(office.people[MARIA]),
    )


def test_with_no_row_chosen_what_was_typed_stays(desk: Browser, services: Services) -> None:
    answer = desk.submit(f"{PAGE}/correggi", **{"r3-importo": "148,50", "dopo": "0"})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = page_of(answer)
    assert page.xpath("//input[@name='r3-importo']/@value") == ["148,50"]
    assert not page.xpath("//input[@name='invia-3'][@checked]")
    assert services.asked(practices.QUEUE_IMPORT) == []
    assert "Nessuna riga da correggere" in text_of(desk.get(f"{PAGE}/correggi?dopo=3"))


def test_corrections_typed_in_a_lost_session_are_kept(desk: Browser, office: Office) -> None:
    office.session_live = False
    lost = desk.submit(f"{PAGE}/correggi", **{"r3-importo": "148,50", "invia-3": "si", "dopo": "0"})
    assert lost.status_code == HTTPStatus.UNAUTHORIZED
    kept = page_of(lost).xpath("//form//input[@type='hidden']/@name")
    assert {"r3-importo", "invia-3", "dopo"} <= set(kept)


def test_the_audit_leads_to_the_file(desk: Browser, office: Office) -> None:
    office.become("ufficio", "revisore")
    office.note("debts.apply_import", IMPORT, after={"import_created": 3}, reason="Fine")
    answer = desk.get("/ufficio/PM108/registro")
    assert page_of(answer).xpath(f"//a[@href='{PAGE}']")
    assert re.search(r"File caricato da Carlo Neri .* Pratiche nuove → 3", text_of(answer))
    assert "File caricato" in text_of(desk.get(PAGE))
