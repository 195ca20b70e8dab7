"""Entra con SPID: choice of the identity provider, the bindings of SAML, logout."""

from collections.abc import Mapping
from http import HTTPStatus
from secrets import token_urlsafe
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import falcon

from chassis.logs import get_logger
from contracts.errors import ErrorCode, Refused, RpcError
from contracts.rpc import cart, identity
from gateway.edge.bodies import read_form
from gateway.edge.rates import LOGIN
from gateway.edge.security_headers import content_security_policy
from gateway.visit import Visit, visit_of
from gateway.visitors import LoginAttempt
from gateway.web import addresses
from gateway.web.announcements import LOGGED_OUT, LOGGED_OUT_EVERYWHERE
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
            self.site.render(
                req,
                resp,
                "login.html",
                entity=entity,
                entity_code=entity_code,
                providers=self.site.login_choices.of_kind(visit, "spid"),
                cards=self.site.login_choices.of_kind(visit, "cie"),
                return_to=return_to,
                login_return_to=return_to,
            )
            return
        self.site.rates.check(req, LOGIN)
        self._send_to_provider(req, resp, idp, entity_code, return_to)

    def _send_to_provider(
        self, req: falcon.Request, resp: falcon.Response, idp: str, entity_code: str | None, return_to: str
    ) -> None:
        visit = visit_of(req)
        attempt = LoginAttempt(token_urlsafe(32), visit.browser.visitor.visitor_id)
        request = identity.StartLoginRequest(
            idp=idp, entity_code=entity_code, return_to=return_to, browser_token=attempt.browser_token
        )
        started = visit.call(identity.START_LOGIN, request)
        visit.browser.need_cookie()
        visit.cookies.write_login(resp, attempt)
        if started.form_fields:
            carry_by_form(self.site, req, resp, started.redirect_url, started.form_fields, template="login_post.html")
            return
        # 302 and not 303: AgID's conformance tool knows no other (spid.md section 3.1, trap 1).
        resp.status = HTTPStatus.FOUND
        resp.location = started.redirect_url


class AssertionConsumer(Page):
    """Where the identity provider makes the browser POST its answer: signed, so it needs no CSRF token of ours."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Start a session and go on. Raises Refused(LOGIN_REFUSED), which has its own page."""
        visit = visit_of(req)
        self.site.rates.check(req, LOGIN)
        form = read_form(req, _SAML_MAX_BYTES)
        if not form.get("SAMLResponse"):
            raise Refused(ErrorCode.LOGIN_REFUSED)
        # Without its cookie the answer is refused too, by identity, which notes why under the reference.
        attempt = visit.cookies.read_login(req) or LoginAttempt("", "")
        request = identity.FinishLoginRequest(
            saml_response=form["SAMLResponse"],
            relay_state=form.get("RelayState", ""),
            browser_token=attempt.browser_token,
        )
        try:
            finished = visit.call(identity.FINISH_LOGIN, request)
        except Refused:
            visit.cookies.forget_login(resp)
            raise
        visit.start_session(resp, finished.session_token)
        see_other(resp, addresses.safe_return(finished.return_to, addresses.PRIVACY))
        if finished.session.registered:
            adopt_cart(visit, attempt.visitor_id, finished.session.citizen.id)


class Metadata(Page):
    """The service provider's metadata, for the registry of SPID or of CIE."""

    def __init__(self, site: Site, kind: str) -> None:
        super().__init__(site)
        self._kind = kind

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer the signed document as identity made it."""
        resp.content_type = "application/samlmetadata+xml"
        resp.text = visit_of(req).call(identity.METADATA, identity.MetadataRequest(kind=self._kind)).xml


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
        if visit.session_token:
            try:
                visit.call(
                    identity.LOGOUT_EVERYWHERE if everywhere else identity.LOGOUT,
                    identity.TokenRequest(session_token=visit.session_token),
                )
            except Refused as refusal:
                _log.info("logout_of_ended_session", code=refusal.code.value)
        entity_code = visit.browser.visitor.entity_code
        visit.forget(resp)
        see_other(
            resp,
            addresses.announcing(addresses.front(entity_code), LOGGED_OUT_EVERYWHERE if everywhere else LOGGED_OUT),
        )


def carry_by_form(
    site: Site, req: falcon.Request, resp: falcon.Response, action: str, fields: Mapping[str, str], *, template: str
) -> None:
    """Write a page whose form carries `fields` to another site: by itself with a script, by its button without."""
    target = urlsplit(action)
    # The whole origin: CSP knows no query, and the address may lead on to another page of the same site.
    resp.set_header("Content-Security-Policy", content_security_policy((f"{target.scheme}://{target.netloc}",)))
    site.render(req, resp, template, offline=True, action=action, fields=fields)


def adopt_cart(visit: Visit, visitor_id: str, citizen_id: UUID) -> None:
    """Make the visitor's cart the citizen's; a login does not fail for its cart."""
    try:
        visit.call(cart.ADOPT, cart.AdoptRequest(visitor=f"visitor:{visitor_id}", citizen=f"citizen:{citizen_id}"))
    except RpcError as error:
        _log.warning("cart_not_adopted", code=error.code.value)
