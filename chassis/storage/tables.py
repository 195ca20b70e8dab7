"""Mixins of the tables the chassis works with; each service's models.py makes its own concrete tables.

class OutboxMessage(OutboxMixin, Base): __tablename__ = "outbox"
class InboxMessage(InboxMixin, Base): __tablename__ = "inbox"
class IdempotencyKey(IdempotencyMixin, Base): __tablename__ = "idempotency_keys"
class ParityRound(ParityRoundMixin, Base): __tablename__ = "parity_rounds"
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Identity, Index, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, declared_attr, mapped_column


class OutboxMixin:
    """An event written in the transaction of the change it tells of.

    `position` is given by the relay, in the order of publication and without holes: the cursor of the feed. Rows are
    kept after relaying (feed, replay) for 400 days. The table is partitioned by month (outbox_months.py): each
    partition has `id`, `event_id` and `position` as keys, the whole has none.
    """

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(Uuid)
    type: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    relayed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    position: Mapped[int | None] = mapped_column(BigInteger)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Index, ...]:  # noqa: N805 -- SQLAlchemy hands over the class
        """Index what the relay, the purge, and a reader of one subject look for."""
        return (
            Index("ix_outbox_unrelayed", "id", postgresql_where=text("relayed_at IS NULL")),
            Index("ix_outbox_created_at", "created_at"),
            Index("ix_outbox_subject", "subject"),
        )


class InboxMixin:
    """A message a consumer has had its effect of, written in the transaction of that effect."""

    consumer: Mapped[str] = mapped_column(Text, primary_key=True)
    message_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class IdempotencyMixin:
    """The answer given to a key made by the caller. `reply` is null only inside the transaction that makes it."""

    scope: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request_sha256: Mapped[str] = mapped_column(Text)
    reply: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class ParityRoundMixin:
    """How far a projection has been proven against its source (chassis/parity/), `since` when it is at all.

    `checked_at`: when the last round ended. `changed_until`: up to when what the source's events are about was looked
    at. `swept_until`: up to when of creation everything was looked at in the sweep under way; null between two.
    """

    projection: Mapped[str] = mapped_column(Text, primary_key=True)
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    next_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    checked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    changed_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    swept_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
