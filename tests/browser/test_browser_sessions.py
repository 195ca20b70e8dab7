"""The session's end told before it comes, and a device logged out from another one."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Portal
from tests.browser.test_browser_journey import log_in, register

OpenBrowser = Callable[..., Page]
Look = Callable[[Page, str], None]
SEVENTEEN_MINUTES_MS = 17 * 60 * 1000 + 10_000
THREE_MINUTES_MS = 3 * 60 * 1000


def enter(page: Page, portal: Portal) -> None:
    log_in(page, portal, "Luca Verdi")
    register(page)


def test_the_sessions_end_is_told_three_minutes_before_and_staying_keeps_what_was_typed(
    portal: Portal, open_browser: OpenBrowser, look: Look
) -> None:
    page = open_browser()
    page.clock.install()
    enter(page, portal)
    page.goto(f"{portal.url}/enti/PM108/inserimento/CONTRIB_IT")
    page.get_by_role("textbox", name="Corso").fill("Flauto")
    notice = page.locator("form[data-session]")
    expect(notice).to_be_hidden()
    page.clock.run_for(SEVENTEEN_MINUTES_MS)
    expect(notice).to_be_visible()
    look(page, "sessione-in-scadenza")
    page.get_by_role("button", name="Resta connesso").click()
    expect(notice).to_be_hidden()
    expect(page.get_by_role("textbox", name="Corso")).to_have_value("Flauto")
    page.clock.run_for(SEVENTEEN_MINUTES_MS + THREE_MINUTES_MS)
    expect(page.get_by_text("La sessione è finita per inattività.")).to_be_visible()
    expect(page.get_by_role("button", name="Resta connesso")).to_be_hidden()


def test_a_device_logged_out_from_another_one_is_out_at_its_next_page(
    portal: Portal, open_browser: OpenBrowser, look: Look
) -> None:
    phone, computer = open_browser(width=390), open_browser()
    enter(phone, portal)
    enter(computer, portal)
    computer.goto(f"{portal.url}/profilo/accessi")
    look(computer, "accessi")
    computer.get_by_role("button", name="Termina questo accesso").first.click()
    expect(computer.get_by_text("L'accesso è stato terminato")).to_be_visible()
    while computer.get_by_role("button", name="Termina questo accesso").count():
        computer.get_by_role("button", name="Termina questo accesso").first.click()
    phone.goto(f"{portal.url}/enti/PM108/pratiche")
    expect(phone.get_by_role("heading", level=1)).not_to_have_text("Pratiche associate")
    computer.goto(f"{portal.url}/enti/PM108/pratiche")
    expect(computer.get_by_role("heading", level=1)).to_have_text("Pratiche associate")
