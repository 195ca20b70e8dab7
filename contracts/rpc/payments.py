"""What payments answers: checkouts, the node's SOAP, receipts, the timeline of a practice."""

from marshmallow import Schema, fields, validate

from contracts.call import Call
from contracts.fields import Cents, CreditorFiscalCode, Empty, NoticeDigits, Subject, Transfer, UtcDateTime
from contracts.rpc.practices import EqualPractices, EventsReply, EventsRequest

# How pagoPA sends the browser back. `attesa`: it does not know yet how the payment ended (Checkout v2).
RETURN_OUTCOMES = ("ok", "annullato", "errore", "attesa")
CHECKOUT_STATES = ("open", "paid", "partially_paid", "cancelled", "failed", "timed_out")


class StartCheckoutRequest(Schema):
    """Pay one to five practices at once.

    The gateway has checked that the payer may see them. `payer_ref` is the cart owner (`citizen:…`, `visitor:…`):
    an open checkout of the same payer for the same practices is resumed, another's is Refused(PRACTICE_BEING_PAID).
    `return_url` is the address of the esito page without its query; payments adds `?esito=` with one of
    RETURN_OUTCOMES and puts the checkout id in place of `{checkout_id}`. `equals` is what practices answered
    to EQUALS: one that was paid lately or is being paid is Refused(EQUAL_PRACTICE_FOUND), unless `pay_anyway`.
    """

    idempotency_key = fields.String(required=True, validate=validate.Length(8, 128))
    payer_ref = fields.String(required=True)
    practice_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 5))
    return_url = fields.String(required=True)
    email = fields.String(load_default=None, allow_none=True)
    equals = fields.List(fields.Nested(EqualPractices), load_default=list)
    pay_anyway = fields.Boolean(load_default=False)


class CheckoutItem(Schema):
    """One practice in a checkout, with its own truth: `paid` only after its receipt."""

    practice_id = fields.UUID(required=True)
    notice_number = NoticeDigits(required=True)
    description = fields.String(required=True)
    amount_cents = Cents(required=True)
    paid = fields.Boolean(required=True)
    paid_at = UtcDateTime(load_default=None, allow_none=True)
    receipt_id = fields.String(load_default=None, allow_none=True)


class Checkout(Schema):
    """A visit to pagoPA Checkout. `redirect_url` only while it is open.

    `open_until` is when the janitor ends it at the latest, `ended_at` when it did end.
    `returned`: what the browser said on coming back (RETURN_OUTCOMES), which proves nothing.
    """

    id = fields.UUID(required=True)
    entity_code = fields.String(required=True)
    payer_ref = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(CHECKOUT_STATES))
    created_at = UtcDateTime(required=True)
    open_until = UtcDateTime(required=True)
    ended_at = UtcDateTime(load_default=None, allow_none=True)
    returned = fields.String(load_default=None, allow_none=True)
    redirect_url = fields.String(load_default=None, allow_none=True)
    items = fields.List(fields.Nested(CheckoutItem), required=True)
    total_cents = fields.Integer(required=True)


class CheckoutRequest(Schema):
    """A checkout by its id. Only `payer_ref` may see it."""

    checkout_id = fields.UUID(required=True)
    payer_ref = fields.String(required=True)


class ReturnedRequest(CheckoutRequest):
    """The browser came back saying so. `annullato` and `errore` end the checkout; the others are only noted."""

    outcome = fields.String(required=True, validate=validate.OneOf(RETURN_OUTCOMES))


class NodeRequest(Schema):
    """A SOAP envelope as the node sent it."""

    soap_action = fields.String(load_default="")
    envelope = fields.String(required=True)


class NodeReply(Schema):
    """The SOAP envelope to answer with. It exists only after everything it acknowledges is committed.

    `status` is HTTP's: 200 also for a fault bean; 500 for a soap:Fault, where not even the operation could be told.
    """

    envelope = fields.String(required=True)
    status = fields.Integer(load_default=200)


class BoughtStamp(Schema):
    """A digital revenue stamp as it came with a receipt (MBDAttachment). What could not be read of it is None.

    `signature`: `verified` with the certificate in it, `unverifiable` where it carries none, `wrong`. `problem` says
    why it is none at all: `unreadable`, `schema`, `signature`.
    """

    transfer = fields.Integer(required=True)
    iubd = fields.String(load_default=None, allow_none=True)
    purchased_at = UtcDateTime(load_default=None, allow_none=True)
    seller = fields.String(load_default=None, allow_none=True)
    amount_cents = fields.Integer(load_default=None, allow_none=True)
    document_hash = fields.String(load_default=None, allow_none=True)
    signature = fields.String(load_default=None, allow_none=True)
    problem = fields.String(load_default=None, allow_none=True)


class Receipt(Schema):
    """A receipt of the node (ricevuta telematica), the proof that a practice was paid."""

    receipt_id = fields.String(required=True)
    practice_id = fields.UUID(load_default=None, allow_none=True)
    entity_code = fields.String(required=True)
    creditor_fiscal_code = CreditorFiscalCode(required=True)
    company_name = fields.String(required=True)
    notice_number = NoticeDigits(required=True)
    iuv = fields.String(required=True)
    amount_cents = Cents(required=True)
    fee_cents = fields.Integer(load_default=None, allow_none=True)
    description = fields.String(required=True)
    debtor = fields.Nested(Subject, required=True)
    payer = fields.Nested(Subject, load_default=None, allow_none=True)
    psp_id = fields.String(required=True)
    psp_name = fields.String(required=True)
    payment_method = fields.String(load_default=None, allow_none=True)
    transfers = fields.List(fields.Nested(Transfer(partial=True)), required=True)
    paid_at = UtcDateTime(required=True)
    application_date = fields.Date(load_default=None, allow_none=True)
    received_at = UtcDateTime(required=True)
    duplicate = fields.Boolean(load_default=False)
    stamps = fields.List(fields.Nested(BoughtStamp), load_default=list)


class ReceiptsRequest(Schema):
    """Receipts of one practice, oldest first."""

    practice_id = fields.UUID(required=True)


class Receipts(Schema):
    """Empty when nothing was paid."""

    receipts = fields.List(fields.Nested(Receipt), required=True)


class StampFile(Schema):
    """A digital revenue stamp as it was received, byte for byte: whoever checks it checks its signature."""

    file_name = fields.String(required=True)
    media_type = fields.String(required=True)
    content_base64 = fields.String(required=True)


class TimelineEntry(Schema):
    """What happened, when, and how we know: `kind` is an event type, or what the node asked.

    That is `demanded` (a citizen wanted the notice at a PSP), `verified` or `activated`.
    """

    at = UtcDateTime(required=True)
    kind = fields.String(required=True)
    source = fields.String(required=True)
    detail = fields.Dict(load_default=dict)


class Timeline(Schema):
    """Oldest first."""

    entries = fields.List(fields.Nested(TimelineEntry), required=True)


class PaymentsRequest(Schema):
    """An entity's payments received in [from, …), for its own software."""

    entity_code = fields.String(required=True)
    since = UtcDateTime(load_default=None, allow_none=True)
    cursor = fields.String(load_default=None, allow_none=True)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class PaymentsPage(Schema):
    """A page of receipts, oldest first."""

    receipts = fields.List(fields.Nested(Receipt), required=True)
    next_cursor = fields.String(load_default=None, allow_none=True)


START_CHECKOUT = Call("payments", "start_checkout", StartCheckoutRequest(), Checkout(), idempotent=True, timeout_s=15)
CHECKOUT = Call("payments", "checkout", CheckoutRequest(), Checkout(), idempotent=True)
RETURNED = Call("payments", "returned", ReturnedRequest(), Checkout(), idempotent=True)
PA_FOR_NODE = Call("payments", "pa_for_node", NodeRequest(), NodeReply(), idempotent=True, timeout_s=10)
RECEIPTS = Call("payments", "receipts", ReceiptsRequest(), Receipts(), idempotent=True)
STAMP = Call("payments", "stamp", ReceiptsRequest(), StampFile(), idempotent=True)
TIMELINE = Call("payments", "timeline", ReceiptsRequest(), Timeline(), idempotent=True)
LIST_PAYMENTS = Call("payments", "list_payments", PaymentsRequest(), PaymentsPage(), idempotent=True)
EVENTS = Call("payments", "events", EventsRequest(), EventsReply(), idempotent=True)
PING = Call("payments", "ping", Empty(), Empty(), idempotent=True, timeout_s=1)
