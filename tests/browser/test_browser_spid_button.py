"""AgID's button in a real browser: its measures and colours, its list opened in place, the keyboard alone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Portal
from tests.browser.test_browser_journey import register

OpenBrowser = Callable[..., Page]
Look = Callable[[Page, str], None]
BLUE, DARK_BLUE = "rgb(0, 102, 204)", "rgb(0, 51, 102)"
# The front page of the portal, an entity's, one of an error, the login itself: where nobody is logged in.
PAGES = ("/", "/enti/PM108", "/enti/PM108/carrello", "/enti/PM108/pratiche", "/non/esiste")


def header_button(page: Page) -> Locator:
    return page.locator("header a.button-spid")


def items_of(page: Page, button: Locator) -> Locator:
    return page.locator(f"{button.get_attribute('spid-idp-button')} [role=menuitem]")


def tab_to(page: Page, goal: Locator) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if goal.evaluate("(element) => element === document.activeElement"):
            return
    pytest.fail("the keyboard does not get there")


@pytest.mark.parametrize(("locale", "words"), [("it-IT", "Entra con SPID"), ("en-GB", "Log in with SPID")])
@pytest.mark.parametrize("width", [1280, 390])
def test_on_every_page_the_list_opens_in_place_and_closes_again(
    portal: Portal, open_browser: OpenBrowser, look: Look, width: int, locale: str, words: str
) -> None:
    page = open_browser(width=width, locale=locale)
    for path in PAGES:
        page.goto(f"{portal.url}{path}")
        address, button = page.url, header_button(page)
        items = items_of(page, button)
        expect(button).to_have_text(words)
        expect(items.first).to_be_hidden()
        button.click()
        expect(button).to_have_attribute("aria-expanded", "true")
        expect(items).to_have_count(5)
        for item in items.all():
            box = item.bounding_box()
            assert box is not None
            assert 0 <= box["x"] <= box["x"] + box["width"] <= width
        page.locator("main").click(position={"x": 2, "y": 2})
        expect(items.first).to_be_hidden()
        expect(button).to_have_attribute("aria-expanded", "false")
        assert page.url == address
    page.goto(f"{portal.url}/enti/PM108")
    header_button(page).click()
    look(page, f"spid-elenco-{locale[:2]}")


def test_the_button_has_agids_measures_and_colours(portal: Portal, open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto(f"{portal.url}/enti/PM108")
    for button, width, icon in ((header_button(page), 150, 19), (page.locator("main a.button-spid"), 220, 29)):
        box, picture = button.bounding_box(), button.locator("img").bounding_box()
        assert box is not None
        assert picture is not None
        assert (box["width"], picture["width"], picture["height"]) == (width, icon, icon)
        expect(button).to_have_css("background-color", BLUE)
        expect(button).to_have_css("color", "rgb(255, 255, 255)")
        expect(button).to_have_css("font-weight", "600")
        expect(button).to_have_css("font-family", re.compile("Titillium Web"))
        button.hover()
        expect(button).to_have_css("background-color", DARK_BLUE)


def test_opening_one_list_closes_the_other(portal: Portal, open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto(f"{portal.url}/enti/PM108")
    above, below = header_button(page), page.locator("main a.button-spid")
    above.click()
    below.click()
    expect(above).to_have_attribute("aria-expanded", "false")
    expect(items_of(page, above).first).to_be_hidden()
    expect(items_of(page, below).first).to_be_visible()
    below.click()
    expect(items_of(page, below).first).to_be_hidden()


def test_the_list_obeys_the_keyboard(portal: Portal, open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto(f"{portal.url}/enti/PM108")
    button = header_button(page)
    items = items_of(page, button)
    tab_to(page, button)
    for opening, place in (("Enter", 0), (" ", 0), ("ArrowDown", 0), ("ArrowUp", 4)):
        page.keyboard.press(opening)
        expect(button).to_have_attribute("aria-expanded", "true")
        expect(items.nth(place)).to_be_focused()
        page.keyboard.press("Escape")
        expect(items.first).to_be_hidden()
        expect(button).to_have_attribute("aria-expanded", "false")
        expect(button).to_be_focused()
    page.keyboard.press("Enter")
    for key, place in (("ArrowDown", 1), ("End", 4), ("ArrowDown", 0), ("ArrowUp", 4), ("Home", 0)):
        page.keyboard.press(key)
        expect(items.nth(place)).to_be_focused()
    page.keyboard.press("Tab")
    expect(items.first).to_be_hidden()
    expect(page.locator(":focus")).not_to_have_attribute("role", "menuitem")


def test_somebody_logs_in_with_the_keyboard_alone(portal: Portal, open_browser: OpenBrowser) -> None:
    page = open_browser(width=390)
    page.goto(f"{portal.url}/enti/PM108")
    tab_to(page, header_button(page))
    page.keyboard.press("Enter")
    wanted = page.locator("header").get_by_role("menuitem", name="SPID di prova 1")
    for _ in range(5):
        if wanted.evaluate("(element) => element === document.activeElement"):
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{portal.spid_url}/**")
    tab_to(page, page.get_by_label("Mario Rossi"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Luca Verdi")).to_be_checked()
    tab_to(page, page.get_by_role("button", name="Prosegui"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"{portal.url}/**")
    register(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Pratiche associate")


def test_without_javascript_the_button_leads_to_the_page_with_the_same_list(
    portal: Portal, open_browser: OpenBrowser
) -> None:
    page = open_browser(javascript=False)
    page.goto(f"{portal.url}/enti/PM108")
    names = [name.strip() for name in items_of(page, header_button(page)).all_text_contents()]
    header_button(page).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Entra con SPID")
    listed = page.locator("main .portal-providers a")
    assert {one.get_attribute("href") for one in listed.all()} == {
        f"/spid/login?entity=PM108&return_to=%2Fenti%2FPM108%2Fpratiche&idp=prova-{number}" for number in (1, 2)
    }
    assert set(names[2:]) == {"Maggiori informazioni", "Non hai SPID?", "Serve aiuto?"}
