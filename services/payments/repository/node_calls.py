"""What the node asked and was answered, for the timeline."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from services.payments.models import NodeCall


def note(session: Session, call: NodeCall) -> None:
    """Write a call down."""
    columns = ("at", "operation", "creditor_fiscal_code", "notice_number", "practice_id", "fault", "raw_xml")
    session.execute(insert(NodeCall).values({name: getattr(call, name) for name in columns}))


def of_practice(session: Session, practice_id: UUID) -> Sequence[NodeCall]:
    """Return the calls about a practice, oldest first."""
    return session.scalars(select(NodeCall).where(NodeCall.practice_id == practice_id).order_by(NodeCall.id)).all()
