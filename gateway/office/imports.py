"""Debt files in the office: those that were sent, what each would change, and its loading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import falcon

from contracts.error_details import NotApplicable, detail_of
from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc import office, practices
from contracts.rpc.audit import PRACTICES_AUDIT, AuditRequest
from contracts.rpc.operators import actor_of
from contracts.rpc.practices import ImportReport, ImportRow
from gateway import refused_rows
from gateway.csv_text import MEDIA_TYPE
from gateway.messages import MESSAGES
from gateway.office import addresses
from gateway.office.changes import rows_of
from gateway.office.desk import Desk, OfficeForm, OfficePage
from gateway.translations import marked as _
from gateway.translations import translate
from gateway.visit import Visit, visit_of
from gateway.web.addresses import announcing
from gateway.web.announcements import IMPORT_APPLIED, IMPORT_CANCELLED, IMPORT_PAUSED, IMPORT_RESUMED
from gateway.web.page import Form, cleaned, see_other

ASK_AGAIN_S: Final = 3
_ROWS_PER_PAGE: Final = 50
_REASON_MAX: Final = 140
_OUTCOMES: Final[Mapping[str, str]] = {
    "nuove": "created",
    "modificate": "amended",
    "invariate": "unchanged",
    "rifiutate": "refused",
}
"""What became of rows, by its name in addresses."""
_NOT_APPLICABLE: Final = _("Qualcun altro ha già deciso di questo file: qui sotto c'è come sta adesso.")
_WITHOUT_REFERENCE: Final = _(
    "Ci sono righe senza riferimento: finché non si sa di chi sono non si può annullare ciò che manca. "
    "Correggile, oppure carica senza annullare."
)
_NO_REASON: Final = _("Scrivi il motivo: lo legge chi deve pagare le pratiche annullate.")


@dataclass(frozen=True)
class RowTold:
    """A row and, where it is refused, why and what to do, in the reader's language."""

    row: ImportRow
    problem: str
    remedy: str


class ImportPage(OfficePage):
    """One file: how far it is, what it changes, who did what with it."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, import_id: UUID) -> None:
        """Show it; `esito` names the rows wanted, `dopo` below which line. Raises Refused(IMPORT_NOT_FOUND)."""
        desk = self.enter(req, entity, Operation.IMPORT_DEBTS)
        write_import(self, req, resp, desk, import_id)


class ImportMissing(OfficePage):
    """The debts that a previewed file does not name, which can be annulled with it."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, import_id: UUID) -> None:
        """Show a page of them. Raises Refused(IMPORT_NOT_FOUND)."""
        desk = self.enter(req, entity, Operation.IMPORT_DEBTS)
        cursor = req.get_param("dopo")
        request = office.ImportMissingRequest(
            entity_code=desk.entity.code,
            service_codes=desk.services(Operation.IMPORT_DEBTS),
            import_id=import_id,
            cursor=cursor,
        )
        found = visit_of(req).call(office.IMPORT_MISSING, request)
        self.show(
            req, resp, "import_missing.html", desk, import_id=import_id, found=found, is_first_page=cursor is None
        )


class ImportRefusedFile(OfficePage):
    """Its refused rows as a file, to be corrected and sent again."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, import_id: UUID) -> None:
        """Send it as it is put together. Raises Refused(IMPORT_NOT_FOUND)."""
        desk = self.enter(req, entity, Operation.IMPORT_DEBTS)
        request = practices.RefusedRowsRequest(
            entity_code=desk.entity.code, import_id=import_id, service_codes=desk.services(Operation.IMPORT_DEBTS)
        )
        resp.stream = refused_rows.as_file(visit_of(req), request)
        resp.content_type = MEDIA_TYPE
        resp.downloadable_as = f"righe-da-correggere-{import_id}.csv"


class ImportAction(OfficeForm):
    """Something done with one file by a button; `announcement` is what is said then."""

    operation = Operation.IMPORT_DEBTS
    announcement: str

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Show the file as it is: nothing has been done."""
        write_import(self, req, resp, desk, params["import_id"], typed=_typed(form))

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Do it and show the file."""
        import_id: UUID = params["import_id"]
        self.act(visit_of(req), desk, import_id)
        see_other(resp, announcing(addresses.debt_import(desk.entity.code, import_id), self.announcement))

    def act(self, visit: Visit, desk: Desk, import_id: UUID) -> None:
        """Have it done. Raises Refused(IMPORT_NOT_FOUND)."""
        raise NotImplementedError


class CancelImport(ImportAction):
    """Annulla il caricamento: what is loaded stays."""

    announcement = IMPORT_CANCELLED

    def act(self, visit: Visit, desk: Desk, import_id: UUID) -> None:
        """End it."""
        visit.call(practices.CANCEL_IMPORT, practices.ImportCancelRequest(**_common(desk, import_id)))


class PauseImport(ImportAction):
    """Sospendi."""

    announcement = IMPORT_PAUSED

    def act(self, visit: Visit, desk: Desk, import_id: UUID) -> None:
        """Stop it where it is."""
        visit.call(practices.HOLD_IMPORT, practices.ImportHoldRequest(**_common(desk, import_id), paused=True))


class ResumeImport(ImportAction):
    """Riprendi."""

    announcement = IMPORT_RESUMED

    def act(self, visit: Visit, desk: Desk, import_id: UUID) -> None:
        """Let it go on where it was."""
        visit.call(practices.HOLD_IMPORT, practices.ImportHoldRequest(**_common(desk, import_id), paused=False))


class ApplyImport(OfficeForm):
    """Carica: the previewed file, all of it or its good rows, and by choice what it does not name is annulled."""

    operation = Operation.IMPORT_DEBTS

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Show the file with what was chosen: nothing has been done."""
        write_import(self, req, resp, desk, params["import_id"], typed=_typed(form))

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Have it loaded, or say why not."""
        import_id, typed = params["import_id"], _typed(form)
        request = practices.ImportApplyRequest(
            **_common(desk, import_id),
            accepted_only=form.get("solo_buone") == "si",
            annul_missing=typed["annulla_mancanti"] == "si",
            reason=typed["motivo"] or None,
        )
        try:
            visit_of(req).call(practices.APPLY_IMPORT, request)
        except Refused as refusal:
            errors = _apply_errors(refusal)
            if not errors:
                raise
            write_import(self, req, resp, desk, import_id, typed=typed, errors=errors)
            return
        see_other(resp, announcing(addresses.debt_import(desk.entity.code, import_id), IMPORT_APPLIED))


def write_import(
    page: OfficePage,
    req: falcon.Request,
    resp: falcon.Response,
    desk: Desk,
    import_id: UUID,
    *,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> None:
    """Write the page of a file as it is now."""
    visit = visit_of(req)
    report, outcome = _report(req, desk, import_id)
    asked = AuditRequest(entity_code=desk.entity.code, subject=str(import_id))
    is_going = report.state in ("waiting", "checking", "loading") and not report.previewed and not report.paused
    page.show(
        req,
        resp,
        "import.html",
        desk,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        report=report,
        unchanged=report.accepted - report.created - report.amended,
        is_going=is_going,
        ask_again_s=ASK_AGAIN_S if is_going else None,
        outcome=outcome,
        outcomes=_OUTCOMES,
        rows=_told(visit.language, report.rows),
        history=rows_of(visit, desk, visit.call(PRACTICES_AUDIT, asked).entries),
        typed=typed or {"annulla_mancanti": "", "motivo": ""},
        errors=errors or {},
        refusal=MESSAGES[ErrorCode(report.code)] if report.code else None,
        is_first_page=not req.get_param("dopo"),
    )


def _report(req: falcon.Request, desk: Desk, import_id: UUID) -> tuple[ImportReport, str]:
    """Return the file with a page of the rows that the address names, and the name of their outcome."""
    outcome = req.get_param("esito") or ""
    after = req.get_param("dopo") or ""
    request = practices.ImportGetRequest(
        entity_code=desk.entity.code,
        import_id=import_id,
        after_line=int(after) if after.isascii() and after.isdigit() and len(after) < 9 else 0,
        limit=_ROWS_PER_PAGE,
        outcome=_OUTCOMES.get(outcome),
        service_codes=desk.services(Operation.IMPORT_DEBTS),
    )
    return visit_of(req).call(practices.GET_IMPORT, request), outcome if outcome in _OUTCOMES else ""


def _common(desk: Desk, import_id: UUID) -> Mapping[str, Any]:
    """Return what each write says: which import, for which services, and who."""
    return {
        "entity_code": desk.entity.code,
        "import_id": import_id,
        "service_codes": desk.services(Operation.IMPORT_DEBTS),
        "actor": actor_of(desk.operator),
    }


def _typed(form: Form) -> dict[str, str]:
    return {
        "annulla_mancanti": "si" if form.get("annulla_mancanti") == "si" else "",
        "motivo": cleaned(form, "motivo")[:_REASON_MAX],
    }


def _apply_errors(refusal: Refused) -> Mapping[str, str]:
    """Return what a person can correct, by field; nothing for what has its own page."""
    if refusal.code is ErrorCode.DESCRIPTION_REQUIRED:
        return {"motivo": _NO_REASON}
    detail = detail_of(refusal, NotApplicable)
    if detail is None:
        return {}
    return {"annulla_mancanti": _WITHOUT_REFERENCE} if detail.without_reference else {"": _NOT_APPLICABLE}


def _told(language: str, rows: Sequence[ImportRow]) -> list[RowTold]:
    return [RowTold(one, *why_refused(language, one)) for one in rows]


def why_refused(language: str, row: ImportRow) -> tuple[str, str]:
    """Return what is wrong with a row and what to do; in another language than Italian as the error code says it."""
    if language == "it" or row.code is None:
        return row.problem or "", row.remedy or ""
    message = MESSAGES[ErrorCode(row.code)]
    return translate(language, message.sentence), translate(language, message.next_step)
