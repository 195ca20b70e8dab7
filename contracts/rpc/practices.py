"""What practices answers: the catalogue, what is owed, insertion, the body's debts and imports."""

from marshmallow import Schema, fields, validate

from contracts.call import Call
from contracts.fields import (
    Beneficiary,
    Cents,
    Creditor,
    CreditorFiscalCode,
    Description,
    Empty,
    Instalment,
    LocalisedText,
    NoticeDigits,
    Stamp,
    Subject,
    Transfer,
    UtcDateTime,
    Viewer,
)

PRACTICE_STATES = ("to_pay", "unconfirmed", "paid", "expired", "cancelled", "reported")
ORIGINS = ("issued", "spontaneous")


class DemandCodes(Schema):
    """By which codes a citizen asks for a service at a PSP's counter (idServizio, idSoggettoServizio)."""

    service_id = fields.String(required=True, validate=validate.Length(equal=5))
    subject_id = fields.String(required=True, validate=validate.Length(equal=5))


class CatalogueService(Schema):
    """A service of an entity. Amount rules are in cents; None means no rule.

    `unit_cents`: the amount must be a multiple of it (booklets of 25 euro).
    `fixed_cents`: the only amount accepted. `spontaneous`: offered under Inserimento spontaneo. `demand`: a citizen may
    ask for it at a PSP. `stamp_cents`: what of the amount buys a digital revenue stamp.
    """

    code = fields.String(required=True)
    title = fields.Nested(LocalisedText, required=True)
    note = fields.Nested(LocalisedText, load_default=None, allow_none=True)
    category = fields.String(required=True)
    spontaneous = fields.Boolean(required=True)
    allows_anonymous = fields.Boolean(required=True)
    requires_beneficiary = fields.Boolean(required=True)
    accepts_late = fields.Boolean(required=True)
    min_cents = fields.Integer(load_default=None, allow_none=True)
    max_cents = fields.Integer(load_default=None, allow_none=True)
    unit_cents = fields.Integer(load_default=None, allow_none=True)
    fixed_cents = fields.Integer(load_default=None, allow_none=True)
    demand = fields.Nested(DemandCodes, load_default=None, allow_none=True)
    stamp_cents = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=1))


class Entity(Schema):
    """A public body of the portal and its services."""

    code = fields.String(required=True)
    creditor = fields.Nested(Creditor, required=True)
    website = fields.String(load_default=None, allow_none=True)
    contact_email = fields.String(load_default=None, allow_none=True)
    logo = fields.String(load_default=None, allow_none=True)
    cbill = fields.String(load_default=None, allow_none=True)
    postal_account = fields.String(load_default=None, allow_none=True)
    postal_account_holder = fields.String(load_default=None, allow_none=True)
    postal_authorisation = fields.String(load_default=None, allow_none=True)
    services = fields.List(fields.Nested(CatalogueService), required=True)


class Practice(Schema):
    """One thing owed, as shown to whoever may see it.

    `payable` is the answer to "may a payment be started now?"; when false `not_payable_code` is the ErrorCode
    why. `overdue` compares Europe/Rome calendar days. `masked`: names and fiscal code are shortened because the
    viewer found it by notice number alone. `needs_attention`: money arrived that a human must look at.
    `online_only`: it buys a digital stamp, which pagoPA sells only through our own Checkout: no printed notice.
    `postal_slip`: whoever gets a share of it has a postal account, as far as practices knows.
    """

    id = fields.UUID(required=True)
    entity_code = fields.String(required=True)
    creditor_name = fields.String(required=True)
    service_code = fields.String(required=True)
    service_title = fields.Nested(LocalisedText, required=True)
    origin = fields.String(required=True, validate=validate.OneOf(ORIGINS))
    external_id = fields.String(load_default=None, allow_none=True)
    debtor = fields.Nested(Subject, required=True)
    beneficiary = fields.Nested(Beneficiary, load_default=None, allow_none=True)
    description = Description(required=True)
    amount_cents = Cents(required=True)
    notice_number = NoticeDigits(required=True)
    iuv = fields.String(required=True)
    due_date = fields.Date(load_default=None, allow_none=True)
    payable_until = fields.Date(load_default=None, allow_none=True)
    instalment = fields.Nested(Instalment, load_default=None, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(PRACTICE_STATES))
    state_reason = fields.String(load_default=None, allow_none=True)
    state_since = UtcDateTime(required=True)
    state_until = UtcDateTime(load_default=None, allow_none=True)
    overdue = fields.Boolean(required=True)
    payable = fields.Boolean(required=True)
    not_payable_code = fields.String(load_default=None, allow_none=True)
    needs_attention = fields.Boolean(load_default=False)
    masked = fields.Boolean(load_default=False)
    online_only = fields.Boolean(load_default=False)
    postal_slip = fields.Boolean(load_default=True)
    stamp = fields.Nested(Stamp, load_default=None, allow_none=True)
    created_at = UtcDateTime(required=True)


class Position(Schema):
    """What payments needs to answer the node: also the `data` of PracticeCreated and PracticeAmended.

    `payable_until`: last Europe/Rome day on which payment is accepted; None means late payment is accepted.
    `sequence` grows by one with each event about this practice; the highest seen wins.
    """

    practice_id = fields.UUID(required=True)
    sequence = fields.Integer(required=True, validate=validate.Range(min=1))
    creditor = fields.Nested(Creditor, required=True)
    service_code = fields.String(required=True)
    origin = fields.String(required=True, validate=validate.OneOf(ORIGINS))
    notice_number = NoticeDigits(required=True)
    iuv = fields.String(required=True)
    amount_cents = Cents(required=True)
    description = Description(required=True)
    debtor = fields.Nested(Subject, required=True)
    transfers = fields.List(fields.Nested(Transfer), required=True, validate=validate.Length(1, 5))
    due_date = fields.Date(load_default=None, allow_none=True)
    payable_until = fields.Date(load_default=None, allow_none=True)
    cancelled = fields.Boolean(load_default=False)
    created_at = UtcDateTime(required=True)


class EntityRequest(Schema):
    """Ask for one entity by its code."""

    entity_code = fields.String(required=True, validate=validate.Length(1, 35))


class SearchRequest(Schema):
    """Either `notice_number`, or `fiscal_code` with `reference` (IUV, notice number or the body's own reference).

    Both as typed by a person: the service checks them.
    """

    entity_code = fields.String(required=True)
    notice_number = fields.String(load_default=None, allow_none=True)
    fiscal_code = fields.String(load_default=None, allow_none=True)
    reference = fields.String(load_default=None, allow_none=True)


class PracticeList(Schema):
    """A page of practices; `next_cursor` is None on the last."""

    practices = fields.List(fields.Nested(Practice), required=True)
    next_cursor = fields.String(load_default=None, allow_none=True)


class ListRequest(Schema):
    """The practices a citizen is debtor of, newest first."""

    entity_code = fields.String(required=True)
    viewer = fields.Nested(Viewer, required=True)
    states = fields.List(fields.String(validate=validate.OneOf(PRACTICE_STATES)), load_default=list)
    cursor = fields.String(load_default=None, allow_none=True)
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class DueDatesRequest(Schema):
    """What a citizen owes or owed with a due date, of all bodies; what was over before `since` is left out."""

    viewer = fields.Nested(Viewer, required=True)
    since = UtcDateTime(required=True)


class DatedPractice(Practice):
    """`revision` grows with everything that changes about it: terms, and whether it is still to be paid."""

    revision = fields.Integer(required=True)


class DueDates(Schema):
    """By due date, the latest first, 500 at most."""

    practices = fields.List(fields.Nested(DatedPractice), required=True)


class GetManyRequest(Schema):
    """Practices by id, in the order asked; those the viewer may not see are left out."""

    viewer = fields.Nested(Viewer, required=True)
    practice_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(max=200))


class EqualPractices(Schema):
    """A practice, and others of the same service, person and amount: perhaps the same payment asked for twice."""

    practice_id = fields.UUID(required=True)
    equal_ids = fields.List(fields.UUID(), required=True)


class EqualsReply(Schema):
    """Only practices that have an equal one which the viewer may see too; whether it was paid, payments knows."""

    equals = fields.List(fields.Nested(EqualPractices), required=True)


class PlanRequest(Schema):
    """The instalments of the plan that a practice is one of, as far as the viewer may see them."""

    viewer = fields.Nested(Viewer, required=True)
    practice_id = fields.UUID(required=True)


class DebtsRequest(Schema):
    """A body's own debts by its references; for the body's side only, no viewer."""

    entity_code = fields.String(required=True)
    external_ids = fields.List(fields.String(), required=True, validate=validate.Length(max=200))


class InsertRequest(Schema):
    """Inserimento spontaneo. `amount_cents` and `description` as the form gave them.

    For a service with beneficiary `description` is composed by practices and may be None. `anonymous`: no login,
    debtor ANONIMO named after the beneficiary. `idempotency_key` makes a repeated send land on the same practice.
    `stamp` is needed by services that sell a digital stamp, and by no others.
    """

    idempotency_key = fields.String(required=True, validate=validate.Length(8, 128))
    entity_code = fields.String(required=True)
    service_code = fields.String(required=True)
    viewer = fields.Nested(Viewer, required=True)
    anonymous = fields.Boolean(load_default=False)
    debtor = fields.Nested(Subject, load_default=None, allow_none=True)
    beneficiary = fields.Nested(Beneficiary, load_default=None, allow_none=True)
    amount_cents = fields.Integer(required=True)
    description = fields.String(load_default=None, allow_none=True)
    stamp = fields.Nested(Stamp, load_default=None, allow_none=True)


class DemandRequest(Schema):
    """A citizen asks at a PSP's counter for a spontaneous payment (paDemandPaymentNotice).

    `fiscal_code` is ANONIMO or None where there is none; `amount_cents` may be None where the service fixes it.
    There is no key: the same demand gets the same practice for as long as that is owed.
    """

    creditor_fiscal_code = CreditorFiscalCode(required=True)
    service_id = fields.String(required=True, validate=validate.Length(equal=5))
    subject_id = fields.String(required=True, validate=validate.Length(equal=5))
    fiscal_code = fields.String(load_default=None, allow_none=True)
    full_name = fields.String(required=True)
    beneficiary = fields.Nested(Beneficiary, load_default=None, allow_none=True)
    amount_cents = fields.Integer(load_default=None, allow_none=True)
    description = fields.String(load_default=None, allow_none=True)


class DebtRequest(Schema):
    """A debt as the body's own software puts it. Repeating it changes nothing; another content amends it."""

    entity_code = fields.String(required=True)
    external_id = fields.String(required=True, validate=validate.Length(1, 70))
    service_code = fields.String(required=True)
    fiscal_code = fields.String(required=True)
    full_name = fields.String(required=True)
    email = fields.String(load_default=None, allow_none=True)
    beneficiary = fields.Nested(Beneficiary, load_default=None, allow_none=True)
    amount_cents = fields.Integer(required=True)
    description = fields.String(required=True)
    due_date = fields.Date(load_default=None, allow_none=True)
    instalment = fields.Nested(Instalment, load_default=None, allow_none=True)


class AnnulRequest(Schema):
    """Withdraw a debt, saying why."""

    entity_code = fields.String(required=True)
    external_id = fields.String(required=True)
    reason = fields.String(required=True, validate=validate.Length(1, 140))


class ImportRequest(Schema):
    """A whole debt file, base64 of the bytes received. Same key and bytes: same import."""

    idempotency_key = fields.String(required=True, validate=validate.Length(8, 128))
    entity_code = fields.String(required=True)
    file_name = fields.String(load_default="", validate=validate.Length(max=200))
    content_base64 = fields.String(required=True)


class ImportRow(Schema):
    """What became of one line of the file; line 1 is the header. `code` and `column` say why it was refused."""

    line = fields.Integer(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(["created", "amended", "unchanged", "refused"]))
    external_id = fields.String(load_default=None, allow_none=True)
    notice_number = fields.String(load_default=None, allow_none=True)
    code = fields.String(load_default=None, allow_none=True)
    column = fields.String(load_default=None, allow_none=True)


class ImportReport(Schema):
    """What became of a file, line by line."""

    id = fields.UUID(required=True)
    entity_code = fields.String(required=True)
    file_name = fields.String(required=True)
    created_at = UtcDateTime(required=True)
    accepted = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    rows = fields.List(fields.Nested(ImportRow), required=True)


class ImportGetRequest(Schema):
    """An import by its id."""

    entity_code = fields.String(required=True)
    import_id = fields.UUID(required=True)


class PositionRequest(Schema):
    """payments asks on a projection miss: by notice number, by practice, or only whose domain this is."""

    creditor_fiscal_code = CreditorFiscalCode(load_default=None, allow_none=True)
    notice_number = NoticeDigits(load_default=None, allow_none=True)
    practice_ids = fields.List(fields.UUID(), load_default=list)


class PositionReply(Schema):
    """`creditor` is None when the domain is not ours; `positions` holds what was found."""

    creditor = fields.Nested(Creditor, load_default=None, allow_none=True)
    positions = fields.List(fields.Nested(Position), required=True)


class EventsRequest(Schema):
    """The feed of published events after a position, oldest first. Answered by practices and by payments alike."""

    after = fields.Integer(load_default=0)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class FeedItem(Schema):
    """One event and its position in the feed."""

    position = fields.Integer(required=True)
    event = fields.Dict(required=True)


class EventsReply(Schema):
    """Events as published."""

    items = fields.List(fields.Nested(FeedItem), required=True)


ENTITY = Call("practices", "entity", EntityRequest(), Entity(), idempotent=True)
SEARCH = Call("practices", "search", SearchRequest(), PracticeList(), idempotent=True)
LIST = Call("practices", "list_practices", ListRequest(), PracticeList(), idempotent=True)
DUE_DATES = Call("practices", "due_dates", DueDatesRequest(), DueDates(), idempotent=True)
GET_MANY = Call("practices", "get_many", GetManyRequest(), PracticeList(), idempotent=True)
EQUALS = Call("practices", "equals", GetManyRequest(), EqualsReply(), idempotent=True)
PLAN = Call("practices", "plan", PlanRequest(), PracticeList(), idempotent=True)
DEBTS = Call("practices", "debts", DebtsRequest(), PracticeList(), idempotent=True)
INSERT = Call("practices", "insert", InsertRequest(), Practice(), idempotent=True)
DEMAND = Call("practices", "demand", DemandRequest(), Position(), idempotent=True, timeout_s=5)
PUT_DEBT = Call("practices", "put_debt", DebtRequest(), Practice(), idempotent=True)
ANNUL_DEBT = Call("practices", "annul_debt", AnnulRequest(), Practice(), idempotent=True)
IMPORT = Call("practices", "import_debts", ImportRequest(), ImportReport(), idempotent=True, timeout_s=60)
GET_IMPORT = Call("practices", "get_import", ImportGetRequest(), ImportReport(), idempotent=True)
POSITIONS = Call("practices", "positions", PositionRequest(), PositionReply(), idempotent=True, timeout_s=3)
EVENTS = Call("practices", "events", EventsRequest(), EventsReply(), idempotent=True)
PING = Call("practices", "ping", Empty(), Empty(), idempotent=True, timeout_s=1)
