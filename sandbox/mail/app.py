"""The page on which the mails are read (Falcon, WSGI)."""

from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import falcon
from jinja2 import Environment, PackageLoader, StrictUndefined

from sandbox.mail.mailbox import Mailbox, StoredMail

_STATIC: Final = Path(__file__).parent / "static"
_SHOWN_HEADERS: Final = (
    "From",
    "To",
    "Date",
    "Message-ID",
    "Content-Language",
    "List-Unsubscribe",
    "Auto-Submitted",
)
_PAGE_POLICY: Final = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'"
# A mail is somebody else's HTML: its own styles, no scripts, links open outside the frame.
_MAIL_POLICY: Final = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"


class Pages:
    """The templates."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=PackageLoader("sandbox.mail"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )

    def show(self, resp: falcon.Response, template: str, **values: object) -> None:
        """Write a page."""
        _write(resp, self._templates.get_template(template).render(values), _PAGE_POLICY)


class IndexPage:
    """The list of mails."""

    def __init__(self, pages: Pages, mailbox: Mailbox) -> None:
        self._pages = pages
        self._mailbox = mailbox

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show what came, the latest first."""
        self._pages.show(resp, "index.html", mails=self._mailbox.newest())


class MessagePage:
    """One mail: as a page, and its HTML alone for the frame in it."""

    def __init__(self, pages: Pages, mailbox: Mailbox) -> None:
        self._pages = pages
        self._mailbox = mailbox

    def on_get(self, req: falcon.Request, resp: falcon.Response, key: str) -> None:
        """Show headers, HTML and text."""
        mail = self._found(key)
        headers = [(name, mail.header(name)) for name in _SHOWN_HEADERS if mail.header(name)]
        self._pages.show(resp, "message.html", mail=mail, headers=headers)

    def on_get_html(self, req: falcon.Request, resp: falcon.Response, key: str) -> None:
        """Answer the HTML of the mail as it is, in a sandbox."""
        html = self._found(key).body("html").replace("<head>", '<head><base target="_blank">', 1)
        _write(resp, html, _MAIL_POLICY)

    def _found(self, key: str) -> StoredMail:
        mail = self._mailbox.find(key)
        if mail is None:
            raise falcon.HTTPNotFound
        return mail


class ClearButton:
    """The button that empties the mailbox."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Throw all mails away and show the list again."""
        self._mailbox.clear()
        resp.status = HTTPStatus.SEE_OTHER
        resp.location = "/"


class MessageList:
    """The mails as JSON, for tests: `/sandbox/messages`, the latest first."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer JSON."""
        resp.media = [
            {
                "key": mail.key,
                "to": mail.header("To"),
                "subject": mail.header("Subject"),
                "text": mail.body("plain"),
                "html": mail.body("html"),
            }
            for mail in self._mailbox.newest()
        ]


def create_app(mailbox: Mailbox) -> falcon.App[Any, Any]:
    """Make the WSGI application."""
    pages = Pages()
    app: falcon.App[Any, Any] = falcon.App()
    app.req_options.strip_url_path_trailing_slash = True
    app.add_route("/", IndexPage(pages, mailbox))
    app.add_route("/messages/{key}", MessagePage(pages, mailbox))
    app.add_route("/messages/{key}/html", MessagePage(pages, mailbox), suffix="html")
    app.add_route("/clear", ClearButton(mailbox))
    app.add_route("/sandbox/messages", MessageList(mailbox))
    app.add_static_route("/static", str(_STATIC))
    return app


def _write(resp: falcon.Response, html: str, policy: str) -> None:
    resp.content_type = falcon.MEDIA_HTML
    resp.set_headers(
        {
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
    )
    resp.text = html
