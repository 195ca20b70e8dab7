"""What a browser carries between requests without being logged in, signed so that it cannot be invented.

Session cookies in the browser's sense: closing it forgets them, since the portal is also used from shared computers.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Final
from uuid import UUID

import falcon
from itsdangerous import BadData, URLSafeTimedSerializer

from gateway.ended_visitors import EndedVisitors
from gateway.settings import Settings

MAX_GRANTS: Final = 20
_VISITOR_MAX_AGE_S: Final = 24 * 3600
_LOGIN_MAX_AGE_S: Final = 30 * 60
_ANSWERED_MAX_AGE_S: Final = 10 * 60
_INVITATION_MAX_AGE_S: Final = 60 * 60
_MAX_LOGINS: Final = 5
_LONG_AGO: Final = datetime(1970, 1, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Visitor:
    """A browser: its random id, the practices it was shown, how many of them its last search found, its entity.

    `identified`: those of `granted` that it found by fiscal code, not by notice number alone. `list_choices`: how it
    wants each list of that entity, by the list's name. `private_token`: of the link by which it comes back to what it
    inserted.
    """

    visitor_id: str = field(default_factory=lambda: token_urlsafe(18))
    granted: tuple[UUID, ...] = ()
    identified: frozenset[UUID] = frozenset()
    found: int = 0
    entity_code: str | None = None
    list_choices: tuple[tuple[str, str], ...] = ()
    private_token: str | None = None

    def grant(self, practice_ids: Iterable[UUID], *, identified: bool = False) -> "Visitor":
        """Put practices in front of those already shown; the oldest fall out beyond MAX_GRANTS."""
        new = tuple(dict.fromkeys(practice_ids))[:MAX_GRANTS]
        granted = (new + tuple(item for item in self.granted if item not in new))[:MAX_GRANTS]
        seen_whole = self.identified.union(new) if identified else self.identified
        return replace(self, granted=granted, identified=seen_whole.intersection(granted), found=len(new))


@dataclass(frozen=True)
class LoginAttempt:
    """Between the choice of the identity provider and its answer: the token that binds both to one browser.

    The answer comes by a cross-site POST, which does not carry the visitor's cookie; hence its id here. `relay_state`
    tells the logins of two tabs apart; empty where the request went without. `office`: it is into an office.
    """

    browser_token: str
    visitor_id: str
    relay_state: str = ""
    office: bool = False


@dataclass(frozen=True)
class AnsweredLogin:
    """An answer of an identity provider that has become a session: its fingerprint, and where it led."""

    fingerprint: str
    return_to: str


def _serializer(oldest_first: Sequence[str], salt: str) -> URLSafeTimedSerializer:
    signing = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
    return URLSafeTimedSerializer(list(oldest_first), salt=salt, signer_kwargs=signing)


class BrowserCookies:
    """Reads and writes the cookies. `__Host-` and Secure on https; plain names on http://localhost."""

    def __init__(self, settings: Settings) -> None:
        prefix = "__Host-" if settings.https else ""
        self._https = settings.https
        self.session = f"{prefix}session"
        self.visitor = f"{prefix}visitor"
        self.login = f"{prefix}login"
        self.answered = f"{prefix}answered"
        self.office = f"{prefix}office"
        self.invitation = f"{prefix}invitation"
        self.office_search = f"{prefix}office-search"
        self.ended_visitors = EndedVisitors(settings.rate_limit_storage, _VISITOR_MAX_AGE_S)
        oldest_first = settings.secret_keys[::-1]  # itsdangerous signs with the last
        self._answers = _serializer(oldest_first, "answered")
        self._visitors = _serializer(oldest_first, "visitor")
        self._logins = _serializer(oldest_first, "login")
        self._searches = _serializer(oldest_first, "office-search")

    def read_session(self, req: falcon.Request) -> str | None:
        """Return the session token as sent."""
        return _single(req, self.session)

    def write_session(self, resp: falcon.Response, token: str) -> None:
        """Store the session token in the browser until it is closed."""
        self._write(resp, self.session, token)

    def forget_session(self, resp: falcon.Response) -> None:
        """Remove the session token."""
        self._forget(resp, self.session)

    def read_office(self, req: falcon.Request) -> str | None:
        """Return the token of the office session as sent: another cookie than the citizen's session."""
        return _single(req, self.office)

    def write_office(self, resp: falcon.Response, token: str) -> None:
        """Store the token of an office session in the browser until it is closed."""
        self._write(resp, self.office, token)

    def forget_office(self, resp: falcon.Response) -> None:
        """Remove the token of the office session, and what was looked for in it."""
        self._forget(resp, self.office)
        self._forget(resp, self.office_search)

    def read_invitation(self, req: falcon.Request) -> str | None:
        """Return the secret part of the link of an invitation that was opened in this browser."""
        return _single(req, self.invitation)

    def write_invitation(self, resp: falcon.Response, token: str) -> None:
        """Remember the invitation until it is accepted: it must not stand in addresses during the login."""
        self._write(resp, self.invitation, token, max_age_s=_INVITATION_MAX_AGE_S)

    def forget_invitation(self, resp: falcon.Response) -> None:
        """Forget the invitation."""
        self._forget(resp, self.invitation)

    def read_office_search(self, req: falcon.Request, entity_code: str) -> str:
        """Return what was last looked for in an entity's office; empty where nothing was."""
        try:
            held = self._searches.loads(_single(req, self.office_search) or "", max_age=_VISITOR_MAX_AGE_S)
            return str(held["t"]) if held["e"] == entity_code else ""
        except (BadData, KeyError, TypeError):
            return ""

    def write_office_search(self, resp: falcon.Response, entity_code: str, text: str) -> None:
        """Remember what was looked for: a name or a fiscal code, which must not stand in an address."""
        self._write(resp, self.office_search, self._searches.dumps({"e": entity_code, "t": text}))

    def read_visitor(self, req: falcon.Request) -> Visitor | None:
        """Return the visitor, or None when there is none, it is a day old, has ended, or was tampered with."""
        try:
            held = self._visitors.loads(_single(req, self.visitor) or "", max_age=_VISITOR_MAX_AGE_S)
            granted = tuple(UUID(hex=item) for item in held["g"])
            identified = frozenset(UUID(hex=item) for item in held["i"])
            list_choices = tuple((str(name), str(choice)) for name, choice in held.get("l", {}).items())
            visitor = Visitor(
                held["v"], granted, identified, held["n"], held["e"], list_choices, private_token=held.get("p")
            )
        except (AttributeError, BadData, KeyError, TypeError, ValueError):
            return None
        return None if visitor.visitor_id in self.ended_visitors else visitor

    def write_visitor(self, resp: falcon.Response, visitor: Visitor) -> None:
        """Store the visitor in the browser."""
        held = {
            "v": visitor.visitor_id,
            "g": [item.hex for item in visitor.granted],
            "i": sorted(item.hex for item in visitor.identified),
            "n": visitor.found,
            "e": visitor.entity_code,
            "l": dict(visitor.list_choices),
            "p": visitor.private_token,
        }
        self._write(resp, self.visitor, self._visitors.dumps(held))

    def read_logins(self, req: falcon.Request) -> list[LoginAttempt]:
        """Return the logins under way in this browser, the newest last: one for each tab."""
        try:
            held = self._logins.loads(_single(req, self.login) or "", max_age=_LOGIN_MAX_AGE_S)
            return [LoginAttempt(one["t"], one["v"], one["r"], one.get("o", False)) for one in held]
        except (BadData, KeyError, TypeError):
            return []

    def write_logins(self, resp: falcon.Response, attempts: Sequence[LoginAttempt]) -> None:
        """Store the logins under way. SameSite=None on https: the identity provider's POST is cross-site."""
        if not attempts:
            self.forget_login(resp)
            return
        newest = attempts[-_MAX_LOGINS:]
        value = self._logins.dumps(
            [
                {"t": one.browser_token, "v": one.visitor_id, "r": one.relay_state}
                | ({"o": True} if one.office else {})
                for one in newest
            ]
        )
        self._write(resp, self.login, value, same_site=self._cross_site, max_age_s=_LOGIN_MAX_AGE_S)

    def read_answered(self, req: falcon.Request) -> AnsweredLogin | None:
        """Return the answer that became this browser's session a moment ago, or None."""
        try:
            held = self._answers.loads(_single(req, self.answered) or "", max_age=_ANSWERED_MAX_AGE_S)
            return AnsweredLogin(held["f"], held["r"])
        except (BadData, KeyError, TypeError):
            return None

    def write_answered(self, resp: falcon.Response, answered: AnsweredLogin) -> None:
        """Remember which answer became a session, for a browser that sends it again."""
        value = self._answers.dumps({"f": answered.fingerprint, "r": answered.return_to})
        self._write(resp, self.answered, value, same_site=self._cross_site, max_age_s=_ANSWERED_MAX_AGE_S)

    @property
    def _cross_site(self) -> str:
        return "None" if self._https else "Lax"

    def forget_login(self, resp: falcon.Response) -> None:
        """Remove the logins under way."""
        self._forget(resp, self.login)

    def _write(
        self, resp: falcon.Response, name: str, value: str, *, same_site: str = "Lax", max_age_s: int | None = None
    ) -> None:
        resp.set_cookie(
            name, value, max_age=max_age_s, path="/", secure=self._https, http_only=True, same_site=same_site
        )

    def _forget(self, resp: falcon.Response, name: str) -> None:
        # Not unset_cookie: a `__Host-` cookie goes only by a Secure one. And Falcon drops a Max-Age of 0.
        resp.set_cookie(name, "", expires=_LONG_AGO, path="/", secure=self._https, http_only=True, same_site="Lax")


def _single(req: falcon.Request, name: str) -> str | None:
    values = req.get_cookie_values(name)
    return (values[0] or None) if values else None
