"""A practice amended, annulled and restored by an operator, in the version that was shown."""

from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import falcon

from contracts.codes import AmountCents
from contracts.error_details import ChangedMeanwhile, detail_of
from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc import office
from contracts.rpc.office import OfficePractice
from contracts.rpc.operators import actor_of
from gateway.messages import MESSAGES
from gateway.office import addresses
from gateway.office.changes import ChangeTold, told
from gateway.office.colleagues import version_of
from gateway.office.desk import Desk, OfficeForm
from gateway.office.practices import one_practice
from gateway.translations import marked as _
from gateway.visit import visit_of
from gateway.web.addresses import announcing
from gateway.web.announcements import PRACTICE_AMENDED, PRACTICE_ANNULLED, PRACTICE_RESTORED
from gateway.web.formats import filters_of
from gateway.web.page import Form, cleaned, see_other

_REASON_MAX: Final = 140
_NO_REASON: Final = _("Scrivi il motivo: chi deve pagare e i tuoi colleghi lo leggeranno.")
_NO_DATE: Final = _("Scrivi la data come giorno, mese e anno.")
_FIELD_OF_CODE: Final = {
    ErrorCode.INVALID_AMOUNT: "importo",
    ErrorCode.AMOUNT_OUT_OF_RANGE: "importo",
    ErrorCode.AMOUNT_NOT_ALLOWED: "importo",
    ErrorCode.SCHEDULE_NOT_ALLOWED: "importo",
    ErrorCode.INVALID_DATE: "scadenza",
    ErrorCode.DESCRIPTION_REQUIRED: "motivo",
    ErrorCode.DESCRIPTION_TOO_LONG: "motivo",
}
"""What a person can correct in the form; anything else has its own page."""


class PracticeChange(OfficeForm):
    """A form about one practice. `template` is its page, `announcement` what is said when it is done."""

    template: str
    announcement: str

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Show the form. Raises as `enter` does, and Refused(PRACTICE_NOT_FOUND)."""
        desk = self.enter(req, entity, self.operation)
        self.write(req, resp, desk, practice_id)

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Show the form as it was typed."""
        self.write(req, resp, desk, params["practice_id"], typed=_typed(form))

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Do it, or show the form again with what is wrong, or with what a colleague did meanwhile."""
        practice_id: UUID = params["practice_id"]
        typed = _typed(form)
        try:
            self.change(req, desk, practice_id, version_of(form), typed)
        except Refused as refusal:
            name = _FIELD_OF_CODE.get(refusal.code)
            meanwhile = detail_of(refusal, ChangedMeanwhile)
            if name is None and meanwhile is None:
                raise
            errors = {name: _sentence(refusal, name)} if name else {}
            changed = told(visit_of(req), desk, meanwhile) if meanwhile else None
            self.write(req, resp, desk, practice_id, typed=typed, errors=errors, changed=changed)
            return
        see_other(resp, announcing(addresses.practice(desk.entity.code, practice_id), self.announcement))

    def change(
        self, req: falcon.Request, desk: Desk, practice_id: UUID, version: int, typed: dict[str, str]
    ) -> OfficePractice:
        """Have it done. Raises Refused."""
        raise NotImplementedError

    def shown(self, practice: OfficePractice, language: str) -> dict[str, str]:
        """Return what the form holds before anything is typed."""
        amount = filters_of(language)["plain_amount"](practice.base_cents)
        return {"importo": amount, "scadenza": practice.due_date.isoformat() if practice.due_date else "", "motivo": ""}

    def write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        practice_id: UUID,
        *,
        typed: dict[str, str] | None = None,
        errors: dict[str, str] | None = None,
        changed: ChangeTold | None = None,
    ) -> None:
        """Write the form for the practice as it is now."""
        visit = visit_of(req)
        practice = one_practice(visit, desk, practice_id, self.operation).practice
        status = HTTPStatus.CONFLICT if changed else HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
        values = {
            "practice": practice,
            "typed": typed or self.shown(practice, visit.language),
            "errors": errors or {},
            "changed": changed,
        }
        self.show(req, resp, self.template, desk, status=status, **values)

    def common(self, desk: Desk, practice_id: UUID, version: int) -> Mapping[str, Any]:
        """Return what each write says: who, in which office and for which services, and in which version."""
        return {
            "entity_code": desk.entity.code,
            "service_codes": desk.services(self.operation),
            "practice_id": practice_id,
            "actor": actor_of(desk.operator),
            "version": version,
        }


class AmendPractice(PracticeChange):
    """Modifica: amount and due date."""

    operation = Operation.AMEND_PRACTICES
    template = "amend.html"
    announcement = PRACTICE_AMENDED

    def change(
        self, req: falcon.Request, desk: Desk, practice_id: UUID, version: int, typed: dict[str, str]
    ) -> OfficePractice:
        """Amend it. Raises Refused."""
        request = office.AmendRequest(
            **self.common(desk, practice_id, version),
            amount_cents=AmountCents.typed(typed["importo"]),
            due_date=typed_day(typed["scadenza"]),
            reason=typed["motivo"] or None,
        )
        return visit_of(req).call(office.AMEND, request)


class AnnulPractice(PracticeChange):
    """Annulla, with a reason."""

    operation = Operation.ANNUL_PRACTICES
    template = "annul.html"
    announcement = PRACTICE_ANNULLED

    def change(
        self, req: falcon.Request, desk: Desk, practice_id: UUID, version: int, typed: dict[str, str]
    ) -> OfficePractice:
        """Annul it. Raises Refused."""
        request = office.OfficeAnnulRequest(**self.common(desk, practice_id, version), reason=typed["motivo"])
        return visit_of(req).call(office.ANNUL, request)


class RestorePractice(PracticeChange):
    """Ripristina, with a reason."""

    operation = Operation.RESTORE_PRACTICES
    template = "restore.html"
    announcement = PRACTICE_RESTORED

    def change(
        self, req: falcon.Request, desk: Desk, practice_id: UUID, version: int, typed: dict[str, str]
    ) -> OfficePractice:
        """Restore it. Raises Refused."""
        request = office.RestoreRequest(**self.common(desk, practice_id, version), reason=typed["motivo"])
        return visit_of(req).call(office.RESTORE, request)


def _typed(form: Form) -> dict[str, str]:
    return {
        "importo": cleaned(form, "importo")[:40],
        "scadenza": cleaned(form, "scadenza")[:40],
        "motivo": cleaned(form, "motivo")[:_REASON_MAX],
    }


def typed_day(text: str) -> date | None:
    """Read a date as its field gives it. Raises Refused(INVALID_DATE)."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        day, _, rest = text.replace(".", "/").replace("-", "/").partition("/")
        month, _, year = rest.partition("/")
    try:
        return date(int(year), int(month), int(day))
    except (ValueError, OverflowError):
        raise Refused(ErrorCode.INVALID_DATE) from None


def _sentence(refusal: Refused, name: str) -> str:
    if refusal.code is ErrorCode.DESCRIPTION_REQUIRED:
        return _NO_REASON
    return _NO_DATE if name == "scadenza" else MESSAGES[refusal.code].sentence
