"""An operator's browser, for the tests of offices."""

import re

from playwright.sync_api import Page

from tests.browser.accessibility import Audit
from tests.browser.conftest import SCREENSHOTS, Portal


class Desk:
    """An operator's browser; `look` has axe look at a page at both widths and in both languages, and keeps pictures."""

    def __init__(self, portal: Portal, page: Page, audit: Audit) -> None:
        self.portal, self.page, self.audit = portal, page, audit
        self.states: list[str] = []

    def open(self, path: str) -> None:
        self.page.goto(f"{self.portal.url}{path}")

    def log_in(self, citizen: str) -> None:
        """Choose the identity provider and the citizen there, from the page of the office's login."""
        self.page.locator("main").get_by_role("link", name="SPID di prova 1").click()
        self.page.get_by_label(citizen).check()
        self.page.get_by_role("button", name="Prosegui").click()
        self.page.wait_for_url(f"{self.portal.url}/ufficio/**")

    def look(self, state: str, *, reload: bool = True) -> None:
        state = f"ufficio: {state}"
        self.states.append(state)
        for language in ("en", "it") if reload else ("it",):
            if reload:
                self.page.context.add_cookies([{"name": "lang", "value": language, "url": self.portal.url}])
                self.page.reload()
            self.audit.look(self.page, state)
            for width in (1280, 390):
                self.page.set_viewport_size({"width": width, "height": 900})
                name = re.sub(r"\W+", "-", state)
                self.page.screenshot(path=SCREENSHOTS / f"{name}-{language}-{width}.png", full_page=True)
                sticking_out = self.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
                assert sticking_out <= 0, f"{state}: {sticking_out} px wider than the screen"
            self.page.set_viewport_size({"width": 1280, "height": 900})

    def problems(self) -> list[str]:
        return [problem for state in self.states for problem in self.audit.problems_of(state)]

    def work_as(self, *roles: str) -> None:
        """Enter as Mario with these roles; the launcher has invited him, and here he may have accepted before."""
        self.page.goto((self.portal.home / "office-invitation.txt").read_text().strip())
        way_in = self.page.get_by_role("link", name="Entra e accetta")
        if way_in.count():
            way_in.click()
            self.log_in("Mario Rossi")
            self.page.get_by_role("button", name="Accetto l'invito").click()
            self.open("/ufficio/PM108/colleghi")
        else:
            self.open("/ufficio/PM108/colleghi")
            self.log_in("Mario Rossi")
        self.page.get_by_role("link", name="Ruoli Mario Rossi").click()
        for role in roles:
            self.page.get_by_label(role, exact=True).check()
        self.page.get_by_role("button", name="Salva i ruoli").click()
        self.open("/ufficio/PM108")

    def enter_as(self, other: "Desk") -> None:
        """Be in the office as another desk is: with a copy of its session."""
        for one in other.page.context.cookies():
            self.page.context.add_cookies([{"name": one["name"], "value": one["value"], "url": self.portal.url}])
