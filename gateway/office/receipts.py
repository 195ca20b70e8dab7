"""Receipts that were refused or never came: taken in, from what is stored or from a file, and asked of pagoPA."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import falcon

from contracts.error_details import RoleMissing
from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc import office_receipts, payments
from contracts.rpc.operators import actor_of
from contracts.rpc.payments import TakenReceipt
from gateway.edge.bodies import read_form
from gateway.edge.incoming_files import Incoming, begin_file_form
from gateway.office import addresses
from gateway.office.desk import LOST, Desk, OfficeForm, OfficePage, write_lost
from gateway.translations import marked as _
from gateway.visit import visit_of
from gateway.web.addresses import announcing
from gateway.web.announcements import RECEIPT_ASKED, RECEIPT_HERE, RECEIPT_TAKEN
from gateway.web.page import Form, checked_or_stale, cleaned, see_other

_FILE_MAX_BYTES: Final = 5 * 1024 * 1024
_REFERENCE_MAX: Final = 35
_NO_FILE: Final = _("Scegli il file della ricevuta.")
_NO_RECEIPT: Final = _("Nel file non c'è una ricevuta di pagoPA, o non è di questo ente.")
_NO_IUR: Final = _("Scrivi lo IUR: lo trovi nell'elenco dei versamenti di pagoPA o nella quietanza.")
_STILL_REFUSED: Final = _("Non si può ancora prendere in carico: la ricevuta è stata rifiutata di nuovo.")
_HERE: Final = frozenset({"arrived", "recovered"})


class ReceiptsPage(OfficePage):
    """Ricevute rifiutate o mai arrivate."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show them, those before `prima_di`. Raises as `enter` does."""
        desk = self.enter(req, entity, Operation.READ_PAYMENTS)
        check_whole_entity(desk, Operation.READ_PAYMENTS)
        write_receipts(self, req, resp, desk)


class TakeRefusedReceipt(OfficeForm):
    """Prendi in carico one that is stored."""

    operation = Operation.TAKE_RECEIPTS

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Show the page: nothing has been done."""
        write_receipts(self, req, resp, desk)

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Take it in as if the node sent it again. Raises Refused(NOT_FOUND)."""
        check_whole_entity(desk, self.operation)
        request = office_receipts.TakeRefusedRequest(
            entity_code=desk.entity.code, id=int(params["call_id"]), actor=actor_of(desk.operator)
        )
        _tell(self, req, resp, desk, visit_of(req).call(office_receipts.TAKE_REFUSED, request))


class TakeReceiptFile(OfficePage):
    """Prendi in carico one that pagoPA's support has sent as a file."""

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Take it in; or the page again with what is wrong. Raises Refused(IMPORT_TOO_LARGE)."""
        fields, file = _form(req)
        form, is_stale = checked_or_stale(req, fields)
        content = b"".join(file.pieces(64 * 1024, _FILE_MAX_BYTES)) if file else b""
        try:
            desk = self.enter(req, entity, Operation.TAKE_RECEIPTS)
            check_whole_entity(desk, Operation.TAKE_RECEIPTS)
        except Refused as refusal:
            if refusal.code not in LOST:
                raise
            write_lost(self, req, resp, entity, form)
            return
        if is_stale or not content:
            write_receipts(self, req, resp, desk, errors={"file": _NO_FILE})
            return
        try:
            taken = visit_of(req).call(payments.TAKE_RECEIPT, _request(desk, content))
        except Refused as refusal:
            if refusal.code not in (ErrorCode.INVALID_REQUEST, ErrorCode.UNKNOWN_ENTITY):
                raise
            write_receipts(self, req, resp, desk, errors={"file": _NO_RECEIPT})
            return
        _tell(self, req, resp, desk, taken)


class RecoverReceipt(OfficeForm):
    """Chiedi a pagoPA one that never came."""

    operation = Operation.TAKE_RECEIPTS

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Show the page as it was typed."""
        write_receipts(self, req, resp, desk, typed=_typed(form))

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Have it asked for; or the page again with what is missing."""
        check_whole_entity(desk, self.operation)
        typed = _typed(form)
        if not typed["iur"]:
            write_receipts(self, req, resp, desk, typed=typed, errors={"iur": _NO_IUR})
            return
        request = office_receipts.RecoverRequest(
            entity_code=desk.entity.code, iur=typed["iur"], iuv=typed["iuv"] or None, actor=actor_of(desk.operator)
        )
        state = visit_of(req).call(office_receipts.RECOVER_RECEIPT, request).state
        see_other(
            resp, announcing(addresses.receipts(desk.entity.code), RECEIPT_HERE if state in _HERE else RECEIPT_ASKED)
        )


def check_whole_entity(desk: Desk, operation: Operation) -> None:
    """Raise Refused(ROLE_MISSING) for a role for some services: of which one a lost receipt is nobody knows."""
    if desk.services(operation) is not None:
        raise Refused(ErrorCode.ROLE_MISSING, RoleMissing(operation=operation.value))


def write_receipts(
    page: OfficePage,
    req: falcon.Request,
    resp: falcon.Response,
    desk: Desk,
    *,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    refused_again: TakenReceipt | None = None,
) -> None:
    """Write the page as it is now; `refused_again`: a receipt that was just tried, and why it was refused."""
    visit, before = visit_of(req), req.get_param("prima_di") or ""
    request = office_receipts.RefusedReceiptsRequest(
        entity_code=desk.entity.code,
        before=int(before) if before.isascii() and before.isdigit() and 0 < len(before) < 16 else None,
    )
    found = visit.call(office_receipts.REFUSED_RECEIPTS, request)
    asked = office_receipts.RecoveriesRequest(entity_code=desk.entity.code)
    page.show(
        req,
        resp,
        "receipts.html",
        desk,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors or refused_again else HTTPStatus.OK,
        receipts=found.receipts,
        next_before=found.next_before,
        is_first_page=not before,
        recoveries=visit.call(office_receipts.RECOVERIES, asked).recoveries,
        typed=typed or {"iur": "", "iuv": ""},
        errors={**(errors or {}), **({"": _STILL_REFUSED} if refused_again else {})},
        refused_again=refused_again,
    )


def _tell(page: OfficePage, req: falcon.Request, resp: falcon.Response, desk: Desk, taken: TakenReceipt) -> None:
    if taken.fault is not None:
        write_receipts(page, req, resp, desk, refused_again=taken)
        return
    see_other(resp, announcing(addresses.receipts(desk.entity.code), RECEIPT_TAKEN))


def _form(req: falcon.Request) -> tuple[Mapping[str, str], Incoming | None]:
    if (req.content_type or "").startswith("multipart/form-data"):
        return begin_file_form(req, _FILE_MAX_BYTES)
    return read_form(req), None


def _request(desk: Desk, content: bytes) -> payments.TakeReceiptRequest:
    """Return the file as a message. Raises Refused(INVALID_REQUEST) for bytes that are no text."""
    try:
        envelope = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(ErrorCode.INVALID_REQUEST) from None
    return payments.TakeReceiptRequest(entity_code=desk.entity.code, envelope=envelope, actor=actor_of(desk.operator))


def _typed(form: Form) -> Mapping[str, str]:
    return {"iur": cleaned(form, "iur")[:_REFERENCE_MAX], "iuv": cleaned(form, "iuv")[:_REFERENCE_MAX]}
