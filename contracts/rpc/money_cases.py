"""What payments answers about money that nobody expected: each such receipt is a case, and somebody decides of it.

Who asks, and for which services their roles allow it (`service_codes`, None for every one), the gateway has asked
identity; a case of another entity or service does not exist here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from marshmallow.validate import Length, OneOf, Range

from contracts.actors import Actor
from contracts.call import Call
from contracts.codes import AMOUNT_MAX_CENTS, Iban, NoticeNumber
from contracts.events.payments import CASE_STATES, CASE_STEPS, UNEXPECTED_REASONS
from contracts.message import Message
from contracts.rpc.audit import AuditEntry

CASE_REASON_MAX = 140
HOLDER_MAX = 70
CASES_PAGE_MAX = 200
EXPORTS_PAGE_MAX = 100
REFUND_FILE_FORMATS = ("csv", "xml")
PAYER_REASONS = ("already_paid", "cancelled", "expired", "other_amount")
"""Where money came that the payer may want back; of the others the entity asks the payer first, or the PSP."""
_EntityCode = Annotated[str, Length(1, 35)]
_Reason = Annotated[str, Length(max=CASE_REASON_MAX)]
Holder = Annotated[str, Length(1, HOLDER_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyCase(Message):
    """A receipt that nobody expected, and what becomes of its money. `version` grows with each step.

    `reason`: why it was not expected, as in PaymentDuplicated. `amount_cents`: what of it came to the entity;
    `unexpected_cents`: how much of that nobody owed. `iban` is masked for who may not pay refunds. `decided_by`: who
    decided the refund, whom a second person may have to confirm. `note`: what was written with the last step.
    """

    id: UUID
    entity_code: str
    version: int
    state: Annotated[str, OneOf(CASE_STATES)]
    reason: Annotated[str, OneOf(UNEXPECTED_REASONS)]
    opened_at: datetime
    changed_at: datetime
    receipt_id: str
    first_receipt_id: str | None = None
    notice_number: NoticeNumber
    iuv: str
    description: str
    payer_name: str
    psp_name: str
    paid_at: datetime
    amount_cents: int
    unexpected_cents: int
    practice_id: UUID | None = None
    external_id: str | None = None
    service_code: str | None = None
    accounting_code: str | None = None
    iban: str | None = None
    holder: str | None = None
    refund_cents: int | None = None
    decided_by: Actor | None = None
    offset_practice_id: UUID | None = None
    export_id: UUID | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyCasesRequest(Message):
    """Cases of an entity in these states (none: all), oldest first, behind `cursor`. `show_iban`: whole, not masked."""

    entity_code: _EntityCode
    service_codes: Sequence[str] | None = None
    states: Sequence[Annotated[str, OneOf(CASE_STATES)]] = field(default_factory=list)
    cursor: str | None = None
    limit: Annotated[int, Range(1, CASES_PAGE_MAX)] = 50
    show_iban: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTotal(Message):
    """How many cases stand in a state, and to how much they add up: refunds where they are decided, else receipts."""

    state: Annotated[str, OneOf(CASE_STATES)]
    count: int
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyCases(Message):
    """A page of cases, and the totals of all the entity's, whichever states were asked for."""

    cases: Sequence[MoneyCase]
    totals: Sequence[CaseTotal]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyCaseRequest(Message):
    """One case. Refused(MONEY_CASE_NOT_FOUND) also for what is another entity's or another service's."""

    entity_code: _EntityCode
    service_codes: Sequence[str] | None = None
    case_id: UUID
    show_iban: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyCaseReply(Message):
    """A case, who did what with it (newest first), and whether the entity wants two people for a refund."""

    case: MoneyCase
    history: Sequence[AuditEntry]
    second_person: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveCaseRequest(Message):
    """A step of `actor` with the case as it was shown, in this `version`.

    `ask_refund` wants `iban` and `holder`; `refund` may say `refund_cents` (else what was unexpected); `offset` wants
    `offset_notice_number`, a notice of the entity that is to be paid; all but these and `confirm`, `refund_done` want
    a `reason`, `offset` too.

    Refused(MONEY_CASE_NOT_FOUND); (CHANGED_MEANWHILE) where the version is another; (MONEY_CASE_STEP_NOT_ALLOWED) from
    where it stands; (SECOND_PERSON_REQUIRED) for who decided it themselves; (INVALID_IBAN), (NAME_REQUIRED),
    (REFUND_TOO_LARGE), (REASON_REQUIRED), (INVALID_NOTICE_NUMBER), (PRACTICE_NOT_FOUND),
    (PRACTICE_PAID), (PRACTICE_CANCELLED).
    """

    entity_code: _EntityCode
    service_codes: Sequence[str] | None = None
    case_id: UUID
    version: int
    actor: Actor
    step: Annotated[str, OneOf(CASE_STEPS)]
    reason: _Reason | None = None
    iban: Annotated[str, Length(max=60)] | None = None
    holder: Annotated[str, Length(max=HOLDER_MAX)] | None = None
    refund_cents: Annotated[int, Range(1, AMOUNT_MAX_CENTS)] | None = None
    offset_notice_number: Annotated[str, Length(max=40)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRefundsRequest(Message):
    """Put all decided refunds into one file, to be paid on `pay_on` from `account_iban`; once per key of the entity.

    Refused(NO_REFUNDS_TO_EXPORT), (INVALID_IBAN), (INVALID_DATE) for a day that is past, (IDEMPOTENCY_CONFLICT).
    """

    idempotency_key: Annotated[str, Length(8, 128)]
    entity_code: _EntityCode
    service_codes: Sequence[str] | None = None
    actor: Actor
    pay_on: date
    account_iban: Annotated[str, Length(max=60)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundExport(Message):
    """A file of refunds for the bank. `open_count`: how many of them nobody has said to be paid or returned."""

    id: UUID
    entity_code: str
    created_at: datetime
    created_by: Actor
    pay_on: date
    account_iban: Iban
    count: int
    total_cents: int
    open_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundExportsRequest(Message):
    """The files of an entity, newest first."""

    entity_code: _EntityCode
    limit: Annotated[int, Range(1, EXPORTS_PAGE_MAX)] = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundExports(Message):
    """Files; `account_iban` is the one of the last, to be offered again."""

    exports: Sequence[RefundExport]
    account_iban: Iban | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFileRequest(Message):
    """A file as it was made: `xml` is a SEPA credit transfer (pain.001.001.09). Refused(REFUND_EXPORT_NOT_FOUND)."""

    entity_code: _EntityCode
    export_id: UUID
    format: Annotated[str, OneOf(REFUND_FILE_FORMATS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFile(Message):
    """Its name, and what is in it."""

    file_name: str
    media_type: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleExportRequest(Message):
    """The bank has paid the file: all its refunds that are still open are done. Refused(REFUND_EXPORT_NOT_FOUND)."""

    entity_code: _EntityCode
    export_id: UUID
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerCase(Message):
    """What whoever paid sees of a case. `may_ask`: they may say where the money shall go; `iban` is masked."""

    id: UUID
    version: int
    state: Annotated[str, OneOf(CASE_STATES)]
    reason: Annotated[str, OneOf(UNEXPECTED_REASONS)]
    receipt_id: str
    paid_at: datetime
    changed_at: datetime
    unexpected_cents: int
    refund_cents: int | None = None
    iban: str | None = None
    holder_name: str
    may_ask: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerCasesRequest(Message):
    """The cases of a practice that are of payments by this person: the payer, or the debtor where nobody is named."""

    entity_code: _EntityCode
    practice_id: UUID
    fiscal_code: Annotated[str, Length(1, 16)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerCases(Message):
    """Oldest first; empty where all was expected."""

    cases: Sequence[PayerCase]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRefundRequest(PayerCasesRequest):
    """The payer wants the money back on this account. Until a refund is decided another one may be said.

    Refused(MONEY_CASE_NOT_FOUND), (CHANGED_MEANWHILE), (MONEY_CASE_STEP_NOT_ALLOWED), (INVALID_IBAN), (NAME_REQUIRED).
    """

    case_id: UUID
    version: int
    citizen_id: UUID
    iban: Annotated[str, Length(max=60)]
    holder: Annotated[str, Length(max=HOLDER_MAX)]


MONEY_CASES = Call("payments", "money_cases", MoneyCasesRequest, MoneyCases, idempotent=True)
MONEY_CASE = Call("payments", "money_case", MoneyCaseRequest, MoneyCaseReply, idempotent=True)
MOVE_CASE = Call("payments", "move_case", MoveCaseRequest, MoneyCase, idempotent=False)
EXPORT_REFUNDS = Call("payments", "export_refunds", ExportRefundsRequest, RefundExport, idempotent=True)
REFUND_EXPORTS = Call("payments", "refund_exports", RefundExportsRequest, RefundExports, idempotent=True)
REFUND_FILE = Call("payments", "refund_file", RefundFileRequest, RefundFile, idempotent=True)
SETTLE_EXPORT = Call("payments", "settle_export", SettleExportRequest, RefundExport, idempotent=True)
PAYER_CASES = Call("payments", "payer_cases", PayerCasesRequest, PayerCases, idempotent=True)
ASK_REFUND = Call("payments", "ask_refund", AskRefundRequest, PayerCase, idempotent=False)
