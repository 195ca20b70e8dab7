"""A notice or a receipt sent by e-mail from the counter, to an address that is used this once."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import falcon

from contracts.codes import EMAIL_MAX_CHARS
from contracts.error_details import InvalidRequest, detail_of
from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.roles import Operation
from contracts.rpc import notices
from contracts.rpc.office import OfficePractice
from contracts.rpc.operators import actor_of
from gateway.edge.rates import EMAIL
from gateway.languages import LANGUAGES
from gateway.office import addresses
from gateway.office.desk import Desk, OfficeForm
from gateway.office.practices import one_practice, receipts_of
from gateway.translations import marked as _
from gateway.visit import visit_of
from gateway.web.addresses import announcing
from gateway.web.announcements import PRACTICE_MAILED
from gateway.web.emails import email_error
from gateway.web.page import Form, cleaned, see_other

_KINDS: Final[Mapping[str, str]] = {"avviso": "notice", "quietanza": "receipt"}
_NO_EMAIL: Final = _("Scrivi l'indirizzo e-mail a cui mandarla.")
_NOT_SENT: Final = _("In questo momento non riusciamo a mandare e-mail: riprova tra poco, o stampala.")
_NOT_THERE: Final = _("Il server di posta dice che questo indirizzo non esiste: controllalo.")
_NO_KIND: Final = _("Scegli che cosa mandare.")


class MailPractice(OfficeForm):
    """Manda per e-mail."""

    operation = Operation.PRINT_PRACTICES

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Show the form, with the address that the entity has given of the debtor. Raises Refused as `enter` does."""
        desk = self.enter(req, entity, self.operation)
        self._write(req, resp, desk, practice_id)

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Show the form as it was typed."""
        self._write(req, resp, desk, params["practice_id"], typed=_typed(form))

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Send it and go back to the practice; or the form again with what is wrong."""
        self.site.rates.check(req, EMAIL)
        practice_id, typed = params["practice_id"], _typed(form)
        one_practice(visit_of(req), desk, practice_id, self.operation)
        errors = _errors(typed) or self._sent(req, desk, practice_id, typed)
        if errors:
            self._write(req, resp, desk, practice_id, typed=typed, errors=errors)
            return
        see_other(resp, announcing(addresses.practice(desk.entity.code, practice_id), PRACTICE_MAILED))

    def _sent(self, req: falcon.Request, desk: Desk, practice_id: UUID, typed: Mapping[str, str]) -> Mapping[str, str]:
        """Send it; return what is wrong, by field. Raises Refused for what is not about the address."""
        request = notices.PracticeMailRequest(
            entity_code=desk.entity.code,
            practice_id=practice_id,
            kind=_KINDS[typed["che"]],
            email=typed["email"],
            language=typed["lingua"],
            actor=actor_of(desk.operator),
        )
        try:
            visit_of(req).call(notices.MAIL_PRACTICE, request)
        except Unavailable:
            return {"": _NOT_SENT}
        except Refused as refusal:
            detail = detail_of(refusal, InvalidRequest)
            if refusal.code is not ErrorCode.INVALID_REQUEST or detail is None or "email" not in (detail.fields or ()):
                raise
            return {"email": _NOT_THERE}
        return {}

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        practice_id: UUID,
        *,
        typed: Mapping[str, str] | None = None,
        errors: Mapping[str, str] | None = None,
    ) -> None:
        visit = visit_of(req)
        practice = one_practice(visit, desk, practice_id, self.operation).practice
        offered = _offered(practice, is_paid=bool(receipts_of(visit, practice_id)))
        first = {"che": next(iter(offered), ""), "email": practice.debtor.email or "", "lingua": "it"}
        self.show(
            req,
            resp,
            "mail.html",
            desk,
            status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
            practice=practice,
            offered=offered,
            typed=typed or first,
            errors=errors or {},
        )


def _offered(practice: OfficePractice, *, is_paid: bool) -> list[str]:
    """Return what can be sent of a practice now."""
    return [*(["avviso"] if practice.payable and not practice.online_only else []), *(["quietanza"] if is_paid else [])]


def _typed(form: Form) -> Mapping[str, str]:
    kind, language = form.get("che", ""), form.get("lingua", "")
    return {
        "che": kind if kind in _KINDS else "",
        "email": cleaned(form, "email")[:EMAIL_MAX_CHARS],
        "lingua": language if language in LANGUAGES else "it",
    }


def _errors(typed: Mapping[str, str]) -> Mapping[str, str]:
    if not typed["che"]:
        return {"che": _NO_KIND}
    wrong = email_error(typed["email"], reminders=False) if typed["email"] else _NO_EMAIL
    return {"email": wrong} if wrong else {}
