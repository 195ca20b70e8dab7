"""What an accountant puts into settlement by hand: a flow as a file, a credit of the bank; and what is left over."""

import base64
from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Any, Final

import falcon

from contracts.codes import AmountCents
from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc import settlement
from contracts.rpc.operators import actor_of
from gateway import flow_files
from gateway.edge.file_forms import read_file_form
from gateway.messages import MESSAGES
from gateway.office import addresses
from gateway.office.desk import Desk, OfficeForm, OfficePage
from gateway.office.practice_changes import typed_day
from gateway.office.settlement_words import FINDINGS
from gateway.translations import marked as _
from gateway.visit import visit_of
from gateway.web.addresses import announcing
from gateway.web.announcements import CREDIT_REGISTERED, FLOW_TAKEN
from gateway.web.page import Form, checked, cleaned, see_other

_ROWS_PER_PAGE: Final = 50
_FILE: Final = "flusso"
_NO_FILE: Final = _("Scegli il file del flusso.")
_TOO_LARGE: Final = _("Il file è più grande di 24 MB.")
_UNREADABLE: Final = frozenset(
    {
        ErrorCode.SETTLEMENT_UNREADABLE,
        ErrorCode.SETTLEMENT_TOTALS_DIFFER,
        ErrorCode.SETTLEMENT_OTHER_BODY,
        ErrorCode.IMPORT_TOO_LARGE,
    }
)
_FIELDS: Final[Mapping[str, int]] = {"riferimento": 70, "data": 40, "importo": 40, "causale": 300}
"""What the form of a credit has, and how many characters of each."""
_NO_DATE: Final = _("Scrivi la data contabile come giorno, mese e anno.")
_MISSING: Final[Mapping[str, str]] = {
    "riferimento": _("Scrivi il riferimento che la banca dà all'accredito."),
    "causale": _("Copia la causale come sta sull'estratto conto: dice di quale flusso è."),
    "data": _NO_DATE,
}


class UploadFlow(OfficePage):
    """Carica un flusso: for those that did not come by themselves."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show the form."""
        self._write(req, resp, self.enter(req, entity, Operation.WRITE_SETTLEMENT), {})

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Take the file and show what its rows are. The same again changes nothing."""
        form = read_file_form(req, _FILE, flow_files.UPLOAD_MAX_BYTES)
        checked(req, form.fields)
        desk = self.enter(req, entity, Operation.WRITE_SETTLEMENT)
        if not form.content:
            self._write(req, resp, desk, {_FILE: _TOO_LARGE if form.content is None else _NO_FILE})
            return
        try:
            taken = self._take(req, desk, form.content)
        except Refused as refusal:
            if refusal.code not in _UNREADABLE:
                raise
            self._write(req, resp, desk, {_FILE: MESSAGES[refusal.code].sentence}, refusal.params.get("reason"))
            return
        see_other(resp, announcing(addresses.settlement_flow(entity, taken.flow_id), FLOW_TAKEN))

    def _take(self, req: falcon.Request, desk: Desk, content: bytes) -> settlement.Settlement:
        """Send the flow to payments. Raises Refused."""
        request = settlement.TakeSettlementRequest(
            entity_code=desk.entity.code,
            content_base64=base64.b64encode(flow_files.for_payments(content)).decode(),
            actor=actor_of(desk.operator),
        )
        return visit_of(req).call(settlement.TAKE_SETTLEMENT, request)

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        errors: Mapping[str, str],
        reason: str | None = None,
    ) -> None:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
        self.show(req, resp, "settlement_upload.html", desk, status=status, errors=errors, reason=reason)


class RegisterCredit(OfficeForm):
    """Registra un accredito of the bank; under the same reference again it is corrected."""

    operation = Operation.WRITE_SETTLEMENT

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show the empty form."""
        self._write(req, resp, self.enter(req, entity, self.operation), dict.fromkeys(_FIELDS, ""), {})

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Show the form as it was typed."""
        self._write(req, resp, desk, _typed(form), {})

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Register it, and show the day it is of, or that its flow is not here yet."""
        typed = _typed(form)
        errors = {name: sentence for name, sentence in _MISSING.items() if not typed[name]}
        booked_on = _day(typed["data"])
        if booked_on is None:
            errors["data"] = _NO_DATE
        try:
            amount_cents = AmountCents.typed(typed["importo"])
        except Refused as refusal:
            errors["importo"] = MESSAGES[refusal.code].sentence
        if errors or booked_on is None:
            self._write(req, resp, desk, typed, errors)
            return
        request = settlement.PutCreditRequest(
            entity_code=desk.entity.code,
            reference=typed["riferimento"],
            booked_on=booked_on,
            amount_cents=amount_cents,
            remittance_text=typed["causale"],
            actor=actor_of(desk.operator),
        )
        credit = visit_of(req).call(settlement.PUT_CREDIT, request)
        code = desk.entity.code
        known = credit.flow_known and credit.flow_id
        place = addresses.settlement_flow(code, credit.flow_id or "") if known else addresses.unmatched_credits(code)
        see_other(resp, announcing(place, CREDIT_REGISTERED))

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        typed: Mapping[str, str],
        errors: Mapping[str, str],
    ) -> None:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
        self.show(req, resp, "settlement_credit.html", desk, status=status, typed=typed, errors=errors)


class SettlementWorklistPage(OfficePage):
    """Righe da guardare: of all flows, oldest first."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show a page of them."""
        desk = self.enter(req, entity, Operation.READ_SETTLEMENT)
        text = req.get_param("dopo") or ""
        after = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
        request = settlement.WorklistRequest(entity_code=desk.entity.code, after=after, limit=_ROWS_PER_PAGE + 1)
        found = visit_of(req).call(settlement.WORKLIST, request).items
        shown = found[:_ROWS_PER_PAGE]
        next_after = shown[-1].id if len(found) > _ROWS_PER_PAGE else None
        self.show(
            req,
            resp,
            "settlement_worklist.html",
            desk,
            rows=shown,
            next_after=next_after,
            is_first_page=not after,
            findings=FINDINGS,
        )


class UnmatchedCreditsPage(OfficePage):
    """Accrediti senza flusso."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show a page of them."""
        desk = self.enter(req, entity, Operation.READ_SETTLEMENT)
        after = req.get_param("dopo") or None
        request = settlement.UnmatchedCreditsRequest(
            entity_code=desk.entity.code, after=after, limit=_ROWS_PER_PAGE + 1
        )
        found = visit_of(req).call(settlement.UNMATCHED_CREDITS, request).credits
        shown = found[:_ROWS_PER_PAGE]
        next_after = shown[-1].reference if len(found) > _ROWS_PER_PAGE else None
        self.show(
            req,
            resp,
            "settlement_credits.html",
            desk,
            credits=shown,
            next_after=next_after,
            is_first_page=after is None,
        )


def _typed(form: Form) -> dict[str, str]:
    return {name: cleaned(form, name)[:max_chars] for name, max_chars in _FIELDS.items()}


def _day(text: str) -> date | None:
    try:
        return typed_day(text)
    except Refused:
        return None
