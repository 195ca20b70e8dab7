"""Cursors: the `Link` header of a page, and the composite cursor of the event feed."""

import base64
import binascii
import json
from dataclasses import dataclass
from urllib.parse import urlencode

import falcon

from gateway.api.field_errors import FieldError
from gateway.api.request import invalid


def link_next(req: falcon.Request, resp: falcon.Response, parameter: str, cursor: str | None) -> None:
    """Add `Link: <...>; rel=next` with the query asked and its cursor replaced; nothing on the last page."""
    if cursor is not None:
        query = urlencode({**req.params, parameter: cursor}, doseq=True)
        resp.append_link(f"{req.path}?{query}", "next")


@dataclass(frozen=True)
class FeedCursor:
    """How far a reader is in each source of the merged feed. Its text is opaque to clients."""

    practices: int = 0
    payments: int = 0

    @classmethod
    def parse(cls, text: str | None) -> "FeedCursor":
        """Read what `str` made; None is the beginning. Anything else is Refused(INVALID_REQUEST)."""
        if text is None:
            return cls()
        try:
            practices, payments = json.loads(base64.b64decode(text, altchars=b"-_", validate=True))
            return cls(_position(practices), _position(payments))
        except (binascii.Error, UnicodeError, ValueError, TypeError):
            raise invalid([FieldError("parameter", "after", "invalid")]) from None

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(json.dumps([self.practices, self.payments]).encode()).decode()


def _position(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError(value)
    return value
