"""One request of one browser: who it is, what it may see, and its calls to the services."""

import re
from collections.abc import Iterable
from typing import Final
from uuid import UUID

import falcon

from contracts.call import Call, Reply, Request, Rpc
from contracts.codes import FiscalCode
from contracts.errors import ErrorCode, Refused, RpcError
from contracts.rpc import identity
from contracts.rpc.identity import Citizen, Organization, Session
from contracts.shapes import Viewer
from gateway.browser_memory import BrowserMemory
from gateway.languages import negotiate
from gateway.settings import Settings
from gateway.visitors import BrowserCookies

_ENTITY_PATH: Final = re.compile(r"/(?:enti|api/v1/creditors)/(?P<code>[^/]+)")


class Visit:
    """Made for every request by VisitMiddleware as `req.context.visit`; asks identity only when a page needs it.

    `browser` is what the browser remembers, `cookies` reads and writes all that it stores for us.
    """

    def __init__(self, req: falcon.Request, settings: Settings, cookies: BrowserCookies, rpc: Rpc) -> None:
        self._rpc = rpc
        self._correlation_id: str = req.context.correlation_id
        self._entity_code = _entity_of(req.path)
        self.public_url = settings.public_url
        self.cookies = cookies
        self.browser = BrowserMemory(req, cookies, settings.secret_keys)
        self.language = negotiate(req)
        self.session_token = cookies.read_session(req)
        self.office_token = cookies.read_office(req)
        self._found_session: Session | RpcError | None = None
        self._has_asked = False

    def call(self, call: Call[Request, Reply], request: Request) -> Reply:
        """Call a service under this request's correlation id."""
        return self._rpc.call(call, request, correlation_id=self._correlation_id)

    @property
    def is_first(self) -> bool:
        """Return whether this browser has never been here, as far as its cookies tell: no service knows it."""
        return self.browser.is_empty and self.session_token is None

    # --- who is there ---

    @property
    def session(self) -> Session | None:
        """The live session; None without a cookie, or when it is too weak for the entity whose practices are asked for.

        Raises Refused(SESSION_EXPIRED) for one that is over.
        """
        if self.is_too_weak:
            return None
        if isinstance(self._asked_session, RpcError):
            raise self._asked_session
        return self._asked_session

    @property
    def is_too_weak(self) -> bool:
        """Return whether the session does not count in this entity's pages: who asks is a visitor there.

        The entity wants a higher SPID level, or a login of its own (an aggregated body).
        """
        found = self._asked_session
        return isinstance(found, RpcError) and found.code in (ErrorCode.SPID_LEVEL_TOO_LOW, ErrorCode.LOGIN_REQUIRED)

    @property
    def _asked_session(self) -> Session | RpcError | None:
        """Asked at most once per request and entity, failures included."""
        if not self._has_asked:
            self._found_session = self._ask_for_session()
            self._has_asked = True
        return self._found_session

    def _ask_for_session(self) -> Session | RpcError | None:
        if self.session_token is None:
            return None
        request = identity.SessionRequest(session_token=self.session_token, entity_code=self._entity_code)
        try:
            return self.call(identity.SESSION, request)
        except RpcError as error:
            return error

    def enter(self, entity_code: str) -> None:
        """Act from now on as in the pages of this entity, for addresses that do not name it."""
        if self.session_token is not None and entity_code != self._entity_code:
            self._entity_code = entity_code
            self._has_asked = False

    @property
    def citizen(self) -> Citizen | None:
        """Who is logged in, as far as can be told now: for greeting, never for deciding."""
        session = self.known_session
        return session.citizen if session else None

    @property
    def known_session(self) -> Session | None:
        """The live session as far as can be told now: for telling when it ends, never for deciding."""
        try:
            return self.session
        except RpcError:
            return None

    @property
    def registered_citizen(self) -> Citizen | None:
        """Who is logged in and registered; None acts as a visitor. Raises Refused(SESSION_EXPIRED)."""
        session = self.session
        return session.citizen if session and session.registered else None

    @property
    def organization(self) -> Organization | None:
        """Whom the registered citizen acts for in this session. Raises Refused(SESSION_EXPIRED)."""
        session = self.session
        return session.organization if session and session.registered else None

    def require_citizen(self) -> Citizen:
        """Return the registered citizen.

        Raises Refused: LOGIN_REQUIRED, SPID_LEVEL_TOO_LOW, SESSION_EXPIRED, or CONSENT_MISSING before registration.
        """
        session = self.require_login()
        if not session.registered:
            raise Refused(ErrorCode.CONSENT_MISSING)
        return session.citizen

    def require_login(self) -> Session:
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
        """Return the session's token, for what identity does for its citizen. Raises Refused(LOGIN_REQUIRED)."""
        if self.session_token is None:
            raise Refused(ErrorCode.LOGIN_REQUIRED)
        return self.session_token

    def start_session(self, resp: falcon.Response, token: str) -> None:
        """Give the browser a new session token."""
        self.cookies.write_session(resp, token)

    def forget(self, resp: falcon.Response) -> None:
        """Leave nothing of the citizen in a browser that others may use next: a new visitor, no grants."""
        self.cookies.forget_session(resp)
        self.browser.forget()

    # --- what may be seen ---

    @property
    def owner(self) -> str:
        """Whose cart and checkouts these are: `citizen:<id>` or `visitor:<id>`."""
        citizen = self.registered_citizen
        return f"citizen:{citizen.id}" if citizen else self.visitor_owner

    @property
    def visitor_owner(self) -> str:
        """The owner this browser is, or was, without login."""
        self.browser.need_cookie()
        return f"visitor:{self.browser.visitor.visitor_id}"

    @property
    def viewer(self) -> Viewer:
        """Who is asking, for the services that decide what may be seen."""
        visitor = self.browser.visitor
        citizen = self.registered_citizen
        debtor = self.organization or citizen
        return Viewer(
            citizen_id=citizen.id if citizen else None,
            # Who acts for an organization sees what the organization owes, and not their own.
            fiscal_code=FiscalCode(debtor.fiscal_code) if debtor else None,
            visitor_id=visitor.visitor_id,
            granted_practice_ids=list(visitor.granted),
            identified_practice_ids=list(visitor.identified),
        )

    def grant(self, practice_ids: Iterable[UUID], *, identified: bool = False) -> None:
        """Let this browser see practices it found by search or inserted without login (gateway/visitors.py)."""
        self.browser.grant(practice_ids, identified=identified)


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
        visit_of(req).browser.write(resp)


def visit_of(req: falcon.Request) -> Visit:
    """Return the request's visit."""
    visit: Visit = req.context.visit
    return visit
