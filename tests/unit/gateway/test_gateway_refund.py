"""Whoever paid twice sees on the practice's page that it is known, and asks for the money on a page of its own."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

import pytest

from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.events.payments import CASE_STATES
from contracts.rpc import money_cases
from contracts.rpc.money_cases import PayerCase
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import CITIZEN_ID, FISCAL_CODE, NOW, Services, make_practice, make_receipt

CASE = UUID(int=0x5A)
PRACTICE = f"/enti/PM108/pratiche/{UUID(int=1)}"
REFUND = f"{PRACTICE}/rimborso/{CASE}"
ACCOUNT = "IT60X0542811101000000123456"


def case(state: str = "open", **changes: Any) -> PayerCase:
    values: dict[str, Any] = {
        "id": CASE,
        "version": 4,
        "state": state,
        "reason": "already_paid",
        "receipt_id": "R2",
        "paid_at": NOW - timedelta(days=1),
        "changed_at": NOW,
        "unexpected_cents": 12_345,
        "holder_name": "Mario Rossi",
        "may_ask": state in ("open", "refund_asked"),
    }
    return PayerCase(**values | changes)


@pytest.fixture(name="paid_twice")
def _paid_twice(services: Services) -> None:
    practice = make_practice(1, needs_attention=True, state="paid", payable=False, not_payable_code="practice_paid")
    services.add(practice)
    services.receipts = [make_receipt(practice, "R1"), make_receipt(practice, "R2", duplicate=True)]
    services.payer_cases = [case()]


@pytest.fixture(name="citizen")
def _citizen(browser: Browser, paid_twice: None) -> Browser:
    browser.log_in()
    return browser


def test_the_practice_says_that_it_is_known_and_where_to_ask(citizen: Browser, services: Services) -> None:
    page = page_of(citizen.get(PRACTICE))
    text = " ".join(page.text_content().split())
    assert "L'ente sa di questo denaro in più" in text
    assert "123,45" in text
    assert [link.text_content() for link in page.xpath(f"//a[@href='{REFUND}']")] == ["Chiedi il rimborso"] * 2
    [asked] = services.asked(money_cases.PAYER_CASES)
    assert (asked.fiscal_code, asked.practice_id) == (FISCAL_CODE, UUID(int=1))
    services.failures[money_cases.PAYER_CASES.name] = Unavailable()
    assert citizen.get(PRACTICE).status_code == HTTPStatus.OK


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize("state", CASE_STATES)
def test_each_state_is_told_and_the_form_is_there_only_while_it_may_be_asked(
    citizen: Browser, services: Services, state: str, language: str
) -> None:
    citizen.language = language
    services.payer_cases = [case(state, iban="IT60…3456")]
    page = page_of(citizen.get(REFUND))
    assert len(page.xpath("//h1")) == 1
    assert bool(page.xpath(f"//form[@action='{REFUND}']")) == (state in ("open", "refund_asked"))
    assert "IT60…3456" in page.text_content()
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    for control in page.xpath("//main//input[not(@type='hidden')]"):
        assert page.xpath(f"//label[@for='{control.get('id')}']"), control.get("name")
    assert bool(page_of(citizen.get(PRACTICE)).xpath(f"//a[@href='{REFUND}']")) == (state in ("open", "refund_asked"))


def test_the_account_goes_to_payments_in_the_version_shown_and_into_no_address(
    citizen: Browser, services: Services
) -> None:
    answer = citizen.submit(REFUND, version="4", iban=" it60 x0542811101000000123456", intestatario="Mario  Rossi")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert answer.headers["location"] == f"{PRACTICE}?messaggio=rimborso-chiesto"
    [asked] = services.asked(money_cases.ASK_REFUND)
    assert asked == money_cases.AskRefundRequest(
        entity_code="PM108",
        practice_id=UUID(int=1),
        fiscal_code=FISCAL_CODE,
        case_id=CASE,
        version=4,
        citizen_id=CITIZEN_ID,
        iban="it60 x0542811101000000123456",
        holder="Mario Rossi",
    )
    assert "Il rimborso è stato chiesto: l'ente deve decidere." in text_of(citizen.get(PRACTICE))


@pytest.mark.parametrize(
    ("typed", "code", "field"),
    [
        ({"iban": "IT00"}, None, "iban"),
        ({"iban": ACCOUNT, "version": "3"}, None, ""),
        ({"iban": ACCOUNT, "version": "x"}, None, ""),
        ({"iban": ACCOUNT}, ErrorCode.NAME_REQUIRED, "intestatario"),
        ({"iban": ACCOUNT}, ErrorCode.MONEY_CASE_STEP_NOT_ALLOWED, ""),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    citizen: Browser, services: Services, typed: dict[str, str], code: ErrorCode | None, field: str
) -> None:
    if code:
        services.failures[money_cases.ASK_REFUND.name] = Refused(code)
    answer = citizen.submit(REFUND, **{"version": "4", "intestatario": "Anna", **typed})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = page_of(answer)
    assert page.xpath("//input[@id='iban']")[0].get("value") == typed["iban"]
    assert page.xpath("//div[contains(@class, 'portal-errors')]//li")
    if field:
        assert page.xpath(f"//input[@id='{field}']")[0].get("aria-invalid") == "true"


def test_nobody_else_opens_the_page(citizen: Browser, services: Services) -> None:
    services.payer_cases = []
    assert citizen.get(REFUND).status_code == HTTPStatus.NOT_FOUND
    assert citizen.submit(REFUND, version="4", iban=ACCOUNT, intestatario="x").status_code == HTTPStatus.NOT_FOUND


def test_a_visitor_is_shown_where_to_log_in(browser: Browser, services: Services, paid_twice: None) -> None:
    found = browser.submit("/enti/PM108/ricerca", fiscal_code=FISCAL_CODE, reference=make_practice(1).iuv)
    assert found.status_code == HTTPStatus.SEE_OTHER
    page = page_of(browser.get(PRACTICE))
    [link] = [one for one in page.xpath("//main//a") if "Entra per chiedere il rimborso" in one.text_content()]
    assert link.get("href").startswith("/spid/login?")
    assert services.asked(money_cases.PAYER_CASES) == []
    assert browser.get(REFUND).status_code in (HTTPStatus.SEE_OTHER, HTTPStatus.UNAUTHORIZED)
