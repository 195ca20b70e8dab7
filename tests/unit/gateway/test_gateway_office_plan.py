"""A plan of instalments in the office: divided, changed by hand, made; and how it is shown."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from http import HTTPStatus

import pytest

from contracts.errors import ErrorCode, Refused
from contracts.rpc import notices, office, practices
from contracts.shapes import Instalment
from gateway.office import plan_schedule
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import Services, make_practice
from tests.unit.gateway.office_services import OFFICE_TOKEN, Office

PLAN = "/ufficio/PM108/inserisci/piano"
TYPED = {
    "servizio": "TARI",
    "fiscal_code": "RSSMRA85T10A562S",
    "nome": "Rossi Mario",
    "causale": "TARI 2026",
    "importo": "100,00",
    "rate": "3",
    "prima": "2026-12-31",
    "ogni": "1",
    "key": "5f0c1b9e-0000-4000-8000-000000000001",
}
ROWS = {
    "rata-1-importo": "40,00",
    "rata-1-scadenza": "2026-12-31",
    "rata-2-importo": "30,00",
    "rata-2-scadenza": "31/01/2027",
    "rata-3-importo": "30,00",
    "rata-3-scadenza": "2027-02-28",
}


@pytest.fixture(name="desk")
def _desk(browser: Browser, services: Services) -> Browser:
    Office(services).become("sportello")
    browser.cookies["office"] = OFFICE_TOKEN
    return browser


def values_of(page: object) -> Mapping[str, str]:
    return {one.get("name"): one.get("value") for one in page.xpath("//input[starts-with(@name, 'rata-')]")}  # type: ignore[attr-defined]


def wrong_fields(page: object) -> list[str]:
    return list(page.xpath("//input[@aria-invalid='true']/@name"))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("total", "count", "amounts"),
    [(10_000, 3, [3_334, 3_333, 3_333]), (10_000, 2, [5_000, 5_000]), (5, 4, [2, 1, 1, 1])],
)
def test_what_does_not_divide_is_on_the_first(total: int, count: int, amounts: list[int]) -> None:
    assert plan_schedule.amounts(total, count) == amounts


def test_days_are_months_apart_and_the_last_of_a_shorter_month() -> None:
    assert plan_schedule.due_dates(date(2027, 12, 31), 4, 1) == [
        date(2027, 12, 31),
        date(2028, 1, 31),
        date(2028, 2, 29),
        date(2028, 3, 31),
    ]
    assert plan_schedule.due_dates(date(2026, 11, 15), 3, 6) == [
        date(2026, 11, 15),
        date(2027, 5, 15),
        date(2027, 11, 15),
    ]


def test_the_page_divides_the_total_and_makes_nothing_yet(desk: Browser, services: Services) -> None:
    answer = desk.submit(PLAN, passo="calcola", **TYPED)
    assert answer.status_code == HTTPStatus.OK
    assert values_of(page_of(answer)) == {
        "rata-1-importo": "33,34",
        "rata-1-scadenza": "2026-12-31",
        "rata-2-importo": "33,33",
        "rata-2-scadenza": "2027-01-31",
        "rata-3-importo": "33,33",
        "rata-3-scadenza": "2027-02-28",
    }
    assert page_of(answer).xpath("//input[@name='key']/@value") == [TYPED["key"]]
    assert services.asked(office.INSERT_PLAN) == []


def test_instalments_changed_by_hand_are_made_and_shown(desk: Browser, services: Services) -> None:
    answer = desk.submit(PLAN, passo="inserisci", rif="TARI-77", **TYPED, **ROWS)
    assert answer.headers["location"].startswith("/ufficio/PM108/pratiche/")
    (asked,) = services.asked(office.INSERT_PLAN)
    assert [(one.amount_cents, one.due_date) for one in asked.instalments] == [
        (4_000, date(2026, 12, 31)),
        (3_000, date(2027, 1, 31)),
        (3_000, date(2027, 2, 28)),
    ]
    assert (asked.idempotency_key, asked.external_id, asked.service_codes) == (TYPED["key"], "TARI-77", None)


@pytest.mark.parametrize(
    ("step", "changes", "wrong"),
    [
        ("calcola", {"rate": "1"}, "rate"),
        ("calcola", {"rate": "61"}, "rate"),
        ("calcola", {"rate": "tre"}, "rate"),
        ("calcola", {"importo": "cento"}, "importo"),
        ("calcola", {"importo": "0,02"}, "importo"),
        ("calcola", {"prima": ""}, "prima"),
        ("inserisci", {"rate": "4"}, "rate"),
        ("inserisci", {"importo": "100,01"}, "importo"),
        ("inserisci", {"rata-2-importo": "trenta"}, "rata-2-importo"),
        ("inserisci", {"rata-2-scadenza": "31/02/2027"}, "rata-2-scadenza"),
        ("inserisci", {"rata-3-scadenza": "2027-01-31"}, "rata-3-scadenza"),
    ],
)
def test_what_cannot_be_so_is_marked_and_what_was_typed_stays(
    desk: Browser, services: Services, step: str, changes: dict[str, str], wrong: str
) -> None:
    sent = {**TYPED, **ROWS, **changes}
    answer = desk.submit(PLAN, passo=step, **sent)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = page_of(answer)
    assert wrong_fields(page) == [wrong]
    assert page.xpath(f"//div[@role='alert']//a[@href='#{wrong}']")
    assert {**values_of(page)} == {name: text for name, text in sent.items() if name.startswith("rata-")}
    assert services.asked(office.INSERT_PLAN) == []


def test_what_the_service_refuses_stands_at_its_field(desk: Browser, services: Services) -> None:
    services.failures[office.INSERT_PLAN.name] = Refused(ErrorCode.DUPLICATE_REFERENCE)
    answer = desk.submit(PLAN, passo="inserisci", **TYPED, **ROWS)
    assert wrong_fields(page_of(answer)) == ["rif"]


def test_a_practice_of_a_plan_shows_all_instalments_and_prints_them_together(desk: Browser, services: Services) -> None:
    plan = [replace(make_practice(n), instalment=Instalment(number=n, total=3)) for n in (1, 2, 3)]
    for one in plan:
        services.add(one)
    services.answer(practices.PLAN, lambda _: practices.PracticeList(practices=plan))
    address = f"/ufficio/PM108/pratiche/{plan[0].id}"
    answer = desk.get(address)
    assert "rata 3 di 3" in text_of(answer)
    assert page_of(answer).xpath(f"//a[@href='{address}/avviso.pdf?rate=tutte']")
    desk.get(f"{address}/avviso.pdf?rate=tutte")
    assert [one.whole_plan for one in services.asked(notices.NOTICE)] == [True]
