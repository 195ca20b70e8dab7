"""What a browser remembers from one request to the next, and the token that its forms carry."""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
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

    def __init__(self, req: falcon.Request, cookies: BrowserCookies, secret_keys: Sequence[str]) -> None:
        self._cookies = cookies
        self._secret_keys = secret_keys
        # Of both sessions: whoever logs in to an office gets another token of the forms, as a citizen does.
        self._session_token = ":".join(filter(None, (cookies.read_session(req), cookies.read_office(req))))
        self._stored = cookies.read_visitor(req)
        self.visitor = self._initial = self._stored or Visitor()
        self._is_needed = False
        self._csrf: tuple[str, str] | None = None

    @property
    def is_empty(self) -> bool:
        """Return whether this browser has no visitor's cookie of ours."""
        return self._stored is None

    def grant(self, practice_ids: Iterable[UUID], *, identified: bool = False) -> None:
        """Let this browser see practices it found by search or inserted without login (gateway/visitors.py)."""
        self.visitor = self.visitor.grant(practice_ids, identified=identified)

    def remember_entity(self, entity_code: str) -> None:
        """Remember in which entity's pages the browser is, for pages that belong to none."""
        if entity_code != self.visitor.entity_code:
            self.visitor = replace(self.visitor, entity_code=entity_code, list_choices=())

    def list_choice(self, name: str) -> str:
        """Return how this browser wants a list of the entity, as `remember_list_choice` was told; empty at first."""
        return dict(self.visitor.list_choices).get(name, "")

    def remember_list_choice(self, name: str, choice: str) -> None:
        """Remember how a list of the entity is wanted: filters and order, nothing that says who somebody is."""
        choices = dict(self.visitor.list_choices) | {name: choice}
        kept = tuple((key, value) for key, value in sorted(choices.items()) if value)
        self.visitor = replace(self.visitor, list_choices=kept)

    def remember_private_link(self, token: str | None) -> None:
        """Remember by which link this browser comes back to what it inserted without login, or that there is none."""
        self.visitor = replace(self.visitor, private_token=token)

    def need_cookie(self) -> None:
        """See that the answer carries the visitor's cookie, since something now depends on its id."""
        self._is_needed = True

    def forget(self) -> None:
        """Begin as a new visitor, who was shown no practice; a copy of the old one's cookie opens nothing any more."""
        if self._stored is not None:
            self._cookies.ended_visitors.add(self._stored.visitor_id)
        self.visitor = Visitor(entity_code=self.visitor.entity_code)

    def write(self, resp: falcon.Response) -> None:
        """Write the visitor's cookie when it changed or something depends on it."""
        if self.visitor != self._initial or (self._is_needed and self._stored is None):
            self._cookies.write_visitor(resp, self.visitor)

    @property
    def csrf_token(self) -> str:
        """What every form of ours carries: tied to the visitor's cookie and to the session, so a login renews it."""
        self.need_cookie()
        if self._csrf and self._csrf[0] == self.visitor.visitor_id:
            return self._csrf[1]
        token = self._signed(self._secret_keys[0])
        self._csrf = self.visitor.visitor_id, token
        return token

    def _signed(self, secret_key: str) -> str:
        message = _CSRF_LABEL + self.visitor.visitor_id.encode() + b":" + self._session_token.encode()
        return hmac.new(secret_key.encode(), message, hashlib.sha256).hexdigest()

    def check_csrf(self, token: str | None) -> None:
        """Raise Refused(CSRF_FAILED) unless the form was made by us for this browser."""
        given = (token or "").encode()
        ours = [hmac.compare_digest(given, self._signed(key).encode()) for key in self._secret_keys]
        if self._stored is None or not any(ours):
            raise Refused(ErrorCode.CSRF_FAILED)
