"""Refunds as files for the bank: made of what is decided, taken away, and said to be paid."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID, uuid4

import falcon

from contracts.calendar import rome_day
from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc import money_cases
from contracts.rpc.operators import actor_of
from gateway.messages import MESSAGES
from gateway.office import addresses
from gateway.office.desk import Desk, OfficeForm, OfficePage
from gateway.office.practice_changes import typed_day
from gateway.translations import marked as _
from gateway.visit import visit_of
from gateway.web.addresses import announcing
from gateway.web.announcements import REFUNDS_EXPORTED, REFUNDS_PAID
from gateway.web.page import Form, cleaned, form_key, see_other

_NO_DAY: Final = _("Scrivi un giorno da oggi in poi.")
_FIELD_OF_CODE: Final = {
    ErrorCode.INVALID_IBAN: "conto",
    ErrorCode.INVALID_DATE: "giorno",
    ErrorCode.NO_REFUNDS_TO_EXPORT: "",
}


class RefundsPage(OfficeForm):
    """Rimborsi: how many are decided, the form that exports them, and the files made so far."""

    operation = Operation.WRITE_REFUNDS

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show it. Raises as `enter` does."""
        desk = self.enter(req, entity, Operation.WRITE_REFUNDS)
        self._write(req, resp, desk, None, str(uuid4()), {})

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Show the form as it was typed."""
        self._write(req, resp, desk, _typed(form), form_key(form), {})

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Make a file of all decided refunds, or show the form again with what is wrong."""
        typed, key = _typed(form), form_key(form)
        try:
            visit_of(req).call(money_cases.EXPORT_REFUNDS, _request(desk, key, typed))
        except Refused as refusal:
            name = _FIELD_OF_CODE.get(refusal.code)
            if name is None:
                raise
            sentence = _NO_DAY if name == "giorno" else MESSAGES[refusal.code].sentence
            self._write(req, resp, desk, typed, key, {name: sentence})
            return
        see_other(resp, announcing(addresses.refunds(desk.entity.code), REFUNDS_EXPORTED))

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        typed: Mapping[str, str] | None,
        key: str,
        errors: Mapping[str, str],
    ) -> None:
        visit = visit_of(req)
        services = desk.services(self.operation)
        asked = money_cases.MoneyCasesRequest(
            entity_code=desk.entity.code, service_codes=services, states=["decided"], limit=1
        )
        totals = {one.state: one for one in visit.call(money_cases.MONEY_CASES, asked).totals}
        made = visit.call(money_cases.REFUND_EXPORTS, money_cases.RefundExportsRequest(entity_code=desk.entity.code))
        today = rome_day(datetime.now(UTC)).isoformat()
        status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
        self.show(
            req,
            resp,
            "refunds.html",
            desk,
            status=status,
            decided=totals.get("decided"),
            exports=made.exports,
            typed=typed or {"conto": made.account_iban or "", "giorno": today},
            key=key,
            errors=errors,
        )


class RefundFilePage(OfficePage):
    """A file of refunds to take away: `rimborsi.csv` for a spreadsheet, `rimborsi.xml` for the bank."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, export_id: UUID, ending: str) -> None:
        """Hand it out. Raises as `enter` does, Refused(REFUND_EXPORT_NOT_FOUND), (NOT_FOUND)."""
        desk = self.enter(req, entity, Operation.WRITE_REFUNDS)
        if ending not in money_cases.REFUND_FILE_FORMATS:
            raise Refused(ErrorCode.NOT_FOUND)
        request = money_cases.RefundFileRequest(entity_code=desk.entity.code, export_id=export_id, format=ending)
        file = visit_of(req).call(money_cases.REFUND_FILE, request)
        resp.content_type = file.media_type
        resp.downloadable_as = file.file_name
        resp.text = file.content


class RefundsPaid(OfficeForm):
    """The bank has paid a file."""

    operation = Operation.WRITE_REFUNDS

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Lead back to the files: nothing was typed."""
        see_other(resp, addresses.refunds(desk.entity.code))

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Note it for all refunds of the file that are still open. Raises Refused(REFUND_EXPORT_NOT_FOUND)."""
        request = money_cases.SettleExportRequest(
            entity_code=desk.entity.code, export_id=params["export_id"], actor=actor_of(desk.operator)
        )
        visit_of(req).call(money_cases.SETTLE_EXPORT, request)
        see_other(resp, announcing(addresses.refunds(desk.entity.code), REFUNDS_PAID))


def _request(desk: Desk, key: str, typed: Mapping[str, str]) -> money_cases.ExportRefundsRequest:
    """Read the form. Raises Refused(INVALID_DATE)."""
    pay_on = typed_day(typed["giorno"])
    if pay_on is None:
        raise Refused(ErrorCode.INVALID_DATE)
    return money_cases.ExportRefundsRequest(
        idempotency_key=key,
        entity_code=desk.entity.code,
        service_codes=desk.services(Operation.WRITE_REFUNDS),
        actor=actor_of(desk.operator),
        pay_on=pay_on,
        account_iban=typed["conto"],
    )


def _typed(form: Form) -> dict[str, str]:
    return {"conto": cleaned(form, "conto")[:60], "giorno": cleaned(form, "giorno")[:40]}
