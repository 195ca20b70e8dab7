"""A browser without JavaScript: cookies, pages, links and forms over HTTP."""

from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import requests
from lxml import html

from tests.e2e.running import ENTITY, PortalCopy, until

BENEFICIARY: Final = {
    "full_name": "Bianchi Sofia",
    "course": "Violino",
    "school": "Scuola di archi",
    "contribution_type": "Contributo di laboratorio",
}


class Browser:
    """One person at one screen. `page` is what is on it."""

    def __init__(self, portal: PortalCopy) -> None:
        self.portal = portal
        self.session = requests.Session()
        self.answer = requests.Response()

    # --- moving about ---

    def open(self, address: str) -> "Browser":
        """Follow an address, relative to where we are or to the portal."""
        base = self.answer.url or self.portal.url
        self.answer = self.session.get(urljoin(base, address), timeout=60, headers=self._headers(self.answer.url))
        return self

    def open_portal(self, path: str) -> "Browser":
        """Open a page of the portal."""
        return self.open(self.portal.url + path)

    def submit(self, action: str, /, **fields: str | bool) -> "Browser":
        """Send the form whose action ends with `action` ("" for the page's own address), its fields filled in.

        A field of True is ticked. A button is pressed by its name and value.
        """
        form = self.form(action)
        data = {name: value for name, value in form.form_values() if value is not None}
        for name, value in fields.items():
            data[name] = value if isinstance(value, str) else self._tick(form, name)
        return self.send(form, data)

    def send(self, form: Any, data: dict[str, str] | None = None) -> "Browser":
        """Send a form, even one of an earlier page, with these values or those it has."""
        data = dict(form.form_values()) if data is None else data
        url = urljoin(self.answer.url, form.get("action") or self.answer.url)
        self.answer = self.session.post(url, data=data, timeout=60, headers=self._headers(self.answer.url))
        return self

    def _headers(self, referer: str | None) -> dict[str, str]:
        """What a browser says of where it comes from (Origin on cross-site posts, Referer within one site)."""
        return {"Referer": referer} if referer else {}

    @staticmethod
    def _tick(form: Any, name: str) -> str:
        return str(form.xpath(f'.//input[@name="{name}"]/@value')[0])

    # --- looking ---

    @property
    def page(self) -> Any:
        """The page as a tree."""
        return html.fromstring(self.answer.text)

    @property
    def text(self) -> str:
        """What can be read in the page's main part."""
        main = self.page.xpath("//main") or [self.page]
        return " ".join(main[0].text_content().split())

    @property
    def heading(self) -> str:
        """The page's h1."""
        return " ".join(self.page.xpath("//h1")[0].text_content().split())

    @property
    def path(self) -> str:
        """Where we are."""
        return urlsplit(self.answer.url).path

    def form(self, action: str) -> Any:
        """The form whose action ends with `action`."""
        forms = [form for form in self.page.forms if urlsplit(form.get("action") or "").path.endswith(action)]
        assert forms, f"no form to {action!r} on {self.answer.url} ({self.answer.status_code}): {self.text[:500]}"
        return forms[0]

    def links(self, ending: str) -> list[str]:
        """The links of the page whose path ends so."""
        return [href for href in self.page.xpath("//a/@href") if urlsplit(href).path.endswith(ending)]

    def rows(self) -> list[dict[str, str]]:
        """The table of practices, a dict per row by the Italian names of the columns, and the `id` of the practice.

        What opens below a plan's row is no row of its own.
        """
        found = []
        for row in self.page.xpath('//table[contains(@class, "portal-table")]/tbody/tr[not(td[@colspan])]'):
            cells = {
                cell.get("data-label"): " ".join(cell.text_content().split()) for cell in row.xpath("td[@data-label]")
            }
            links = [href for href in row.xpath(".//a/@href") if "/pratiche/" in href]
            cells["id"] = links[0].split("/pratiche/")[1].split("/")[0] if links else ""
            found.append(cells)
        return found

    @property
    def cart_count(self) -> int:
        """The counter over the cart's icon."""
        return int(self.page.xpath('//*[contains(@class, "portal-cart__count")]/text()')[0])

    # --- what people do ---

    def log_in(self, citizen: str = "mario-rossi", outcome: str = "success") -> "Browser":
        """Entra con SPID at the first identity provider; ends on the portal, wherever that leads."""
        self.open_portal(f"/spid/login?entity={ENTITY}")
        self.open(next(href for href in self.page.xpath("//a/@href") if "idp=" in href))
        if "SAMLRequest" in self.answer.text and "citizen" not in self.answer.text:  # by HTTP-POST: sent by hand
            form = next(form for form in self.page.forms if "SAMLRequest" in form.fields)
            self.send(form, dict(form.form_values()))
        login = next(form for form in self.page.forms if "citizen" in form.fields)
        data = {**dict(login.form_values()), "citizen": citizen, "outcome": outcome}
        self.send(login, data)
        return self.send(
            self.page.get_element_by_id("answer"), dict(self.page.get_element_by_id("answer").form_values())
        )

    def register(self) -> "Browser":
        """Acknowledge the privacy notice where it is asked."""
        if self.page.xpath('//input[@name="acknowledged"]'):
            form = self.page.xpath('//form[.//input[@name="acknowledged"]]')[0]
            self.send(form, {**dict(form.form_values()), "acknowledged": "si"})
        return self

    def enter(self, citizen: str = "mario-rossi") -> "Browser":
        """Log in, and register when it is the first time."""
        return self.log_in(citizen).register()

    def pay(self, practice_id: str) -> "Browser":
        """Press Paga on a practice; ends on pagoPA's page."""
        self.open_portal(f"/enti/{ENTITY}/pratiche/{practice_id}")
        return self.submit(f"/pratiche/{practice_id}/paga")

    def choose(self, outcome: str) -> "Browser":
        """On pagoPA's page choose how the payment ends; comes back to the portal."""
        return self.submit("", outcome=outcome)

    def wait_for(self, practice_id: str, state: str, timeout_s: float = 40) -> None:
        """Wait until a practice is in a state."""
        until(lambda: self.state_of(practice_id) == state, timeout_s=timeout_s, what=f"{state} of {practice_id}")

    def state_of(self, practice_id: str) -> str:
        """The state of a practice as the API tells it to this person."""
        answer = self.session.get(f"{self.portal.url}/api/v1/practices/{practice_id}", timeout=30)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["state"])
