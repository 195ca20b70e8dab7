"""The way to an identity provider that takes requests by HTTP-POST alone, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Portal
from tests.browser.test_browser_journey import register

OpenBrowser = Callable[..., Page]
Look = Callable[[Page, str], None]


@pytest.mark.parametrize("scripts", ["on", "off"])
def test_a_request_by_post_reaches_the_provider_and_its_answer_comes_back(
    portal: Portal, open_browser: OpenBrowser, look: Look, scripts: str
) -> None:
    page = open_browser(width=390, javascript=scripts == "on")
    page.goto(f"{portal.url}/spid/login?entity=PM108")
    page.locator("main .portal-providers").get_by_role("link", name="SPID di prova 2").click()
    if scripts == "off":
        look(page, "accesso-per-post")
        page.get_by_role("button", name="Continua").click()
    page.wait_for_url(f"{portal.spid_url}/prova-2/sso")
    page.get_by_label("Luca Verdi").check()
    page.get_by_role("button", name="Prosegui").click()
    if scripts == "off":
        page.get_by_role("button").first.click()
    page.wait_for_url(f"{portal.url}/**")
    register(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Pratiche associate")
