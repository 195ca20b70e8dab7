"""A browser for the pages: keeps cookies, sends forms with their hidden fields, runs no script."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import falcon
import falcon.testing
from lxml import html

from tests.unit.gateway.gateway_services import TOKEN

HOST = "localhost:18600"
_SEE_OTHER = 303


class Browser:
    """What a person does at the gateway; `last` is the answer being looked at."""

    def __init__(self, app: falcon.App[falcon.Request, falcon.Response], scheme: str = "http") -> None:
        self.app = app
        self._client = falcon.testing.TestClient(app)
        self._scheme = scheme
        self.cookies: dict[str, str] = {}
        self.language = "it"

    def get(self, path: str) -> falcon.testing.Result:
        """Open an address; redirects are not followed. Its fragment stays here, as in every browser."""
        return self.request("GET", path.partition("#")[0])

    def submit(self, path: str, *, page: str | None = None, **fields: str) -> falcon.testing.Result:
        """Send a form as one of our pages made it; `page` is the address where it stood."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if page:
            headers["Referer"] = f"{self._scheme}://{HOST}{page}"
        body = urlencode({"csrf_token": self.token(), **fields})
        return self.request("POST", path, headers=headers, body=body)

    def upload(self, path: str, file: tuple[str, str, bytes], **fields: str) -> falcon.testing.Result:
        """Send a form with a file (its field, its name, its bytes), as our page made it."""
        boundary = b"----a-boundary-of-the-tests"
        parts = [(f'name="{name}"', value.encode()) for name, value in fields.items()]
        parts.append((f'name="{file[0]}"; filename="{file[1]}"', file[2]))
        body = b"".join(
            b"--%s\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (boundary, head.encode(), content)
            for head, content in parts
        )
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary.decode()}"}
        return self.request("POST", path, headers=headers, body=body + b"--%s--\r\n" % boundary)

    def submit_and_follow(self, path: str, **fields: str) -> falcon.testing.Result:
        """Send a form and open the page that its redirect leads to."""
        answer = self.submit(path, **fields)
        assert answer.status_code == _SEE_OTHER, answer.text
        return self.get(answer.headers["location"])

    def token(self) -> str:
        """The forms' token, read from a page that has a form for everybody."""
        text: str = self.get("/enti/PM108").text
        return text.split('name="csrf_token" value="')[1].split('"', maxsplit=1)[0]

    def log_in(self) -> None:
        """Hold the session cookie of Mario Rossi."""
        self.cookies["session"] = TOKEN

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: str | bytes = ""
    ) -> falcon.testing.Result:
        """Send anything, and keep the cookies of the answer."""
        sent = {"Host": HOST, "Accept-Language": self.language, **(headers or {})}
        answer = self._client.simulate_request(
            method, path, headers=sent, body=body, cookies=self.cookies, protocol=self._scheme
        )
        for name, cookie in answer.cookies.items():
            if cookie.expires and cookie.expires < datetime.now(UTC):
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = cookie.value
        return answer


def page_of(answer: falcon.testing.Result) -> Any:
    """The answer's HTML as a tree."""
    return html.fromstring(answer.text)


def text_of(answer: falcon.testing.Result) -> str:
    """What a person reads in the page's main part, on one line."""
    return " ".join(page_of(answer).xpath("//main")[0].text_content().split())


def rows_of(answer: falcon.testing.Result) -> list[list[str]]:
    """The cells of the page's table of practices."""
    rows = page_of(answer).xpath("//tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row.xpath("./td")] for row in rows]
