"""Registration: the privacy notice, the optional consents, an e-mail address; again when the notice has changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import falcon

from contracts.rpc import identity
from contracts.rpc.identity import ConsentEvent, PrivacyDocument
from gateway.translations import marked as _
from gateway.visit import Visit, visit_of
from gateway.web import addresses
from gateway.web.announcements import ACKNOWLEDGED, REGISTERED
from gateway.web.emails import email_error
from gateway.web.login import adopt_cart
from gateway.web.page import Form, Page, checked_form, cleaned, see_other

REGISTRATION: Final = "registration"
EMAIL_REMINDERS: Final = "email_reminders"


@dataclass(frozen=True)
class _Choices:
    """The notice in force, what was acknowledged before (None at the first visit), the purposes to choose."""

    notice: PrivacyDocument
    before: ConsentEvent | None
    optional: Sequence[PrivacyDocument]
    reminders_granted: bool


class RegistrationPage(Page):
    """What stands between a login and the personal pages, at the first visit and after a new version of the notice."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show the notice in force; who has acknowledged it goes on."""
        visit = visit_of(req)
        session = visit.require_login()
        return_to = addresses.safe_return(req.get_param("return_to"), addresses.PRIVACY)
        if session.registered:
            see_other(resp, return_to)
            return
        form = {"email": session.citizen.email or "", "return_to": return_to}
        self._write(req, resp, _choices(visit), form, {})

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Register, or show the form again with what is missing."""
        form = checked_form(req)
        visit = visit_of(req)
        session = visit.require_login()
        choices = _choices(visit)
        errors = _errors_of(form, choices)
        if errors:
            self._write(req, resp, choices, form, errors)
            return
        visit.call(identity.REGISTER, _register_request(visit, form))
        adopt_cart(visit, visit.browser.visitor.visitor_id, session.citizen.id)
        return_to = addresses.safe_return(form.get("return_to"), addresses.PRIVACY)
        see_other(resp, addresses.announcing(return_to, ACKNOWLEDGED if choices.before else REGISTERED))

    def _write(
        self, req: falcon.Request, resp: falcon.Response, choices: _Choices, form: Form, errors: dict[str, str]
    ) -> None:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
        self.site.render(
            req,
            resp,
            "registration.html",
            status=status,
            choices=choices,
            notice=choices.notice,
            form=form,
            errors=errors,
        )


def _register_request(visit: Visit, form: Form) -> identity.RegisterRequest:
    optional = [purpose for purpose in identity.PURPOSES if purpose != REGISTRATION]
    return identity.RegisterRequest(
        session_token=visit.require_token(),
        document_id=cleaned(form, "document_id"),
        email=cleaned(form, "email") or None,
        purposes=[purpose for purpose in optional if form.get(f"purpose_{purpose}") == "si"],
        language=visit.language,
    )


def _choices(visit: Visit) -> _Choices:
    privacy = visit.call(identity.PRIVACY, identity.TokenRequest(session_token=visit.require_token()))
    acknowledged = [event for event in privacy.history if event.purpose == REGISTRATION]
    optional = [document for document in privacy.documents if document.purpose != REGISTRATION]
    agreed = {event.purpose: event.document_id for event in privacy.history}
    return _Choices(
        notice=next(document for document in privacy.documents if document.purpose == REGISTRATION),
        before=acknowledged[-1] if acknowledged else None,
        # What was granted by an older text is offered by the one in force.
        optional=[one for one in optional if one.purpose not in privacy.granted or agreed[one.purpose] != one.id],
        reminders_granted=EMAIL_REMINDERS in privacy.granted,
    )


def _errors_of(form: Form, choices: _Choices) -> dict[str, str]:
    errors: dict[str, str] = {}
    if form.get("acknowledged") != "si":
        errors["acknowledged"] = _("Per usare il portale devi dichiarare di aver letto l'informativa.")
    reminders = choices.reminders_granted or form.get(f"purpose_{EMAIL_REMINDERS}") == "si"
    wrong = email_error(cleaned(form, "email"), reminders=reminders)
    if wrong:
        errors["email"] = wrong
    return errors
