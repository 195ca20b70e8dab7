"""Whoever uses the keyboard alone goes on where they were: after every action focus is at its place, not at the top."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import Portal
from tests.browser.test_browser_journey import DEBT, log_in, register

OpenBrowser = Callable[..., Page]
WAIT_MS = 30_000
SCRIPTS = pytest.mark.parametrize("scripts", ["on", "off"])


def press(page: Page, selector: str, *, opens: re.Pattern[str]) -> None:
    """Press a control as the keyboard does, and wait for the page that it leads to."""
    page.locator(selector).first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(opens)
    page.wait_for_load_state()


def expect_focus(page: Page, place: str) -> None:
    expect(page.locator(f"#{place}")).to_be_focused(timeout=WAIT_MS)


def find(page: Page, portal: Portal, number: str) -> None:
    page.goto(f"{portal.url}/enti/PM108")
    page.locator("input[name=notice_number]").fill(number)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/risultati"))


def deliver_receipt(portal: Portal, notice_number: str) -> None:
    """Have pagoPA send now the receipt that it holds back."""
    held = requests.get(f"{portal.pagopa_url}/sandbox/receipts", timeout=20).json()["receipts"]
    (row,) = [one for one in held if one["notice_number"] == notice_number]
    assert requests.post(f"{portal.pagopa_url}/sandbox/receipts/{row['id']}/send", timeout=20).ok


@SCRIPTS
def test_focus_stays_in_the_row_whose_practice_was_put_into_the_cart(
    portal: Portal, open_browser: OpenBrowser, scripts: str
) -> None:
    made = portal.put_debt(uuid4().hex[:12], **DEBT)
    page = open_browser(javascript=scripts == "on")
    find(page, portal, made["notice_number"])
    page.locator(f"#pratica-{made['id']}").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("messaggio=aggiunta"))
    expect_focus(page, f"pratica-{made['id']}")
    page.goto(f"{portal.url}/enti/PM108/pratiche/{made['id']}")
    press(page, "main form[action$='/aggiungi'] button", opens=re.compile("messaggio=aggiunta"))
    expect_focus(page, f"pratica-{made['id']}")


@SCRIPTS
def test_focus_goes_on_to_the_next_row_of_the_cart(portal: Portal, open_browser: OpenBrowser, scripts: str) -> None:
    page = open_browser(javascript=scripts == "on")
    for _ in range(3):
        made = portal.put_debt(uuid4().hex[:12], **DEBT)
        find(page, portal, made["notice_number"])
        page.locator("summary").last.click()
        page.locator("tbody form[action$='/aggiungi'] button").first.click()
        page.wait_for_url(re.compile("messaggio=aggiunta"))
    page.goto(f"{portal.url}/enti/PM108/carrello")
    first, second, third = [one.get_attribute("id") or "" for one in page.locator("tbody button").all()]
    press(page, f"#{first}", opens=re.compile("messaggio=rimossa"))
    expect_focus(page, second)
    press(page, f"#{third}", opens=re.compile(f"#{second}"))
    expect_focus(page, second)
    press(page, "form[action$='/pulisci'] button", opens=re.compile("carrello-vuoto"))
    expect_focus(page, "contenuto")


@SCRIPTS
def test_focus_stays_at_the_language_chosen(portal: Portal, open_browser: OpenBrowser, scripts: str) -> None:
    page = open_browser(javascript=scripts == "on")
    page.goto(f"{portal.url}/enti/PM108/inserimento")
    press(page, "#lingua-en", opens=re.compile("#lingua-en"))
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect_focus(page, "lingua-en")


@SCRIPTS
def test_whoever_sent_a_form_with_mistakes_is_at_the_list_of_them(
    portal: Portal, open_browser: OpenBrowser, scripts: str
) -> None:
    page = open_browser(javascript=scripts == "on")
    page.goto(f"{portal.url}/enti/PM108")
    page.locator("input[name=fiscal_code]").fill("SBAGLIATO")
    page.keyboard.press("Enter")
    expect(page.locator(".portal-errors")).to_be_focused(timeout=WAIT_MS)


def test_focus_stays_where_it_was_on_the_profiles_pages(portal: Portal, open_browser: OpenBrowser) -> None:
    page = open_browser()
    log_in(page, portal, "Luca Verdi")
    register(page)
    page.goto(f"{portal.url}/profilo/privacy")
    choice = "#scelta-email_reminders"
    if page.locator("input[name=email]").count():
        page.locator("input[name=email]").fill("luca.verdi@posta.example")
        press(page, choice, opens=re.compile("messaggio=concesso"))
        expect_focus(page, choice[1:])
    press(page, choice, opens=re.compile("/revoca"))
    press(page, "main form button[type=submit]", opens=re.compile("messaggio=revocato"))
    expect_focus(page, choice[1:])
    press(page, "#calendario", opens=re.compile("/crea"))
    press(page, "main a[href$='#calendario']", opens=re.compile("/privacy"))
    expect_focus(page, "calendario")
    press(page, "form[action$='/calendario/revoca'] button", opens=re.compile("calendario-revocato"))
    expect_focus(page, "calendario")


def test_focus_returns_to_what_was_being_written_when_the_session_is_prolonged(
    portal: Portal, open_browser: OpenBrowser
) -> None:
    page = open_browser()
    page.clock.install()
    log_in(page, portal, "Luca Verdi")
    register(page)
    page.goto(f"{portal.url}/enti/PM108/inserimento/CONTRIB_IT")
    page.locator("#course").fill("Flauto")
    page.clock.run_for(17 * 60 * 1000 + 10_000)
    stay = page.get_by_role("button", name="Resta connesso")
    stay.focus()
    page.keyboard.press("Enter")
    expect(stay).to_be_hidden()
    expect_focus(page, "course")


def test_the_waiting_page_asks_in_the_background_and_moves_nobody(portal: Portal, open_browser: OpenBrowser) -> None:
    made = portal.put_debt(uuid4().hex[:12], **DEBT)
    page = open_browser()
    find(page, portal, made["notice_number"])
    page.locator("main form[action$='/paga'] button").first.click()
    page.locator("button[value=pending]").click()
    page.wait_for_url(re.compile("/esito/"))
    page.evaluate("() => { window.sameDocument = true; }")
    page.locator("#aggiorna").focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    expect_focus(page, "aggiorna")
    deliver_receipt(portal, made["notice_number"])
    expect(page.get_by_role("heading", name="Pagamento riuscito")).to_be_visible(timeout=WAIT_MS)
    assert page.evaluate("() => window.sameDocument"), "the page was loaded again"
    expect(page).to_have_title(re.compile("Pagamento riuscito"))
    # The button is gone with the waiting; focus is at what it was waited for.
    expect_focus(page, "esito-titolo")
    expect(page.locator("a[href$='quietanza.pdf']").first).to_be_visible()
