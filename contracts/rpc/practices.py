"""What practices answers: the catalogue, what is owed, insertion, the entity's debts and imports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from marshmallow.validate import Length, OneOf, Range, Regexp

from contracts.actors import Actor
from contracts.amounts import AmountPeriod, AmountSchedule
from contracts.call import Call
from contracts.codes import EMAIL_MAX_CHARS, EMAIL_PATTERN, AmountCents, CreditorFiscalCode, Iuv, NoticeNumber
from contracts.extra_fields import EXTRA_FIELDS_MAX, ExtraField, ExtraValue
from contracts.message import Message
from contracts.shapes import (
    Beneficiary,
    Creditor,
    Description,
    Empty,
    Instalment,
    LocalisedText,
    OptionPart,
    Stamp,
    Subject,
    Transfer,
    Viewer,
)

PRACTICE_STATES = ("to_pay", "unconfirmed", "underpaid", "paid", "expired", "cancelled", "reported")
ORIGINS = ("issued", "spontaneous")
RETENTION_MIN_DAYS = 30
RETENTION_MAX_DAYS = 36_525
PAYER_KINDS = ("person", "company")
TEXT_LANGUAGES = ("it", "en", "de", "fr", "sl")
LIST_ORDERS = ("newest", "oldest", "due_soonest", "due_latest", "greatest", "smallest")
LIST_TEXT_MAX_CHARS = 80
LINK_KINDS = ("pay", "private")
PAY_LINK_DAYS_MAX = 400
PRIVATE_LINK_PRACTICES_MAX = 20
IMPORT_STATES = ("receiving", "waiting", "checking", "loading", "done", "refused", "cancelled")
IMPORT_OUTCOMES = ["created", "amended", "unchanged", "refused"]
# A report of as many rows as a file may have that is answered at once.
IMPORT_ROWS_A_PAGE = 20_000
PAY_LINKS_MAILED = ("notice", "receipt")
IMPORT_PART_MAX_BYTES = 1024 * 1024
IMPORT_PARTS_MAX = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandCodes(Message):
    """By which codes a citizen asks for a service at a PSP's counter (idServizio, idSoggettoServizio)."""

    service_id: Annotated[str, Length(equal=5)]
    subject_id: Annotated[str, Length(equal=5)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountChoice(Message):
    """One of the amounts that a service has, in cents, and what it is for."""

    cents: AmountCents
    title: LocalisedText


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueService(Message):
    """A service of an entity. Amount rules are in cents; None means no rule.

    `unit_cents`: the amount must be a multiple of it (booklets of 25 euro).
    `fixed_cents`: the only amount accepted. `choices`: the only ones, of which the payer chooses.
    `spontaneous`: offered under Inserimento spontaneo. `demand`: a citizen may ask for it at a PSP. `stamp_cents`: what
    of the amount buys a digital revenue stamp. `takes_beneficiary`: its form asks for whom it is paid. `extra_fields`:
    what it asks for besides. `payers`: who may insert, all where it is empty. `notice_text`: what mails about it and
    the page of what is to be paid say besides.
    """

    code: str
    title: LocalisedText
    note: LocalisedText | None = None
    category: str
    spontaneous: bool
    allows_anonymous: bool
    requires_beneficiary: bool
    accepts_late: bool
    min_cents: int | None = None
    max_cents: int | None = None
    unit_cents: int | None = None
    fixed_cents: int | None = None
    demand: DemandCodes | None = None
    stamp_cents: Annotated[int, Range(min=1)] | None = None
    choices: Sequence[AmountChoice] = field(default_factory=list)
    takes_beneficiary: bool = True
    extra_fields: Annotated[Sequence[ExtraField], Length(max=EXTRA_FIELDS_MAX)] = field(default_factory=list)
    payers: Sequence[Annotated[str, OneOf(PAYER_KINDS)]] = field(default_factory=list)
    notice_text: LocalisedText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts(Message):
    """How an entity is reached beside its e-mail address. `certified_email`: PEC."""

    address: Annotated[str, Length(1, 140)] | None = None
    phone: Annotated[str, Regexp(r"^\+?[0-9 ]{5,20}$")] | None = None
    certified_email: Annotated[str, Length(max=EMAIL_MAX_CHARS), Regexp(f"^{EMAIL_PATTERN}$")] | None = None
    office_hours: LocalisedText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours(Message):
    """The colours of an entity's pages: `primary` of what stands out, `dark` of links and of the line above."""

    primary: Annotated[str, Regexp(r"^#[0-9a-fA-F]{6}$")]
    dark: Annotated[str, Regexp(r"^#[0-9a-fA-F]{6}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention(Message):
    """For how many days what is about a person is stored; afterwards it is forgotten, and what it came to stays.

    `practices_days`: since it was paid, expired or was annulled. `receipts_days`: since a receipt arrived.
    `files_days`: of the reports of debt files. `traces_days`: of who was at Checkout. `paused`: nothing is forgotten.
    """

    practices_days: Annotated[int, Range(RETENTION_MIN_DAYS, RETENTION_MAX_DAYS)] = 3_660
    receipts_days: Annotated[int, Range(RETENTION_MIN_DAYS, RETENTION_MAX_DAYS)] = 3_660
    files_days: Annotated[int, Range(RETENTION_MIN_DAYS, RETENTION_MAX_DAYS)] = 400
    traces_days: Annotated[int, Range(RETENTION_MIN_DAYS, RETENTION_MAX_DAYS)] = 730
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity(Message):
    """An entity of the portal and its services. `languages`: those that all of its texts are in."""

    code: str
    creditor: Creditor
    website: str | None = None
    contact_email: str | None = None
    logo: str | None = None
    cbill: str | None = None
    postal_account: str | None = None
    postal_account_holder: str | None = None
    postal_authorisation: str | None = None
    contacts: Contacts | None = None
    colours: Colours | None = None
    languages: Sequence[Annotated[str, OneOf(TEXT_LANGUAGES)]] = ("it", "en")
    retention: Retention = field(default_factory=Retention)
    services: Sequence[CatalogueService]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityName(Message):
    """An entity as it stands in a list of all."""

    code: str
    company_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityNames(Message):
    """Every entity of the portal, by its name."""

    entities: Sequence[EntityName]


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice(Message):
    """One thing owed, as shown to whoever may see it.

    `payable` is the answer to "may a payment be started now?"; when false `not_payable_code` is the ErrorCode
    why. `overdue` compares Europe/Rome calendar days. `masked`: nothing in it is about a person, because the viewer
    found it by notice number alone; `description` is then the service's title with the year. `needs_attention`: money
    arrived that a human must look at.
    `received_cents`, `missing_cents`: what came and what is missing, of an `underpaid` one; not where it is masked.
    `paid_at`: when the money came with which nothing was missing any more, of a `paid` or `reported` one; not where it
    is masked.
    `online_only`: it buys a digital stamp, which pagoPA sells only through our own Checkout: no printed notice.
    `postal_slip`: whoever gets a share of it has a postal account, as far as practices knows.
    `warnings`: what was left out of a debt just put (`email_left_out`: the node would not take the address).
    `amount_cents` is the amount of today, or what was owed when it was paid or ended, and `amount_until` the last day
    on which it holds. `amounts`: where it changes, what is asked for from today on. `printed_date`: the day on the
    notice, where it is not the due date. `debt_position`, `option`: where it is one way of several of paying something,
    or an instalment of such a way. `debt_cents` and `schedule`: what it is computed from, not where it is masked.
    `extras`: what its service asks for besides, not where it is masked.
    `amount_told_at`: since when the entity's software says this amount, where it says it and has answered.
    `amount_last_known`: it was asked for this reply and did not answer; this is what it said last, and may be paid.
    """

    id: UUID
    entity_code: str
    creditor_name: str
    service_code: str
    service_title: LocalisedText
    origin: Annotated[str, OneOf(ORIGINS)]
    external_id: str | None = None
    debtor: Subject
    beneficiary: Beneficiary | None = None
    description: Description
    amount_cents: AmountCents
    notice_number: NoticeNumber
    iuv: Iuv
    due_date: date | None = None
    payable_until: date | None = None
    instalment: Instalment | None = None
    state: Annotated[str, OneOf(PRACTICE_STATES)]
    state_reason: str | None = None
    state_since: datetime
    state_until: datetime | None = None
    overdue: bool
    payable: bool
    not_payable_code: str | None = None
    received_cents: int | None = None
    missing_cents: int | None = None
    paid_at: datetime | None = None
    needs_attention: bool = False
    masked: bool = False
    online_only: bool = False
    postal_slip: bool = True
    stamp: Stamp | None = None
    warnings: Sequence[str] = field(default_factory=list)
    amount_until: date | None = None
    amounts: Sequence[AmountPeriod] = field(default_factory=list)
    printed_date: date | None = None
    debt_cents: AmountCents | None = None
    schedule: AmountSchedule | None = None
    debt_position: str | None = None
    option: str | None = None
    extras: Sequence[ExtraValue] = field(default_factory=list)
    amount_told_at: datetime | None = None
    amount_last_known: bool = False
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveTerms(Message):
    """How pagoPA's archive of notices (ACA) may take a payment.

    `pay_stand_in`: while our station does not answer. `switch_to_expired`: not after the due date.
    """

    pay_stand_in: bool = True
    switch_to_expired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Position(Message):
    """What payments needs to answer the node: also the `data` of PracticeCreated and PracticeAmended.

    `payable_until`: last Europe/Rome day on which payment is accepted; None means late payment is accepted.
    `archive`: None where it does not belong into pagoPA's archive of notices.
    `sequence` grows by one with each event about this practice; the highest seen wins.
    `public_description` is what whoever knows the notice number alone may read in place of `description`: the service
    and the year. The entity's books know it by `external_id`, by its service and `accounting_code`, which the catalogue
    gives the service, and by its `instalment` and `beneficiary`, where it has them.
    `amount_cents` and `transfers` are of the debt itself: what is to be paid on a day follows from `schedule`
    (contracts.amounts), and the difference is the first transfer's. `part`: of which option of which debt position.
    `extras`: the values of the fields that its service has of its own, by their names in the catalogue.
    """

    practice_id: UUID
    sequence: Annotated[int, Range(min=1)]
    creditor: Creditor
    service_code: str
    origin: Annotated[str, OneOf(ORIGINS)]
    notice_number: NoticeNumber
    iuv: Iuv
    amount_cents: AmountCents
    description: Description
    debtor: Subject
    transfers: Annotated[Sequence[Transfer], Length(1, 5)]
    due_date: date | None = None
    payable_until: date | None = None
    cancelled: bool = False
    archive: ArchiveTerms | None = None
    public_description: Description | None = None
    external_id: str | None = None
    accounting_code: str | None = None
    instalment: Instalment | None = None
    beneficiary: Beneficiary | None = None
    schedule: AmountSchedule | None = None
    part: OptionPart | None = None
    extras: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityRequest(Message):
    """Ask for one entity by its code."""

    entity_code: Annotated[str, Length(1, 35)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest(Message):
    """Either `notice_number`, or `fiscal_code` with `reference` (IUV, notice number or the entity's own reference).

    Both as they were typed: the service checks them.
    """

    entity_code: str
    notice_number: str | None = None
    fiscal_code: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPlan(Message):
    """A plan that is listed once: by which practice of the page, and all of its instalments by number."""

    practice_id: UUID
    practices: Sequence[Practice]


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeList(Message):
    """A page of practices; `next_cursor` is None on the last.

    One that is not full and has a `next_cursor`: so many were looked at for it, and there are more. `plans`: those that
    are listed once.
    """

    practices: Sequence[Practice]
    next_cursor: str | None = None
    plans: Sequence[ListedPlan] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest(Message):
    """Practices a citizen is debtor of. `paid_year`: those that money came for in that year in Rome.

    `year`: those made in it. `due_from`, `due_until`: those due on these days and between them. `text`: its words stand
    in the causale, a reference, the notice number, the IUV or the beneficiary's name. A cursor is for the same `order`.
    `with_plans`: the instalments of one plan are listed once, where the first of them is.
    """

    entity_code: str
    viewer: Viewer
    states: Sequence[Annotated[str, OneOf(PRACTICE_STATES)]] = field(default_factory=list)
    paid_year: Annotated[int, Range(2000, 2099)] | None = None
    cursor: str | None = None
    limit: Annotated[int, Range(1, 200)] = 50
    service_code: str | None = None
    year: Annotated[int, Range(2000, 2099)] | None = None
    due_from: date | None = None
    due_until: date | None = None
    text: Annotated[str, Length(max=LIST_TEXT_MAX_CHARS)] | None = None
    order: Annotated[str, OneOf(LIST_ORDERS)] = "newest"
    with_plans: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalsRequest(Message):
    """What a citizen owes an entity, and has paid it in a year in Rome. `whole`: whatever it takes to count."""

    entity_code: str
    viewer: Viewer
    year: Annotated[int, Range(2000, 2099)]
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum(Message):
    """So many practices and what they come to. `is_whole`: none was left out because there are too many."""

    count: int = 0
    cents: int = 0
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals(Message):
    """`owed`: what is to be paid at today's amounts, of a debt position its cheapest option; `overdue`: of that, late.

    `paid`: the money that came in the year.
    """

    unpaid: Sum
    overdue: Sum
    paid: Sum


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidYearRequest(Message):
    """What was paid in a year in Rome for the practices a citizen is debtor of."""

    entity_code: str
    viewer: Viewer
    year: Annotated[int, Range(2000, 2099)]
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class YearPayment(Message):
    """One payment of a practice. `stamp_cents`: what of its price bought a digital revenue stamp."""

    practice_id: UUID
    service_title: LocalisedText
    description: Description
    debtor: Subject
    beneficiary: Beneficiary | None = None
    notice_number: NoticeNumber
    iuv: Iuv
    receipt_id: str
    paid_at: datetime
    amount_cents: AmountCents
    stamp_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class YearPayments(Message):
    """Payments of so many practices as were looked at; `next_cursor` is None on the last page, a page may be empty."""

    payments: Sequence[YearPayment]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDatesRequest(Message):
    """What a citizen owes or owed with a due date, of all entities; what was over before `since` is left out."""

    viewer: Viewer
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedPractice(Practice):
    """`revision` grows with everything that changes about it: terms, and whether it is still to be paid."""

    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDates(Message):
    """By due date, the latest first, 500 at most."""

    practices: Sequence[DatedPractice]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetManyRequest(Message):
    """Practices by id, in the order asked; those the viewer may not see are left out."""

    viewer: Viewer
    practice_ids: Annotated[Sequence[UUID], Length(max=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeDuplicates(Message):
    """A practice, and others of the same service, amount and debtor or beneficiary: perhaps one payment asked twice."""

    practice_id: UUID
    equal_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicatesReply(Message):
    """Only practices with a duplicate that the viewer may see too; whether it was paid, payments knows."""

    equals: Sequence[PracticeDuplicates]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest(Message):
    """The instalments of the plan that a practice is one of, as far as the viewer may see them.

    `all_options`: those of every option of its debt position, the one it is of first.
    """

    viewer: Viewer
    practice_id: UUID
    all_options: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtsRequest(Message):
    """An entity's own debts by its references; for its own software only, no viewer."""

    entity_code: str
    external_ids: Annotated[Sequence[str], Length(max=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedPractice(Practice):
    """A practice as the entity's own software sees it: with the account its service is booked under."""

    accounting_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtGetRequest(Message):
    """One debt by the entity's own reference; for its own software only, no viewer."""

    entity_code: str
    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtListRequest(Message):
    """An entity's practices made in [since, until), what citizens inserted too; for its own software only, no viewer.

    Oldest first. No `states` are all states, no `origin` is both.
    """

    entity_code: str
    since: datetime | None = None
    until: datetime | None = None
    states: Sequence[Annotated[str, OneOf(PRACTICE_STATES)]] = field(default_factory=list)
    service_code: str | None = None
    origin: Annotated[str, OneOf(ORIGINS)] | None = None
    cursor: str | None = None
    limit: Annotated[int, Range(1, 1000)] = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtPage(Message):
    """A page of an entity's practices; `next_cursor` is None on the last."""

    practices: Sequence[BookedPractice]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertRequest(Message):
    """Inserimento spontaneo. `amount_cents` and `description` as the form gave them.

    For a service with beneficiary `description` is composed by practices and may be None. `anonymous`: no login,
    debtor ANONIMO named after the beneficiary. `idempotency_key` makes a repeated send land on the same practice.
    `stamp` is needed by services that sell a digital stamp, and by no others. `extras`: of the service's own fields, as
    they were typed. Where the service takes no beneficiary, an anonymous payer is the `debtor`, by name alone, and a
    service with fields that are required composes the causale of them where it is None.
    """

    idempotency_key: Annotated[str, Length(8, 128)]
    entity_code: str
    service_code: str
    viewer: Viewer
    anonymous: bool = False
    debtor: Subject | None = None
    beneficiary: Beneficiary | None = None
    amount_cents: int
    description: str | None = None
    stamp: Stamp | None = None
    extras: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandRequest(Message):
    """A citizen asks at a PSP's counter for a spontaneous payment (paDemandPaymentNotice).

    `fiscal_code` is ANONIMO or None where there is none; `amount_cents` may be None where the service fixes it.
    There is no key: the same demand gets the same practice for as long as that is owed.
    """

    creditor_fiscal_code: CreditorFiscalCode
    service_id: Annotated[str, Length(equal=5)]
    subject_id: Annotated[str, Length(equal=5)]
    fiscal_code: str | None = None
    full_name: str
    beneficiary: Beneficiary | None = None
    amount_cents: int | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtRequest(Message):
    """A debt as the entity's software puts it. Repeating it changes nothing; another content amends it.

    `fiscal_code` is ANONIMO or empty for who has none, where the service takes them. `debt_position` and `option`:
    debts of one position are ways of paying the same; those of one option are paid together. `actor`: which API key an
    amendment stands under in the audit; nothing is audited without. `extras`: of the service's own fields, by name.
    """

    entity_code: str
    external_id: Annotated[str, Length(1, 70)]
    service_code: str
    fiscal_code: str
    full_name: str
    email: str | None = None
    beneficiary: Beneficiary | None = None
    amount_cents: int
    description: str
    due_date: date | None = None
    instalment: Instalment | None = None
    schedule: AmountSchedule | None = None
    debt_position: str | None = None
    option: str | None = None
    extras: Mapping[str, str] = field(default_factory=dict)
    actor: Actor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnulRequest(Message):
    """Withdraw a debt, saying why. `paid_elsewhere`: paid, but not through pagoPA. `actor`: as of DebtRequest."""

    entity_code: str
    external_id: str
    reason: Annotated[str, Length(1, 140)]
    paid_elsewhere: bool = False
    actor: Actor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest(Message):
    """A whole debt file, base64 of the bytes received. Same key and bytes: same import; another key is a new one."""

    idempotency_key: Annotated[str, Length(8, 128)]
    entity_code: str
    file_name: Annotated[str, Length(max=200)] = ""
    content_base64: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow(Message):
    """What became of one row of the file, by the line it begins in.

    A refused one has a `code`, its `column` (None: the whole row), `value_shape` (letters as A, digits as 9), and in
    Italian what is wrong and what to do: `problem`, `remedy`. `warning`: the row is good, but for what was left out.
    """

    line: int
    outcome: Annotated[str, OneOf(IMPORT_OUTCOMES)]
    external_id: str | None = None
    notice_number: str | None = None
    code: str | None = None
    column: str | None = None
    value_shape: str | None = None
    warning: str | None = None
    problem: str | None = None
    remedy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport(Message):
    """What became of a file, line by line, as far as it is loaded.

    `state`: `receiving` its parts, `waiting` for its turn, `checking` rows, `loading` them, `done`, `refused` as a
    whole (`code` says why), or `cancelled`: what was loaded by then stays. `previewed`: it waits for APPLY_IMPORT, and
    the rows tell what would become of them. `created` and `amended` are among the accepted, the others change nothing.
    `missing`: debts to pay of the services in a previewed file that it does not name, or those of them that were
    annulled. `checked_rows`: how many rows have been read, all of them from `loading` on. Loading goes from the last
    row to the first. `next_after`: there are more rows, below this line. `paused`: it waits for HOLD_IMPORT.
    """

    id: UUID
    entity_code: str
    file_name: str
    created_at: datetime
    state: Annotated[str, OneOf(IMPORT_STATES)] = "done"
    checked_rows: int = 0
    accepted: int
    refused: int
    created: int = 0
    amended: int = 0
    missing: int = 0
    previewed: bool = False
    code: str | None = None
    rows: Sequence[ImportRow]
    next_after: int | None = None
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportGetRequest(Message):
    """An import by its id, with the rows below a line, of one outcome where one is named.

    `service_codes`, here and below: those of an operator's roles, None for every one. An import of others is none.
    """

    entity_code: str
    import_id: UUID
    after_line: Annotated[int, Range(min=0)] = 0
    limit: Annotated[int, Range(1, IMPORT_ROWS_A_PAGE)] = IMPORT_ROWS_A_PAGE
    outcome: Annotated[str, OneOf(IMPORT_OUTCOMES)] | None = None
    service_codes: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCancelRequest(ImportGetRequest):
    """End an import that is not over. `actor`: who does, for the audit."""

    actor: Actor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportHoldRequest(ImportCancelRequest):
    """Stop an import that is being checked or loaded, or let it go on where it was: `paused` says which."""

    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportListRequest(Message):
    """The imports of an entity, newest first, those before `after`: the id of the last one seen."""

    entity_code: str
    service_codes: Sequence[str] | None = None
    after: UUID | None = None
    limit: Annotated[int, Range(1, 100)] = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportList(Message):
    """A page of imports, without their rows; `next_after` where there are older ones."""

    imports: Sequence[ImportReport]
    next_after: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRowsRequest(Message):
    """The refused rows of an import below a line, with what they held."""

    entity_code: str
    import_id: UUID
    after_line: Annotated[int, Range(min=0)] = 0
    limit: Annotated[int, Range(1, 1000)] = 500
    service_codes: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow(Message):
    """A refused row, and its cells by the columns of a debt file: none where it cannot be split, or after 30 days."""

    row: ImportRow
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRows(Message):
    """A page of them, by line; `next_after`: there are more, below this line.

    `columns`: those that rows of the whole import have something under, and all that a file must have, in its order.
    """

    columns: Sequence[str]
    rows: Sequence[RefusedRow]
    next_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPartRequest(Message):
    """A piece of a debt file, up to 1 MiB of the bytes received, in base64; numbered from 1.

    Whoever sends the first one has made up the id of the import. Sent again, a part takes its own place.
    """

    entity_code: str
    import_id: UUID
    file_name: Annotated[str, Length(max=200)] = ""
    number: Annotated[int, Range(1, IMPORT_PARTS_MAX)]
    content_base64: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportQueueRequest(Message):
    """All parts of a file are there: load it when its turn comes. `sha256` of all bytes, in hexadecimal.

    Same key and bytes: the report is of the import that was made of them first, and the parts just sent are forgotten.
    `preview`: tell what would change, and load nothing before that is asked for (APPLY_IMPORT).
    An operator's file is of the services of their roles: other rows of it are refused.
    """

    idempotency_key: Annotated[str, Length(8, 128)]
    entity_code: str
    import_id: UUID
    parts: Annotated[int, Range(1, IMPORT_PARTS_MAX)]
    sha256: Annotated[str, Length(equal=64)]
    preview: bool = False
    service_codes: Sequence[str] | None = None
    actor: Actor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportApplyRequest(Message):
    """Load a file that was previewed, whatever has changed since. `accepted_only`: although rows of it are refused.

    `annul_missing`: annul the debts to pay of its services that it does not name, for this reason, which payers read.
    """

    entity_code: str
    import_id: UUID
    accepted_only: bool = False
    annul_missing: bool = False
    reason: Annotated[str, Length(1, 140)] | None = None
    service_codes: Sequence[str] | None = None
    actor: Actor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayLinkRequest(Message):
    """A link that leads to paying one practice of an entity, for so many days.

    Which one: by the entity's reference, or for a mail about it (no viewer, notices asks) by its id. `mailed`: what an
    operator (`actor`) sends it with, for the audit.
    """

    entity_code: str
    external_id: str | None = None
    practice_id: UUID | None = None
    valid_days: Annotated[int, Range(1, PAY_LINK_DAYS_MAX)] = 90
    actor: Actor | None = None
    mailed: Annotated[str, OneOf(PAY_LINKS_MAILED)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeLink(Message):
    """A link just made. `link_token` is told this once: what is stored is its hash."""

    id: UUID
    link_token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PayLinksRevokeRequest(Message):
    """An entity wants the links to one of its debts to be worth nothing; the one with this id, or all of them."""

    entity_code: str
    external_id: str
    link_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokedLinks(Message):
    """How many links were valid until now."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateLinkRequest(Message):
    """Who inserts without login wants a link to come back by; what others inserted is left out of it."""

    viewer: Viewer
    practice_ids: Annotated[Sequence[UUID], Length(1, PRIVATE_LINK_PRACTICES_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRequest(Message):
    """A link, by its token."""

    link_token: Annotated[str, Length(1, 128)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedLink(Message):
    """What a link leads to. `kind`: `pay` shows one practice masked, `private` its practices whole."""

    kind: Annotated[str, OneOf(LINK_KINDS)]
    entity_code: str
    practice_ids: Sequence[UUID]
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRequest(Message):
    """payments asks on a projection miss: by notice number, by practice, or only whose domain this is."""

    creditor_fiscal_code: CreditorFiscalCode | None = None
    notice_number: NoticeNumber | None = None
    practice_ids: Sequence[UUID] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionReply(Message):
    """`creditor` is None when the domain is not ours; `positions` holds what was found."""

    creditor: Creditor | None = None
    positions: Sequence[Position]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAmountsRequest(Message):
    """payments wants to know what is to be paid now: the entity's software is asked where its last answer is over.

    The reply has those of the practices that are still open, with whatever is known after two seconds at most.
    """

    practice_ids: Annotated[Sequence[UUID], Length(max=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsRequest(Message):
    """The feed of published events after a position, oldest first. Answered by practices and by payments.

    Where they are said: of these `types`, about this `subject`, emitted in [since, until), of this entity.
    """

    after: int = 0
    limit: Annotated[int, Range(1, 1000)] = 100
    types: Sequence[str] = field(default_factory=list)
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    entity_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem(Message):
    """One event and its position in the feed."""

    position: int
    event: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsReply(Message):
    """Events as published.

    `reached`: up to which position was looked, to ask on from; `more`: there are later ones that may be asked for.
    `complete_since`: events emitted before are no longer here; None where none has ever been deleted.
    """

    items: Sequence[FeedItem]
    reached: int | None = None
    more: bool = False
    complete_since: datetime | None = None


ENTITY = Call("practices", "entity", EntityRequest, Entity, idempotent=True)
ENTITIES = Call("practices", "entities", Empty, EntityNames, idempotent=True, timeout_s=3)
SEARCH = Call("practices", "search", SearchRequest, PracticeList, idempotent=True)
LIST = Call("practices", "list_practices", ListRequest, PracticeList, idempotent=True)
TOTALS = Call("practices", "totals", TotalsRequest, Totals, idempotent=True)
PAID_YEAR = Call("practices", "paid_year", PaidYearRequest, YearPayments, idempotent=True)
DUE_DATES = Call("practices", "due_dates", DueDatesRequest, DueDates, idempotent=True)
GET_MANY = Call("practices", "get_many", GetManyRequest, PracticeList, idempotent=True)
DUPLICATES = Call("practices", "equals", GetManyRequest, DuplicatesReply, idempotent=True)
PLAN = Call("practices", "plan", PlanRequest, PracticeList, idempotent=True)
DEBTS = Call("practices", "debts", DebtsRequest, PracticeList, idempotent=True)
DEBT = Call("practices", "debt", DebtGetRequest, BookedPractice, idempotent=True)
LIST_DEBTS = Call("practices", "list_debts", DebtListRequest, DebtPage, idempotent=True)
INSERT = Call("practices", "insert", InsertRequest, Practice, idempotent=True)
DEMAND = Call("practices", "demand", DemandRequest, Position, idempotent=True, timeout_s=5)
PUT_DEBT = Call("practices", "put_debt", DebtRequest, Practice, idempotent=True)
ANNUL_DEBT = Call("practices", "annul_debt", AnnulRequest, Practice, idempotent=True)
IMPORT = Call("practices", "import_debts", ImportRequest, ImportReport, idempotent=True, timeout_s=60)
GET_IMPORT = Call("practices", "get_import", ImportGetRequest, ImportReport, idempotent=True)
REFUSED_ROWS = Call("practices", "refused_rows", RefusedRowsRequest, RefusedRows, idempotent=True, timeout_s=20)
IMPORT_PART = Call("practices", "import_part", ImportPartRequest, Empty, idempotent=True, timeout_s=20)
QUEUE_IMPORT = Call("practices", "queue_import", ImportQueueRequest, ImportReport, idempotent=True, timeout_s=20)
APPLY_IMPORT = Call("practices", "apply_import", ImportApplyRequest, ImportReport, idempotent=True, timeout_s=20)
CANCEL_IMPORT = Call("practices", "cancel_import", ImportCancelRequest, ImportReport, idempotent=True)
HOLD_IMPORT = Call("practices", "hold_import", ImportHoldRequest, ImportReport, idempotent=True)
LIST_IMPORTS = Call("practices", "list_imports", ImportListRequest, ImportList, idempotent=True)
MAKE_PAY_LINK = Call("practices", "make_pay_link", PayLinkRequest, MadeLink, idempotent=False)
REVOKE_PAY_LINKS = Call("practices", "revoke_pay_links", PayLinksRevokeRequest, RevokedLinks, idempotent=True)
MAKE_PRIVATE_LINK = Call("practices", "make_private_link", PrivateLinkRequest, MadeLink, idempotent=False)
OPEN_LINK = Call("practices", "open_link", LinkRequest, OpenedLink, idempotent=True)
REVOKE_PRIVATE_LINK = Call("practices", "revoke_private_link", LinkRequest, RevokedLinks, idempotent=True)
POSITIONS = Call("practices", "positions", PositionRequest, PositionReply, idempotent=True, timeout_s=3)
ASK_AMOUNTS = Call("practices", "ask_amounts", AskAmountsRequest, PositionReply, idempotent=True, timeout_s=4)
EVENTS = Call("practices", "events", EventsRequest, EventsReply, idempotent=True)
PING = Call("practices", "ping", Empty, Empty, idempotent=True, timeout_s=1)
