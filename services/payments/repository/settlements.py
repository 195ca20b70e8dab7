"""Settlement flows, their rows, and the bank's credits."""

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, exists, func, insert, select, text, update
from sqlalchemy.orm import Session, aliased

from services.payments.domain.settlements import SETTLED, Finding, Flow, FlowRow, Outcome
from services.payments.models import Position, Receipt, SettlementFlow, SettlementRow

# Between these the process answers others: a flow of 50,000 rows is some seconds' work.
_INSERTED_ROWS: Final = 1_000
# A receipt is judged at one moment and seen at a later one.
_COMMITS_LATE: Final = timedelta(minutes=5)
_WAIT_FOR_RECEIPT: Final = (Finding.AMOUNT_DIFFERS, Finding.NO_RECEIPT_FITS, Finding.NEVER_ACTIVATED)


@dataclass(frozen=True, slots=True)
class RowFinding:
    """What became of the row `id`, and what it is about where that is something of ours."""

    id: int
    finding: Finding
    transfer: int | None
    receipt_row_id: int | None
    practice_id: UUID | None


def newest(session: Session, creditor_fiscal_code: str, flow_id: str, *, lock: bool = False) -> SettlementFlow | None:
    """Return the current flow of an id."""
    statement = select(SettlementFlow).where(
        SettlementFlow.creditor_fiscal_code == creditor_fiscal_code,
        SettlementFlow.flow_id == flow_id,
        SettlementFlow.current,
    )
    return session.scalar(statement.with_for_update() if lock else statement)


def hold_id(session: Session, creditor_fiscal_code: str, flow_id: str) -> None:
    """Let nobody else store a flow of this id until the transaction ends."""
    key = f"settlement {creditor_fiscal_code} {flow_id}"
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


def revision(session: Session, flow: Flow) -> SettlementFlow | None:
    """Return this very flow, if it has been stored."""
    return session.scalar(
        select(SettlementFlow).where(
            SettlementFlow.creditor_fiscal_code == flow.receiver_fiscal_code,
            SettlementFlow.flow_id == flow.flow_id,
            SettlementFlow.flow_at == flow.flow_at,
            SettlementFlow.revision == flow.revision,
        )
    )


def add(session: Session, flow: Flow, entity_code: str, *, current: bool, now: datetime) -> SettlementFlow:
    """Store a flow with its rows. Rows of one that is not current are never looked at."""
    stored = SettlementFlow(
        entity_code=entity_code,
        creditor_fiscal_code=flow.receiver_fiscal_code,
        flow_id=flow.flow_id,
        flow_at=flow.flow_at,
        revision=flow.revision,
        regulation_id=flow.regulation_id,
        settled_on=flow.settled_on,
        sender_id=flow.sender_id,
        sender_name=flow.sender_name,
        payments_count=flow.count,
        total_cents=flow.total_cents,
        adds_up=flow.adds_up,
        unread=[{"position": row.position, "reason": row.reason} for row in flow.unread] or None,
        current=current,
        received_at=now,
    )
    session.add(stored)
    session.flush()
    for start in range(0, len(flow.rows), _INSERTED_ROWS):
        rows = flow.rows[start : start + _INSERTED_ROWS]
        values = [{**asdict(row), "flow_row_id": stored.id, "outcome": row.outcome.value} for row in rows]
        session.execute(insert(SettlementRow), values)
        time.sleep(0)
    return stored


def withdraw(session: Session, old_flow_row_id: int, new_flow_row_id: int) -> None:
    """Put onto the worklist what was settled by an old revision and does not stand in the new one."""
    new = aliased(SettlementRow)
    still_there = exists().where(
        new.flow_row_id == new_flow_row_id,
        new.iur == SettlementRow.iur,
        new.iuv == SettlementRow.iuv,
        new.index.is_not_distinct_from(SettlementRow.index),
    )
    statement = update(SettlementRow).where(
        SettlementRow.flow_row_id == old_flow_row_id, SettlementRow.finding.in_(SETTLED), ~still_there
    )
    session.execute(statement.values(finding=Finding.WITHDRAWN.value), execution_options={"synchronize_session": False})


def next_pending(session: Session, but: Collection[int]) -> int | None:
    """Return the flow with the oldest row to look at, but for some flows; None where there is none."""
    statement = _pending(select(SettlementRow.flow_row_id)).where(SettlementRow.flow_row_id.not_in(but))
    found: int | None = session.scalar(statement.order_by(SettlementRow.id).limit(1))
    return found


def take_pending(session: Session, limit: int, flow_row_id: int) -> Sequence[SettlementRow]:
    """Return, locked, rows of a flow to look at; not those whose receipt has come but is not judged yet."""
    statement = _pending(select(SettlementRow)).where(SettlementRow.flow_row_id == flow_row_id)
    locked = statement.order_by(SettlementRow.id).limit(limit).with_for_update(of=SettlementRow, skip_locked=True)
    rows: Sequence[SettlementRow] = session.scalars(locked).all()
    return rows


def _pending(statement: Select[Any]) -> Select[Any]:
    waits = exists().where(
        Receipt.creditor_fiscal_code == SettlementFlow.creditor_fiscal_code,
        Receipt.receipt_id == SettlementRow.iur,
        Receipt.judgement.is_(None),
    )
    joined = statement.join(SettlementFlow, SettlementFlow.id == SettlementRow.flow_row_id)
    return joined.where(SettlementRow.finding.is_(None), SettlementFlow.current, ~waits)


def look_again(session: Session) -> None:
    """Let rows be looked at once more whose receipt or notice has come since."""
    looked_at = func.coalesce(SettlementRow.found_at, SettlementFlow.received_at)
    receipt = exists().where(
        Receipt.creditor_fiscal_code == SettlementFlow.creditor_fiscal_code,
        Receipt.iuv == SettlementRow.iuv,
        Receipt.amount_cents > 0,
        Receipt.judged_at >= looked_at - _COMMITS_LATE,
    )
    notice = exists().where(
        Position.creditor_fiscal_code == SettlementFlow.creditor_fiscal_code,
        Position.iuv == SettlementRow.iuv,
        Position.transfers.is_not(None),
    )
    statement = update(SettlementRow).where(
        SettlementRow.flow_row_id == SettlementFlow.id,
        SettlementFlow.current,
        SettlementRow.receipt_row_id.is_(None),
        SettlementRow.finding.not_in([finding.value for finding in SETTLED]),
        ((SettlementRow.finding == Finding.UNKNOWN.value) & (receipt | notice))
        | (SettlementRow.finding.in_([finding.value for finding in _WAIT_FOR_RECEIPT]) & receipt),
    )
    session.execute(statement.values(finding=None), execution_options={"synchronize_session": False})


def settled_transfers(session: Session, receipt_row_ids: Collection[int]) -> dict[int, set[int]]:
    """Return which transfers of these receipts stand in current flows."""
    statement = (
        select(SettlementRow.receipt_row_id, SettlementRow.transfer)
        .join(SettlementFlow, SettlementFlow.id == SettlementRow.flow_row_id)
        .where(
            SettlementRow.receipt_row_id.in_(receipt_row_ids),
            SettlementRow.finding.in_(SETTLED),
            SettlementFlow.current,
        )
    )
    found: dict[int, set[int]] = {}
    for receipt_row_id, transfer in session.execute(statement):
        if receipt_row_id is not None and transfer is not None:
            found.setdefault(receipt_row_id, set()).add(transfer)
    return found


def last_flow_of(session: Session, receipt_row_ids: Collection[int]) -> SettlementFlow | None:
    """Return the current flow in which the last row of these receipts was found; None where none stands in one."""
    statement = (
        select(SettlementFlow)
        .join(SettlementRow, SettlementRow.flow_row_id == SettlementFlow.id)
        .where(
            SettlementRow.receipt_row_id.in_(receipt_row_ids),
            SettlementRow.finding.in_(SETTLED),
            SettlementFlow.current,
        )
    )
    return session.scalar(statement.order_by(SettlementRow.found_at.desc(), SettlementRow.id.desc()).limit(1))


def save_findings(session: Session, findings: Sequence[RowFinding], now: datetime) -> None:
    """Store what became of rows."""
    told = [asdict(one) | {"finding": one.finding.value, "found_at": now} for one in findings]
    session.execute(update(SettlementRow), told)


def read_row(row: SettlementRow) -> FlowRow:
    """Return a stored row as the domain sees it."""
    return FlowRow(
        iuv=row.iuv,
        iur=row.iur,
        index=row.index,
        amount_cents=row.amount_cents,
        outcome=Outcome(row.outcome),
        paid_on=row.paid_on,
    )


def totals(session: Session, flow_row_ids: Iterable[int]) -> dict[int, dict[str | None, tuple[int, int]]]:
    """Return by flow and finding how many rows there are and what they amount to."""
    statement = (
        select(
            SettlementRow.flow_row_id,
            SettlementRow.finding,
            func.count(),
            func.coalesce(func.sum(SettlementRow.amount_cents), 0),
        )
        .where(SettlementRow.flow_row_id.in_(list(flow_row_ids)))
        .group_by(SettlementRow.flow_row_id, SettlementRow.finding)
    )
    found: dict[int, dict[str | None, tuple[int, int]]] = {}
    for flow_row_id, finding, count, amount_cents in session.execute(statement):
        found.setdefault(flow_row_id, {})[finding] = (count, int(amount_cents))
    return found


def current_of_entity(
    session: Session, entity_code: str, *, flow_id: str | None = None, day: date | None = None, limit: int = 1_000
) -> Sequence[SettlementFlow]:
    """Return an entity's current flows, the newest day first."""
    statement: Select[SettlementFlow] = select(SettlementFlow).where(
        SettlementFlow.entity_code == entity_code, SettlementFlow.current
    )
    if flow_id is not None:
        statement = statement.where(SettlementFlow.flow_id == flow_id)
    if day is not None:
        statement = statement.where(SettlementFlow.settled_on == day)
    ordered = statement.order_by(SettlementFlow.settled_on.desc(), SettlementFlow.flow_id)
    return session.scalars(ordered.limit(limit)).all()


def rows_of(session: Session, flow_row_ids: Collection[int]) -> Sequence[SettlementRow]:
    """Return the rows of flows in their order."""
    statement = select(SettlementRow).where(SettlementRow.flow_row_id.in_(flow_row_ids))
    return session.scalars(statement.order_by(SettlementRow.id)).all()


def worklist(
    session: Session, entity_code: str, after: int, limit: int
) -> Sequence[tuple[SettlementRow, SettlementFlow]]:
    """Return what a human must look at, with its flow: of current flows, and what new revisions withdrew."""
    statement = (
        select(SettlementRow, SettlementFlow)
        .join(SettlementFlow, SettlementFlow.id == SettlementRow.flow_row_id)
        .where(
            SettlementFlow.entity_code == entity_code,
            SettlementRow.id > after,
            SettlementRow.finding.not_in([finding.value for finding in SETTLED]),
            SettlementFlow.current | (SettlementRow.finding == Finding.WITHDRAWN.value),
        )
        .order_by(SettlementRow.id)
        .limit(limit)
    )
    return [(row.SettlementRow, row.SettlementFlow) for row in session.execute(statement)]


def has_revision(session: Session, creditor_fiscal_code: str, flow_id: str, number: int) -> bool:
    """Return whether this revision of a flow has been downloaded."""
    known = select(SettlementFlow.id).where(
        SettlementFlow.creditor_fiscal_code == creditor_fiscal_code,
        SettlementFlow.flow_id == flow_id,
        SettlementFlow.revision == number,
    )
    return session.scalar(known.limit(1)) is not None
