"""When outside services may be called: one queue of moments per service, shared by all processes, over restarts."""

from datetime import datetime, timedelta

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.payments.models import CallPace


def reserve(session: Session, name: str, interval: timedelta, now: datetime, *, count: int = 1) -> datetime:
    """Take the next `count` moments, `interval` apart, and return the first; nobody else gets them."""
    length = interval * count
    statement = insert(CallPace).values(name=name, next_at=now + length)
    statement = statement.on_conflict_do_update(
        index_elements=["name"], set_={"next_at": func.greatest(CallPace.next_at, now) + length}
    )
    taken = session.scalars(statement.returning(CallPace.next_at)).one()
    return taken - length


def pause(session: Session, name: str, until: datetime) -> None:
    """Let nobody call before `until`."""
    statement = insert(CallPace).values(name=name, next_at=until)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["name"], set_={"next_at": func.greatest(CallPace.next_at, until)}
        )
    )


def next_at(session: Session, name: str) -> datetime | None:
    """Return when the service may be called next; None where it was never called."""
    row = session.get(CallPace, name)
    return row.next_at if row else None
