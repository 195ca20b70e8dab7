"""Tables of payments. Money is in cents, times are UTC, codes are text."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, ForeignKey, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from chassis.tables import IdempotencyMixin, InboxMixin, OutboxMixin


class Base(DeclarativeBase):
    """Metadata of this service."""

    type_annotation_map = {  # noqa: RUF012 -- SQLAlchemy's own way to say it
        datetime: DateTime(timezone=True),
        date: Date(),
        str: Text(),
        dict[str, Any]: JSONB(none_as_null=True),
        list[dict[str, Any]]: JSONB(none_as_null=True),
    }


class OutboxMessage(OutboxMixin, Base):
    """Events to publish, written with the change they tell of."""

    __tablename__ = "outbox"


class InboxMessage(InboxMixin, Base):
    """Events whose effect is in."""

    __tablename__ = "inbox"


class IdempotencyKey(IdempotencyMixin, Base):
    """Which checkout a key of a caller belongs to."""

    __tablename__ = "idempotency_keys"


class Creditor(Base):
    """A public body and its station, as the newest news about any of its practices tells it."""

    __tablename__ = "creditors"

    fiscal_code: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str]
    company_name: Mapped[str]
    office_name: Mapped[str | None]
    broker_fiscal_code: Mapped[str]
    station_id: Mapped[str]
    as_of: Mapped[datetime]


class Position(Base):
    """What is owed: our projection of practices' events, and the receipt that paid it.

    Amount and the rest of the terms are null while only the practice's end has arrived.
    """

    __tablename__ = "positions"
    __table_args__ = (Index("ux_positions_notice", "creditor_fiscal_code", "notice_number", unique=True),)

    practice_id: Mapped[UUID] = mapped_column(primary_key=True)
    entity_code: Mapped[str]
    creditor_fiscal_code: Mapped[str]
    notice_number: Mapped[str]
    iuv: Mapped[str]
    standing: Mapped[str]
    standing_reason: Mapped[str | None]
    sequence: Mapped[int]
    terms_sequence: Mapped[int]
    amount_cents: Mapped[int | None] = mapped_column(BigInteger)
    description: Mapped[str | None]
    due_date: Mapped[date | None]
    payable_until: Mapped[date | None]
    debtor: Mapped[dict[str, Any] | None]
    transfers: Mapped[list[dict[str, Any]] | None]
    created_at: Mapped[datetime | None]
    paid_receipt_id: Mapped[str | None]
    paid_at: Mapped[datetime | None]
    event_sequence: Mapped[int] = mapped_column(Integer, server_default=text("0"))


class Checkout(Base):
    """A visit to pagoPA Checkout.

    `lease_until`: who opens it with pagoPA has until then; afterwards anybody may try again. `open_until`: when the
    janitor ends it.
    """

    __tablename__ = "checkouts"
    __table_args__ = (
        Index("ix_checkouts_unfinished", "open_until", postgresql_where=text("state IN ('opening', 'open')")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    entity_code: Mapped[str]
    payer_ref: Mapped[str]
    state: Mapped[str]
    return_url: Mapped[str]
    email: Mapped[str | None]
    redirect_url: Mapped[str | None]
    returned: Mapped[str | None]
    problem: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    lease_until: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    open_until: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    items: Mapped[list["CheckoutItem"]] = relationship(order_by="CheckoutItem.place", lazy="selectin")


class CheckoutItem(Base):
    """One practice in a checkout. While `holding`, no other checkout may take the practice."""

    __tablename__ = "checkout_items"
    __table_args__ = (
        Index("ux_checkout_items_one_open", "practice_id", unique=True, postgresql_where=text("holding")),
        Index("ix_checkout_items_practice", "practice_id"),
    )

    checkout_id: Mapped[UUID] = mapped_column(ForeignKey("checkouts.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID]
    notice_number: Mapped[str]
    description: Mapped[str]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    holding: Mapped[bool]
    receipt_id: Mapped[str | None]
    paid_at: Mapped[datetime | None]


class Receipt(Base):
    """A receipt of the node, kept whole. Unique per body it was sent to.

    `owner_fiscal_code` is the body whose notice it is; `judgement` is null until it is known what the receipt means.
    `transaction` makes a cursor without holes: rows of a running transaction have numbers not yet below the horizon.
    """

    __tablename__ = "receipts"
    __table_args__ = (
        Index("ux_receipts_receipt", "creditor_fiscal_code", "receipt_id", unique=True),
        Index("ix_receipts_practice", "practice_id"),
        Index("ix_receipts_notice", "owner_fiscal_code", "notice_number"),
        Index("ix_receipts_unjudged", "id", postgresql_where=text("judgement IS NULL")),
        Index("ix_receipts_entity", "entity_code", "transaction", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    transaction: Mapped[int] = mapped_column(BigInteger, server_default=text("(pg_current_xact_id()::text::bigint)"))
    receipt_id: Mapped[str]
    creditor_fiscal_code: Mapped[str]
    owner_fiscal_code: Mapped[str]
    notice_number: Mapped[str]
    iuv: Mapped[str]
    entity_code: Mapped[str | None]
    practice_id: Mapped[UUID | None]
    judgement: Mapped[str | None]
    outcome: Mapped[str]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    own_share_cents: Mapped[int] = mapped_column(BigInteger)
    paid_at: Mapped[datetime]
    application_date: Mapped[date | None]
    psp_id: Mapped[str]
    psp_name: Mapped[str]
    payment_method: Mapped[str | None]
    payment_note: Mapped[str | None]
    checkout_id: Mapped[UUID | None]
    details: Mapped[dict[str, Any]]
    raw_xml: Mapped[str]
    received_at: Mapped[datetime]
    judged_at: Mapped[datetime | None]


class NodeCall(Base):
    """The node asked about a notice. `raw_xml` is kept only of receipts that had to be refused."""

    __tablename__ = "node_calls"
    __table_args__ = (Index("ix_node_calls_practice", "practice_id", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime]
    operation: Mapped[str]
    creditor_fiscal_code: Mapped[str]
    notice_number: Mapped[str]
    practice_id: Mapped[UUID | None]
    fault: Mapped[str | None]
    raw_xml: Mapped[str | None]
