"""Days of settlement: what came with which flow, what the bank credited, what does not match, and closing them."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Any, Final

import falcon

from contracts.actors import Actor
from contracts.error_details import ChangedMeanwhile, detail_of
from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc import closed_days, notices, settlement
from contracts.rpc.closed_days import DayFigures, SettlementDayDetails
from contracts.rpc.operators import actor_of
from gateway.edge.rates import DOCUMENT
from gateway.office import addresses
from gateway.office.changes import names_of
from gateway.office.desk import Desk, OfficeForm, OfficePage
from gateway.office.settlement_words import FINDINGS
from gateway.translations import marked as _
from gateway.visit import Visit, visit_of
from gateway.web.addresses import announcing
from gateway.web.announcements import DAY_CLOSED, DAY_REOPENED
from gateway.web.documents import answer_document
from gateway.web.page import Form, cleaned, see_other

_NO_NOTE: Final = _("Qualcosa non torna: scrivi che cosa, e che cosa hai fatto.")
_NO_REASON: Final = _("Scrivi perché la riapri.")
_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2099


class SettlementDaysPage(OfficePage):
    """Riconciliazione: the days of a month."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show them, of the month in the address or of the newest flow. Raises as `enter` does."""
        desk = self.enter(req, entity, Operation.READ_SETTLEMENT)
        visit = visit_of(req)
        first = month_of(req.get_param("mese") or "") or _newest_month(visit, desk)
        request = closed_days.SettlementDaysRequest(
            entity_code=desk.entity.code, since=first, until=last_of_month(first)
        )
        found = visit.call(closed_days.SETTLEMENT_DAYS, request).days
        self.show(
            req,
            resp,
            "settlement_days.html",
            desk,
            days=found,
            month=first,
            month_before=_month_beside(first, -1),
            month_after=_month_beside(first, 1),
            total_cents=sum(one.figures.total_cents for one in found),
            credited_cents=sum(one.figures.credited_cents for one in found),
        )


class SettlementDayPage(OfficeForm):
    """One day, with the form that closes it."""

    operation = Operation.WRITE_SETTLEMENT

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, day: str) -> None:
        """Show it. Raises Refused(SETTLEMENT_NOT_FOUND) for a day without flows."""
        desk = self.enter(req, entity, Operation.READ_SETTLEMENT)
        self._write(req, resp, desk, day_of(day), "", {})

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Show it with what was typed."""
        self._write(req, resp, desk, day_of(params["day"]), _note(form), {})

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Close the day as it was shown; or show it again as it is now, with what was typed."""
        day, note = day_of(params["day"]), _note(form)
        request = closed_days.CloseDayRequest(
            entity_code=desk.entity.code,
            day=day,
            actor=actor_of(desk.operator),
            figures=_figures(form),
            note=note or None,
        )
        try:
            visit_of(req).call(closed_days.CLOSE_DAY, request)
        except Refused as refusal:
            changed = detail_of(refusal, ChangedMeanwhile) is not None
            if refusal.code is not ErrorCode.DESCRIPTION_REQUIRED and not changed:
                raise
            self._write(req, resp, desk, day, note, {} if changed else {"nota": _NO_NOTE}, changed=changed)
            return
        see_other(resp, announcing(addresses.settlement_day(desk.entity.code, day), DAY_CLOSED))

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        day: date,
        note: str,
        errors: Mapping[str, str],
        *,
        changed: bool = False,
    ) -> None:
        visit = visit_of(req)
        found = _details(visit, desk, day)
        status = HTTPStatus.CONFLICT if changed else HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
        self.show(
            req,
            resp,
            "settlement_day.html",
            desk,
            status=status,
            day=found.day,
            flows=found.flows,
            worklist_rows=found.worklist_rows,
            closed_by=_name_of(visit, desk, found.day.closing.actor) if found.day.closing else "",
            findings=FINDINGS,
            note=note,
            errors=errors,
            changed=changed,
        )


class ReopenDay(OfficeForm):
    """Riapri: takes a closing back."""

    operation = Operation.WRITE_SETTLEMENT

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, day: str) -> None:
        """Ask why."""
        self._write(req, resp, self.enter(req, entity, self.operation), day_of(day), "", {})

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Ask once more."""
        self._write(req, resp, desk, day_of(params["day"]), _note(form), {})

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Reopen it."""
        day, reason = day_of(params["day"]), _note(form)
        if not reason:
            self._write(req, resp, desk, day, "", {"nota": _NO_REASON})
            return
        request = closed_days.ReopenDayRequest(
            entity_code=desk.entity.code, day=day, actor=actor_of(desk.operator), reason=reason
        )
        visit_of(req).call(closed_days.REOPEN_DAY, request)
        see_other(resp, announcing(addresses.settlement_day(desk.entity.code, day), DAY_REOPENED))

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        day: date,
        note: str,
        errors: Mapping[str, str],
    ) -> None:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
        self.show(req, resp, "settlement_reopen.html", desk, status=status, day=day, note=note, errors=errors)


class SettlementDayCsv(OfficePage):
    """The report of a day for a spreadsheet."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, day: str) -> None:
        """Hand it out."""
        desk = self.enter(req, entity, Operation.READ_SETTLEMENT)
        request = settlement.DayRequest(entity_code=desk.entity.code, day=day_of(day))
        report = visit_of(req).call(settlement.DAY_REPORT, request)
        resp.content_type = "text/csv; charset=utf-8"
        resp.downloadable_as = report.file_name
        resp.data = report.csv.encode("utf-8-sig")


class SettlementDayPdf(OfficePage):
    """The same on paper."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, day: str) -> None:
        """Hand it out."""
        self.site.rates.check(req, DOCUMENT)
        desk = self.enter(req, entity, Operation.READ_SETTLEMENT)
        visit = visit_of(req)
        request = notices.DayReportRequest(entity_code=desk.entity.code, day=day_of(day), language=visit.language)
        answer_document(resp, visit.call(notices.DAY_REPORT, request))


class SettlementFlowPage(OfficePage):
    """One flow: how many of its rows turned out how."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, flow_id: str) -> None:
        """Show it. Raises Refused(SETTLEMENT_NOT_FOUND), and why one that was put aside could not be read."""
        desk = self.enter(req, entity, Operation.READ_SETTLEMENT)
        request = settlement.SettlementRequest(entity_code=desk.entity.code, flow_id=flow_id)
        found = visit_of(req).call(settlement.SETTLEMENT, request)
        self.show(req, resp, "settlement_flow.html", desk, flow=found, findings=FINDINGS)


def day_of(text: str) -> date:
    """Return a day of an address. Raises Refused(NOT_FOUND)."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refused(ErrorCode.NOT_FOUND) from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise Refused(ErrorCode.NOT_FOUND)
    return day


def month_of(text: str) -> date | None:
    """Return the first day of a month written as 2026-11; None for what is none."""
    try:
        day = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return day if _FIRST_YEAR <= day.year <= _LAST_YEAR else None


def last_of_month(first: date) -> date:
    """Return the last day of the month that begins on `first`."""
    return first.replace(day=monthrange(first.year, first.month)[1])


def _month_beside(first: date, step: int) -> date | None:
    months = first.year * 12 + first.month - 1 + step
    year, month = divmod(months, 12)
    return date(year, month + 1, 1) if _FIRST_YEAR <= year <= _LAST_YEAR else None


def _newest_month(visit: Visit, desk: Desk) -> date:
    """Return the month of the newest flow; of an entity without flows, the current one as the session tells it."""
    request = settlement.SettlementsRequest(entity_code=desk.entity.code, limit=1)
    found = visit.call(settlement.SETTLEMENTS, request).settlements
    day = found[0].settled_on if found else desk.session.idle_until.date()
    return day.replace(day=1)


def _details(visit: Visit, desk: Desk, day: date) -> SettlementDayDetails:
    request = closed_days.SettlementDayRequest(entity_code=desk.entity.code, day=day)
    return visit.call(closed_days.SETTLEMENT_DAY_DETAILS, request)


def _name_of(visit: Visit, desk: Desk, actor: Actor) -> str:
    return names_of(visit, desk, [actor])[0]


def _note(form: Form) -> str:
    return cleaned(form, "nota")[: closed_days.CLOSING_NOTE_MAX]


def _figures(form: Form) -> DayFigures:
    """Read the figures that the form was made of. Raises Refused(INVALID_REQUEST)."""
    texts = {name: form.get(name, "") for name in ("flows_count", "rows_count", "total_cents", "credited_cents")}
    if not all(text.isascii() and text.isdigit() and len(text) < 16 for text in texts.values()):
        raise Refused(ErrorCode.INVALID_REQUEST)
    return DayFigures(**{name: int(text) for name, text in texts.items()})
