"""Tidying the outbox: who has one, its depth, its months, what is old. The feed made of it is in event_feed.py."""

from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from sqlalchemy import and_, delete, func, literal_column, or_, select, update
from sqlalchemy.orm import Session

from contracts.events.redaction import BENEFICIARY_TYPES, DEBTOR_TYPES, REDACTED, without_person

KEPT_DAYS: Final = 400
REPLAYED_DAYS: Final = 90
"""For so long events may be sent again to consumers of ours: their inboxes remember longer, and drop what they had."""
PERSONS_KEPT_DAYS: Final = 30
_REDACTED_AT_ONCE: Final = 500
_SERVICES_FOLDER: Final = Path(__file__).parents[2] / "services"


def emitting_services() -> dict[str, ModuleType]:
    """Return the models of the services in this image that have an outbox, by name, in alphabetical order."""
    names = sorted(path.parent.name for path in _SERVICES_FOLDER.glob("*/models.py"))
    models = {name: import_module(f"services.{name}.models") for name in names}
    return {name: module for name, module in models.items() if hasattr(module, "OutboxMessage")}


def depth(session: Session, model: Any, now: datetime) -> tuple[int, float]:
    """Return how many events wait to be published, and the age of the oldest in seconds."""
    waiting, oldest = session.execute(
        select(func.count(), func.min(model.created_at)).where(model.relayed_at.is_(None))
    ).one()
    return waiting, max(0.0, (now - oldest).total_seconds()) if oldest else 0.0


def purge(session: Session, model: Any, now: datetime) -> int:
    """Delete published events older than 400 days that lie in no month's partition, and return how many.

    Those of a month go with it. The newest position always stays: the next one is counted from it.
    """
    partition = literal_column("outbox.tableoid::regclass::text")
    of_no_month = or_(partition.like("outbox_until_%"), partition == "outbox_other")
    newest = select(func.max(model.position)).scalar_subquery()
    old = and_(model.created_at < now - timedelta(days=KEPT_DAYS), of_no_month)
    deleted = session.execute(
        delete(model).where(old, model.relayed_at.is_not(None), model.position < newest).returning(model.id)
    )
    return len(deleted.all())


def keep_months(session: Session, now: datetime) -> int | None:
    """Make the partitions of the coming months, drop those whose events are all older than 400 days; return how many.

    None where others were at the table all the time: nothing was done, and an hour later is soon enough.
    """
    kept: int | None = session.scalar(select(func.outbox_keep_months(now, timedelta(days=KEPT_DAYS))))
    return kept


def redact(session: Session, model: Any, now: datetime) -> int:
    """Take the persons out of at most 500 events relayed more than 30 days ago; return of how many.

    What is not relayed yet keeps them: its consumers have not had it.
    """
    old = model.relayed_at < now - timedelta(days=PERSONS_KEPT_DAYS)
    beneficiary = model.body[("data", "beneficiary", "full_name")].astext
    names_somebody = or_(
        model.type.in_(DEBTOR_TYPES), and_(model.type.in_(BENEFICIARY_TYPES), beneficiary.is_not(None))
    )
    wanted = select(model.id, model.body).where(old, names_somebody, model.body.has_key(REDACTED).is_(False))
    rows = session.execute(wanted.order_by(model.id).limit(_REDACTED_AT_ONCE).with_for_update(skip_locked=True)).all()
    for row in rows:
        session.execute(update(model).where(model.id == row.id).values(body=without_person(row.body)))
    return len(rows)
