"""Events about what was paid. `subject` is the practice id, except for checkouts, cases and webhooks: the id of these.

Those about money say what the entity's books know the practice by, as practices told it last: `external_id`,
`service_code`, `accounting_code`, `instalment`, `beneficiary`. All are None where no practice of the entity was paid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from marshmallow.validate import Length, OneOf

from contracts.codes import AmountCents, CreditorFiscalCode, NoticeNumber
from contracts.events.envelope import EventType
from contracts.message import Message
from contracts.shapes import Beneficiary, Instalment

UNEXPECTED_REASONS: Final = (
    "already_paid",
    "cancelled",
    "expired",
    "unknown_notice",
    "other_amount",
    "underpaid",
    "wrong_stamp",
)
"""Why money was not expected."""
CASE_STATES: Final = ("open", "refund_asked", "to_confirm", "decided", "exported", "done", "offset", "explained")
"""Where a case of unexpected money stands: a refund asked for, to be confirmed by a second person, decided, in a file
for the bank, paid; or the money counts for another practice; or it was explained, and stays."""
CASE_STEPS: Final = (
    "ask_refund",
    "refund",
    "confirm",
    "withdraw",
    "export",
    "refund_done",
    "refund_returned",
    "offset",
    "explain",
    "reopen",
)
"""What leads from one state to another. `withdraw` takes a decision back, `refund_returned` is the bank's."""


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
    `underpaid`: less than is due. `case_id`: the case that a human decides, told on by MoneyCaseChanged.
    """

    receipt_id: str
    practice_id: UUID | None = None
    entity_code: str
    notice_number: NoticeNumber
    amount_cents: AmountCents
    first_receipt_id: str | None = None
    reason: Annotated[str, OneOf([*UNEXPECTED_REASONS])]
    case_id: UUID | None = None
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
class MoneyCaseChanged(Message):
    """A step with money that nobody expected. Keep the one with the highest sequence of each case.

    `amount_cents`: what of the receipt came to the entity; `refund_cents`: what is given back, while a refund is
    decided. `offset_practice_id`: for which practice it counts. Neither the payer nor the account stands in it.
    """

    case_id: UUID
    receipt_id: str
    practice_id: UUID | None = None
    entity_code: str
    notice_number: NoticeNumber
    reason: Annotated[str, OneOf(UNEXPECTED_REASONS)]
    step: Annotated[str, OneOf(CASE_STEPS)]
    previous_state: Annotated[str, OneOf(CASE_STATES)]
    state: Annotated[str, OneOf(CASE_STATES)]
    amount_cents: int
    unexpected_cents: int
    refund_cents: int | None = None
    offset_practice_id: UUID | None = None
    export_id: UUID | None = None
    external_id: str | None = None
    service_code: str | None = None
    accounting_code: str | None = None
    at: datetime


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
MONEY_CASE_CHANGED = EventType("MoneyCaseChanged", 1, "payments", MoneyCaseChanged)
PAYMENT_CONFIRMED = EventType("PaymentConfirmed", 1, "payments", PaymentConfirmed)
PAYMENT_DUPLICATED = EventType("PaymentDuplicated", 1, "payments", PaymentDuplicated)
PAYMENT_REPORTED = EventType("PaymentReported", 1, "payments", PaymentReported)
WEBHOOK_DISABLED = EventType("WebhookDisabled", 1, "payments", WebhookDisabled)
