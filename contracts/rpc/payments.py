"""What payments answers: checkouts, the node's SOAP, receipts, the timeline of a practice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from marshmallow.validate import Length, OneOf, Range

from contracts.actors import Actor
from contracts.call import Call
from contracts.codes import AmountCents, CreditorFiscalCode, FiscalCode, NoticeNumber
from contracts.message import Message
from contracts.rpc.practices import EventsReply, EventsRequest, PracticeDuplicates
from contracts.shapes import Beneficiary, Empty, Instalment, Stamp, Subject

# How pagoPA sends the browser back. `attesa`: it does not know yet how the payment ended (Checkout v2).
RETURN_OUTCOMES = ("ok", "annullato", "errore", "attesa")
MAX_OPEN_CHECKOUTS = 5
CHECKOUT_STATES = ("open", "paid", "partially_paid", "cancelled", "failed", "timed_out")


@dataclass(frozen=True, slots=True, kw_only=True)
class StartCheckoutRequest(Message):
    """Pay one to five practices at once.

    The gateway has checked that the payer may see them. `payer_ref` is the cart owner (`citizen:…`, `visitor:…`):
    an open checkout of the same payer for the same practices is resumed, another's is Refused(PRACTICE_BEING_PAID).
    `return_url` is the address of the esito page without its query; payments adds `?esito=` with one of
    RETURN_OUTCOMES and puts the checkout id in place of `{checkout_id}`. `equals` is what practices answered
    to DUPLICATES: one that was paid lately or is being paid is Refused(EQUAL_PRACTICE_FOUND), unless `pay_anyway`.
    `payer_fiscal_code` is whose login it is; `identified_practice_ids` are practices found with the debtor's fiscal
    code: of those, and of one's own debts, another's checkout that has not gone on is superseded. One payer holds at
    most MAX_OPEN_CHECKOUTS; one more is Refused(TOO_MANY_REQUESTS). `shown_total_cents`: what the payer was told it is
    together; where that is no longer so, Refused(AMOUNT_CHANGED), with the total of now.
    """

    idempotency_key: Annotated[str, Length(8, 128)]
    payer_ref: str
    practice_ids: Annotated[Sequence[UUID], Length(1, 5)]
    return_url: str
    email: str | None = None
    equals: Sequence[PracticeDuplicates] = field(default_factory=list)
    pay_anyway: bool = False
    payer_fiscal_code: FiscalCode | None = None
    identified_practice_ids: Sequence[UUID] = field(default_factory=list)
    shown_total_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutItem(Message):
    """One practice in a checkout, with its own truth: `paid` only after its receipt.

    Where that brought less than is due it is not `paid`, and `missing_cents` is what is missing.
    """

    practice_id: UUID
    notice_number: NoticeNumber
    description: str
    amount_cents: AmountCents
    paid: bool
    paid_at: datetime | None = None
    receipt_id: str | None = None
    missing_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout(Message):
    """A visit to pagoPA Checkout. `redirect_url` only while it is open.

    `open_until` is when the janitor ends it at the latest, `ended_at` when it did end.
    `returned`: what the browser said on coming back (RETURN_OUTCOMES), which proves nothing.
    """

    id: UUID
    entity_code: str
    payer_ref: str
    state: Annotated[str, OneOf(CHECKOUT_STATES)]
    created_at: datetime
    open_until: datetime
    ended_at: datetime | None = None
    returned: str | None = None
    redirect_url: str | None = None
    items: Sequence[CheckoutItem]
    total_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRequest(Message):
    """A checkout by its id. Only `payer_ref` may see it."""

    checkout_id: UUID
    payer_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedRequest(CheckoutRequest):
    """The browser came back saying so. `annullato` and `errore` end the checkout; the others are only noted."""

    outcome: Annotated[str, OneOf(RETURN_OUTCOMES)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRequest(Message):
    """A SOAP envelope as the node sent it."""

    soap_action: str = ""
    envelope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeReply(Message):
    """The SOAP envelope to answer with. It exists only after everything it acknowledges is committed.

    `status` is HTTP's: 200 also for a fault bean; 500 for a soap:Fault, where not even the operation could be told.
    """

    envelope: str
    status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class BoughtStamp(Message):
    """A digital revenue stamp as it came with a receipt (MBDAttachment). What could not be read of it is None.

    `signature`: `verified` with the certificate in it, `unverifiable` where it carries none, `wrong`. `problem` says
    why it is none at all: `unreadable`, `schema`, `signature`.
    """

    transfer: int
    iubd: str | None = None
    purchased_at: datetime | None = None
    seller: str | None = None
    amount_cents: int | None = None
    document_hash: str | None = None
    signature: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedTransfer(Message):
    """One share of a payment as the node's receipt tells it, or as it was asked for where there is no receipt."""

    absent_is_left_out: ClassVar = True

    id_transfer: int | None = None
    amount_cents: AmountCents | None = None
    fiscal_code: CreditorFiscalCode | None = None
    company_name: str | None = None
    iban: str | None = None
    stamp: Stamp | None = None
    postal_iban: str | None = None
    remittance_information: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt(Message):
    """A receipt of the node (ricevuta telematica), the proof that a practice was paid.

    `stand_in`: paid while our station did not answer, as loaded in pagoPA's archive. `flags`: what is odd about it
    (`other_station`, `never_activated`, …; docs/payments.md), though it was taken. From `external_id` on: what the
    entity's books know the practice by, told to its software alone.
    """

    receipt_id: str
    practice_id: UUID | None = None
    entity_code: str
    creditor_fiscal_code: CreditorFiscalCode
    company_name: str
    notice_number: NoticeNumber
    iuv: str
    amount_cents: AmountCents
    fee_cents: int | None = None
    description: str
    debtor: Subject
    payer: Subject | None = None
    psp_id: str
    psp_name: str
    payment_method: str | None = None
    transfers: Sequence[ReceivedTransfer]
    paid_at: datetime
    application_date: date | None = None
    received_at: datetime
    duplicate: bool = False
    stamps: Sequence[BoughtStamp] = field(default_factory=list)
    stand_in: bool = False
    flags: Sequence[str] = field(default_factory=list)
    external_id: str | None = None
    service_code: str | None = None
    accounting_code: str | None = None
    instalment: Instalment | None = None
    beneficiary: Beneficiary | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeReceiptRequest(Message):
    """A receipt that the node sent and that was refused or lost: its SOAP envelope, or paSendRTV2Request alone."""

    entity_code: str
    envelope: str
    actor: Actor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenReceipt(Message):
    """How the node would have been answered: `fault` is None where the receipt is stored, now or before."""

    receipt_id: str | None = None
    notice_number: str
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptsRequest(Message):
    """Receipts of one practice, oldest first."""

    practice_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts(Message):
    """Empty when nothing was paid."""

    receipts: Sequence[Receipt]


@dataclass(frozen=True, slots=True, kw_only=True)
class StampFile(Message):
    """A digital revenue stamp as it was received, byte for byte: whoever checks it checks its signature."""

    file_name: str
    media_type: str
    content_base64: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry(Message):
    """What happened, when, and how we know: `kind` is an event type, or what the node asked.

    That is `demanded` (a citizen wanted the notice at a PSP), `verified` or `activated`.
    """

    at: datetime
    kind: str
    source: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline(Message):
    """Oldest first."""

    entries: Sequence[TimelineEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsRequest(Message):
    """An entity's payments whose receipts came in [since, until), for its own software.

    `flagged`: only those a human must look at.
    """

    entity_code: str
    since: datetime | None = None
    cursor: str | None = None
    limit: Annotated[int, Range(1, 1000)] = 100
    flagged: bool = False
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsPage(Message):
    """A page of receipts, oldest first."""

    receipts: Sequence[Receipt]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOptionsRequest(Message):
    """By which options a notice can be paid (OdP): whose, and its number, both as they stood in the address."""

    organization_fiscal_code: str
    notice_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOptionsReply(Message):
    """The JSON to answer pagoPA with, and its HTTP status: the options, or an error of theirs (ODP-1xx)."""

    status: int
    body: Mapping[str, Any]


START_CHECKOUT = Call("payments", "start_checkout", StartCheckoutRequest, Checkout, idempotent=True, timeout_s=15)
CHECKOUT = Call("payments", "checkout", CheckoutRequest, Checkout, idempotent=True)
RETURNED = Call("payments", "returned", ReturnedRequest, Checkout, idempotent=True)
PA_FOR_NODE = Call("payments", "pa_for_node", NodeRequest, NodeReply, idempotent=True, timeout_s=10)
PAYMENT_OPTIONS = Call(
    "payments", "payment_options", PaymentOptionsRequest, PaymentOptionsReply, idempotent=True, timeout_s=5
)
TAKE_RECEIPT = Call("payments", "take_receipt", TakeReceiptRequest, TakenReceipt, idempotent=True)
RECEIPTS = Call("payments", "receipts", ReceiptsRequest, Receipts, idempotent=True)
STAMP = Call("payments", "stamp", ReceiptsRequest, StampFile, idempotent=True)
TIMELINE = Call("payments", "timeline", ReceiptsRequest, Timeline, idempotent=True)
LIST_PAYMENTS = Call("payments", "list_payments", PaymentsRequest, PaymentsPage, idempotent=True)
EVENTS = Call("payments", "events", EventsRequest, EventsReply, idempotent=True)
PING = Call("payments", "ping", Empty, Empty, idempotent=True, timeout_s=1)
