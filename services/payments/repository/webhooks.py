"""Webhooks, their deliveries and attempts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.payments.domain.webhooks import Answer
from services.payments.models import OutboxMessage, WebhookAttempt, WebhookDelivery, WebhookEndpoint

_LOOKED_AT: Final = 5_000
_OF_ONE_AT_ONCE: Final = 4


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this process is to try now, with what it takes."""

    id: int
    endpoint_id: UUID
    event_id: UUID
    type: str
    test: bool
    url: str
    secrets: tuple[str, ...]
    body: Any


def of_entity(session: Session, entity_code: str) -> Sequence[WebhookEndpoint]:
    """Return the webhooks of an entity, oldest first."""
    statement = sa.select(WebhookEndpoint).where(WebhookEndpoint.entity_code == entity_code)
    return session.scalars(statement.order_by(WebhookEndpoint.created_at, WebhookEndpoint.id)).all()


def one(session: Session, entity_code: str, webhook_id: UUID, *, lock: bool = False) -> WebhookEndpoint | None:
    """Return a webhook of an entity."""
    statement = sa.select(WebhookEndpoint).where(
        WebhookEndpoint.id == webhook_id, WebhookEndpoint.entity_code == entity_code
    )
    return session.scalars(statement.with_for_update() if lock else statement).first()


def newest_position(session: Session) -> int:
    """Return the position of the newest event published; 0 where there is none."""
    return session.scalar(sa.select(sa.func.max(OutboxMessage.position))) or 0


def events_about(session: Session, webhook_id: UUID) -> int:
    """Return how many events about a webhook there are."""
    about = sa.select(sa.func.count()).where(OutboxMessage.subject == str(webhook_id))
    return session.scalar(about) or 0


def make_deliveries(session: Session, now: datetime) -> bool:
    """Make deliveries of what was published since each enabled webhook was looked at; return whether there is more.

    A webhook that another process is at is left to it.
    """
    newest = newest_position(session)
    behind = sa.select(WebhookEndpoint).where(WebhookEndpoint.enabled, WebhookEndpoint.position < newest)
    more = False
    for endpoint in session.scalars(behind.with_for_update(skip_locked=True)):
        end = min(newest, endpoint.position + _LOOKED_AT)
        between = (OutboxMessage.position > endpoint.position, OutboxMessage.position <= end)
        deliver(session, endpoint, now, *between)
        endpoint.position = end
        more = more or end < newest
    return more


def deliver(session: Session, endpoint: WebhookEndpoint, now: datetime, *which: Any, at_most: int | None = None) -> int:
    """Make, or take up again, the deliveries of a webhook's events that fit; return how many."""
    data = OutboxMessage.body["data"]
    conditions = [*which, OutboxMessage.position.is_not(None), data["entity_code"].astext == endpoint.entity_code]
    if endpoint.types:
        conditions.append(OutboxMessage.type.in_(endpoint.types))
    chosen = sa.select(
        sa.literal(endpoint.id),
        OutboxMessage.event_id,
        OutboxMessage.type,
        sa.false(),
        sa.literal(now, sa.DateTime(timezone=True)),
        sa.literal(now, sa.DateTime(timezone=True)),
    ).where(*conditions)
    chosen = chosen.order_by(OutboxMessage.position).limit(at_most)
    columns = ["endpoint_id", "event_id", "type", "test", "created_at", "next_at"]
    statement = insert(WebhookDelivery).from_select(columns, chosen)
    again = {"next_at": now, "first_try_at": None, "attempts": 0, "delivered_at": None}
    statement = statement.on_conflict_do_update(index_elements=["endpoint_id", "event_id"], set_=again)
    return len(session.execute(statement.returning(WebhookDelivery.id)).all())


def claim(session: Session, now: datetime, lease: timedelta, at_most: int) -> Sequence[Claimed]:
    """Take deliveries that are due, a few of each webhook, for so long; who dies with them leaves them to others."""
    place = sa.func.row_number().over(partition_by=WebhookDelivery.endpoint_id, order_by=WebhookDelivery.next_at)
    due = (
        sa.select(WebhookDelivery.id, place.label("place"))
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
        .where(WebhookDelivery.next_at <= now, WebhookEndpoint.enabled)
        .subquery()
    )
    ids = sa.select(due.c.id).where(due.c.place <= _OF_ONE_AT_ONCE).limit(at_most)
    rows = session.scalars(
        sa.select(WebhookDelivery)
        .where(WebhookDelivery.id.in_(ids), WebhookDelivery.next_at <= now)
        .with_for_update(skip_locked=True)
    ).all()
    claimed = []
    for row in rows:
        row.first_try_at = row.first_try_at or now
        row.next_at = now + lease
        endpoint = session.get_one(WebhookEndpoint, row.endpoint_id)
        body = session.scalar(sa.select(OutboxMessage.body).where(OutboxMessage.event_id == row.event_id))
        claimed.append(
            Claimed(
                id=row.id,
                endpoint_id=endpoint.id,
                event_id=row.event_id,
                type=row.type,
                test=row.test,
                url=endpoint.url,
                secrets=secrets_of(endpoint, now),
                body=body,
            )
        )
    return claimed


def secrets_of(endpoint: WebhookEndpoint, now: datetime) -> tuple[str, ...]:
    """Return the secrets a message is signed with: the one before too, as long as it lives."""
    old = endpoint.previous_secret if endpoint.previous_until and now < endpoint.previous_until else None
    return (endpoint.secret, old) if old else (endpoint.secret,)


def note_attempt(session: Session, delivery_id: int, answer: Answer, now: datetime) -> WebhookDelivery | None:
    """Write an attempt down and return its delivery, locked; None where its webhook was deleted meanwhile."""
    statement = sa.select(WebhookDelivery).where(WebhookDelivery.id == delivery_id).with_for_update()
    delivery = session.scalars(statement).first()
    if delivery is None:
        return None
    delivery.attempts += 1
    session.add(
        WebhookAttempt(
            delivery_id=delivery_id,
            at=now,
            status=answer.status,
            problem=answer.problem,
            duration_ms=answer.duration_ms,
        )
    )
    return delivery


def deliveries(
    session: Session, endpoint_id: UUID, before: int | None, limit: int
) -> Sequence[tuple[WebhookDelivery, Sequence[WebhookAttempt]]]:
    """Return the newest deliveries of a webhook below an id, each with its attempts, oldest attempt first."""
    statement = sa.select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    if before is not None:
        statement = statement.where(WebhookDelivery.id < before)
    rows = session.scalars(statement.order_by(WebhookDelivery.id.desc()).limit(limit)).all()
    wanted = sa.select(WebhookAttempt).where(WebhookAttempt.delivery_id.in_([row.id for row in rows]))
    attempts: dict[int, list[WebhookAttempt]] = {row.id: [] for row in rows}
    for attempt in session.scalars(wanted.order_by(WebhookAttempt.id)):
        attempts[attempt.delivery_id].append(attempt)
    return [(row, attempts[row.id]) for row in rows]


def purge(session: Session, before: datetime) -> int:
    """Delete settled deliveries made before then, with their attempts; return how many."""
    old = sa.delete(WebhookDelivery).where(WebhookDelivery.created_at < before, WebhookDelivery.next_at.is_(None))
    return len(session.execute(old.returning(WebhookDelivery.id)).all())
