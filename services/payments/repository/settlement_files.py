"""Large settlement flows on their way in: put aside when they come, read by whoever has time."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.payments.domain.settlements import Flow
from services.payments.models import SettlementFile

# Longer than reading and storing one takes; a killed reader's file waits so long for the next.
_READ_WITHIN: Final = timedelta(minutes=5)


def put(session: Session, head: Flow, entity_code: str, content: bytes, now: datetime) -> None:
    """Put a flow aside to be read. The same again is left as it is, unless it was refused."""
    values = {
        "entity_code": entity_code,
        "creditor_fiscal_code": head.receiver_fiscal_code,
        "flow_id": head.flow_id,
        "flow_at": head.flow_at,
        "regulation_id": head.regulation_id,
        "settled_on": head.settled_on,
        "sender_id": head.sender_id,
        "sender_name": head.sender_name,
        "payments_count": head.count,
        "total_cents": head.total_cents,
        "content": content,
        "received_at": now,
        "taken_until": None,
        "refused_code": None,
        "refused_params": None,
    }
    statement = insert(SettlementFile).values(values)
    statement = statement.on_conflict_do_update(
        index_elements=["creditor_fiscal_code", "flow_id", "flow_at"],
        set_={name: statement.excluded[name] for name in values},
        where=SettlementFile.refused_code.is_not(None),
    )
    session.execute(statement)


def newest(session: Session, entity_code: str, flow_id: str) -> SettlementFile | None:
    """Return the newest file of a flow that waits or was refused."""
    of_flow = select(SettlementFile).where(SettlementFile.entity_code == entity_code, SettlementFile.flow_id == flow_id)
    return session.scalar(of_flow.order_by(SettlementFile.flow_at.desc()).limit(1))


def take(session: Session) -> SettlementFile | None:
    """Return the oldest file that waits, which nobody else is given meanwhile."""
    clock = func.clock_timestamp()
    free = SettlementFile.taken_until.is_(None) | (SettlementFile.taken_until < clock)
    oldest = (
        select(SettlementFile.id)
        .where(SettlementFile.refused_code.is_(None), free)
        .order_by(SettlementFile.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    taken = update(SettlementFile).where(SettlementFile.id == oldest.scalar_subquery())
    return session.scalar(taken.values(taken_until=clock + _READ_WITHIN).returning(SettlementFile))


def give_back(session: Session, file_id: int) -> None:
    """Let a file be read by the next."""
    session.execute(update(SettlementFile).where(SettlementFile.id == file_id).values(taken_until=None))


def refuse(session: Session, file_id: int, code: str, params: dict[str, Any]) -> None:
    """Note why a file cannot be read; its content goes."""
    refused = update(SettlementFile).where(SettlementFile.id == file_id)
    session.execute(refused.values(refused_code=code, refused_params=params, content=None))


def forget(session: Session, file_id: int) -> None:
    """Delete a file that was read: the flow is stored."""
    session.execute(delete(SettlementFile).where(SettlementFile.id == file_id))


def purge_refused(session: Session, before: datetime) -> None:
    """Delete what was refused before."""
    session.execute(
        delete(SettlementFile).where(SettlementFile.refused_code.is_not(None), SettlementFile.received_at < before)
    )
