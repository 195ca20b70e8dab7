"""Privacy e consensi: documents in force, purposes, history, own data; behind the pagoPA logo."""

from collections.abc import Mapping
from http import HTTPStatus

import falcon
import orjson

from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.rpc import identity, notices
from gateway.edge.rates import EMAIL
from gateway.visit import Visit, visit_of
from gateway.web import addresses
from gateway.web.announcements import ACCOUNT_CLOSED, GRANTED, REVOKED
from gateway.web.beneficiaries import remembered
from gateway.web.emails import email_error
from gateway.web.page import Form, Page, checked_form, cleaned, see_other
from gateway.web.registration import EMAIL_REMINDERS, REGISTRATION
from gateway.web.site import Site


class PrivacyPage(Page):
    """The citizen's own privacy page."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show documents, switches and the ledger of consents."""
        citizen = visit_of(req).require_citizen()
        _write_privacy(self.site, req, resp, email=citizen.email or "")


class GrantConsent(Page):
    """Concedi."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Grant one purpose; reminders need an address, asked for beside them."""
        form = checked_form(req)
        visit = visit_of(req)
        visit.require_citizen()
        purpose = _purpose(form)
        email = cleaned(form, "email")
        wrong = email_error(email, reminders=purpose == EMAIL_REMINDERS)
        if wrong:
            _write_privacy(self.site, req, resp, email=email, errors={"email": wrong})
            return
        if email:
            self.site.rates.check(req, EMAIL)
        request = identity.PurposeRequest(
            session_token=visit.require_token(), purpose=purpose, email=email or None, language=visit.language
        )
        visit.call(identity.GRANT, request)
        see_other(resp, addresses.announcing(addresses.PRIVACY, GRANTED, addresses.purpose_place(purpose)))


class RevokeConsent(Page):
    """Revoca: first the effect is told, then it is done."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Lead who reloads this address back to the page."""
        see_other(resp, addresses.PRIVACY)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Without `conferma` tell the effect; with it revoke. Revoking the registration closes the account."""
        form = checked_form(req)
        visit = visit_of(req)
        visit.require_citizen()
        purpose = _purpose(form)
        if form.get("conferma") != "si":
            self.site.render(req, resp, "revoke.html", purpose=purpose)
            return
        request = identity.PurposeRequest(session_token=visit.require_token(), purpose=purpose, language=visit.language)
        visit.call(identity.REVOKE, request)
        if purpose == REGISTRATION:
            visit.forget(resp)
            see_other(resp, addresses.announcing(addresses.front(visit.browser.visitor.entity_code), ACCOUNT_CLOSED))
        else:
            see_other(resp, addresses.announcing(addresses.PRIVACY, REVOKED, addresses.purpose_place(purpose)))


class OwnData(Page):
    """All that identity stores about the citizen, as a file to take away."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer JSON, indented for people."""
        visit = visit_of(req)
        visit.require_citizen()
        data = visit.call(identity.EXPORT, identity.TokenRequest(session_token=visit.require_token())).data
        resp.content_type = falcon.MEDIA_JSON
        resp.set_header("Content-Disposition", 'attachment; filename="dati-personali.json"')
        resp.data = orjson.dumps(data, option=orjson.OPT_INDENT_2)


def _write_privacy(
    site: Site, req: falcon.Request, resp: falcon.Response, *, email: str, errors: Mapping[str, str] | None = None
) -> None:
    """Write the privacy page; `email` stands in the field beside the reminders."""
    visit = visit_of(req)
    request = identity.TokenRequest(session_token=visit.require_token())
    privacy = visit.call(identity.PRIVACY, request)
    site.render(
        req,
        resp,
        "privacy.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        privacy=privacy,
        agreed={one.purpose: one.document_id for one in privacy.history},
        calendar_since=visit.call(identity.CALENDAR_FEED, request).created_at,
        address_refused=EMAIL_REMINDERS in privacy.granted and _is_refused(visit),
        beneficiaries=remembered(visit),
        email=email,
        errors=errors or {},
    )


def _is_refused(visit: Visit) -> bool:
    """Return whether mail to the citizen comes back again and again; while notices is down the page does without."""
    citizen = visit.require_citizen()
    if not citizen.email:
        return False
    try:
        return visit.call(
            notices.MAILING, notices.MailingRequest(citizen_id=citizen.id, email=citizen.email)
        ).address_refused
    except Unavailable:
        return False


def _purpose(form: Form) -> str:
    purpose = form.get("purpose", "")
    if purpose not in identity.PURPOSES:
        raise Refused(ErrorCode.INVALID_REQUEST)
    return purpose
