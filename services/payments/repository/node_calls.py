"""What the node asked and was answered, for the timeline."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from services.payments.models import NodeCall

# The plain table: one insert per question of the node need not go through the mapper.
_TABLE: Final = NodeCall.metadata.tables[NodeCall.__tablename__]
_ACTIVATES: Final = ("paGetPayment", "paGetPaymentV2")


def note(
    session: Session,
    *,
    at: datetime,
    operation: str,
    creditor_fiscal_code: str,
    notice_number: str,
    practice_id: UUID | None,
    fault: str | None,
    raw_xml: str | None,
) -> None:
    """Write a call down. `fault` is the code it was answered with."""
    call = {
        "at": at,
        "operation": operation,
        "creditor_fiscal_code": creditor_fiscal_code,
        "notice_number": notice_number,
        "practice_id": practice_id,
        "fault": fault,
        "raw_xml": raw_xml,
    }
    session.execute(insert(_TABLE), call)


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


def of_practice(session: Session, practice_id: UUID) -> Sequence[NodeCall]:
    """Return the calls about a practice, oldest first."""
    return session.scalars(select(NodeCall).where(NodeCall.practice_id == practice_id).order_by(NodeCall.id)).all()
