"""What the node asked and was answered, for the timeline."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from services.payments.models import NodeCall

# The plain table: one insert per question of the node need not go through the mapper. The moment is the database's:
# what a payment token keeps, and what gives way to a debtor, is decided by it.
_TABLE: Final = NodeCall.metadata.tables[NodeCall.__tablename__]
_NOTE: Final = insert(_TABLE).values(at=func.clock_timestamp())
# A receipt may be timed a moment before the activation it answers.
_CLOCKS_DIFFER: Final = timedelta(minutes=1)
_ACTIVATES: Final = ("paGetPayment", "paGetPaymentV2")


@dataclass(frozen=True, slots=True)
class Activation:
    """Whether the node was ever told what to pay, and when it was last told before the payment."""

    ever: bool
    before_payment: datetime | None


def note(
    session: Session,
    *,
    operation: str,
    creditor_fiscal_code: str,
    notice_number: str,
    practice_id: UUID | None,
    fault: str | None,
    raw_xml: str | None,
) -> None:
    """Write a call down, at the database's time. `fault` is the code it was answered with."""
    call = {
        "operation": operation,
        "creditor_fiscal_code": creditor_fiscal_code,
        "notice_number": notice_number,
        "practice_id": practice_id,
        "fault": fault,
        "raw_xml": raw_xml,
    }
    session.execute(_NOTE, call)


def purge(session: Session, before: datetime, limit: int) -> int:
    """Delete calls made before, but for receipts that had to be refused; return how many."""
    old = select(_TABLE.c.id).where(_TABLE.c.at < before, _TABLE.c.raw_xml.is_(None)).limit(limit)
    gone = session.execute(delete(_TABLE).where(_TABLE.c.id.in_(old)).returning(_TABLE.c.id))
    return len(gone.all())


def last_activation(session: Session, practice_ids: Collection[UUID]) -> datetime | None:
    """Return when the node was last told what to pay for one of these practices: a payment token began to live."""
    statement = select(func.max(NodeCall.at)).where(
        NodeCall.practice_id.in_(practice_ids), NodeCall.operation.in_(_ACTIVATES), NodeCall.fault.is_(None)
    )
    return session.scalar(statement)


def activation(session: Session, practice_id: UUID, paid_at: datetime) -> Activation:
    """Return when the node was told what to pay for a practice."""
    told = (NodeCall.practice_id == practice_id, NodeCall.operation.in_(_ACTIVATES), NodeCall.fault.is_(None))
    before = func.max(NodeCall.at).filter(NodeCall.at <= paid_at + _CLOCKS_DIFFER)
    row = session.execute(select(func.max(NodeCall.at), before).where(*told)).one()
    return Activation(ever=row[0] is not None, before_payment=row[1])


def of_practice(session: Session, practice_id: UUID) -> Sequence[NodeCall]:
    """Return the calls about a practice, oldest first."""
    return session.scalars(select(NodeCall).where(NodeCall.practice_id == practice_id).order_by(NodeCall.id)).all()


def refused_receipts(session: Session, creditor_fiscal_code: str, notice_number: str) -> Sequence[NodeCall]:
    """Return the receipts for a notice that had to be refused, oldest first: they are few, of all creditors."""
    refused = select(NodeCall).where(
        NodeCall.creditor_fiscal_code == creditor_fiscal_code,
        NodeCall.notice_number == notice_number,
        NodeCall.raw_xml.is_not(None),
    )
    return session.scalars(refused.order_by(NodeCall.id)).all()


def refused_of(session: Session, creditor_fiscal_code: str, before: int | None, limit: int) -> Sequence[NodeCall]:
    """Return the receipts for a creditor that had to be refused, newest first, those before one."""
    statement = select(NodeCall).where(
        NodeCall.creditor_fiscal_code == creditor_fiscal_code, NodeCall.raw_xml.is_not(None)
    )
    if before is not None:
        statement = statement.where(NodeCall.id < before)
    return session.scalars(statement.order_by(NodeCall.id.desc()).limit(limit)).all()


def refused(session: Session, creditor_fiscal_code: str, call_id: int) -> NodeCall | None:
    """Return one of them."""
    here = (NodeCall.id == call_id, NodeCall.creditor_fiscal_code == creditor_fiscal_code)
    return session.scalars(select(NodeCall).where(*here, NodeCall.raw_xml.is_not(None))).first()
