"""Registration at the first visit: the privacy notice, the optional consents, an e-mail address."""

from http import HTTPStatus
from typing import Final

import falcon

from contracts.rpc import identity
from gateway.translations import marked as _
from gateway.visit import Visit, visit_of
from gateway.web import addresses
from gateway.web.announcements import REGISTERED
from gateway.web.emails import email_error
from gateway.web.login import adopt_cart
from gateway.web.page import Form, Page, checked_form, cleaned, see_other

REGISTRATION: Final = "registration"
EMAIL_REMINDERS: Final = "email_reminders"


class RegistrationPage(Page):
    """What stands between the first login and the personal pages."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show the notice in force; who has acknowledged it goes on."""
        visit = visit_of(req)
        session = visit.require_login()
        return_to = addresses.safe_return(req.get_param("return_to"), addresses.PRIVACY)
        if session["registered"]:
            see_other(resp, return_to)
            return
        form = {"email": session["citizen"]["email"] or "", "return_to": return_to}
        self._write(req, resp, visit, form, {}, HTTPStatus.OK)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Register, or show the form again with what is missing."""
        form = checked_form(req)
        visit = visit_of(req)
        session = visit.require_login()
        errors = _errors_of(form)
        if errors:
            self._write(req, resp, visit, form, errors, HTTPStatus.UNPROCESSABLE_ENTITY)
            return
        optional = [purpose for purpose in identity.PURPOSES if purpose != REGISTRATION]
        visit.call(
            identity.REGISTER,
            session_token=visit.session_token,
            document_id=cleaned(form, "document_id"),
            email=cleaned(form, "email") or None,
            purposes=[purpose for purpose in optional if form.get(f"purpose_{purpose}") == "si"],
            language=visit.language,
        )
        adopt_cart(visit, visit.visitor.visitor_id, str(session["citizen"]["id"]))
        return_to = addresses.safe_return(form.get("return_to"), addresses.PRIVACY)
        see_other(resp, addresses.announcing(return_to, REGISTERED))

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        visit: Visit,
        form: Form,
        errors: dict[str, str],
        status: HTTPStatus,
    ) -> None:
        privacy = visit.call(identity.PRIVACY, session_token=visit.session_token)
        documents = privacy["documents"]
        self.site.render(
            req,
            resp,
            "registration.html",
            status=status,
            notice=next(document for document in documents if document["purpose"] == REGISTRATION),
            optional=[document for document in documents if document["purpose"] != REGISTRATION],
            form=form,
            errors=errors,
        )


def _errors_of(form: Form) -> dict[str, str]:
    errors: dict[str, str] = {}
    if form.get("acknowledged") != "si":
        errors["acknowledged"] = _("Per usare il portale devi dichiarare di aver letto l'informativa.")
    wrong = email_error(cleaned(form, "email"), reminders=form.get(f"purpose_{EMAIL_REMINDERS}") == "si")
    if wrong:
        errors["email"] = wrong
    return errors
