"""What the API takes: JSON bodies and query strings, as messages of the gateway's own.

Fields nobody knows are refused. Amounts are whole euro cents, times are ISO 8601 in UTC. The names of the classes stand
in the OpenAPI document.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from marshmallow import fields
from marshmallow.validate import Length, OneOf, Range, Regexp

from contracts.amounts import AmountSchedule
from contracts.calendar import DUE_YEAR_MAX, DUE_YEAR_MIN
from contracts.codes import (
    AMOUNT_MAX_CENTS,
    DESCRIPTION_MAX_CHARS,
    EMAIL_MAX_CHARS,
    EMAIL_PATTERN,
    MAX_NOTICES_PER_CHECKOUT,
    OPTION_MAX_CHARS,
    AmountCents,
)
from contracts.events import EVENTS
from contracts.events.payments import CASE_STATES, CASE_STEPS
from contracts.extra_fields import EXTRA_FIELDS_MAX
from contracts.fields import UtcDateTime
from contracts.message import Message
from contracts.rpc.dead_letters import LETTERS_MAX
from contracts.rpc.identity import PURPOSES
from contracts.rpc.money_cases import CASE_REASON_MAX, CASES_PAGE_MAX, EXPORTS_PAGE_MAX, HOLDER_MAX
from contracts.rpc.notices import NOTICE_LANGUAGES
from contracts.rpc.practices import (
    IMPORT_OUTCOMES,
    IMPORT_ROWS_A_PAGE,
    LIST_ORDERS,
    ORIGINS,
    PAY_LINK_DAYS_MAX,
    PRACTICE_STATES,
)
from contracts.rpc.webhooks import WebhookTypes, WebhookUrl
from contracts.shapes import Beneficiary, Instalment, Name, Stamp
from gateway.api.json_checks import Lines

FEED_TYPES: Final = tuple(name for name, event in EVENTS.items() if event.source in ("practices", "payments"))
_INT32_MAX: Final = 2**31 - 1
_INT64_MAX: Final = 2**63 - 1


# Three whose limits have error codes of their own, and are checked by body_rules.py.


class Amount(fields.Integer):
    """Euro cents as sent. Outside of the limits the answer is `amount_out_of_range`."""

    def __init__(self, **kwargs: Any) -> None:
        limits = {"minimum": 1, "maximum": AMOUNT_MAX_CENTS}
        super().__init__(strict=True, metadata=limits, **kwargs)


class Causale(fields.String):
    """A causale as sent. A longer one is `description_too_long`; required and empty it is `description_required`."""

    def __init__(self, **kwargs: Any) -> None:
        limits = {"minLength": 1 if kwargs.get("required") else 0, "maxLength": DESCRIPTION_MAX_CHARS}
        super().__init__(metadata=limits, **kwargs)


class PracticeIds(fields.List[Any]):
    """Practices to pay together. None is `cart_empty`, too many are `cart_full`."""

    def __init__(self, **kwargs: Any) -> None:
        limits = {"minItems": 1, "maxItems": MAX_NOTICES_PER_CHECKOUT}
        super().__init__(fields.UUID(), metadata=limits, **kwargs)


class DueDate(fields.Date):
    """A day of this century; another is `invalid_date`."""

    def __init__(self, **kwargs: Any) -> None:
        says = f"From {DUE_YEAR_MIN}-01-01 to {DUE_YEAR_MAX}-12-31."
        super().__init__(metadata={"description": says, "pattern": "^20[0-9]{2}-[0-9]{2}-[0-9]{2}$"}, **kwargs)


class Email(fields.String):
    """An address as pagoPA takes it."""

    def __init__(self, **kwargs: Any) -> None:
        limits = [Length(max=EMAIL_MAX_CHARS), Regexp(rf"^{EMAIL_PATTERN}\Z")]
        super().__init__(validate=limits, metadata={"format": "email"}, **kwargs)


class AbsentText(fields.String):
    """A text that may be absent but not null: the message's default stands for the absent one."""

    def __init__(self, *, validate: Any, **_of_the_message: Any) -> None:
        super().__init__(validate=validate)


class Since(UtcDateTime):
    """A moment that is called `from` outside, which Python has for itself."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(data_key="from", **kwargs)


class Until(UtcDateTime):
    """A moment that is called `to` outside: what happened then is left out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(data_key="to", **kwargs)


class TwoSided(fields.Boolean):
    """What printing on both sides means."""

    def __init__(self, **kwargs: Any) -> None:
        says = "An empty page after each notice with an odd number of pages: no sheet has two payers."
        super().__init__(metadata={"description": says}, **kwargs)


class Flagged(fields.Boolean):
    """Which payments are left out."""

    def __init__(self, **kwargs: Any) -> None:
        says = "Only payments that a human must look at: less than is due, never asked for, twice; `flags` says which."
        super().__init__(metadata={"description": says}, **kwargs)


TypedCode = Annotated[str, Length(1, 40)]
ExternalId = Annotated[str, Length(1, 70)]
ServiceCode = Annotated[str, Length(1, 35)]
PageSize = Annotated[int, Range(1, 1000)]
Cursor = Annotated[str, Length(max=200)]
Extras = Mapping[Annotated[str, Length(1, 35)], Annotated[str, Length(max=140)]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchBody(Message):
    """Either `notice_number`, or `fiscal_code` with `reference` (IUV, notice number or the entity's own reference)."""

    notice_number: Annotated[TypedCode, AbsentText] | None = None
    fiscal_code: Annotated[TypedCode, AbsentText] | None = None
    reference: Annotated[ExternalId, AbsentText] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeQuery(Message):
    """Which practices, and in which order. `state` may be repeated, or list several with commas.

    `year`: made in it. `due_from`, `due_until`: due on these days or between them. A `cursor` is for the same `order`;
    a page that is not full may have a next one.
    """

    state: Sequence[Annotated[str, OneOf(PRACTICE_STATES)]] = field(default_factory=list)
    service_code: ServiceCode | None = None
    year: Annotated[int, Range(2000, 2099)] | None = None
    due_from: date | None = None
    due_until: date | None = None
    order: Annotated[str, OneOf(LIST_ORDERS)] = "newest"
    cursor: Cursor | None = None
    limit: Annotated[int, Range(1, 200)] = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportQuery(Message):
    """Rows below a line, of one outcome where one is named."""

    after_line: Annotated[int, Range(0, _INT32_MAX)] = 0
    limit: Annotated[int, Range(1, IMPORT_ROWS_A_PAGE)] = IMPORT_ROWS_A_PAGE
    outcome: Annotated[str, OneOf(IMPORT_OUTCOMES)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSendQuery(Message):
    """`preview`: tell what would change, as a job, and load nothing before `…/application` asks for it."""

    preview: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportApplicationBody(Message):
    """Load a previewed file, whatever has changed since. `accepted_only`: although rows of it are refused.

    `annul_missing`: annul the debts to pay of its services that it does not name; the `reason` is read by their payers.
    """

    accepted_only: bool = False
    annul_missing: bool = False
    reason: Annotated[str, Length(1, 140)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeQuery(Message):
    """The practice of a penalty's full amount, where the one in the address is its reduced amount.

    The notice then offers both: the reduced one within 5 days of notification, the full one within 60.
    """

    full_amount_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptQuery(Message):
    """Which payment, where a practice was paid more than once; without it the document holds them all."""

    receipt_id: Annotated[str, Length(1, 35)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertBody(Message):
    """Inserimento spontaneo. `anonymous` is for services that allow it, with a beneficiary and without login.

    `stamp` is for services that sell a digital revenue stamp (`stamp_cents`): the SHA-256 of the document in base64.
    `extras`: of the service's `extra_fields`, by name. `full_name`: who pays anonymously where the service takes no
    beneficiary.
    """

    service_code: ServiceCode
    amount_cents: Annotated[int, Amount]
    description: Annotated[str, Causale] | None = None
    beneficiary: Beneficiary | None = None
    anonymous: bool = False
    stamp: Stamp | None = None
    extras: Annotated[Extras, Length(max=EXTRA_FIELDS_MAX)] = field(default_factory=dict)
    full_name: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutBody(Message):
    """One to five practices of one creditor, paid together.

    Where a duplicate practice (same service, person and amount) was paid lately, is being paid, or stands among these,
    the answer is `equal_practice_found`, and `params.equals` names each with its `equal_id`, `standing` (`paid`,
    `being_paid`, `in_this_payment`), `since` and `until`. Ask the payer; to go on, send the same with `pay_anyway`, if
    you like under the same Idempotency-Key.
    `total_cents`: what the payer was told; where the practices cost something else by now, the answer is
    `amount_changed` with the total of now.
    """

    practice_ids: Annotated[Sequence[UUID], PracticeIds]
    pay_anyway: bool = False
    total_cents: AmountCents | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentBody(Message):
    """Grant a purpose. For `registration` the `document_id` of the notice shown is required; `email` is optional."""

    purpose: Annotated[str, OneOf(PURPOSES)]
    document_id: Annotated[str, Length(1, 100)] | None = None
    email: Annotated[str, Email] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtBody(Message):
    """A debt as the entity's software knows it. The same content again changes nothing; another amends it.

    Of an instalment `number` is `total` at most.
    `fiscal_code` is `ANONIMO` for who has none, where the service takes them. An `email` that pagoPA would not take is
    left out and told in `warnings`. `schedule`: how the amount changes with the days, and which day is printed; without
    it the amount is the same on every day. `debt_position` and `option`, both or neither: debts of one position are
    several ways of paying the same, each option a single sum or, with `instalment`, a plan. Whoever pays one closes
    the others. `extras`: of the service's `extra_fields`, by name.
    """

    service_code: ServiceCode
    fiscal_code: TypedCode
    full_name: Name
    email: Annotated[str, Length(max=EMAIL_MAX_CHARS)] | None = None
    beneficiary: Beneficiary | None = None
    amount_cents: Annotated[int, Amount]
    description: Annotated[str, Causale]
    due_date: Annotated[date, DueDate] | None = None
    instalment: Instalment | None = None
    schedule: AmountSchedule | None = None
    debt_position: ExternalId | None = None
    option: Annotated[str, Length(1, OPTION_MAX_CHARS)] | None = None
    extras: Annotated[Extras, Length(max=EXTRA_FIELDS_MAX)] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnulBody(Message):
    """Why the debt is withdrawn; the payer reads it. `paid_elsewhere`: it was paid, but not through pagoPA."""

    reason: Annotated[str, Length(1, 140)]
    paid_elsewhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PayLinkBody(Message):
    """For how many days the link leads to the debt."""

    valid_days: Annotated[int, Range(1, PAY_LINK_DAYS_MAX)] = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyCaseQuery(Message):
    """Cases, oldest first, a page at a time. `state` may be repeated, or list several with commas."""

    state: Sequence[Annotated[str, OneOf(CASE_STATES)]] = field(default_factory=list)
    cursor: Cursor | None = None
    limit: Annotated[int, Range(1, CASES_PAGE_MAX)] = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyCaseStepBody(Message):
    """A step with a case in the `version` that was read; in another one it is not done.

    `ask_refund` wants `iban` and `holder`; `refund` may say `refund_cents`, otherwise all that was unexpected is given
    back; `offset` wants `offset_notice_number`; `withdraw`, `refund_returned`, `offset`, `explain` and `reopen` want a
    `reason`.
    """

    step: Annotated[str, OneOf([step for step in CASE_STEPS if step != "export"])]
    version: Annotated[int, Range(1, _INT32_MAX)]
    reason: Annotated[str, Length(max=CASE_REASON_MAX)] | None = None
    iban: Annotated[str, Length(max=60)] | None = None
    holder: Annotated[str, Length(max=HOLDER_MAX)] | None = None
    refund_cents: Annotated[int, Range(1, AMOUNT_MAX_CENTS)] | None = None
    offset_notice_number: TypedCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundExportBody(Message):
    """From which account of the entity the refunds are paid, and on which day."""

    account_iban: Annotated[str, Length(1, 60)]
    pay_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundExportQuery(Message):
    """How many files."""

    limit: Annotated[int, Range(1, EXPORTS_PAGE_MAX)] = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookBody(Message):
    """Where events are sent: an https address that is not a private one. Without `types` all of them."""

    url: WebhookUrl
    types: WebhookTypes = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChangeBody(WebhookBody):
    """The same, and whether it is sent to. One that is enabled again is sent what it missed."""

    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendBody(Message):
    """What is sent again: one event, or those emitted from `from` on and before `to`, 10,000 at most."""

    event_id: UUID | None = None
    since: Annotated[datetime, Since] | None = None
    until: Annotated[datetime, Until] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryQuery(Message):
    """Deliveries older than one seen before."""

    before: Annotated[int, Range(1, _INT64_MAX)] | None = None
    limit: Annotated[int, Range(1, 100)] = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayBody(Message):
    """Which dead letter is sent again; without `id` all, 1,000 at most."""

    id: Annotated[str, Length(1, 70)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DropBody(Message):
    """Why nobody needs it any more; it stands in the log."""

    reason: Annotated[str, Length(1, 200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterQuery(Message):
    """How many, the oldest first."""

    limit: Annotated[int, Range(1, LETTERS_MAX)] = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintJobBody(Message):
    """The debts to print notices for, by the entity's own references, and in which language or two."""

    external_ids: Annotated[Sequence[ExternalId], Length(1, 10_000)]
    language: Annotated[str, OneOf(NOTICE_LANGUAGES)] = "it"
    second_language: Annotated[str, OneOf(NOTICE_LANGUAGES)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedQuery(Message):
    """How the merged document will be printed. `two_sided`: each notice begins on a sheet of its own."""

    two_sided: Annotated[bool, TwoSided] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFileQuery(Message):
    """Payments whose receipt arrived from `from` on and before `to`. `flagged`: only those that are odd in some way."""

    since: Annotated[datetime, Since] | None = None
    until: Annotated[datetime, Until] | None = None
    flagged: Annotated[bool, Flagged] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentQuery(PaymentFileQuery):
    """The same, a page at a time."""

    cursor: Cursor | None = None
    limit: PageSize = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtFileQuery(Message):
    """Practices made from `from` on and before `to`, also those that citizens inserted (`origin`: `spontaneous`).

    `state` may be repeated, or list several with commas.
    """

    since: Annotated[datetime, Since] | None = None
    until: Annotated[datetime, Until] | None = None
    state: Sequence[Annotated[str, OneOf(PRACTICE_STATES)]] = field(default_factory=list)
    service_code: ServiceCode | None = None
    origin: Annotated[str, OneOf(ORIGINS)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtQuery(DebtFileQuery):
    """The same, a page at a time."""

    cursor: Cursor | None = None
    limit: PageSize = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementQuery(Message):
    """How many flows."""

    limit: PageSize = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistQuery(Message):
    """Items after one seen before."""

    after: Annotated[int, Range(0, _INT64_MAX)] = 0
    limit: PageSize = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmatchedQuery(Message):
    """Credits after one seen before."""

    after: Annotated[str, Length(max=70)] | None = None
    limit: PageSize = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class BankCreditBody(Message):
    """A credit as the bank statement has it. `remittance_text` holds the flow's id after `/URI/`."""

    booked_on: date
    amount_cents: AmountCents
    remittance_text: Annotated[str, Lines, Length(1, 300)]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery(Message):
    """Events after a cursor; without one, from the beginning. Emitted from `from` on and before `to`.

    `type` may be repeated, or list several with commas. `subject` is the practice, for checkouts the checkout.
    """

    after: Cursor | None = None
    limit: PageSize = 100
    type: Sequence[Annotated[str, OneOf(FEED_TYPES)]] = field(default_factory=list)
    subject: Annotated[str, Length(1, 70)] | None = None
    since: Annotated[datetime, Since] | None = None
    until: Annotated[datetime, Until] | None = None
