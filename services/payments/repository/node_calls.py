"""What the node asked and was answered, for the timeline."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from services.payments.models import NodeCall

# The plain table: one insert per question of the node need not go through the mapper.
_TABLE: Final = NodeCall.metadata.tables[NodeCall.__tablename__]


def note(session: Session, **call: Any) -> None:
    """Write a call down, given by its columns."""
    session.execute(insert(_TABLE), call)


def of_practice(session: Session, practice_id: UUID) -> Sequence[NodeCall]:
    """Return the calls about a practice, oldest first."""
    return session.scalars(select(NodeCall).where(NodeCall.practice_id == practice_id).order_by(NodeCall.id)).all()
