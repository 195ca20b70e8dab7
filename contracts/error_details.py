"""What errors tell beyond their code: one typed detail per kind of cause, and which code carries which.

A detail never holds personal data: it stands in logs, problem documents and pages.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from contracts.errors import ErrorCode, RpcError
from contracts.message import Message, schema_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorDetail(Message):
    """Base of the details. A field that is None and may be absent is not told."""

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        told: dict[str, Any] = schema_of(type(self)).dump(self)
        absent = {
            one.name for one in dataclasses.fields(self) if one.default is None and getattr(self, one.name) is None
        }
        return {name: value for name, value in told.items() if name not in absent}


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidRequest(ErrorDetail):
    """Which fields are wrong: marshmallow's messages by field or their names; or one field; or a text too long."""

    fields: Any = None
    field: str | None = None
    errors: Sequence[Any] | None = None
    max: int | None = None
    length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLong(ErrorDetail):
    """A text of `length` characters where `max` are allowed."""

    max: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountNotAllowed(ErrorDetail):
    """The rules of the service that the amount breaks, in cents."""

    min_cents: int | None = None
    max_cents: int | None = None
    unit_cents: int | None = None
    fixed_cents: int | None = None
    choices_cents: Sequence[int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountChanged(ErrorDetail):
    """What the practices cost together now, where the payer was shown another total."""

    total_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleNotAllowed(ErrorDetail):
    """The field of an amount's schedule that does not fit the debt, or the other fields."""

    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraFieldNotAllowed(ErrorDetail):
    """Which field of a service's own, and what is wrong with it: one of contracts.extra_fields.EXTRA_PROBLEMS."""

    field: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingFields(ErrorDetail):
    """The names of the fields that are blank."""

    fields: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotANoticeNumber(ErrorDetail):
    """What was typed as a notice number looks like, never the text itself.

    `looks_like`: `mistyped` (its check digits are wrong), `digits` (as many as `digits` says), `fiscal_code`, `iban`,
    `amount`, `email`, `other_iuv` (a creditor reference that begins with RF) or `other`.
    """

    looks_like: str | None = None
    digits: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TooManyRequests(ErrorDetail):
    """When to ask again."""

    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRefused(ErrorDetail):
    """Why a login was refused, as far as the person may know. `spid_level` is the one asked for.

    `reference`: what the help desk finds it by. `anomaly`: AgID's number of what the person met at the provider.
    `reason`: `foreign_identity` where it has no Italian fiscal code, `eidas` where
    that is as usual.
    """

    reference: str | None = None
    anomaly: int | None = None
    entity_code: str | None = None
    spid_level: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpidLevelTooLow(ErrorDetail):
    """The entity wants a higher SPID level than the session was made at."""

    entity_code: str
    spid_level: int
    spid_level_wanted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(ErrorDetail):
    """Why a session was ended where its browser did not do it.

    `new_login`: the same browser logged in again; `too_many`: it was the oldest of more than may be at once.
    """

    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentMissing(ErrorDetail):
    """The privacy notice to acknowledge."""

    document_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeMissing(ErrorDetail):
    """What the API key may not do."""

    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleMissing(ErrorDetail):
    """What none of the operator's roles allows (contracts.roles.Operation)."""

    operation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedMeanwhile(ErrorDetail):
    """What was shown is not what is there: its version now, and the last change, where the audit has one.

    Who made it is an actor of the audit (contracts.actors): an id, no name.
    """

    version: int
    actor_kind: str | None = None
    actor_id: str | None = None
    operation: str | None = None
    at: datetime | None = None
    fields: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichPractice(ErrorDetail):
    """Of several practices the one that is meant."""

    practice_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BeingPaid(ErrorDetail):
    """Since when and until when a checkout is open on a practice; `checkout_id` only for the payer it belongs to."""

    practice_id: UUID
    since: datetime
    until: datetime
    checkout_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAmendable(ErrorDetail):
    """The state in which a practice keeps its terms."""

    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicatePractice(Message):
    """A practice and one that looks like the same payment; `standing`: `paid` since, or `being_paid` until."""

    practice_id: UUID
    equal_id: UUID
    standing: str
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicatesFound(ErrorDetail):
    """The practices that look like payments made lately or under way."""

    equals: Sequence[DuplicatePractice]


@dataclass(frozen=True, slots=True, kw_only=True)
class CartFull(ErrorDetail):
    """How many practices a cart (`max`) or a request (`limit`) holds."""

    max: int | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutProblem(ErrorDetail):
    """What pagoPA Checkout answered: HTTP status, and title and detail of its problem."""

    status: int | None = None
    title: str | None = None
    detail: str | None = None
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLarge(ErrorDetail):
    """The limit that a file exceeds."""

    max_bytes: int | None = None
    max_rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongHeader(ErrorDetail):
    """The columns a debt file must have, and those that are missing.

    `repeated`: those that come twice. `unknown`: the places, from 1, of columns that are none of ours; their names may
    be somebody's data.
    """

    expected: Sequence[str]
    missing: Sequence[str]
    repeated: Sequence[str] | None = None
    unknown: Sequence[int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplicable(ErrorDetail):
    """Why a previewed file is not loaded: its state is another, or so many rows are refused.

    `without_reference`: rows that may be of debts which would be annulled as missing.
    """

    state: str | None = None
    refused: int | None = None
    without_reference: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable(ErrorDetail):
    """Why a settlement flow could not be read."""

    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalsDiffer(ErrorDetail):
    """What a settlement flow declares (`count`, `total_cents`), and what its rows are and amount to."""

    count: int
    total_cents: int
    rows_count: int
    rows_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfReach(ErrorDetail):
    """Which service of ours, or which part outside (`fdr-org`), and the HTTP status by which that refuses us."""

    service: str | None = None
    part: str | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLimit(ErrorDetail):
    """The most that can be given back: what of the payment came to the entity."""

    max_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepNotAllowed(ErrorDetail):
    """Where a case of unexpected money stands (contracts.rpc.money_cases.CASE_STATES)."""

    state: str


# A code that is not here tells nothing more.
DETAIL_OF: Final[Mapping[ErrorCode, type[ErrorDetail]]] = {
    ErrorCode.INVALID_REQUEST: InvalidRequest,
    ErrorCode.INVALID_NOTICE_NUMBER: NotANoticeNumber,
    ErrorCode.AMOUNT_NOT_ALLOWED: AmountNotAllowed,
    ErrorCode.SCHEDULE_NOT_ALLOWED: ScheduleNotAllowed,
    ErrorCode.EXTRA_FIELD_NOT_ALLOWED: ExtraFieldNotAllowed,
    ErrorCode.DESCRIPTION_TOO_LONG: TooLong,
    ErrorCode.NAME_TOO_LONG: TooLong,
    ErrorCode.BENEFICIARY_REQUIRED: MissingFields,
    ErrorCode.TOO_MANY_REQUESTS: TooManyRequests,
    ErrorCode.LOGIN_REFUSED: LoginRefused,
    ErrorCode.SPID_LEVEL_TOO_LOW: SpidLevelTooLow,
    ErrorCode.SESSION_EXPIRED: SessionEnded,
    ErrorCode.CONSENT_MISSING: ConsentMissing,
    ErrorCode.SCOPE_MISSING: ScopeMissing,
    ErrorCode.ROLE_MISSING: RoleMissing,
    ErrorCode.CHANGED_MEANWHILE: ChangedMeanwhile,
    ErrorCode.PRACTICE_NOT_FOUND: WhichPractice,
    ErrorCode.PRACTICE_PAID: WhichPractice,
    ErrorCode.PRACTICE_UNDERPAID: WhichPractice,
    ErrorCode.PRACTICE_EXPIRED: WhichPractice,
    ErrorCode.PRACTICE_CANCELLED: WhichPractice,
    ErrorCode.AMOUNT_NOT_KNOWN: WhichPractice,
    ErrorCode.NOTHING_DUE: WhichPractice,
    ErrorCode.OPTION_CLOSED: WhichPractice,
    ErrorCode.PRACTICE_BEING_PAID: BeingPaid,
    ErrorCode.PRACTICE_NOT_AMENDABLE: NotAmendable,
    ErrorCode.EQUAL_PRACTICE_FOUND: DuplicatesFound,
    ErrorCode.CART_FULL: CartFull,
    ErrorCode.AMOUNT_CHANGED: AmountChanged,
    ErrorCode.CHECKOUT_REFUSED: CheckoutProblem,
    ErrorCode.CHECKOUT_NOTICE_REFUSED: CheckoutProblem,
    ErrorCode.CHECKOUT_NOT_ALLOWED: CheckoutProblem,
    ErrorCode.CHECKOUT_NOTICES_REPEATED: CheckoutProblem,
    ErrorCode.CHECKOUT_TOO_MANY_NOTICES: CheckoutProblem,
    ErrorCode.CHECKOUT_BUSY: CheckoutProblem,
    ErrorCode.CHECKOUT_ERROR: CheckoutProblem,
    ErrorCode.CHECKOUT_UNAVAILABLE: CheckoutProblem,
    ErrorCode.IMPORT_TOO_LARGE: TooLarge,
    ErrorCode.IMPORT_WRONG_HEADER: WrongHeader,
    ErrorCode.IMPORT_NOT_APPLICABLE: NotApplicable,
    ErrorCode.SETTLEMENT_UNREADABLE: Unreadable,
    ErrorCode.SETTLEMENT_TOTALS_DIFFER: TotalsDiffer,
    ErrorCode.MONEY_CASE_STEP_NOT_ALLOWED: StepNotAllowed,
    ErrorCode.REFUND_TOO_LARGE: RefundLimit,
    ErrorCode.SERVICE_UNAVAILABLE: OutOfReach,
    ErrorCode.OUTCOME_UNKNOWN: OutOfReach,
}

D = TypeVar("D", bound=ErrorDetail)


def detail_of(error: RpcError, detail_type: type[D]) -> D | None:
    """Return the detail of an error where it is of that type."""
    return error.detail if isinstance(error.detail, detail_type) else None
