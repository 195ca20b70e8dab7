"""What a browser carries between requests without being logged in, signed so that it cannot be invented.

Session cookies in the browser's sense: closing it forgets them, since the portal is also used from shared computers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Final
from uuid import UUID

import falcon
from itsdangerous import BadData, URLSafeTimedSerializer

from gateway.settings import Settings

MAX_GRANTS: Final = 20
_VISITOR_MAX_AGE_S: Final = 24 * 3600
_LOGIN_MAX_AGE_S: Final = 30 * 60
_LONG_AGO: Final = datetime(1970, 1, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Visitor:
    """A browser: its random id, the practices it was shown, how many of them its last search found, its entity.

    `identified`: those of `granted` that it found by fiscal code, not by notice number alone.
    """

    visitor_id: str = field(default_factory=lambda: token_urlsafe(18))
    granted: tuple[UUID, ...] = ()
    identified: frozenset[UUID] = frozenset()
    found: int = 0
    entity_code: str | None = None

    def grant(self, practice_ids: Iterable[UUID], *, identified: bool = False) -> "Visitor":
        """Put practices in front of those already shown; the oldest fall out beyond MAX_GRANTS."""
        new = tuple(dict.fromkeys(practice_ids))[:MAX_GRANTS]
        granted = (new + tuple(item for item in self.granted if item not in new))[:MAX_GRANTS]
        seen_whole = self.identified.union(new) if identified else self.identified
        return replace(self, granted=granted, identified=seen_whole.intersection(granted), found=len(new))


@dataclass(frozen=True)
class LoginAttempt:
    """Between the choice of the identity provider and its answer: the token that binds both to one browser.

    The answer comes by a cross-site POST, which does not carry the visitor's cookie; hence its id here.
    """

    browser_token: str
    visitor_id: str


class BrowserCookies:
    """Reads and writes the cookies. `__Host-` and Secure on https; plain names on http://localhost."""

    def __init__(self, settings: Settings) -> None:
        prefix = "__Host-" if settings.https else ""
        self._https = settings.https
        self.session = f"{prefix}session"
        self.visitor = f"{prefix}visitor"
        self.login = f"{prefix}login"
        self._visitors = URLSafeTimedSerializer(settings.secret_key, salt="visitor")
        self._logins = URLSafeTimedSerializer(settings.secret_key, salt="login")

    def read_session(self, req: falcon.Request) -> str | None:
        """Return the session token as sent."""
        return _single(req, self.session)

    def write_session(self, resp: falcon.Response, token: str) -> None:
        """Store the session token in the browser until it is closed."""
        self._write(resp, self.session, token)

    def forget_session(self, resp: falcon.Response) -> None:
        """Remove the session token."""
        self._forget(resp, self.session)

    def read_visitor(self, req: falcon.Request) -> Visitor | None:
        """Return the visitor, or None when there is none, it is a day old, or it was tampered with."""
        try:
            held = self._visitors.loads(_single(req, self.visitor) or "", max_age=_VISITOR_MAX_AGE_S)
            granted = tuple(UUID(hex=item) for item in held["g"])
            identified = frozenset(UUID(hex=item) for item in held["i"])
            return Visitor(held["v"], granted, identified, held["n"], held["e"])
        except (BadData, KeyError, TypeError, ValueError):
            return None

    def write_visitor(self, resp: falcon.Response, visitor: Visitor) -> None:
        """Store the visitor in the browser."""
        held = {
            "v": visitor.visitor_id,
            "g": [item.hex for item in visitor.granted],
            "i": sorted(item.hex for item in visitor.identified),
            "n": visitor.found,
            "e": visitor.entity_code,
        }
        self._write(resp, self.visitor, self._visitors.dumps(held))

    def read_login(self, req: falcon.Request) -> LoginAttempt | None:
        """Return the login under way in this browser, or None."""
        try:
            held = self._logins.loads(_single(req, self.login) or "", max_age=_LOGIN_MAX_AGE_S)
            return LoginAttempt(held["t"], held["v"])
        except (BadData, KeyError, TypeError):
            return None

    def write_login(self, resp: falcon.Response, attempt: LoginAttempt) -> None:
        """Store the login under way. SameSite=None on https: the identity provider's POST is cross-site."""
        value = self._logins.dumps({"t": attempt.browser_token, "v": attempt.visitor_id})
        same_site = "None" if self._https else "Lax"
        self._write(resp, self.login, value, same_site=same_site, max_age_s=_LOGIN_MAX_AGE_S)

    def forget_login(self, resp: falcon.Response) -> None:
        """Remove the login under way."""
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
