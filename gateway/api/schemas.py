"""What the API takes and answers, in marshmallow: requests are checked with these and the OpenAPI is made from them.

Where an answer is what a service said, the schema is the contract's own; here stands only what HTTP adds. Fields nobody
knows are refused. Amounts are whole euro cents, times are ISO 8601 in UTC.
"""

from marshmallow import Schema, fields, validate

from contracts.fields import Cents, UtcDateTime
from contracts.message import schema_of
from contracts.rpc.identity import PURPOSES
from contracts.rpc.identity import Privacy as PrivacyReply
from contracts.rpc.notices import NOTICE_LANGUAGES
from contracts.rpc.payments import Checkout as CheckoutReply
from contracts.rpc.payments import Receipt
from contracts.rpc.practices import PRACTICE_STATES, CatalogueService, Practice
from contracts.rpc.practices import Entity as EntityReply
from contracts.rpc.settlement import Settlement, WorklistItem
from contracts.shapes import Beneficiary, Instalment, Stamp
from gateway.api.field_errors import FIELD_ERROR_CODES


class PublicBody(type(schema_of(EntityReply))):
    """A public body of the portal."""

    class Meta:
        exclude = ("services",)


class Services(Schema):
    """The services of a creditor; those with `spontaneous` can be inserted by the payer."""

    items = fields.List(fields.Nested(schema_of(CatalogueService)), required=True)


class SearchBody(Schema):
    """Either `notice_number`, or `fiscal_code` with `reference` (IUV, notice number or the body's own reference)."""

    notice_number = fields.String(validate=validate.Length(1, 40))
    fiscal_code = fields.String(validate=validate.Length(1, 40))
    reference = fields.String(validate=validate.Length(1, 70))


class Page(Schema):
    """Where to go on. `next_cursor` is null on the last page; the same address stands in `Link: rel="next"`."""

    next_cursor = fields.String(required=True, allow_none=True)


class PracticePage(Page):
    """Practices, newest first."""

    items = fields.List(fields.Nested(schema_of(Practice)), required=True)


class PracticeQuery(Schema):
    """Which practices. `state` may be repeated, or list several with commas."""

    state = fields.List(fields.String(validate=validate.OneOf(PRACTICE_STATES)), load_default=list)
    cursor = fields.String(load_default=None)
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class ReceiptQuery(Schema):
    """Which payment, where a practice was paid more than once; without it the document holds them all."""

    receipt_id = fields.String(load_default=None, validate=validate.Length(1, 35))


class InsertBody(Schema):
    """Inserimento spontaneo. `anonymous` is for services that allow it, with a beneficiary and without login.

    `stamp` is for services that sell a digital revenue stamp (`stamp_cents`): the SHA-256 of the document in base64.
    """

    service_code = fields.String(required=True, validate=validate.Length(1, 35))
    amount_cents = fields.Integer(required=True, strict=True)
    description = fields.String(load_default=None, allow_none=True)
    beneficiary = fields.Nested(schema_of(Beneficiary), load_default=None, allow_none=True)
    anonymous = fields.Boolean(load_default=False)
    stamp = fields.Nested(schema_of(Stamp), load_default=None, allow_none=True)


class CartCount(Schema):
    """How many practices the cart holds."""

    count = fields.Integer(required=True)


class CheckoutBody(Schema):
    """One to five practices of one creditor, paid together.

    Where an equal practice (same service, person and amount) was paid lately, is being paid, or stands among these, the
    answer is `equal_practice_found`, and `params.equals` names each with its `equal_id`, `standing` (`paid`,
    `being_paid`, `in_this_payment`), `since` and `until`. Ask the payer; to go on, send the same with `pay_anyway`, if
    you like under the same Idempotency-Key.
    """

    practice_ids = fields.List(fields.UUID(), required=True)
    pay_anyway = fields.Boolean(load_default=False)


class Checkout(type(schema_of(CheckoutReply))):
    """A visit to pagoPA Checkout. Send the payer to `redirect_url`; `paid` is said only after the receipt."""

    class Meta:
        exclude = ("payer_ref",)


class Me(Schema):
    """The citizen of this session. `registered` is false until the privacy notice in force is acknowledged."""

    id = fields.UUID(required=True)
    fiscal_code = fields.String(required=True)
    name = fields.String(required=True)
    family_name = fields.String(required=True)
    email = fields.String(allow_none=True)
    registered = fields.Boolean(required=True)
    spid_level = fields.Integer(required=True)
    idle_until = UtcDateTime(required=True)
    expires_at = UtcDateTime(required=True)


class Consents(type(schema_of(PrivacyReply))):
    """The documents in force (`title` and `text` by language), which purposes are granted, and the history."""


class ConsentBody(Schema):
    """Grant a purpose. For `registration` the `document_id` of the notice shown is required; `email` is optional."""

    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES))
    document_id = fields.String(load_default=None, validate=validate.Length(1, 100))
    email = fields.Email(load_default=None, allow_none=True, validate=validate.Length(max=256))


class Export(Schema):
    """All that the portal keeps about the citizen's identity: data, consents, sessions."""

    data = fields.Dict(required=True)


class DebtBody(Schema):
    """A debt as the body's own software knows it. The same content again changes nothing; another amends it."""

    service_code = fields.String(required=True, validate=validate.Length(1, 35))
    fiscal_code = fields.String(required=True, validate=validate.Length(1, 40))
    full_name = fields.String(required=True, validate=validate.Length(1, 70))
    email = fields.Email(load_default=None, allow_none=True, validate=validate.Length(max=256))
    beneficiary = fields.Nested(schema_of(Beneficiary), load_default=None, allow_none=True)
    amount_cents = fields.Integer(required=True, strict=True)
    description = fields.String(required=True)
    due_date = fields.Date(load_default=None, allow_none=True)
    instalment = fields.Nested(schema_of(Instalment), load_default=None, allow_none=True)


class PrintJobBody(Schema):
    """The debts to print notices for, by the entity's own references, and in which language or two."""

    external_ids = fields.List(
        fields.String(validate=validate.Length(1, 70)), required=True, validate=validate.Length(1, 10_000)
    )
    language = fields.String(load_default="it", validate=validate.OneOf(NOTICE_LANGUAGES))
    second_language = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(NOTICE_LANGUAGES))


class MergedQuery(Schema):
    """How the merged document will be printed. `two_sided`: each notice begins on a sheet of its own."""

    two_sided = fields.Boolean(
        load_default=False,
        metadata={
            "description": "An empty page after each notice with an odd number of pages: no sheet has two payers."
        },
    )


class AnnulBody(Schema):
    """Why the debt is withdrawn; the payer reads it."""

    reason = fields.String(required=True, validate=validate.Length(1, 140))


class PaymentQuery(Schema):
    """Payments whose receipt arrived at `from` or later."""

    since = UtcDateTime(data_key="from", load_default=None)
    cursor = fields.String(load_default=None)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class PaymentPage(Page):
    """Receipts of the node, oldest first."""

    items = fields.List(fields.Nested(schema_of(Receipt)), required=True)


class SettlementQuery(Schema):
    """How many flows."""

    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class SettlementPage(Schema):
    """Settlement flows, the newest day first."""

    items = fields.List(fields.Nested(schema_of(Settlement)), required=True)


class WorklistQuery(Schema):
    """Items after one seen before."""

    after = fields.Integer(load_default=0)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class WorklistPage(Schema):
    """Settled amounts a human must look at. `next_after` is None on the last page."""

    items = fields.List(fields.Nested(schema_of(WorklistItem)), required=True)
    next_after = fields.Integer(load_default=None, allow_none=True)


class BankCreditBody(Schema):
    """A credit as the bank statement has it. `remittance_text` holds the flow's id after `/URI/`."""

    booked_on = fields.Date(required=True)
    amount_cents = Cents(required=True)
    remittance_text = fields.String(required=True, validate=validate.Length(1, 300))


class EventQuery(Schema):
    """Events after a cursor; without one, from the beginning."""

    after = fields.String(load_default=None)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class EventPage(Schema):
    """Events as published (CloudEvents 1.0), in the order of each source.

    `next_cursor` is always there, to be kept and asked again later; `more` says that asking again now brings some.
    """

    items = fields.List(fields.Dict(), required=True)
    next_cursor = fields.String(required=True)
    more = fields.Boolean(required=True)


class ProblemField(Schema):
    """One field of the request and what is wrong with it: `pointer` into the body, or the name of a `parameter`."""

    pointer = fields.String(metadata={"description": "JSON Pointer (RFC 6901) into the body."})
    parameter = fields.String(metadata={"description": "A query parameter or a header."})
    code = fields.String(required=True, metadata={"description": f"{', '.join(FIELD_ERROR_CODES)}, or an error code."})
    detail = fields.String(required=True)


class Problem(Schema):
    """Every error of the API (RFC 9457, application/problem+json). `code` never changes its meaning."""

    type = fields.String(required=True, metadata={"description": "Where this code is explained."})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "In Italian or English, by Accept-Language."})
    instance = fields.String(required=True)
    code = fields.String(required=True)
    params = fields.Dict(metadata={"description": "What the sentence speaks of, for programs."})
    errors = fields.List(fields.Nested(ProblemField))
