"""Events about what was paid. `subject` is the practice id, except for checkouts: the checkout id."""

from marshmallow import Schema, fields, validate

from contracts.events.envelope import EventType
from contracts.fields import Cents, CreditorFiscalCode, NoticeDigits, UtcDateTime


class CheckoutStarted(Schema):
    """The payer went to pagoPA Checkout; these practices are Non confermato until `open_until` at the latest."""

    checkout_id = fields.UUID(required=True)
    entity_code = fields.String(required=True)
    practice_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 5))
    total_cents = Cents(required=True)
    started_at = UtcDateTime(required=True)
    open_until = UtcDateTime(required=True)


class CheckoutAbandoned(Schema):
    """A checkout ended without these practices being paid. How we know: `reason`."""

    checkout_id = fields.UUID(required=True)
    entity_code = fields.String(required=True)
    practice_ids = fields.List(fields.UUID(), required=True)
    reason = fields.String(required=True, validate=validate.OneOf(["cancelled", "failed", "timed_out", "not_opened"]))
    at = UtcDateTime(required=True)


class PaymentConfirmed(Schema):
    """A receipt of the node was stored: money was paid. Once per receipt; the accounting's line.

    `practice_id` is None when the receipt names a notice we never issued. No personal data.
    """

    receipt_id = fields.String(required=True)
    practice_id = fields.UUID(load_default=None, allow_none=True)
    entity_code = fields.String(required=True)
    creditor_fiscal_code = CreditorFiscalCode(required=True)
    notice_number = NoticeDigits(required=True)
    iuv = fields.String(required=True)
    amount_cents = Cents(required=True)
    paid_at = UtcDateTime(required=True)
    application_date = fields.Date(load_default=None, allow_none=True)
    psp_id = fields.String(required=True)
    psp_name = fields.String(required=True)
    payment_method = fields.String(load_default=None, allow_none=True)
    checkout_id = fields.UUID(load_default=None, allow_none=True)


class PaymentDuplicated(Schema):
    """Money arrived that was not expected: look at it. `reason` says which case.

    `wrong_stamp`: the digital stamp that came with the money is missing, unreadable or for another document.
    """

    receipt_id = fields.String(required=True)
    practice_id = fields.UUID(load_default=None, allow_none=True)
    entity_code = fields.String(required=True)
    notice_number = NoticeDigits(required=True)
    amount_cents = Cents(required=True)
    first_receipt_id = fields.String(load_default=None, allow_none=True)
    reason = fields.String(
        required=True,
        validate=validate.OneOf(
            ["already_paid", "cancelled", "expired", "unknown_notice", "other_amount", "wrong_stamp"]
        ),
    )
    at = UtcDateTime(required=True)


class PaymentReported(Schema):
    """All transfers of a practice stand in a settlement flow (FdR)."""

    practice_id = fields.UUID(required=True)
    entity_code = fields.String(required=True)
    iuv = fields.String(required=True)
    receipt_id = fields.String(load_default=None, allow_none=True)
    flow_id = fields.String(required=True)
    amount_cents = Cents(required=True)
    settled_on = fields.Date(required=True)


CHECKOUT_STARTED = EventType("CheckoutStarted", 1, "payments", CheckoutStarted())
CHECKOUT_ABANDONED = EventType("CheckoutAbandoned", 1, "payments", CheckoutAbandoned())
PAYMENT_CONFIRMED = EventType("PaymentConfirmed", 1, "payments", PaymentConfirmed())
PAYMENT_DUPLICATED = EventType("PaymentDuplicated", 1, "payments", PaymentDuplicated())
PAYMENT_REPORTED = EventType("PaymentReported", 1, "payments", PaymentReported())
