"""What a browser remembers from one request to the next, and the token that its forms carry."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import replace
from typing import Final
from uuid import UUID

import falcon

from contracts.errors import ErrorCode, Refused
from gateway.visitors import BrowserCookies, Visitor

CSRF_FIELD: Final = "csrf_token"
_CSRF_LABEL: Final = b"csrf:"


class BrowserMemory:
    """The visitor that this browser is, as its cookie says; written into the answer when it changed or is needed."""

    def __init__(self, req: falcon.Request, cookies: BrowserCookies, secret_key: str) -> None:
        self._cookies = cookies
        self._secret_key = secret_key.encode()
        self._stored = cookies.read_visitor(req)
        self.visitor = self._initial = self._stored or Visitor()
        self._is_needed = False

    @property
    def is_empty(self) -> bool:
        """Return whether this browser has no visitor's cookie of ours."""
        return self._stored is None

    def grant(self, practice_ids: Iterable[UUID], *, identified: bool = False) -> None:
        """Let this browser see practices it found by search or inserted without login (gateway/visitors.py)."""
        self.visitor = self.visitor.grant(practice_ids, identified=identified)

    def remember_entity(self, entity_code: str) -> None:
        """Remember in which entity's pages the browser is, for pages that belong to none."""
        self.visitor = replace(self.visitor, entity_code=entity_code)

    def need_cookie(self) -> None:
        """See that the answer carries the visitor's cookie, since something now depends on its id."""
        self._is_needed = True

    def forget(self) -> None:
        """Begin as a new visitor, who was shown no practice."""
        self.visitor = Visitor(entity_code=self.visitor.entity_code)

    def write(self, resp: falcon.Response) -> None:
        """Write the visitor's cookie when it changed or something depends on it."""
        if self.visitor != self._initial or (self._is_needed and self._stored is None):
            self._cookies.write_visitor(resp, self.visitor)

    @property
    def csrf_token(self) -> str:
        """What every form of ours carries: tied to the visitor's cookie, so a form outlives a session that ended."""
        self.need_cookie()
        message = _CSRF_LABEL + self.visitor.visitor_id.encode()
        return hmac.new(self._secret_key, message, hashlib.sha256).hexdigest()

    def check_csrf(self, token: str | None) -> None:
        """Raise Refused(CSRF_FAILED) unless the form was made by us for this browser."""
        if self._stored is None or not hmac.compare_digest((token or "").encode(), self.csrf_token.encode()):
            raise Refused(ErrorCode.CSRF_FAILED)
