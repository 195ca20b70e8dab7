"""Amounts that change with the days, and several ways of paying: what a payer sees, with axe on every state."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.accessibility import Audit
from tests.browser.conftest import Portal
from tests.browser.test_browser_accessibility import GIULIA, Walk
from tests.conftest import wait_until

TODAY = date.today()  # noqa: DTZ011 -- the schedules have days to spare on both sides


@pytest.fixture
def walk(portal: Portal, open_browser: Callable[..., Page], audit: Audit) -> Iterator[Walk]:
    walk = Walk(portal, open_browser(), audit)
    yield walk
    assert walk.problems() == []


def debt(portal: Portal, reference: str, **changes: Any) -> dict[str, Any]:
    content = {**GIULIA, "service_code": "TARI", "amount_cents": 10_000, "description": "Avviso di accertamento"}
    return portal.put_debt(reference, **content, **changes)


def penalty(portal: Portal, reference: str, notified_on: date) -> dict[str, Any]:
    schedule = {
        "reduced_cents": 7_000,
        "reduced_days": 5,
        "notified_on": notified_on.isoformat(),
        "valid_until": (TODAY + timedelta(days=60)).isoformat(),
        "surcharge_cents": 500,
        "interest_basis_points": 250,
    }
    return debt(portal, reference, schedule=schedule)


def find(walk: Walk, reference: str) -> None:
    """Find the debt as its debtor does without login."""
    walk.page.goto(f"{walk.portal.url}/enti/PM108")
    walk.send(
        "form[action$='/ricerca']:has([name=fiscal_code])", fiscal_code=GIULIA["fiscal_code"], reference=reference
    )


def archived_cents(portal: Portal, notice_number: str) -> list[int]:
    listed = requests.get(f"{portal.pagopa_url}/sandbox/archive", timeout=30).json()["positions"]
    return [one["paymentOption"][0]["amount"] for one in listed if one["paymentOption"][0]["nav"] == notice_number]


def test_until_when_which_amount_holds_and_that_it_changed_is_seen_before_paying(walk: Walk) -> None:
    page, reference = walk.page, f"browser-{uuid4().hex[:8]}"
    made = penalty(walk.portal, reference, TODAY)
    wait_until(lambda: archived_cents(walk.portal, made["notice_number"]) == [7_000])
    find(walk, reference)
    walk.at(f"/enti/PM108/pratiche/{made['id']}", "pratica con importi che cambiano")
    walk.in_italian()
    page.reload()
    expect(page.get_by_role("heading", name="Quanto si paga, e fino a quando")).to_be_visible()
    expect(page.locator(".portal-amounts li").first).to_contain_text("70,00 €")

    penalty(walk.portal, reference, TODAY - timedelta(days=6))
    wait_until(lambda: archived_cents(walk.portal, made["notice_number"]) == [10_000])
    page.locator("form[action$='/paga'] button").first.click()
    expect(page.get_by_role("heading", name="L'importo è cambiato")).to_be_visible()
    walk.once("importo cambiato")
    page.get_by_role("button", name="Paga 100,00 €").click()
    page.wait_for_url("**/checkout/**")


def test_in_which_ways_a_debt_can_be_paid_is_seen_on_each_of_them(walk: Walk) -> None:
    page, mark = walk.page, f"browser-{uuid4().hex[:8]}"
    single = debt(walk.portal, f"{mark}-u", debt_position=mark, option="unica")
    for number in (1, 2):
        instalment = {"number": number, "total": 2}
        debt(walk.portal, f"{mark}-{number}", debt_position=mark, option="rate", instalment=instalment)
    find(walk, f"{mark}-u")
    walk.at(f"/enti/PM108/pratiche/{single['id']}", "pratica con più soluzioni")
    walk.in_italian()
    page.reload()
    expect(page.get_by_role("heading", name="In quali modi si può pagare")).to_be_visible()
    expect(page.get_by_text("Piano di 2 rate")).to_be_visible()
