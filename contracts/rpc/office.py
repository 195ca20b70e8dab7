"""What practices answers to an entity's office: practices found, amended, annulled and restored by its operators.

Who asks, and for which services their roles allow it (`service_codes`, None for every one), the gateway has asked
identity; a practice of another entity or service does not exist here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from marshmallow.validate import Length, Range

from contracts.actors import Actor
from contracts.call import Call
from contracts.codes import AmountCents
from contracts.message import Message
from contracts.rpc.audit import AuditEntry
from contracts.rpc.practices import Practice

FIND_TEXT_MAX = 300
FIND_NAME_MIN = 3
PLAN_INSTALMENTS_MAX = 60
SELECTION_MAX = 10_000
_EntityCode = Annotated[str, Length(1, 35)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindRequest(Message):
    """Practices by whatever somebody typed, read from a paper or was told on the telephone.

    `text`: a fiscal code, the beginnings of words of a name (3 letters at least), a notice number or the text of its
    code, an IUV, the id of a receipt, or the entity's own reference.
    """

    entity_code: _EntityCode
    service_codes: Sequence[str] | None = None
    text: Annotated[str, Length(1, FIND_TEXT_MAX)]
    cursor: str | None = None
    limit: Annotated[int, Range(1, 100)] = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficePractice(Practice):
    """A practice as an operator sees it. `version` grows with each change; `base_cents`: the amount to be amended."""

    version: int
    base_cents: AmountCents


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPractices(Message):
    """What was found; `next_cursor` where there is more of a debtor's, `has_more` where there is of a name."""

    practices: Sequence[OfficePractice]
    next_cursor: str | None = None
    has_more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveSearchRequest(Message):
    """What somebody typed, stored for 30 days: an address with its id can be sent to a colleague."""

    entity_code: _EntityCode
    text: Annotated[str, Length(1, FIND_TEXT_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSearchRequest(Message):
    """A search of the entity's office. Refused(NOT_FOUND)."""

    entity_code: _EntityCode
    search_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeSearch(Message):
    """A stored search."""

    id: UUID
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficePracticeRequest(Message):
    """One practice. Refused(PRACTICE_NOT_FOUND) also for what is another entity's or another service's."""

    entity_code: _EntityCode
    service_codes: Sequence[str] | None = None
    practice_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficePracticeReply(Message):
    """A practice and who changed what of it, newest first."""

    practice: OfficePractice
    history: Sequence[AuditEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRequest(OfficePracticeRequest):
    """A change by `actor` to the practice as it was shown, in this `version`.

    Refused(PRACTICE_NOT_FOUND); Refused(CHANGED_MEANWHILE) with who changed what, where the version is another.
    """

    actor: Actor
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendRequest(WriteRequest):
    """Another amount or due date (None: it has none). The same as they are changes nothing.

    Refused(PRACTICE_NOT_AMENDABLE), and what the rules of a debt refuse.
    """

    amount_cents: int
    due_date: date | None = None
    reason: Annotated[str, Length(max=140)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeAnnulRequest(WriteRequest):
    """Withdraw it, with the reason the citizen is shown. Refused as ANNUL_DEBT is, and (PRACTICE_CANCELLED)."""

    reason: Annotated[str, Length(max=140)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRequest(WriteRequest):
    """Take an annulment back: it is to be paid again. Refused(PRACTICE_NOT_AMENDABLE), (OPTION_CLOSED)."""

    reason: Annotated[str, Length(max=140)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedDebt(Message):
    """Who owes what, as an operator types it in, once per key of the same actor. `external_id`: the entity's reference.

    Refused(UNKNOWN_SERVICE) also for a service that the roles are not for, (DUPLICATE_REFERENCE),
    (IDEMPOTENCY_CONFLICT), and what the rules of a debt refuse.
    """

    idempotency_key: Annotated[str, Length(8, 128)]
    entity_code: _EntityCode
    service_codes: Sequence[str] | None = None
    actor: Actor
    service_code: Annotated[str, Length(1, 35)]
    fiscal_code: str
    full_name: str
    email: str | None = None
    description: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeInsertRequest(TypedDebt):
    """A debt that is paid at once."""

    amount_cents: int
    due_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedInstalment(Message):
    """What is due when, in a plan."""

    amount_cents: int
    due_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficePlanRequest(TypedDebt):
    """A debt that is paid in instalments, each due after the one before, else Refused(INVALID_DATE).

    `external_id`, a hyphen and its number is the reference of each.
    """

    instalments: Annotated[Sequence[PlannedInstalment], Length(2, PLAN_INSTALMENTS_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportMissingRequest(Message):
    """The debts to pay that a previewed file does not name, oldest first. Refused(IMPORT_NOT_FOUND).

    `cursor`: the place that a page before ended with.
    """

    entity_code: _EntityCode
    service_codes: Sequence[str] | None = None
    import_id: UUID
    cursor: str | None = None
    limit: Annotated[int, Range(1, 100)] = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionRequest(Message):
    """Debts to pay, for printing their notices: those chosen by id, or those of a filter.

    Days are Rome's, the last one included. `import_id`: those that a debt file names. Refused(IMPORT_NOT_FOUND).
    """

    entity_code: _EntityCode
    service_codes: Sequence[str] | None = None
    practice_ids: Annotated[Sequence[UUID], Length(max=100)] | None = None
    service_code: Annotated[str, Length(1, 35)] | None = None
    due_since: date | None = None
    due_until: date | None = None
    created_since: date | None = None
    created_until: date | None = None
    import_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection(Message):
    """The entity's references of what was selected, by the debtors' names; `has_more` beyond SELECTION_MAX."""

    external_ids: Sequence[str]
    has_more: bool = False


FIND = Call("practices", "office_find", FindRequest, FoundPractices, idempotent=True)
SAVE_SEARCH = Call("practices", "office_save_search", SaveSearchRequest, OfficeSearch, idempotent=False)
OPEN_SEARCH = Call("practices", "office_open_search", OpenSearchRequest, OfficeSearch, idempotent=True)
OFFICE_PRACTICE = Call("practices", "office_practice", OfficePracticeRequest, OfficePracticeReply, idempotent=True)
INSERT = Call("practices", "office_insert", OfficeInsertRequest, OfficePractice, idempotent=True)
INSERT_PLAN = Call("practices", "office_insert_plan", OfficePlanRequest, FoundPractices, idempotent=True, timeout_s=15)
AMEND = Call("practices", "office_amend", AmendRequest, OfficePractice, idempotent=False)
ANNUL = Call("practices", "office_annul", OfficeAnnulRequest, OfficePractice, idempotent=False)
RESTORE = Call("practices", "office_restore", RestoreRequest, OfficePractice, idempotent=False)
SELECTION = Call("practices", "office_selection", SelectionRequest, Selection, idempotent=True, timeout_s=20)
IMPORT_MISSING = Call(
    "practices", "office_import_missing", ImportMissingRequest, FoundPractices, idempotent=True, timeout_s=20
)
