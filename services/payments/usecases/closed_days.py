"""Days of settlement: what each adds up to, what does not match, and closed by a person who has looked."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from chassis.audit import entries
from chassis.audit.chain import Json
from chassis.audit.entries import Change
from chassis.storage.database import Database, Tx
from contracts.actors import Actor
from contracts.error_details import ChangedMeanwhile, InvalidRequest
from contracts.errors import ErrorCode, Refused
from contracts.rpc import closed_days as contract
from contracts.rpc.closed_days import DayFigures, SettlementDay
from contracts.rpc.settlement import Settlement
from services.payments.domain.settlements import SETTLED
from services.payments.models import AuditEntry, BankCredit, ClosedDay, SettlementFlow
from services.payments.repository import bank_credits, closings
from services.payments.usecases import reconciliation

CLOSED: Final = "settlement.close"
REOPENED: Final = "settlement.reopen"
_SETTLED: Final = frozenset(finding.value for finding in SETTLED)


def days(database: Database, request: contract.SettlementDaysRequest) -> contract.SettlementDays:
    """Return the days of a period, newest first. Raises Refused(INVALID_REQUEST) for one that is too long."""
    if request.until - request.since >= timedelta(days=contract.PERIOD_DAYS_MAX):
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(field="until"))
    with database.reading() as session:
        found = _days(session, request.entity_code, request.since, request.until)
    return contract.SettlementDays(days=[found[day] for day in sorted(found, reverse=True)])


def day_details(database: Database, request: contract.SettlementDayRequest) -> contract.SettlementDayDetails:
    """Return a day with its flows and what does not match. Raises Refused(SETTLEMENT_NOT_FOUND)."""
    with database.reading() as session:
        day = _day(session, request.entity_code, request.day)
        flows = closings.flows_between(session, request.entity_code, request.day, request.day)
        unfinished = closings.worklist_rows(session, request.entity_code, request.day, contract.DAY_WORKLIST_MAX)
        return contract.SettlementDayDetails(
            day=day,
            flows=reconciliation.shown(session, request.entity_code, flows),
            worklist_rows=[reconciliation.worklist_item(row, flow) for row, flow in unfinished],
        )


def close(database: Database, request: contract.CloseDayRequest, now: datetime) -> SettlementDay:
    """Store that a person has looked at a day as it is, and says it is done. The same again changes nothing.

    Raises Refused: SETTLEMENT_NOT_FOUND, CHANGED_MEANWHILE, DESCRIPTION_REQUIRED.
    """
    with database.transaction() as tx:
        closings.hold_day(tx.session, request.entity_code, request.day)
        day = _day(tx.session, request.entity_code, request.day)
        if day.figures != request.figures:
            raise Refused(ErrorCode.CHANGED_MEANWHILE, _changed(tx, request.entity_code, request.day))
        if _has_open_ends(day) and not request.note:
            raise Refused(ErrorCode.DESCRIPTION_REQUIRED)
        last = day.closing
        if last is not None and (last.figures, last.note) == (request.figures, request.note):
            return day
        closings.close(tx.session, request, now)
        before = _told(last.figures) if last else {}
        _note(tx, request.actor, CLOSED, request.entity_code, day, now, before=before, reason=request.note)
        return _day(tx.session, request.entity_code, request.day)


def reopen(database: Database, request: contract.ReopenDayRequest, now: datetime) -> SettlementDay:
    """Take a closing back, with the reason. Raises Refused: DESCRIPTION_REQUIRED, SETTLEMENT_NOT_FOUND."""
    if not request.reason:
        raise Refused(ErrorCode.DESCRIPTION_REQUIRED)
    with database.transaction() as tx:
        closings.hold_day(tx.session, request.entity_code, request.day)
        day = _day(tx.session, request.entity_code, request.day)
        if day.closing is None:
            raise Refused(ErrorCode.SETTLEMENT_NOT_FOUND)
        closings.reopen(tx.session, request.entity_code, request.day)
        before = _told(day.closing.figures)
        _note(tx, request.actor, REOPENED, request.entity_code, day, now, before=before, reason=request.reason)
        return _day_or_empty(tx.session, request.entity_code, request.day)


def _has_open_ends(day: SettlementDay) -> bool:
    """Return whether something of a day does not match, or has not been looked at yet."""
    return bool(day.pending_count or day.worklist_count or day.unreconciled_count)


def _day(session: Session, entity_code: str, day: date) -> SettlementDay:
    found = _days(session, entity_code, day, day).get(day)
    if found is None:
        raise Refused(ErrorCode.SETTLEMENT_NOT_FOUND)
    return found


def _day_or_empty(session: Session, entity_code: str, day: date) -> SettlementDay:
    """Return a day, of one whose flows are gone too."""
    return _days(session, entity_code, day, day).get(day) or _figured(day, [], {}, 0, None)


def _days(session: Session, entity_code: str, since: date, until: date) -> dict[date, SettlementDay]:
    flows = closings.flows_between(session, entity_code, since, until)
    shown = reconciliation.shown(session, entity_code, flows)
    named = bank_credits.credits_by_flow(session, entity_code, [flow.flow_id for flow in flows])
    closed = closings.closed_days(session, entity_code, since, until)
    by_day: dict[date, list[tuple[SettlementFlow, Settlement]]] = {day: [] for day in closed}
    for flow, one in zip(flows, shown, strict=True):
        by_day.setdefault(flow.settled_on, []).append((flow, one))
    withdrawn = closings.withdrawn_counts(session, entity_code, by_day)
    return {day: _figured(day, of_day, named, withdrawn.get(day, 0), closed.get(day)) for day, of_day in by_day.items()}


def _figured(
    day: date,
    flows: Sequence[tuple[SettlementFlow, Settlement]],
    named: Mapping[str, Sequence[BankCredit]],
    withdrawn_count: int,
    closed: ClosedDay | None,
) -> SettlementDay:
    findings = [found for _flow, shown in flows for found in shown.findings]
    return SettlementDay(
        day=day,
        figures=DayFigures(
            flows_count=len(flows),
            rows_count=sum(flow.payments_count for flow, _shown in flows),
            total_cents=sum(flow.total_cents for flow, _shown in flows),
            credited_cents=sum(known.amount_cents for flow, _shown in flows for known in named.get(flow.flow_id, [])),
        ),
        pending_count=sum(shown.pending for _flow, shown in flows),
        worklist_count=withdrawn_count + sum(found.count for found in findings if found.finding not in _SETTLED),
        unreconciled_count=sum(not shown.reconciled for _flow, shown in flows),
        closing=_closing(closed) if closed else None,
    )


def _closing(row: ClosedDay) -> contract.Closing:
    return contract.Closing(
        closed_at=row.closed_at,
        actor=Actor(kind=row.actor_kind, id=row.actor_id),
        note=row.note,
        figures=DayFigures(
            flows_count=row.flows_count,
            rows_count=row.rows_count,
            total_cents=row.total_cents,
            credited_cents=row.credited_cents,
        ),
    )


def _told(figures: DayFigures) -> Json:
    return {"total_cents": figures.total_cents, "credited_cents": figures.credited_cents, "rows": figures.rows_count}


def _note(
    tx: Tx,
    actor: Actor,
    operation: str,
    entity_code: str,
    day: SettlementDay,
    now: datetime,
    *,
    before: Json,
    reason: str | None,
) -> None:
    change = Change(
        entity_code=entity_code,
        actor=actor,
        operation=operation,
        subject=day.day.isoformat(),
        reason=reason,
        before=before,
        after=_told(day.figures) if operation == CLOSED else {},
    )
    entries.append(tx, change, now)


def _changed(tx: Tx, entity_code: str, day: date) -> ChangedMeanwhile:
    """Return which entry of the audit is the day's last; figures change by flows and credits, which nobody makes."""
    last = entries.last_of(tx.session, AuditEntry, entity_code, day.isoformat())
    return ChangedMeanwhile(version=last.number if last else 0)
