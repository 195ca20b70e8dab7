"""An invitation into an office, from the link in a mail to the first page of the office."""

import falcon

from contracts.errors import ErrorCode, Refused
from contracts.rpc import operators
from gateway.edge.rates import LOGIN
from gateway.office import addresses
from gateway.office.login import office_token
from gateway.visit import visit_of
from gateway.web.page import Page, checked_form, see_other


class InvitationLink(Page):
    """The link that was sent."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, token: str) -> None:
        """Take the secret out of the address, into a cookie: histories and proxies see addresses.

        Nothing is accepted yet: programs that look through mail open links too.
        """
        visit_of(req).cookies.write_invitation(resp, token)
        see_other(resp, addresses.INVITATION)


class InvitationPage(Page):
    """What one is invited to."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show it, with the way to log in or to accept. Raises Refused(INVITATION_INVALID)."""
        visit = visit_of(req)
        self.site.rates.check(req, LOGIN)
        request = operators.InvitationRequest(invitation_token=_invitation_token(req))
        terms = visit.call(operators.INVITATION, request)
        entity = self.site.entity(visit, terms.entity_code)
        self.site.render(
            req,
            resp,
            "office/invitation.html",
            entity=entity,
            offline=True,
            desk=None,
            terms=terms,
            person=_person(req),
        )


class AcceptInvitation(Page):
    """Accetto."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Become an operator. Raises Refused: LOGIN_REQUIRED, SESSION_EXPIRED, INVITATION_..., ALREADY_AN_OPERATOR."""
        checked_form(req)
        visit = visit_of(req)
        self.site.rates.check(req, LOGIN)
        request = operators.AcceptInvitationRequest(
            office_token=office_token(req), invitation_token=_invitation_token(req)
        )
        operator = visit.call(operators.ACCEPT_INVITATION, request)
        visit.cookies.forget_invitation(resp)
        see_other(resp, addresses.home(operator.entity_code))


def _invitation_token(req: falcon.Request) -> str:
    token = visit_of(req).cookies.read_invitation(req)
    if token is None or not 0 < len(token) <= 128:
        raise Refused(ErrorCode.INVITATION_INVALID)
    return token


def _person(req: falcon.Request) -> operators.OfficePerson | None:
    """Return who is logged in to offices here; None where nobody is any more."""
    visit = visit_of(req)
    if visit.office_token is None:
        return None
    try:
        return visit.call(operators.OFFICE_PERSON, operators.OfficeTokenRequest(office_token=visit.office_token))
    except Refused:
        return None
