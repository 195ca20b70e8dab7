"""Less came than is due: the pages say what came and what is missing, and nobody is asked to pay it again."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import Portal
from tests.browser.test_browser_duplicates import SCREENS, choose, debt, find, press_pay
from tests.integration.payments.payments_actors import receipt

OpenBrowser = Callable[..., Page]
Look = Callable[[Page, str], None]

CAME_CENTS = 5_000
WORDS = {
    "it-IT": ("Pagamento parziale", "27,00", "50,00"),
    "en-GB": ("Part payment", "27.00", "50.00"),
}


def let_less_come(portal: Portal, practice: dict[str, Any], note: str) -> None:
    """Send a receipt of 50 of the 77 euro, as the node does, for a payment that began in a checkout of ours."""
    number = int(practice["notice_number"][1:])
    envelope = receipt(number, uuid4().hex, CAME_CENTS, note)
    headers = {"Content-Type": "text/xml", "SOAPAction": "paSendRTV2"}
    answer = requests.post(f"{portal.url}/pagopa/pa-for-node", data=envelope.encode(), headers=headers, timeout=30)
    assert "<outcome>OK</outcome>" in answer.text, answer.text


def reload_until(page: Page, text: str) -> None:
    """Load the page again until it says something."""
    for _ in range(60):
        if text in page.content():
            return
        page.wait_for_timeout(500)
        page.reload()
    pytest.fail(f"{text!r} never came: {page.content()[:2000]}")


@pytest.mark.parametrize("screen", SCREENS)
def test_who_paid_too_little_reads_what_came_and_what_is_missing_on_every_page(
    portal: Portal, open_browser: OpenBrowser, look: Look, screen: dict[str, Any]
) -> None:
    state, missing, came = WORDS[screen["locale"]]
    practice = debt(portal, f"Retta di prova {uuid4().hex[:8]}")
    page = open_browser(**screen)
    page.goto(f"{portal.url}/enti/PM108")
    page.locator("input[name=fiscal_code]").fill("BNCGLI82D63L049K")
    page.locator("input[name=reference]").fill(practice["notice_number"])
    page.locator("form:has(input[name=fiscal_code]) button[type=submit]").first.click()
    press_pay(page, practice)
    choose(page, portal, "never")
    found = re.search(r"/esito/([0-9a-f-]{36})", page.url)
    assert found
    let_less_come(portal, practice, found[1])
    reload_until(page, missing)
    look(page, "parziale-esito")
    expect(page.locator("form[action$='/paga']")).to_have_count(0)

    page.goto(f"{portal.url}/enti/PM108/pratiche/{practice['id']}")
    expect(page.locator("main")).to_contain_text(state)
    expect(page.locator("main")).to_contain_text(missing)
    expect(page.locator("main")).to_contain_text(came)
    expect(page.locator("form[action$='/paga']")).to_have_count(0)
    look(page, "parziale-pratica")
    page.goto(f"{portal.url}/enti/PM108/risultati")
    expect(page.locator("main")).to_contain_text(state)
    look(page, "parziale-risultati")


@pytest.mark.parametrize("screen", SCREENS)
def test_whoever_only_knows_the_notice_reads_the_state_and_no_amount_that_came(
    portal: Portal, open_browser: OpenBrowser, look: Look, screen: dict[str, Any]
) -> None:
    state, missing, came = WORDS[screen["locale"]]
    practice = debt(portal, f"Retta di prova {uuid4().hex[:8]}")
    let_less_come(portal, practice, "")
    page = open_browser(**screen)
    find(page, portal, practice)
    reload_until(page, state)
    page.goto(f"{portal.url}/enti/PM108/pratiche/{practice['id']}")
    expect(page.locator("main")).to_contain_text(state)
    for amount in (missing, came):
        expect(page.locator("main")).not_to_contain_text(amount)
    look(page, "parziale-estraneo")
