"""Amounts that change with the days, from the body's software to the receipt."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests

from contracts.calendar import rome_day
from tests.e2e.browser import Browser
from tests.e2e.running import ENTITY, PortalCopy, until

FULL_CENTS = 10_000
REDUCED_CENTS = 7_000


def today() -> date:
    return rome_day(datetime.now(UTC))


def penalty(portal: PortalCopy, reference: str, notified_on: date) -> dict[str, Any]:
    """Put a debt of 100 euro, 70 within five days of notification."""
    schedule = {"reduced_cents": REDUCED_CENTS, "reduced_days": 5, "notified_on": notified_on.isoformat()}
    return portal.put_debt(reference, amount_cents=FULL_CENTS, schedule=schedule)


def archived_cents(portal: PortalCopy, notice_number: str) -> int | None:
    listed = requests.get(f"{portal.pagopa_url}/sandbox/archive", timeout=30).json()["positions"]
    found = [one["paymentOption"][0]["amount"] for one in listed if one["paymentOption"][0]["nav"] == notice_number]
    return found[0] if found else None


def confirmed_cents(portal: PortalCopy, practice_id: str) -> list[int]:
    return [
        event["data"]["amount_cents"]
        for event in portal.events()
        if event["type"] == "PaymentConfirmed.v1" and event["data"]["practice_id"] == practice_id
    ]


@pytest.fixture
def mario(browser: Browser) -> Browser:
    """Mario Rossi, logged in, with an empty cart."""
    browser.enter("mario-rossi").open_portal(f"/enti/{ENTITY}/carrello")
    if browser.rows():
        browser.submit("/carrello/pulisci")
    return browser


def test_an_amount_that_changes_while_a_cart_is_open_is_shown_before_it_is_paid(
    mario: Browser, portal: PortalCopy
) -> None:
    reference = f"e2e-amount-{uuid4().hex[:10]}"
    practice = penalty(portal, reference, notified_on=today())
    assert (practice["amount_cents"], practice["debt_cents"]) == (REDUCED_CENTS, FULL_CENTS)
    assert practice["amount_until"] == (today() + timedelta(days=5)).isoformat()
    number, practice_id = practice["notice_number"], practice["id"]
    until(lambda: archived_cents(portal, number) == REDUCED_CENTS, timeout_s=60, what="the amount of today archived")

    mario.open_portal(f"/enti/{ENTITY}/pratiche/{practice_id}").submit("/carrello/aggiungi")
    cart = mario.open_portal(f"/enti/{ENTITY}/carrello").form("/carrello/paga")
    assert "70,00" in mario.text

    penalty(portal, reference, notified_on=today() - timedelta(days=6))
    until(lambda: archived_cents(portal, number) == FULL_CENTS, timeout_s=60, what="the full amount archived")
    mario.send(cart)
    assert (mario.answer.status_code, mario.heading) == (409, "L'importo è cambiato")
    assert "Paga 100,00 €" in mario.text
    assert mario.state_of(practice_id) == "to_pay"

    mario.submit("/carrello/paga")
    assert "100,00" in mario.text
    mario.choose("paid")
    mario.wait_for(practice_id, "paid")
    assert confirmed_cents(portal, practice_id) == [FULL_CENTS]


def test_the_reduced_amount_is_paid_at_a_psp_and_is_the_whole(portal: PortalCopy) -> None:
    practice = penalty(portal, f"e2e-amount-{uuid4().hex[:10]}", notified_on=today() - timedelta(days=5))
    assert practice["amount_until"] == today().isoformat()
    portal.pay_at_counter(practice["notice_number"])
    until(lambda: confirmed_cents(portal, practice["id"]) == [REDUCED_CENTS], what="the reduced amount confirmed")


def test_what_is_late_is_paid_with_surcharge_and_interest_as_the_api_says(portal: PortalCopy) -> None:
    due_date = (today() - timedelta(days=73)).isoformat()
    schedule = {"surcharge_cents": 500, "interest_basis_points": 250}
    practice = portal.put_debt(
        f"e2e-amount-{uuid4().hex[:10]}", amount_cents=FULL_CENTS, due_date=due_date, schedule=schedule
    )
    # 73 days are a fifth of a year: half of a percent.
    assert (practice["amount_cents"], practice["amounts"][0]["grows"]) == (10_550, True)
    portal.pay_at_counter(practice["notice_number"])
    until(lambda: confirmed_cents(portal, practice["id"]) == [10_550], what="the late amount confirmed")


def test_a_schedule_that_does_not_fit_is_refused_with_its_field(portal: PortalCopy) -> None:
    body = {
        "service_code": "TARI",
        "fiscal_code": "RSSMRA85T10A562S",
        "full_name": "Rossi Mario",
        "amount_cents": FULL_CENTS,
        "description": "Prova",
        "schedule": {"reduced_cents": FULL_CENTS, "reduced_days": 5},
    }
    answer = portal.api("PUT", f"/creditors/{ENTITY}/debts/e2e-amount-{uuid4().hex[:10]}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "schedule_not_allowed")
    assert answer.json()["params"] == {"field": "reduced_cents"}
