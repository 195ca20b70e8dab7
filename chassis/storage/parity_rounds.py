"""When a projection was proven last and how far: a row that the processes of a service share."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import extract, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Round:
    """Where a round begins: what changed since, and from which moment of creation on; None where none was before."""

    changed_until: datetime | None
    swept_until: datetime | None


def claim(session: Session, model: Any, projection: str, *, first_at: datetime, every: timedelta) -> Round | None:
    """Take the next round if it is due by the database's time; None when it is not, or another process has it."""
    first = insert(model).values(projection=projection, next_at=first_at)
    session.execute(first.on_conflict_do_nothing(index_elements=[model.projection]))
    due = update(model).where(model.projection == projection, model.next_at <= func.now())
    taken = due.values(next_at=func.now() + every).returning(model.changed_until, model.swept_until)
    row = session.execute(taken.execution_options(synchronize_session=False)).first()
    return None if row is None else Round(row.changed_until, row.swept_until)


def finish(
    session: Session,
    model: Any,
    projection: str,
    *,
    checked_at: datetime,
    reached: Round,
    again_at_once: bool,
) -> None:
    """Note how far a round has come; the next one is due at once where much is left."""
    statement = update(model).where(model.projection == projection)
    statement = statement.values(
        checked_at=checked_at, changed_until=reached.changed_until, swept_until=reached.swept_until
    )
    if again_at_once:
        statement = statement.values(next_at=func.now())
    session.execute(statement.execution_options(synchronize_session=False))


def age_s(session: Session, model: Any, projection: str) -> float | None:
    """Return since when the projection has not been proven, in seconds; None where no round was ever due."""
    proven_at = func.coalesce(model.checked_at, model.since)
    age = select(extract("epoch", func.now() - proven_at)).where(model.projection == projection)
    seconds = session.scalar(age)
    return None if seconds is None else max(0.0, float(seconds))
