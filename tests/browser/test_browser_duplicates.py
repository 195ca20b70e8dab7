"""Who is about to pay twice, or what is being paid already: the pages that say so, in a real browser."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Portal
from tests.browser.test_browser_journey import ask_until_paid

OpenBrowser = Callable[..., Page]
Look = Callable[[Page, str], None]

WAIT_MS = 30_000
# A screen, and a telephone with another language and without scripts.
SCREENS = [
    pytest.param({"width": 1280, "locale": "it-IT"}, id="screen"),
    pytest.param({"width": 390, "locale": "en-GB", "javascript": False}, id="telephone"),
]


def debt(portal: Portal, description: str) -> dict[str, Any]:
    """Let the entity ask Giulia for 77 euro."""
    return portal.put_debt(
        uuid4().hex,
        service_code="RETTA",
        full_name="Bianchi Giulia",
        fiscal_code="BNCGLI82D63L049K",
        amount_cents=7_700,
        description=description,
        due_date=(date.today() + timedelta(days=30)).isoformat(),  # noqa: DTZ011 -- any day ahead will do
    )


def find(page: Page, portal: Portal, practice: dict[str, Any]) -> None:
    page.goto(f"{portal.url}/enti/PM108")
    page.locator("input[name=notice_number]").fill(practice["notice_number"])
    page.locator("form[action$='/ricerca'] button[type=submit]").first.click()


def press_pay(page: Page, practice: dict[str, Any]) -> None:
    page.locator(f"form[action$='/pratiche/{practice['id']}/paga'] button").first.click()


def choose(page: Page, portal: Portal, outcome: str) -> None:
    expect(page).to_have_url(re.compile(re.escape(portal.pagopa_url)), timeout=WAIT_MS)
    page.locator(f"button[value={outcome}]").click()
    page.wait_for_url(re.compile("/esito/"), timeout=WAIT_MS)


@pytest.mark.parametrize("screen", SCREENS)
def test_a_payment_asked_for_twice_is_shown_and_goes_on_only_if_one_means_it(
    portal: Portal, open_browser: OpenBrowser, look: Look, screen: dict[str, Any]
) -> None:
    description = f"Retta di prova {uuid4().hex[:8]}"
    first, second = debt(portal, description), debt(portal, description)
    page = open_browser(**screen)
    find(page, portal, first)
    press_pay(page, first)
    choose(page, portal, "paid")
    ask_until_paid(page)

    find(page, portal, second)
    press_pay(page, second)
    expect(page.locator("form input[name=anyway]")).to_have_count(1, timeout=WAIT_MS)
    look(page, "pratica-uguale")
    page.locator("form:has(input[name=anyway]) button").click()
    choose(page, portal, "pending")
    expect(page.locator("form[data-ask-now]")).to_have_count(1, timeout=WAIT_MS)
    look(page, "esito-in-attesa")


@pytest.mark.parametrize("screen", SCREENS)
def test_a_payment_under_way_is_explained_to_others_and_resumed_by_its_payer(
    portal: Portal, open_browser: OpenBrowser, look: Look, screen: dict[str, Any]
) -> None:
    practice, other = debt(portal, f"Retta {uuid4().hex[:8]}"), debt(portal, f"Retta {uuid4().hex[:8]}")
    page = open_browser(**screen)
    for one in (practice, other):
        find(page, portal, one)
        page.locator("summary").last.click()
        page.locator("form[action$='/carrello/aggiungi'] button").first.click()
    page.goto(f"{portal.url}/enti/PM108/carrello")
    page.locator("form[action$='/carrello/paga'] button").click()
    expect(page).to_have_url(re.compile(re.escape(portal.pagopa_url)), timeout=WAIT_MS)

    find(page, portal, practice)
    press_pay(page, practice)
    expect(page.locator("main a[href*='/esito/']")).to_have_count(1, timeout=WAIT_MS)
    look(page, "proprio-pagamento-in-corso")
    page.locator("main a[href*='/esito/']").click()
    expect(page.locator(f"main a[href^='{portal.pagopa_url}']")).to_have_count(1, timeout=WAIT_MS)
    look(page, "esito-non-concluso")

    somebody_else = open_browser(**screen)
    find(somebody_else, portal, practice)
    press_pay(somebody_else, practice)
    expect(somebody_else.locator(".portal-outcome--waiting")).to_have_count(1, timeout=WAIT_MS)
    expect(somebody_else.locator("main a[href*='/esito/']")).to_have_count(0)
    look(somebody_else, "altrui-pagamento-in-corso")
    page.locator(f"main a[href^='{portal.pagopa_url}']").click()
    choose(page, portal, "abandoned")
    look(page, "esito-annullato")
