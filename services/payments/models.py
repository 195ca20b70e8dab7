"""Tables of payments. Money is in cents, times are UTC, codes are text."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Date, DateTime, ForeignKey, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from chassis.audit.tables import AuditEntryMixin, AuditHeadMixin
from chassis.storage.tables import IdempotencyMixin, InboxMixin, OutboxMixin, ParityRoundMixin
from contracts.actors import Actor
from contracts.amounts import AmountSchedule
from contracts.codes import AmountCents, CreditorFiscalCode, Iban, Iuv, NoticeNumber
from contracts.rpc.practices import ArchiveTerms
from contracts.shapes import OptionPart, Subject, Transfer
from services.payments.columns import Cents, Code, Json
from services.payments.domain.books import Bookkeeping
from services.payments.domain.checkouts import OpeningFailure
from services.payments.domain.receipts import ReceiptDetails

CHECKOUT_TO_FORGET: Final = text("payer_ref <> '' AND ended_at IS NOT NULL")
"""Which checkouts say whose they were: their index holds this condition."""


class Base(DeclarativeBase):
    """Metadata of this service."""

    type_annotation_map = {  # noqa: RUF012 -- SQLAlchemy's own way to say it
        datetime: DateTime(timezone=True),
        date: Date(),
        str: Text(),
        NoticeNumber: Code(NoticeNumber),
        Iuv: Code(Iuv),
        CreditorFiscalCode: Code(CreditorFiscalCode),
        Iban: Code(Iban),
        Actor: Json(Actor),
        AmountCents: Cents(),
        Subject: Json(Subject),
        tuple[Transfer, ...]: Json(tuple[Transfer, ...]),
        ArchiveTerms: Json(ArchiveTerms),
        Bookkeeping: Json(Bookkeeping),
        AmountSchedule: Json(AmountSchedule),
        OptionPart: Json(OptionPart),
        OpeningFailure: Json(OpeningFailure),
        ReceiptDetails: Json(ReceiptDetails),
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


class ParityRound(ParityRoundMixin, Base):
    """How far the positions have been proven against practices."""

    __tablename__ = "parity_rounds"


class AuditEntry(AuditEntryMixin, Base):
    """Who decided what about money that nobody expected, changed which webhook, took which flow, closed which day."""

    __tablename__ = "audit_entries"


class AuditHead(AuditHeadMixin, Base):
    """The last entry of each entity."""

    __tablename__ = "audit_heads"


class Creditor(Base):
    """An entity and its station, as the newest news about any of its practices tells it."""

    __tablename__ = "creditors"

    fiscal_code: Mapped[CreditorFiscalCode] = mapped_column(primary_key=True)
    code: Mapped[str]
    company_name: Mapped[str]
    office_name: Mapped[str | None]
    broker_fiscal_code: Mapped[CreditorFiscalCode]
    station_id: Mapped[str]
    as_of: Mapped[datetime]


class Position(Base):
    """Our projection of practices' events about a practice, and the receipt that paid it.

    Amount and the rest of the terms are null while only the practice's end has arrived. `forgotten_at`: since when it
    names nobody, as of a receipt.
    """

    __tablename__ = "positions"
    __table_args__ = (
        Index("ux_positions_notice", "creditor_fiscal_code", "notice_number", unique=True),
        Index("ix_positions_iuv", "creditor_fiscal_code", "iuv"),
        Index("ix_positions_entity", "entity_code", "created_at"),
        Index(
            "ix_positions_unpaid",
            "entity_code",
            "due_date",
            "practice_id",
            postgresql_where=text("paid_receipt_id IS NULL AND standing = 'open'"),
        ),
        Index(
            "ix_positions_paid",
            "entity_code",
            text("coalesce(first_paid_at, paid_at)"),
            "practice_id",
        ),
        Index(
            "ix_positions_debt_position",
            "entity_code",
            "debt_position",
            postgresql_where=text("debt_position IS NOT NULL"),
        ),
    )

    practice_id: Mapped[UUID] = mapped_column(primary_key=True)
    entity_code: Mapped[str]
    creditor_fiscal_code: Mapped[CreditorFiscalCode]
    notice_number: Mapped[NoticeNumber]
    iuv: Mapped[Iuv]
    status: Mapped[str] = mapped_column("standing")
    status_reason: Mapped[str | None] = mapped_column("standing_reason")
    sequence: Mapped[int]
    terms_sequence: Mapped[int]
    amount_cents: Mapped[AmountCents | None]
    description: Mapped[str | None]
    public_description: Mapped[str | None]
    due_date: Mapped[date | None]
    payable_until: Mapped[date | None]
    debtor: Mapped[Subject | None]
    transfers: Mapped[tuple[Transfer, ...] | None]
    archive: Mapped[ArchiveTerms | None]
    bookkeeping: Mapped[Bookkeeping | None]
    created_at: Mapped[datetime | None]
    paid_receipt_id: Mapped[str | None]
    paid_at: Mapped[datetime | None]
    received_cents: Mapped[int | None] = mapped_column(BigInteger)
    first_paid_at: Mapped[datetime | None]
    schedule: Mapped[AmountSchedule | None]
    debt_position: Mapped[str | None]
    part: Mapped[OptionPart | None]
    event_sequence: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    forgotten_at: Mapped[datetime | None]


class Checkout(Base):
    """A visit to pagoPA Checkout.

    `lease_until`: who opens it with pagoPA has until then; afterwards anybody may try again. `open_until`: when the
    janitor ends it at the latest; from `ask_at` on it asks whether it may already.
    """

    __tablename__ = "checkouts"
    __table_args__ = (
        Index("ix_checkouts_unfinished", "open_until", postgresql_where=text("state IN ('opening', 'open')")),
        Index("ix_checkouts_open_of_payer", "payer_ref", postgresql_where=text("state IN ('opening', 'open')")),
        Index("ix_checkouts_to_forget", "entity_code", "ended_at", postgresql_where=CHECKOUT_TO_FORGET),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    entity_code: Mapped[str]
    payer_ref: Mapped[str]
    state: Mapped[str]
    return_url: Mapped[str]
    email: Mapped[str | None]
    redirect_url: Mapped[str | None]
    returned: Mapped[str | None]
    problem: Mapped[OpeningFailure | None]
    created_at: Mapped[datetime]
    lease_until: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    open_until: Mapped[datetime]
    ask_at: Mapped[datetime | None]
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
    notice_number: Mapped[NoticeNumber]
    description: Mapped[str]
    amount_cents: Mapped[AmountCents]
    holding: Mapped[bool]
    receipt_id: Mapped[str | None]
    paid_at: Mapped[datetime | None]


class Receipt(Base):
    """A receipt of the node, stored whole. Unique per creditor it was sent to and notice: ids were seen used twice.

    `owner_fiscal_code` is the creditor whose notice it is; `judgement` is null until it is known what it means.
    `source` is `node`, `recovered` for one that was asked of BizEvents, or `settlement` for one made from a flow
    because none has come yet. `node_receipt_id` is the id
    that the node gave it, where the flow gave another. `reported_at`: since when all its transfers to the creditor
    stand in settlement flows. `flags`: what is odd about it (domain/receipt_table.py).
    `event_sequence` numbers the first event it raised among those about its practice, `reported_sequence` the last one
    when it was reported: the order in which it was decided, which no clock knows.
    `transaction` makes a cursor without holes: rows of a running transaction have numbers not yet below the horizon.
    """

    __tablename__ = "receipts"
    __table_args__ = (
        Index(
            "ux_receipts_receipt_of_notice",
            "creditor_fiscal_code",
            "receipt_id",
            "owner_fiscal_code",
            "notice_number",
            unique=True,
        ),
        Index(
            "ix_receipts_node_id",
            "creditor_fiscal_code",
            "node_receipt_id",
            postgresql_where=text("node_receipt_id IS NOT NULL"),
        ),
        Index(
            "ix_receipts_unreported",
            "paid_at",
            postgresql_where=text("reported_at IS NULL AND judgement NOT IN ('no_money', 'foreign')"),
        ),
        Index("ix_receipts_practice", "practice_id"),
        Index("ix_receipts_notice", "owner_fiscal_code", "notice_number"),
        Index("ix_receipts_iuv", "creditor_fiscal_code", "iuv"),
        Index("ix_receipts_unjudged", "id", postgresql_where=text("judgement IS NULL")),
        Index("ix_receipts_entity", "entity_code", "transaction", "id"),
        Index("ix_receipts_paid", "entity_code", "paid_at", "id"),
        Index("ix_receipts_to_forget", "entity_code", "received_at", postgresql_where=text("forgotten_at IS NULL")),
        Index(
            "ix_receipts_unexpected",
            "id",
            postgresql_where=text(
                "judgement IN ('already_paid', 'cancelled', 'expired', 'other_amount', 'underpaid', 'unknown_notice', "
                "'wrong_stamp')"
            ),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    transaction: Mapped[int] = mapped_column(BigInteger, server_default=text("(pg_current_xact_id()::text::bigint)"))
    receipt_id: Mapped[str]
    creditor_fiscal_code: Mapped[CreditorFiscalCode]
    owner_fiscal_code: Mapped[str]
    notice_number: Mapped[NoticeNumber]
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
    details: Mapped[ReceiptDetails]
    raw_xml: Mapped[str]
    received_at: Mapped[datetime]
    judged_at: Mapped[datetime | None]
    source: Mapped[str] = mapped_column(server_default=text("'node'"))
    reported_at: Mapped[datetime | None]
    event_sequence: Mapped[int | None]
    reported_sequence: Mapped[int | None]
    stand_in: Mapped[bool] = mapped_column(server_default=text("false"))
    flags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    node_receipt_id: Mapped[str | None]
    forgotten_at: Mapped[datetime | None]

    @property
    def known_entity_code(self) -> str:
        """The entity of a receipt that has been judged. Raises ValueError while nobody knows whose it is."""
        if self.entity_code is None:
            raise ValueError("a receipt of no known entity")
        return self.entity_code


class MoneyCase(Base):
    """What becomes of the money of a receipt that nobody expected: one case per receipt.

    `version` grows with each step. `amount_cents`: what of the receipt came to the entity, `unexpected_cents` what of
    that nobody owed. The account (`iban`, `holder`) is there from when a refund is asked for, `refund_cents` and
    `decided_by` from when it is decided; `export_id` names the last file it stood in.
    """

    __tablename__ = "money_cases"
    __table_args__ = (
        Index("ux_money_cases_receipt", "receipt_row_id", unique=True),
        Index("ix_money_cases_entity", "entity_code", "state", "receipt_row_id"),
        Index("ix_money_cases_practice", "practice_id"),
        Index("ix_money_cases_export", "export_id", postgresql_where=text("export_id IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    receipt_row_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("receipts.id"))
    entity_code: Mapped[str]
    service_code: Mapped[str | None]
    practice_id: Mapped[UUID | None]
    state: Mapped[str]
    version: Mapped[int]
    reason: Mapped[str]
    first_receipt_id: Mapped[str | None]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    unexpected_cents: Mapped[int] = mapped_column(BigInteger)
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    iban: Mapped[Iban | None]
    holder: Mapped[str | None]
    refund_cents: Mapped[int | None] = mapped_column(BigInteger)
    decided_by: Mapped[Actor | None]
    offset_practice_id: Mapped[UUID | None]
    export_id: Mapped[UUID | None] = mapped_column(ForeignKey("refund_exports.id"))
    note: Mapped[str | None]
    receipt: Mapped[Receipt] = relationship(lazy="joined", innerjoin=True)


class RefundExport(Base):
    """A file of refunds for the bank, as it was made: `pay_on` is the day asked for, `account_*` whose account pays."""

    __tablename__ = "refund_exports"
    __table_args__ = (Index("ix_refund_exports_entity", "entity_code", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    entity_code: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[Actor]
    pay_on: Mapped[date]
    account_iban: Mapped[Iban]
    account_name: Mapped[str]
    account_fiscal_code: Mapped[CreditorFiscalCode]
    items: Mapped[list["RefundExportItem"]] = relationship(order_by="RefundExportItem.place", lazy="selectin")


class RefundExportItem(Base):
    """A refund in a file: what the bank was told stays as it was, whatever becomes of the case."""

    __tablename__ = "refund_export_items"

    export_id: Mapped[UUID] = mapped_column(ForeignKey("refund_exports.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("money_cases.id"))
    end_to_end_id: Mapped[str]
    amount_cents: Mapped[AmountCents]
    iban: Mapped[Iban]
    holder: Mapped[str]
    remittance_text: Mapped[str]
    notice_number: Mapped[NoticeNumber]
    receipt_id: Mapped[str]


class RefundRules(Base):
    """Whether an entity wants a second person to confirm each refund. No row: it does not."""

    __tablename__ = "refund_rules"

    entity_code: Mapped[str] = mapped_column(primary_key=True)
    second_person: Mapped[bool]


class WebhookEndpoint(Base):
    """An address of an entity's software to which its events are sent.

    `position`: up to which position of the outbox deliveries have been made. Until `previous_until` messages are signed
    with the secret before this one too. `types`: empty for all.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (Index("ix_webhook_endpoints_entity", "entity_code", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    entity_code: Mapped[str]
    url: Mapped[str]
    types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    secret: Mapped[str]
    previous_secret: Mapped[str | None]
    previous_until: Mapped[datetime | None]
    enabled: Mapped[bool]
    disabled_reason: Mapped[str | None]
    failing_since: Mapped[datetime | None]
    position: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]


class WebhookDelivery(Base):
    """One event on its way to one address. Its body stays in the outbox. `next_at`: null once it is settled.

    `first_try_at`: since when it is tried; three days later it is given up.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("ux_webhook_deliveries_event", "endpoint_id", "event_id", unique=True),
        Index("ix_webhook_deliveries_endpoint", "endpoint_id", "id"),
        Index("ix_webhook_deliveries_due", "next_at", postgresql_where=text("next_at IS NOT NULL")),
        Index("ix_webhook_deliveries_created", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    event_id: Mapped[UUID]
    type: Mapped[str]
    test: Mapped[bool]
    created_at: Mapped[datetime]
    first_try_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    delivered_at: Mapped[datetime | None]


class WebhookAttempt(Base):
    """One try of a delivery, and what came of it."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (Index("ix_webhook_attempts_delivery", "delivery_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("webhook_deliveries.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    status: Mapped[int | None]
    problem: Mapped[str | None]
    duration_ms: Mapped[int]


class NodeCall(Base):
    """The node asked about a notice. `raw_xml` is stored only of receipts that had to be refused."""

    __tablename__ = "node_calls"
    __table_args__ = (
        Index("ix_node_calls_practice", "practice_id", "at"),
        Index("ix_node_calls_at", "at"),
        Index("ix_node_calls_refused", "creditor_fiscal_code", "id", postgresql_where=text("raw_xml IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime]
    operation: Mapped[str]
    creditor_fiscal_code: Mapped[str]
    notice_number: Mapped[str]
    practice_id: Mapped[UUID | None]
    fault: Mapped[str | None]
    raw_xml: Mapped[str | None]


class SettlementFlow(Base):
    """A settlement flow (FdR), each revision of it. `current` is the newest one of its id.

    `unread`: the rows that could not be read, each with its position and what is wrong with it.
    """

    __tablename__ = "settlement_flows"
    __table_args__ = (
        Index("ux_settlement_flows_revision", "creditor_fiscal_code", "flow_id", "flow_at", "revision", unique=True),
        Index(
            "ux_settlement_flows_current",
            "creditor_fiscal_code",
            "flow_id",
            unique=True,
            postgresql_where=text("current"),
        ),
        Index("ix_settlement_flows_day", "entity_code", "settled_on"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    entity_code: Mapped[str]
    creditor_fiscal_code: Mapped[CreditorFiscalCode]
    flow_id: Mapped[str]
    flow_at: Mapped[datetime]
    revision: Mapped[int]
    regulation_id: Mapped[str]
    settled_on: Mapped[date]
    sender_id: Mapped[str]
    sender_name: Mapped[str | None]
    payments_count: Mapped[int]
    total_cents: Mapped[int] = mapped_column(BigInteger)
    adds_up: Mapped[bool] = mapped_column(server_default=text("true"))
    unread: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    current: Mapped[bool]
    received_at: Mapped[datetime]


class SettlementRow(Base):
    """One transfer in a flow. `finding` is null until it is looked at, `transfer` is which it turned out to be.

    `found_at`: when it was looked at last.
    """

    __tablename__ = "settlement_rows"
    __table_args__ = (
        Index("ix_settlement_rows_flow", "flow_row_id", "iur"),
        Index("ix_settlement_rows_receipt", "receipt_row_id"),
        Index("ix_settlement_rows_pending", "id", postgresql_where=text("finding IS NULL")),
        Index("ix_settlement_rows_worklist", "id", postgresql_where=text("finding NOT IN ('reported', 'recovered')")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    flow_row_id: Mapped[int] = mapped_column(ForeignKey("settlement_flows.id"))
    iuv: Mapped[str]
    iur: Mapped[str]
    index: Mapped[int | None]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    outcome: Mapped[int]
    paid_on: Mapped[date]
    finding: Mapped[str | None]
    found_at: Mapped[datetime | None]
    transfer: Mapped[int | None]
    receipt_row_id: Mapped[int | None] = mapped_column(ForeignKey("receipts.id"))
    practice_id: Mapped[UUID | None]


class SettlementFile(Base):
    """A large settlement flow that waits to be read, or that was refused when it was; then its content is gone.

    `count` and `total_cents` are what its head declares. `taken_until`: whoever reads it has until then.
    """

    __tablename__ = "settlement_files"
    __table_args__ = (
        Index("ux_settlement_files_flow", "creditor_fiscal_code", "flow_id", "flow_at", unique=True),
        Index("ix_settlement_files_entity", "entity_code", "flow_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    entity_code: Mapped[str]
    creditor_fiscal_code: Mapped[CreditorFiscalCode]
    flow_id: Mapped[str]
    flow_at: Mapped[datetime]
    regulation_id: Mapped[str]
    settled_on: Mapped[date]
    sender_id: Mapped[str]
    sender_name: Mapped[str | None]
    payments_count: Mapped[int]
    total_cents: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[bytes | None]
    received_at: Mapped[datetime]
    taken_until: Mapped[datetime | None]
    refused_code: Mapped[str | None]
    refused_params: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class BankCredit(Base):
    """A credit on an entity's bank account, by the bank's reference. `flow_id` is what its text names, if anything."""

    __tablename__ = "bank_credits"
    __table_args__ = (Index("ix_bank_credits_flow", "entity_code", "flow_id"),)

    entity_code: Mapped[str] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(primary_key=True)
    booked_on: Mapped[date]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    remittance_text: Mapped[str]
    flow_id: Mapped[str | None]
    received_at: Mapped[datetime]


class ClosedDay(Base):
    """A day of settlement that somebody has closed, with the figures it had then."""

    __tablename__ = "closed_days"

    entity_code: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    closed_at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[str]
    note: Mapped[str | None]
    flows_count: Mapped[int]
    rows_count: Mapped[int]
    total_cents: Mapped[int] = mapped_column(BigInteger)
    credited_cents: Mapped[int] = mapped_column(BigInteger)


class ArchivedNotice(Base):
    """A position in pagoPA's archive of notices (ACA): what pagoPA has of it, and since when that may be old.

    `remote` is what pagoPA has (domain/archive.py); `sent_digest` of the content it took last, `sent_due_at` the due
    date it was told. `version` counts changes of the position, `changed_at` is that of the oldest and `last_change_at`
    of the newest change not sent; `changed_at` is null while the row is at rest. `leased_until`: a process is at it
    until then. `problem` is why it waits for a human. `file_row_id`: the bulk file it is in, of which `pending_…` is
    what stands there. `seen_at`: when it was last found in the archive's list. `amount_until`: the last day in Rome on
    which the amount that was read for it holds; null where it does not change.
    """

    __tablename__ = "archived_notices"
    __table_args__ = (
        Index("ux_archived_notices_iupd", "creditor_fiscal_code", "iupd", unique=True),
        Index(
            "ix_archived_notices_changed",
            "changed_at",
            postgresql_where=text("changed_at IS NOT NULL AND problem IS NULL"),
        ),
        Index("ix_archived_notices_due", "creditor_fiscal_code", "sent_due_at"),
        Index("ix_archived_notices_file", "file_row_id", postgresql_where=text("file_row_id IS NOT NULL")),
        Index("ix_archived_notices_problem", "problem", postgresql_where=text("problem IS NOT NULL")),
        Index("ix_archived_notices_amount", "amount_until", postgresql_where=text("amount_until IS NOT NULL")),
    )

    practice_id: Mapped[UUID] = mapped_column(primary_key=True)
    creditor_fiscal_code: Mapped[CreditorFiscalCode]
    iupd: Mapped[str]
    remote: Mapped[str] = mapped_column(server_default=text("'absent'"))
    sent_digest: Mapped[str | None]
    sent_due_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    changed_at: Mapped[datetime | None]
    last_change_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    problem: Mapped[str | None]
    file_row_id: Mapped[int | None] = mapped_column(BigInteger)
    pending_version: Mapped[int | None]
    pending_digest: Mapped[str | None]
    pending_due_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    amount_until: Mapped[date | None]


class ArchiveFile(Base):
    """A bulk upload to the archive. `file_id` is null until pagoPA has taken it; `state`: made, taken, done or lost."""

    __tablename__ = "archive_files"
    __table_args__ = (
        Index("ix_archive_files_open", "next_look_at", postgresql_where=text("state IN ('made', 'taken')")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    creditor_fiscal_code: Mapped[CreditorFiscalCode]
    broker_fiscal_code: Mapped[CreditorFiscalCode]
    operation: Mapped[str]
    state: Mapped[str]
    file_id: Mapped[str | None]
    positions: Mapped[int]
    refused: Mapped[int] = mapped_column(server_default=text("0"))
    made_at: Mapped[datetime]
    next_look_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ArchiveCreditor(Base):
    """How it stands with a creditor's part of the archive: whether it may be sent to, and how far it was compared.

    `window_from` is the first day of the window of due dates that is being listed, null between two comparisons; `page`
    the next page of it.
    """

    __tablename__ = "archive_creditors"

    fiscal_code: Mapped[CreditorFiscalCode] = mapped_column(primary_key=True)
    stopped_until: Mapped[datetime | None]
    compared_at: Mapped[datetime | None]
    window_from: Mapped[date | None]
    window_since: Mapped[datetime | None]
    page: Mapped[int] = mapped_column(server_default=text("0"))


class CallPace(Base):
    """When an outside service may be called next: kept here, so that a restart does not forget it."""

    __tablename__ = "call_paces"

    name: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]


class ReceiptRecovery(Base):
    """A receipt that has not come and is asked of BizEvents by its IUR.

    `reason` is who wants it: settlement, stamp, archive or operator. `state` is waiting, recovered, arrived (it came by
    itself) or given_up; `problem` says why.
    """

    __tablename__ = "receipt_recoveries"
    __table_args__ = (
        Index("ux_receipt_recoveries_iur", "creditor_fiscal_code", "iur", unique=True),
        Index("ix_receipt_recoveries_waiting", "next_try_at", postgresql_where=text("state = 'waiting'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    creditor_fiscal_code: Mapped[CreditorFiscalCode]
    iur: Mapped[str]
    iuv: Mapped[str | None]
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    problem: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    requested_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
