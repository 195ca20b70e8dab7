"""Renders the HTML pages: Italian, without scripts."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import falcon
from jinja2 import Environment, PackageLoader, StrictUndefined

from sandbox.pagopa.rome import ROME

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_FOR_PROGRAMS: Final = ("/aca/", "/bizevents/", "/checkout/", "/fdr-org/", "/gestionale/", "/sandbox/", "/upload/")


def euro(cents: int) -> str:
    """Write an amount as Italians do: 1.234,56 €."""
    whole = f"{cents // 100:,}".replace(",", ".")
    return f"{whole},{cents % 100:02d} €"


def grouped(notice_number: str) -> str:
    """Write a notice number in groups of four."""
    return " ".join(notice_number[start : start + 4] for start in range(0, len(notice_number), 4))


def moment(seconds: float) -> str:
    """Write a time of the store as a time of day in Rome."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(ROME).strftime("%d/%m/%Y %H:%M:%S")


class Pages:
    """The templates."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=PackageLoader("sandbox.pagopa"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._templates.filters |= {"euro": euro, "grouped": grouped, "moment": moment}

    def show(self, resp: falcon.Response, template: str, **values: object) -> None:
        """Write a page."""
        resp.content_type = falcon.MEDIA_HTML
        resp.set_headers(_HEADERS)
        resp.text = self._templates.get_template(template).render(values)

    def missing(self, req: falcon.Request, resp: falcon.Response, _error: Any, _params: Any) -> None:
        """Say that there is no such page."""
        resp.status = HTTPStatus.NOT_FOUND
        if req.path.startswith(_FOR_PROGRAMS):
            resp.media = {"title": "Not found", "status": HTTPStatus.NOT_FOUND}
        else:
            self.show(resp, "missing.html")
