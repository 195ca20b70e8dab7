"""Mails to entities: queued once for each event, tried until they have ended."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from contracts.events.payments import WebhookDisabled
from services.notices.mail import domain
from services.notices.mail.domain import EntityMailState
from services.notices.models import EntityMail


def queue(session: Session, event_id: UUID, told: WebhookDisabled, now: datetime) -> None:
    """Queue the mail about a webhook that was disabled; an event that comes again queues none."""
    values = {"id": event_id, "entity_code": told.entity_code, "webhook_id": told.webhook_id}
    values |= {"host": told.host, "reason": told.reason, "queued_at": now, "not_before": now}
    session.execute(insert(EntityMail).values(values).on_conflict_do_nothing())


def claim(session: Session, now: datetime) -> EntityMail | None:
    """Take the next mail that is due; nobody else gets it before the lease ends."""
    due = select(EntityMail.id).where(EntityMail.not_before <= now).order_by(EntityMail.not_before).limit(1)
    one = due.with_for_update(skip_locked=True).scalar_subquery()
    taken = update(EntityMail).where(EntityMail.id == one)
    values = {"not_before": now + domain.LEASE, "attempts": EntityMail.attempts + 1}
    return session.scalars(taken.values(values).returning(EntityMail)).first()


def put_off(session: Session, mail: EntityMail, until: datetime, *, counts: bool) -> None:
    """Try a mail again later; `counts`: the attempt was one of those that have an end."""
    values = {"not_before": until} | ({} if counts else {"attempts": EntityMail.attempts - 1})
    session.execute(update(EntityMail).where(EntityMail.id == mail.id).values(values))


def end(session: Session, mail: EntityMail, state: EntityMailState) -> None:
    """Note how a mail ended."""
    session.execute(update(EntityMail).where(EntityMail.id == mail.id).values(not_before=None, state=state))


def purge(session: Session, before: datetime) -> None:
    """Delete what was queued before a moment."""
    session.execute(delete(EntityMail).where(EntityMail.queued_at < before))
