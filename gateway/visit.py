"""One request of one browser: who it is, what it may see, and its calls to the services."""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from typing import Final
from uuid import UUID

import falcon

from contracts.call import Call, Reply, Request, Rpc
from contracts.codes import FiscalCode
from contracts.errors import ErrorCode, Refused, RpcError
from contracts.rpc import identity
from contracts.shapes import Viewer
from gateway.languages import negotiate
from gateway.settings import Settings
from gateway.visitors import BrowserCookies, Visitor

CSRF_FIELD: Final = "csrf_token"
_CSRF_LABEL: Final = b"csrf:"
_ENTITY_PATH: Final = re.compile(r"/(?:enti|api/v1/creditors)/(?P<code>[^/]+)")


class Visit:
    """Made for every request by VisitMiddleware as `req.context.visit`; asks identity only when a page needs it."""

    def __init__(self, req: falcon.Request, settings: Settings, cookies: BrowserCookies, rpc: Rpc) -> None:
        self._rpc = rpc
        self._settings = settings
        self._correlation_id: str = req.context.correlation_id
        self._entity_code = _entity_of(req.path)
        self.cookies = cookies
        self.language = negotiate(req)
        self.session_token = cookies.read_session(req)
        self._stored_visitor = cookies.read_visitor(req)
        self.visitor = self._initial_visitor = self._stored_visitor or Visitor()
        self._must_write_visitor = False

    def call(self, call: Call[Request, Reply], request: Request) -> Reply:
        """Call a service under this request's correlation id."""
        return self._rpc.call(call, request, correlation_id=self._correlation_id)

    @property
    def is_first(self) -> bool:
        """Whether this browser has never been here, as far as its cookies tell: nothing of it is held anywhere."""
        return self._stored_visitor is None and self.session_token is None

    # --- who ---

    @property
    def session(self) -> identity.Session | None:
        """The live session; None without a cookie, or when it is too weak for the body whose practices are asked for.

        Raises Refused(SESSION_EXPIRED) for one that is over.
        """
        if self.is_too_weak:
            return None
        if isinstance(self._asked_session, RpcError):
            raise self._asked_session
        return self._asked_session

    @property
    def is_too_weak(self) -> bool:
        """Whether this body wants a higher SPID level than the session was made at: it acts as a visitor there."""
        found = self._asked_session
        return isinstance(found, RpcError) and found.code is ErrorCode.SPID_LEVEL_TOO_LOW

    @cached_property
    def _asked_session(self) -> identity.Session | RpcError | None:
        """Asked at most once per request and body, failures included."""
        if self.session_token is None:
            return None
        try:
            request = identity.SessionRequest(session_token=self.session_token, entity_code=self._entity_code)
            return self.call(identity.SESSION, request)
        except RpcError as error:
            return error

    def enter(self, entity_code: str) -> None:
        """Act from now on as in the pages of this body, for addresses that do not name it."""
        if self.session_token is not None and entity_code != self._entity_code:
            self._entity_code = entity_code
            self.__dict__.pop("_asked_session", None)

    @property
    def citizen(self) -> identity.Citizen | None:
        """Who is logged in, as far as can be told now: for greeting, never for deciding."""
        session = self.known_session
        return session.citizen if session else None

    @property
    def known_session(self) -> identity.Session | None:
        """The live session as far as can be told now: for telling when it ends, never for deciding."""
        try:
            return self.session
        except RpcError:
            return None

    def require_citizen(self) -> identity.Citizen:
        """Return the registered citizen.

        Raises Refused: LOGIN_REQUIRED, SPID_LEVEL_TOO_LOW, SESSION_EXPIRED, or CONSENT_MISSING before registration.
        """
        session = self.require_login()
        if not session.registered:
            raise Refused(ErrorCode.CONSENT_MISSING)
        return session.citizen

    def require_login(self) -> identity.Session:
        """Return the session of who logged in, registered or not.

        Raises Refused: LOGIN_REQUIRED, SPID_LEVEL_TOO_LOW or SESSION_EXPIRED.
        """
        found = self._asked_session
        if isinstance(found, RpcError):
            raise found
        if found is None:
            raise Refused(ErrorCode.LOGIN_REQUIRED)
        return found

    def require_token(self) -> str:
        """Return the token of the session. Raises Refused(LOGIN_REQUIRED) where the browser sent none."""
        if self.session_token is None:
            raise Refused(ErrorCode.LOGIN_REQUIRED)
        return self.session_token

    @property
    def registered_citizen(self) -> identity.Citizen | None:
        """Who is logged in and registered; None acts as a visitor. Raises Refused(SESSION_EXPIRED)."""
        session = self.session
        return session.citizen if session and session.registered else None

    @property
    def owner(self) -> str:
        """Whose cart and checkouts these are: `citizen:<id>` or `visitor:<id>`."""
        citizen = self.registered_citizen
        return f"citizen:{citizen.id}" if citizen else self.visitor_owner

    @property
    def visitor_owner(self) -> str:
        """The owner this browser is, or was, without login."""
        self.keep_visitor()
        return f"visitor:{self.visitor.visitor_id}"

    @property
    def viewer(self) -> Viewer:
        """Who is asking, for the services that decide what may be seen."""
        citizen = self.registered_citizen
        return Viewer(
            citizen_id=citizen.id if citizen else None,
            fiscal_code=FiscalCode(citizen.fiscal_code) if citizen else None,
            visitor_id=self.visitor.visitor_id,
            granted_practice_ids=list(self.visitor.granted),
            identified_practice_ids=list(self.visitor.identified),
        )

    # --- what this browser remembers ---

    def grant(self, practice_ids: Iterable[UUID], *, identified: bool = False) -> None:
        """Let this browser see practices it found by search or inserted without login (gateway/visitors.py)."""
        self.visitor = self.visitor.grant(practice_ids, identified=identified)

    def remember_entity(self, entity_code: str) -> None:
        """Keep the entity in whose pages the browser is, for pages that belong to none."""
        self.visitor = replace(self.visitor, entity_code=entity_code)

    def keep_visitor(self) -> None:
        """See that the answer carries the visitor's cookie, since something now depends on its id."""
        self._must_write_visitor = True

    def start_session(self, resp: falcon.Response, token: str) -> None:
        """Give the browser a new session token and forget the login under way."""
        self.cookies.write_session(resp, token)
        self.cookies.forget_login(resp)

    def forget(self, resp: falcon.Response) -> None:
        """Leave nothing of the citizen in a browser that others may use next: a new visitor, no grants."""
        self.cookies.forget_session(resp)
        self.visitor = Visitor(entity_code=self.visitor.entity_code)

    def write_cookies(self, resp: falcon.Response) -> None:
        """Write the visitor's cookie when it changed or something depends on it."""
        if self.visitor != self._initial_visitor or (self._must_write_visitor and self._stored_visitor is None):
            self.cookies.write_visitor(resp, self.visitor)

    # --- against forged requests ---

    @property
    def csrf_token(self) -> str:
        """What every form of ours carries: tied to the visitor's cookie, so a form outlives a session that ended."""
        self.keep_visitor()
        message = _CSRF_LABEL + self.visitor.visitor_id.encode()
        return hmac.new(self._settings.secret_key.encode(), message, hashlib.sha256).hexdigest()

    def check_csrf(self, token: str | None) -> None:
        """Raise Refused(CSRF_FAILED) unless the form was made by us for this browser."""
        if self._stored_visitor is None or not hmac.compare_digest((token or "").encode(), self.csrf_token.encode()):
            raise Refused(ErrorCode.CSRF_FAILED)


def _entity_of(path: str) -> str | None:
    found = _ENTITY_PATH.match(path)
    return found["code"] if found else None


class VisitMiddleware:
    """Makes the visit of each request and writes its cookies into the answer."""

    def __init__(self, settings: Settings, rpc: Rpc) -> None:
        self._settings = settings
        self._rpc = rpc
        self._cookies = BrowserCookies(settings)

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Put the visit into the request's context; no service is asked yet."""
        req.context.visit = Visit(req, self._settings, self._cookies, self._rpc)

    def process_response(self, req: falcon.Request, resp: falcon.Response, resource: object, succeeded: bool) -> None:  # noqa: FBT001 — Falcon's signature
        """Write what the visit changed."""
        req.context.visit.write_cookies(resp)


def visit_of(req: falcon.Request) -> Visit:
    """Return the request's visit."""
    visit: Visit = req.context.visit
    return visit
