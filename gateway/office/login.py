"""Into an office and out of it: choice of the identity provider, the offices one works in, logout."""

from secrets import token_urlsafe

import falcon

from chassis.logs import get_logger
from contracts.errors import ErrorCode, Refused
from contracts.rpc import operators
from gateway.edge.rates import LOGIN
from gateway.office import addresses
from gateway.visit import visit_of
from gateway.visitors import LoginAttempt
from gateway.web.addresses import safe_return
from gateway.web.login_redirect import send_to_provider
from gateway.web.page import Page, checked_form, see_other

_log = get_logger("gateway.office")


class OfficeLogin(Page):
    """The list of identity providers, and the way to the chosen one, at level 2 at least."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Without `idp` show the list; with it send the browser there."""
        visit = visit_of(req)
        found = self.site.entity(visit, entity)
        return_to = safe_return(req.get_param("return_to"), addresses.home(entity))
        if not addresses.is_office(return_to.partition("?")[0]):
            return_to = addresses.home(entity)
        idp = req.get_param("idp")
        if idp is None:
            choices = self.site.login_choices
            self.site.render(
                req,
                resp,
                "office/login.html",
                entity=found,
                offline=True,
                desk=None,
                providers=choices.of_kind(visit, "spid"),
                cards=choices.of_kind(visit, "cie"),
                return_to=return_to,
            )
            return
        self.site.rates.check(req, LOGIN)
        browser_token = token_urlsafe(32)
        request = operators.StartOfficeLoginRequest(
            idp=idp,
            entity_code=entity,
            return_to=return_to,
            browser_token=browser_token,
            office_token=visit.office_token,
        )
        started = visit.call(operators.START_OFFICE_LOGIN, request)
        attempt = LoginAttempt(browser_token, visit.browser.visitor.visitor_id, office=True)
        send_to_provider(self.site, req, resp, started, attempt)


class OfficesPage(Page):
    """The offices that the operator works in."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Lead to the only one, or list them; without a session all there are. Raises Refused(SESSION_EXPIRED)."""
        visit = visit_of(req)
        if visit.office_token is None:
            self.site.render(
                req,
                resp,
                "office/offices.html",
                offline=True,
                alone=True,
                desk=None,
                person=None,
                offices=self.site.catalogue.all(visit),
            )
            return
        person = visit.call(operators.OFFICE_PERSON, operators.OfficeTokenRequest(office_token=visit.office_token))
        if len(person.entity_codes) == 1:
            see_other(resp, addresses.home(person.entity_codes[0]))
            return
        offices = [one for one in self.site.catalogue.all(visit) if one.code in person.entity_codes]
        self.site.render(
            req, resp, "office/offices.html", offline=True, alone=True, desk=None, person=person, offices=offices
        )


class OfficeLogout(Page):
    """Esci."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """End the office session and leave nothing of it in this browser; a citizen's session stays as it is."""
        checked_form(req)
        visit = visit_of(req)
        visit.cookies.forget_office(resp)
        visit.cookies.forget_invitation(resp)
        if visit.office_token:
            request = operators.OfficeTokenRequest(office_token=visit.office_token)
            try:
                visit.call(operators.END_OFFICE_SESSION, request)
            except Refused as refusal:
                _log.info("logout_of_ended_session", code=refusal.code.value)
        see_other(resp, addresses.OFFICES)


def office_token(req: falcon.Request) -> str:
    """Return the token of the office session. Raises Refused(LOGIN_REQUIRED)."""
    token = visit_of(req).office_token
    if token is None:
        raise Refused(ErrorCode.LOGIN_REQUIRED)
    return token
