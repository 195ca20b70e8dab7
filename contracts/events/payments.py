"""Events about what was paid. `subject` is the practice id; of checkouts the checkout's, of webhooks the webhook's.

Those about money say what the entity's books know the practice by, as practices told it last: `external_id`,
`service_code`, `accounting_code`, `instalment`, `beneficiary`. All are None where no practice of the entity was paid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from marshmallow.validate import Length, OneOf

from contracts.codes import AmountCents, CreditorFiscalCode, NoticeNumber
from contracts.events.envelope import EventType
from contracts.message import Message
from contracts.shapes import Beneficiary, Instalment


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutStarted(Message):
    """The payer went to pagoPA Checkout; these practices are Non confermato until `open_until` at the latest."""

    checkout_id: UUID
    entity_code: str
    practice_ids: Annotated[Sequence[UUID], Length(1, 5)]
    total_cents: AmountCents
    started_at: datetime
    open_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutAbandoned(Message):
    """A checkout ended without these practices being paid. How we know: `reason`.

    `superseded`: the debtor pays, and whoever had begun had not gone on.
    """

    checkout_id: UUID
    entity_code: str
    practice_ids: Sequence[UUID]
    reason: Annotated[str, OneOf(["cancelled", "failed", "timed_out", "not_opened", "superseded"])]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentConfirmed(Message):
    """A receipt of the node was stored: money was paid. Once per receipt; the accounting's line.

    `practice_id` is None when the receipt names a notice we never issued. `missing_cents`: what is still missing after
    this receipt, of which the practice is not paid; None where nothing is. Of persons it names the beneficiary alone.
    """

    receipt_id: str
    practice_id: UUID | None = None
    entity_code: str
    creditor_fiscal_code: CreditorFiscalCode
    notice_number: NoticeNumber
    iuv: str
    amount_cents: AmountCents
    paid_at: datetime
    application_date: date | None = None
    psp_id: str
    psp_name: str
    payment_method: str | None = None
    checkout_id: UUID | None = None
    missing_cents: int | None = None
    external_id: str | None = None
    service_code: str | None = None
    accounting_code: str | None = None
    instalment: Instalment | None = None
    beneficiary: Beneficiary | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDuplicated(Message):
    """Money arrived that was not expected: look at it. `reason` says which case.

    `wrong_stamp`: the digital stamp that came with the money is missing, unreadable or for another document.
    `underpaid`: less than is due.
    """

    receipt_id: str
    practice_id: UUID | None = None
    entity_code: str
    notice_number: NoticeNumber
    amount_cents: AmountCents
    first_receipt_id: str | None = None
    reason: Annotated[
        str,
        OneOf(["already_paid", "cancelled", "expired", "unknown_notice", "other_amount", "underpaid", "wrong_stamp"]),
    ]
    external_id: str | None = None
    service_code: str | None = None
    accounting_code: str | None = None
    instalment: Instalment | None = None
    beneficiary: Beneficiary | None = None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReported(Message):
    """All transfers of a practice stand in a settlement flow (FdR)."""

    practice_id: UUID
    entity_code: str
    iuv: str
    receipt_id: str | None = None
    flow_id: str
    amount_cents: AmountCents
    settled_on: date
    external_id: str | None = None
    service_code: str | None = None
    accounting_code: str | None = None
    instalment: Instalment | None = None
    beneficiary: Beneficiary | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDisabled(Message):
    """A webhook of an entity is sent nothing any more: `failing` for three days, or `gone` as it answered 410.

    Of its address only the `host` is told: the rest may be a secret.
    """

    webhook_id: UUID
    entity_code: str
    host: str
    reason: Annotated[str, OneOf(["failing", "gone"])]
    failing_since: datetime
    at: datetime


CHECKOUT_STARTED = EventType("CheckoutStarted", 1, "payments", CheckoutStarted)
CHECKOUT_ABANDONED = EventType("CheckoutAbandoned", 1, "payments", CheckoutAbandoned)
PAYMENT_CONFIRMED = EventType("PaymentConfirmed", 1, "payments", PaymentConfirmed)
PAYMENT_DUPLICATED = EventType("PaymentDuplicated", 1, "payments", PaymentDuplicated)
PAYMENT_REPORTED = EventType("PaymentReported", 1, "payments", PaymentReported)
WEBHOOK_DISABLED = EventType("WebhookDisabled", 1, "payments", WebhookDisabled)
