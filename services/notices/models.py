"""Tables of notices. Times are UTC."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, Date, DateTime, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, Uuid, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.storage.tables import InboxMixin, OutboxMixin, ParityRoundMixin


class Base(DeclarativeBase):
    """The metadata of this service's database."""


class OutboxMessage(OutboxMixin, Base):
    """Events on their way out."""

    __tablename__ = "outbox"


class InboxMessage(InboxMixin, Base):
    """Events that have had their effect."""

    __tablename__ = "inbox"


class Document(Base):
    """A rendered document, found by the hash of everything it was made from (documents.domain.document_key).

    `code` is what is printed on it to verify it; `practice_ids` all it speaks of, the first also in `practice_id`.
    `pdf` is None once purged: what is left names nobody.
    """

    __tablename__ = "documents"

    content_sha256: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    practice_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    practice_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")
    code: Mapped[str | None] = mapped_column(Text, index=True)
    language: Mapped[str] = mapped_column(Text)
    pdf: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class PrintJob(Base):
    """Many notices of an entity to print. Unfinished until every item is printed or refused."""

    __tablename__ = "print_jobs"
    __table_args__ = (UniqueConstraint("entity_code", "idempotency_key"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    entity_code: Mapped[str] = mapped_column(Text)
    idempotency_key: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    second_language: Mapped[str | None] = mapped_column(Text)
    total: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PrintJobItem(Base):
    """One debt of a job, by the entity's reference: its document once printed, or the `code` why not."""

    __tablename__ = "print_job_items"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("print_jobs.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(Text)
    content_sha256: Mapped[str | None] = mapped_column(Text)
    file_name: Mapped[str | None] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(Text)


class MailDebt(Base):
    """What may have to be written about: a projection of practices' events, folded by `sequence`.

    `debtor_sha256` is None where nobody can be written to, and once it is long over. `is_open` is False for what was
    cancelled or is too late to pay; whether it was paid is asked when a mail is about to be sent.
    """

    __tablename__ = "mail_debts"

    practice_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    sequence: Mapped[int]
    is_open: Mapped[bool]
    debtor_sha256: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    due_date: Mapped[date | None] = mapped_column(Date, index=True)
    created_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), index=True)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class MailReceipt(Base):
    """A payment that was confirmed: a projection of PaymentConfirmed."""

    __tablename__ = "mail_receipts"

    receipt_id: Mapped[str] = mapped_column(Text, primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    confirmed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class MailSubscription(Base):
    """A citizen's consent to be written to: a projection of identity's consent events, folded by `sequence`.

    `since` is None while there is no consent. `refused_address_sha256`: the address that is not used any more.
    """

    __tablename__ = "mail_subscriptions"

    citizen_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    sequence: Mapped[int]
    since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    messages: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    debtor_sha256: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    refused_address_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)


class Mail(Base):
    """One mail, queued once and for all: `occasion` is the due date of a reminder, the receipt of a payment.

    `state` is one of mail.domain.State, `reason` why it ended so. `claim` is whose it is until `claimed_until`;
    `address_sha256` where it goes; `sending_at` when its hand-over began, committed before the first byte of it left.
    """

    __tablename__ = "mails"
    __table_args__ = (
        UniqueConstraint("practice_id", "citizen_id", "kind", "occasion", name="uq_mails_once"),
        Index("ix_mails_queued", "not_before", postgresql_where=text("state = 'queued'")),
        Index("ix_mails_sending", "sending_at", postgresql_where=text("state = 'sending'")),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    practice_id: Mapped[UUID] = mapped_column(Uuid)
    citizen_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    occasion: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int]
    queued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    not_before: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    claim: Mapped[UUID | None] = mapped_column(Uuid)
    claimed_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    address_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    sending_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class MailBounce(Base):
    """A mail that came back. `hard`: the address itself is the reason; `status` as the server or the report says it."""

    __tablename__ = "mail_bounces"

    mail_id: Mapped[UUID] = mapped_column(ForeignKey("mails.id", ondelete="CASCADE"), primary_key=True)
    hard: Mapped[bool]
    status: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class EntityMail(Base):
    """A mail to an entity: one of its webhooks is sent nothing any more. `id` is the id of the event that says so.

    `not_before` is None once it has ended, `state` how: one of mail.domain.EntityMailState.
    """

    __tablename__ = "entity_mails"
    __table_args__ = (
        Index("ix_entity_mails_due", "not_before", postgresql_where=text("not_before IS NOT NULL")),
        Index("ix_entity_mails_queued_at", "queued_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    entity_code: Mapped[str] = mapped_column(Text)
    webhook_id: Mapped[UUID] = mapped_column(Uuid)
    host: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    queued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    not_before: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    state: Mapped[str | None] = mapped_column(Text)


class ParityRound(ParityRoundMixin, Base):
    """How far the consents have been proven against identity."""

    __tablename__ = "parity_rounds"
