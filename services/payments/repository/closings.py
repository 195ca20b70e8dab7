"""Days of settlement that somebody has closed."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import Select, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from contracts.rpc.closed_days import CloseDayRequest
from services.payments.domain.settlements import SETTLED, Finding
from services.payments.models import ClosedDay, SettlementFlow, SettlementRow


def hold_day(session: Session, entity_code: str, day: date) -> None:
    """Let nobody else close or reopen this day until the transaction ends."""
    key = f"closing {entity_code} {day.isoformat()}"
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


def closed_days(session: Session, entity_code: str, since: date, until: date) -> dict[date, ClosedDay]:
    """Return the closed days in [since, until]."""
    statement = select(ClosedDay).where(ClosedDay.entity_code == entity_code, ClosedDay.day.between(since, until))
    return {row.day: row for row in session.scalars(statement, execution_options={"populate_existing": True})}


def close(session: Session, request: CloseDayRequest, now: datetime) -> None:
    """Store that a day is closed, in the place of an earlier closing."""
    figures = request.figures
    values = {
        "closed_at": now,
        "actor_kind": request.actor.kind,
        "actor_id": request.actor.id,
        "note": request.note,
        "flows_count": figures.flows_count,
        "rows_count": figures.rows_count,
        "total_cents": figures.total_cents,
        "credited_cents": figures.credited_cents,
    }
    statement = insert(ClosedDay).values(entity_code=request.entity_code, day=request.day, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["entity_code", "day"], set_=values))


def reopen(session: Session, entity_code: str, day: date) -> None:
    """Forget that a day is closed; the audit says it was."""
    session.execute(delete(ClosedDay).where(ClosedDay.entity_code == entity_code, ClosedDay.day == day))


def flows_between(session: Session, entity_code: str, since: date, until: date) -> Sequence[SettlementFlow]:
    """Return an entity's current flows settled in [since, until], by day and id."""
    statement: Select[SettlementFlow] = select(SettlementFlow).where(
        SettlementFlow.entity_code == entity_code,
        SettlementFlow.current,
        SettlementFlow.settled_on.between(since, until),
    )
    return session.scalars(statement.order_by(SettlementFlow.settled_on.desc(), SettlementFlow.flow_id)).all()


def worklist_rows(
    session: Session, entity_code: str, day: date, limit: int
) -> Sequence[tuple[SettlementRow, SettlementFlow]]:
    """Return the rows of a day that a human must look at, with their flows."""
    statement = (
        select(SettlementRow, SettlementFlow)
        .join(SettlementFlow, SettlementFlow.id == SettlementRow.flow_row_id)
        .where(
            SettlementFlow.entity_code == entity_code,
            SettlementFlow.settled_on == day,
            SettlementRow.finding.not_in([finding.value for finding in SETTLED]),
            SettlementFlow.current | (SettlementRow.finding == Finding.WITHDRAWN.value),
        )
        .order_by(SettlementRow.id)
        .limit(limit)
    )
    return [(row.SettlementRow, row.SettlementFlow) for row in session.execute(statement)]


def withdrawn_counts(session: Session, entity_code: str, days: Collection[date]) -> dict[date, int]:
    """Return by day how many rows newer flows have withdrawn: they are for a human, and of no current flow."""
    statement = (
        select(SettlementFlow.settled_on, func.count().label("rows_count"))
        .join(SettlementRow, SettlementRow.flow_row_id == SettlementFlow.id)
        .where(
            SettlementFlow.entity_code == entity_code,
            SettlementFlow.settled_on.in_(list(days)),
            ~SettlementFlow.current,
            SettlementRow.finding == Finding.WITHDRAWN.value,
        )
        .group_by(SettlementFlow.settled_on)
    )
    return {row.settled_on: row.rows_count for row in session.execute(statement)}
