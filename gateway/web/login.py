"""Entra con SPID: choice of the identity provider, the bindings of SAML, logout."""

import hashlib
from collections.abc import Sequence
from secrets import token_urlsafe
from typing import Final
from uuid import UUID

import falcon

from chassis.logs import get_logger
from contracts.error_details import LoginRefused, detail_of
from contracts.errors import ErrorCode, Refused, RpcError
from contracts.rpc import cart, identity, operators
from gateway.edge.bodies import read_form
from gateway.edge.rates import LOGIN
from gateway.messages import MESSAGES
from gateway.office import addresses as office_addresses
from gateway.visit import Visit, visit_of
from gateway.visitors import AnsweredLogin, LoginAttempt
from gateway.web import addresses
from gateway.web.announcements import LOGGED_OUT, LOGGED_OUT_EVERYWHERE, NO_FISCAL_CODE, OLDEST_SESSION_ENDED
from gateway.web.login_redirect import carry_by_form, send_to_provider
from gateway.web.page import Page, checked_form, see_other
from gateway.web.site import Site

_SAML_MAX_BYTES: Final = 256 * 1024
_CODE_MAX_CHARS: Final = 35

_log = get_logger("gateway.login")


class LoginPage(Page):
    """The list of identity providers, and the way to the chosen one."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Without `idp` show the list; with it send the browser there, bound to us by a cookie."""
        visit = visit_of(req)
        entity_code = (req.get_param("entity") or "")[:_CODE_MAX_CHARS] or None
        entity = self.site.entity(visit, entity_code) if entity_code else None
        default = addresses.practices(entity_code) if entity_code else addresses.PRIVACY
        return_to = addresses.safe_return(req.get_param("return_to"), default)
        idp = req.get_param("idp")
        if idp is None:
            choices = self.site.login_choices
            purpose = _purpose(req)
            self.site.render(
                req,
                resp,
                "login.html",
                entity=entity,
                entity_code=entity_code,
                providers=choices.of_kind(visit, "spid"),
                cards=choices.of_kind(visit, "cie") if purpose is None else [],
                foreign=choices.of_kind(visit, "eidas") if purpose is None else [],
                purpose=purpose,
                purposes=choices.purposes(visit),
                return_to=return_to,
                login_return_to=return_to,
                carried=_carried(req),
                fresh=MESSAGES[ErrorCode.FRESH_LOGIN_REQUIRED] if _is_fresh_wanted(req) else None,
            )
            return
        self.site.rates.check(req, LOGIN)
        self._send_to_provider(req, resp, idp, entity_code, return_to)

    def _send_to_provider(
        self, req: falcon.Request, resp: falcon.Response, idp: str, entity_code: str | None, return_to: str
    ) -> None:
        visit = visit_of(req)
        browser_token = token_urlsafe(32)
        request = identity.StartLoginRequest(
            idp=idp,
            entity_code=entity_code,
            return_to=return_to,
            browser_token=browser_token,
            session_token=visit.session_token,
            fresh=_is_fresh_wanted(req),
            purpose=_purpose(req),
        )
        started = visit.call(identity.START_LOGIN, request)
        send_to_provider(self.site, req, resp, started, LoginAttempt(browser_token, visit.browser.visitor.visitor_id))


def _is_fresh_wanted(req: falcon.Request) -> bool:
    return req.get_param("fresh") == "si"


def _purpose(req: falcon.Request) -> str | None:
    """Return on whose behalf the login is. Raises Refused(INVALID_REQUEST) for what SPID does not know."""
    purpose = req.get_param("purpose") or None
    if purpose is not None and purpose not in identity.LOGIN_PURPOSES:
        raise Refused(ErrorCode.INVALID_REQUEST)
    return purpose


def _carried(req: falcon.Request) -> str:
    """Return what the links to the identity providers carry on from this page's address."""
    purpose = _purpose(req)
    return ("&fresh=si" if _is_fresh_wanted(req) else "") + (f"&purpose={purpose}" if purpose else "")


class AssertionConsumer(Page):
    """Where the identity provider makes the browser POST its answer: signed, so it needs no CSRF token of ours."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Start a session and go on. Raises Refused(LOGIN_REFUSED), which has its own page.

        The same answer again, sent by a reload, leads to where it led before: into the session.
        """
        visit = visit_of(req)
        self.site.rates.check(req, LOGIN)
        form = read_form(req, _SAML_MAX_BYTES)
        if not form.get("SAMLResponse"):
            raise Refused(ErrorCode.LOGIN_REFUSED)
        answered = visit.cookies.read_answered(req)
        if answered and answered.fingerprint == _fingerprint(form["SAMLResponse"]):
            see_other(resp, answered.return_to)
            return
        attempts = visit.cookies.read_logins(req)
        attempt = _attempt_of(attempts, form.get("RelayState", ""))
        request = identity.FinishLoginRequest(
            saml_response=form["SAMLResponse"],
            relay_state=form.get("RelayState", ""),
            browser_token=attempt.browser_token,
        )
        others = [one for one in attempts if one != attempt]
        fingerprint = _fingerprint(form["SAMLResponse"])
        if attempt.office:
            _enter_office(visit, resp, request, others, fingerprint)
            return
        try:
            finished = visit.call(identity.FINISH_LOGIN, request)
        except Refused as refusal:
            visit.cookies.write_logins(resp, others)
            refused = detail_of(refusal, LoginRefused)
            if refused is None or refused.reason != "eidas":
                raise
            # No fault of anybody's: there is a person of another country, whom no practice can be found for.
            see_other(resp, addresses.announcing(addresses.front(refused.entity_code), NO_FISCAL_CODE))
            return
        visit.cookies.write_logins(resp, others)
        return_to = addresses.safe_return(finished.return_to, addresses.PRIVACY)
        visit.start_session(resp, finished.session_token)
        visit.cookies.write_answered(resp, AnsweredLogin(fingerprint, return_to))
        see_other(resp, addresses.announcing(return_to, OLDEST_SESSION_ENDED) if finished.ended_sessions else return_to)
        if finished.session.registered:
            adopt_cart(visit, attempt.visitor_id, finished.session.citizen.id)


def _enter_office(
    visit: Visit,
    resp: falcon.Response,
    request: identity.FinishLoginRequest,
    others: Sequence[LoginAttempt],
    fingerprint: str,
) -> None:
    """Start an office session, in a cookie of its own. Raises Refused(LOGIN_REFUSED), (NOT_AN_OPERATOR)."""
    try:
        finished = visit.call(operators.FINISH_OFFICE_LOGIN, request)
    finally:
        visit.cookies.write_logins(resp, others)
    return_to = addresses.safe_return(finished.return_to, office_addresses.OFFICES)
    visit.cookies.write_office(resp, finished.office_token)
    visit.cookies.write_answered(resp, AnsweredLogin(fingerprint, return_to))
    see_other(resp, addresses.announcing(return_to, OLDEST_SESSION_ENDED) if finished.ended_sessions else return_to)


class Metadata(Page):
    """The service provider's metadata, for the registry of SPID or of CIE; `entity`: of an aggregated body."""

    def __init__(self, site: Site, kind: str) -> None:
        super().__init__(site)
        self._kind = kind

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer the signed document as identity made it."""
        resp.content_type = "application/samlmetadata+xml"
        entity_code = (req.get_param("entity") or "")[:_CODE_MAX_CHARS] or None
        request = identity.MetadataRequest(kind=self._kind, entity_code=entity_code)
        resp.text = visit_of(req).call(identity.METADATA, request).xml


class SingleLogout(Page):
    """An identity provider ends a session; both bindings, answered by a form that the browser carries back."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """HTTP-Redirect: identity checks the signature over the query as it was sent."""
        request = identity.SloRequest(
            binding="redirect",
            message=req.get_param("SAMLRequest") or "",
            relay_state=req.get_param("RelayState") or "",
            query=req.query_string,
        )
        self._answer(req, resp, request)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """HTTP-POST: the signature stands in the message."""
        form = read_form(req, _SAML_MAX_BYTES)
        request = identity.SloRequest(
            binding="post", message=form.get("SAMLRequest", ""), relay_state=form.get("RelayState", "")
        )
        self._answer(req, resp, request)

    def _answer(self, req: falcon.Request, resp: falcon.Response, request: identity.SloRequest) -> None:
        self.site.rates.check(req, LOGIN)
        if not request.message:
            raise Refused(ErrorCode.INVALID_REQUEST)
        visit = visit_of(req)
        answer = visit.call(identity.SLO, request)
        visit.forget(resp)
        carried = {"SAMLResponse": answer.saml_response, "RelayState": answer.relay_state}
        carried = {name: value for name, value in carried.items() if value}
        carry_by_form(self.site, req, resp, answer.destination, carried, template="slo.html")


class Logout(Page):
    """Esci: here, or on every device."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """End the session and leave nothing of the citizen in this browser."""
        form = checked_form(req)
        visit = visit_of(req)
        everywhere = form.get("ovunque") == "si"
        entity_code = visit.browser.visitor.entity_code
        visit.forget(resp)
        if visit.session_token:
            _end_session(visit, visit.session_token, everywhere=everywhere)
        see_other(
            resp,
            addresses.announcing(addresses.front(entity_code), LOGGED_OUT_EVERYWHERE if everywhere else LOGGED_OUT),
        )


def _end_session(visit: Visit, session_token: str, *, everywhere: bool) -> None:
    """Have identity end it. Raises Unavailable: then the browser has forgotten it all the same."""
    try:
        visit.call(
            identity.LOGOUT_EVERYWHERE if everywhere else identity.LOGOUT,
            identity.TokenRequest(session_token=session_token),
        )
    except Refused as refusal:
        _log.info("logout_of_ended_session", code=refusal.code.value)


def _attempt_of(attempts: Sequence[LoginAttempt], relay_state: str) -> LoginAttempt:
    """Return the login that an answer belongs to; the newest where it does not say.

    Without any the answer is refused too, by identity, which notes why under the reference.
    """
    nobodys = LoginAttempt("", "")
    told = [one for one in attempts if relay_state and one.relay_state == relay_state]
    unnamed = [one for one in attempts if not one.relay_state]
    return next(reversed([*([] if told else unnamed), *told]), nobodys)


def _fingerprint(saml_response: str) -> str:
    return hashlib.sha256(saml_response.encode()).hexdigest()


def adopt_cart(visit: Visit, visitor_id: str, citizen_id: UUID) -> None:
    """Make the visitor's cart the citizen's; a login does not fail for its cart."""
    try:
        visit.call(cart.ADOPT, cart.AdoptRequest(visitor=f"visitor:{visitor_id}", citizen=f"citizen:{citizen_id}"))
    except RpcError as error:
        _log.warning("cart_not_adopted", code=error.code.value)
