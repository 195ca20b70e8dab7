"""What payments answers about settlement: flows (FdR), the bank's credits, the worklist, the report of a day."""

from marshmallow import Schema, fields, validate

from contracts.call import Call
from contracts.fields import Cents, UtcDateTime

FINDINGS = ("reported", "recovered", "revoked", "unknown", "amount_differs", "repeated", "withdrawn")


class TakeSettlementRequest(Schema):
    """A settlement flow as a file: XML 1.0.4 or 1.0.5, as it is, in base64, or as the one entry of a ZIP."""

    entity_code = fields.String(required=True)
    content_base64 = fields.String(required=True)


class FindingTotal(Schema):
    """How many rows turned out so, and what they amount to."""

    finding = fields.String(required=True, validate=validate.OneOf(FINDINGS))
    count = fields.Integer(required=True)
    amount_cents = fields.Integer(required=True)


class Settlement(Schema):
    """A flow and what became of its rows. `pending` rows have not been looked at yet.

    `current` is false for a flow that a newer one of the same id has replaced. `credit_reference` is the bank credit
    that names the flow, `reconciled` says that it is of the same amount.
    """

    entity_code = fields.String(required=True)
    flow_id = fields.String(required=True)
    flow_at = UtcDateTime(required=True)
    revision = fields.Integer(required=True)
    regulation_id = fields.String(required=True)
    settled_on = fields.Date(required=True)
    sender_id = fields.String(required=True)
    sender_name = fields.String(load_default=None, allow_none=True)
    payments_count = fields.Integer(required=True)
    total_cents = fields.Integer(required=True)
    current = fields.Boolean(required=True)
    received_at = UtcDateTime(required=True)
    pending = fields.Integer(required=True)
    findings = fields.List(fields.Nested(FindingTotal), required=True)
    credit_reference = fields.String(load_default=None, allow_none=True)
    reconciled = fields.Boolean(required=True)


class SettlementRequest(Schema):
    """The newest flow of an id."""

    entity_code = fields.String(required=True)
    flow_id = fields.String(required=True)


class SettlementsRequest(Schema):
    """Current flows, the newest day first."""

    entity_code = fields.String(required=True)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class Settlements(Schema):
    """A list of flows."""

    settlements = fields.List(fields.Nested(Settlement), required=True)


class WorklistRequest(Schema):
    """What a human must look at, oldest first, after the item `after`."""

    entity_code = fields.String(required=True)
    after = fields.Integer(load_default=0)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class WorklistItem(Schema):
    """A row of a flow that is not simply a payment of ours."""

    id = fields.Integer(required=True)
    finding = fields.String(required=True, validate=validate.OneOf(FINDINGS))
    flow_id = fields.String(required=True)
    settled_on = fields.Date(required=True)
    iuv = fields.String(required=True)
    iur = fields.String(required=True)
    transfer = fields.Integer(load_default=None, allow_none=True)
    amount_cents = fields.Integer(required=True)
    outcome = fields.Integer(required=True)
    paid_on = fields.Date(required=True)
    practice_id = fields.UUID(load_default=None, allow_none=True)


class Worklist(Schema):
    """A page of it."""

    items = fields.List(fields.Nested(WorklistItem), required=True)


class PutCreditRequest(Schema):
    """A credit on the body's account, by the bank's reference of it. Put again with other content it is corrected."""

    entity_code = fields.String(required=True)
    reference = fields.String(required=True, validate=validate.Length(1, 70))
    booked_on = fields.Date(required=True)
    amount_cents = Cents(required=True)
    remittance_text = fields.String(required=True, validate=validate.Length(1, 300))


class Credit(Schema):
    """A bank credit and the flow its text names. `reconciled`: that flow is here and of the same amount."""

    reference = fields.String(required=True)
    booked_on = fields.Date(required=True)
    amount_cents = fields.Integer(required=True)
    flow_id = fields.String(load_default=None, allow_none=True)
    flow_known = fields.Boolean(required=True)
    reconciled = fields.Boolean(required=True)


class DayRequest(Schema):
    """A day of settlement (dataRegolamento)."""

    entity_code = fields.String(required=True)
    day = fields.Date(required=True)


class DayReport(Schema):
    """The report as a CSV file, whose last lines add up."""

    file_name = fields.String(required=True)
    csv = fields.String(required=True)


class DayRow(Schema):
    """One transfer of a flow. `finding` is None while nobody has looked at it."""

    iuv = fields.String(required=True)
    iur = fields.String(required=True)
    index = fields.Integer(load_default=None, allow_none=True)
    outcome = fields.Integer(required=True)
    finding = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(FINDINGS))
    practice_id = fields.UUID(load_default=None, allow_none=True)
    amount_cents = fields.Integer(required=True)


class DayFlow(Schema):
    """A flow of the day: its rows, what they amount to, and what the bank credited under its id."""

    flow_id = fields.String(required=True)
    settled_on = fields.Date(required=True)
    sender = fields.String(required=True)
    regulation_id = fields.String(required=True)
    rows = fields.List(fields.Nested(DayRow), required=True)
    total_cents = fields.Integer(required=True)
    credited_cents = fields.Integer(required=True)
    credit_reference = fields.String(load_default=None, allow_none=True)
    reconciled = fields.Boolean(required=True)


class Day(Schema):
    """What a day of settlement adds up to: rows to flows, flows to the day, beside the bank's credits."""

    flows = fields.List(fields.Nested(DayFlow), required=True)
    total_cents = fields.Integer(required=True)
    credited_cents = fields.Integer(required=True)


TAKE_SETTLEMENT = Call(
    "payments", "take_settlement", TakeSettlementRequest(), Settlement(), idempotent=True, timeout_s=30
)
SETTLEMENT = Call("payments", "settlement", SettlementRequest(), Settlement(), idempotent=True)
SETTLEMENTS = Call("payments", "settlements", SettlementsRequest(), Settlements(), idempotent=True)
WORKLIST = Call("payments", "settlement_worklist", WorklistRequest(), Worklist(), idempotent=True)
PUT_CREDIT = Call("payments", "put_bank_credit", PutCreditRequest(), Credit(), idempotent=True)
DAY_REPORT = Call("payments", "settlement_day_report", DayRequest(), DayReport(), idempotent=True, timeout_s=15)
DAY = Call("payments", "settlement_day", DayRequest(), Day(), idempotent=True, timeout_s=15)
