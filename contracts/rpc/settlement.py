"""What payments answers about settlement: flows (FdR), the bank's credits, the worklist, the report of a day."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from marshmallow.validate import Length, OneOf, Range

from contracts.actors import Actor
from contracts.call import Call
from contracts.codes import AmountCents
from contracts.message import Message

FINDINGS = (
    "reported",
    "recovered",
    "revoked",
    "unknown",
    "amount_differs",
    "repeated",
    "no_receipt_fits",
    "never_activated",
    "withdrawn",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeSettlementRequest(Message):
    """A settlement flow as a file: XML 1.0.4 or 1.0.5, as it is, in base64, or as the one entry of a ZIP.

    `actor`: who sends it, for the audit.
    """

    entity_code: str
    content_base64: str
    actor: Actor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingTotal(Message):
    """How many rows turned out so, and what they amount to."""

    finding: Annotated[str, OneOf(FINDINGS)]
    count: int
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadRow(Message):
    """A row of a flow that is not as it must be: which one, from 1, and what is wrong with it."""

    position: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement(Message):
    """A flow and what became of its rows. `pending` rows have not been looked at yet: of a large flow, none at first.

    `current` is false for a flow that a newer one of the same id has replaced. `credit_reference` is the bank credit
    that names the flow, `reconciled` says that it, or all that name it together, are of the same amount. `adds_up`:
    whether the rows are as many and as much as the flow declares. `unread` rows could not be read and stopped no other.
    """

    entity_code: str
    flow_id: str
    flow_at: datetime
    revision: int
    regulation_id: str
    settled_on: date
    sender_id: str
    sender_name: str | None = None
    payments_count: int
    total_cents: int
    current: bool
    received_at: datetime
    pending: int
    findings: Sequence[FindingTotal]
    credit_reference: str | None = None
    reconciled: bool
    adds_up: bool = True
    unread: Sequence[UnreadRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementRequest(Message):
    """The newest flow of an id."""

    entity_code: str
    flow_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementsRequest(Message):
    """Current flows, the newest day first."""

    entity_code: str
    limit: Annotated[int, Range(1, 1000)] = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlements(Message):
    """A list of flows."""

    settlements: Sequence[Settlement]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistRequest(Message):
    """What a human must look at, oldest first, after the item `after`."""

    entity_code: str
    after: int = 0
    limit: Annotated[int, Range(1, 1000)] = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistItem(Message):
    """A row of a flow that is not simply a payment of ours."""

    id: int
    finding: Annotated[str, OneOf(FINDINGS)]
    flow_id: str
    settled_on: date
    iuv: str
    iur: str
    transfer: int | None = None
    amount_cents: int
    outcome: int
    paid_on: date
    practice_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Worklist(Message):
    """A page of it."""

    items: Sequence[WorklistItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class PutCreditRequest(Message):
    """A credit on the entity's account, by the bank's reference of it. Put again with other content it is corrected."""

    entity_code: str
    reference: Annotated[str, Length(1, 70)]
    booked_on: date
    amount_cents: AmountCents
    remittance_text: Annotated[str, Length(1, 300)]
    actor: Actor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit(Message):
    """A bank credit and the flow its text names. `reconciled`: that flow is here and of the same amount."""

    reference: str
    booked_on: date
    amount_cents: int
    flow_id: str | None = None
    flow_known: bool
    reconciled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmatchedCreditsRequest(Message):
    """Credits that no flow we have belongs to, oldest first, after the one with the reference `after`."""

    entity_code: str
    after: str | None = None
    limit: Annotated[int, Range(1, 1000)] = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmatchedCredit(Message):
    """A credit for a human. `flow_id` is what its text seems to name; `candidates` are flows of its amount and days.

    A candidate is a flow that no credit names.
    """

    reference: str
    booked_on: date
    amount_cents: int
    remittance_text: str
    flow_id: str | None = None
    candidates: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmatchedCredits(Message):
    """A page of them."""

    credits: Sequence[UnmatchedCredit]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRequest(Message):
    """A day of settlement (dataRegolamento)."""

    entity_code: str
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReport(Message):
    """The report as a CSV file, whose last lines add up."""

    file_name: str
    csv: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow(Message):
    """One transfer of a flow. `finding` is None while nobody has looked at it."""

    iuv: str
    iur: str
    index: int | None = None
    outcome: int
    finding: Annotated[str, OneOf(FINDINGS)] | None = None
    practice_id: UUID | None = None
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFlow(Message):
    """A flow of the day: its rows, what they amount to, and what the bank credited under its id."""

    flow_id: str
    settled_on: date
    sender: str
    regulation_id: str
    rows: Sequence[DayRow]
    total_cents: int
    credited_cents: int
    credit_reference: str | None = None
    reconciled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(Message):
    """What a day of settlement adds up to: rows to flows, flows to the day, beside the bank's credits."""

    flows: Sequence[DayFlow]
    total_cents: int
    credited_cents: int


TAKE_SETTLEMENT = Call("payments", "take_settlement", TakeSettlementRequest, Settlement, idempotent=True, timeout_s=30)
SETTLEMENT = Call("payments", "settlement", SettlementRequest, Settlement, idempotent=True)
SETTLEMENTS = Call("payments", "settlements", SettlementsRequest, Settlements, idempotent=True)
WORKLIST = Call("payments", "settlement_worklist", WorklistRequest, Worklist, idempotent=True)
PUT_CREDIT = Call("payments", "put_bank_credit", PutCreditRequest, Credit, idempotent=True)
UNMATCHED_CREDITS = Call(
    "payments", "unmatched_bank_credits", UnmatchedCreditsRequest, UnmatchedCredits, idempotent=True
)
DAY_REPORT = Call("payments", "settlement_day_report", DayRequest, DayReport, idempotent=True, timeout_s=15)
DAY = Call("payments", "settlement_day", DayRequest, Day, idempotent=True, timeout_s=15)
