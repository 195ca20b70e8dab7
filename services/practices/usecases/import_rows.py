"""Checked rows of a debt file into practices: made or amended, with their events and what became of each line."""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeVar
from uuid import UUID

from chassis.storage.database import Tx
from contracts.codes import NoticeNumber
from contracts.error_details import NotAmendable, detail_of
from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import ImportRow
from services.practices.catalogue_records import Issuer
from services.practices.debt_file.rows import Row
from services.practices.debt_file.written_rows import cells_of, storable
from services.practices.domain.states import State
from services.practices.models import EntityRow, Json, PracticeRow
from services.practices.repository import imports, practices
from services.practices.usecases import issuance

REFUSED: Final = "refused"
_ROWS_BETWEEN_PAUSES: Final = 200
_COLUMN_AT_FAULT: Final[Mapping[ErrorCode, str]] = MappingProxyType(
    {ErrorCode.DEBTOR_CHANGED: "codice_fiscale", ErrorCode.DUPLICATE_REFERENCE: "codice_debito"}
)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Target:
    """Which import the rows are of, the entity whose debts they are, and its services by code.

    `allowed_services`: those whose debts its sender may change, None for every one.
    """

    import_id: UUID
    entity: EntityRow
    issuers: Mapping[str, Issuer]
    allowed_services: Sequence[str] | None = None

    def check_debt(self, existing: PracticeRow) -> None:
        """Raise Refused(DUPLICATE_REFERENCE) for the reference of a debt that the sender has nothing to do with."""
        if self.allowed_services is not None and existing.service_code not in self.allowed_services:
            raise Refused(ErrorCode.DUPLICATE_REFERENCE)


@dataclass(frozen=True)
class Counts:
    """How many rows were taken and how many not; of the former, how many made or amended a debt."""

    accepted: int
    refused: int
    created: int
    amended: int

    def by_column(self) -> Mapping[str, int]:
        """Return them by the column of an import that holds each."""
        return asdict(self)

    @classmethod
    def of(cls, outcomes: Sequence[ImportRow]) -> "Counts":
        """Count what became of rows."""
        found = Counter(row.outcome for row in outcomes)
        refused = found[REFUSED]
        return cls(len(outcomes) - refused, refused, found["created"], found["amended"])


def load(
    tx: Tx, target: Target, rows: Sequence[Row], numbers: Mapping[str, Sequence[NoticeNumber]], now: datetime
) -> Counts:
    """Store every good row with its event, and what became of each line. `numbers` are enough for the new debts.

    From the last row to the first: lists show the newest first, so a plan of instalments reads as the file has it.
    Raises IntegrityError where another transaction has made one of the debts meanwhile.
    """
    imports.lock_imports(tx.session, target.entity.code)
    known = practices.locked_debts(tx.session, target.entity.code, good_references(rows))
    made: list[Json] = []
    outcomes: list[ImportRow] = []
    refused: list[tuple[int, Mapping[str, str]]] = []
    left = {code: iter(some) for code, some in numbers.items()}
    for row in with_pauses(reversed(rows)):
        told, new = _load_row(tx, target, row, known, left, now)
        outcomes.append(told)
        if new is not None:
            made.append(new)
        if told.outcome == REFUSED:
            refused.append((row.line, _cells(row)))
    practices.insert_all(tx.session, made)
    imports.insert_rows(tx.session, target.import_id, outcomes)
    imports.insert_refused(tx.session, target.import_id, [one for one in refused if one[1]], now)
    return Counts.of(outcomes)


def preview(tx: Tx, target: Target, rows: Sequence[Row], now: datetime) -> Counts:
    """Store what would become of each line, were it loaded now; nothing of it is."""
    known = practices.debts_by_reference(tx.session, target.entity.code, good_references(rows))
    outcomes = [_foreseen(target, row, known, now) for row in with_pauses(rows)]
    imports.insert_rows(tx.session, target.import_id, outcomes)
    return Counts.of(outcomes)


def _foreseen(target: Target, row: Row, known: Mapping[str, PracticeRow], now: datetime) -> ImportRow:
    if row.good is None:
        return _told(row, REFUSED, None)
    external_id, debt = row.good
    existing = known.get(external_id)
    if existing is None:
        return _told(row, "created", None)
    try:
        target.check_debt(existing)
        is_amended = issuance.is_amendment(existing, debt, target.issuers[debt.service_code].rules, now)
    except Refused as refused:
        return _told_refused(row, existing, refused)
    return _told(row, "amended" if is_amended else "unchanged", existing.notice_number)


def issuers_of_new(rows: Sequence[Row], issuers: Mapping[str, Issuer], known: Collection[str]) -> Iterator[Issuer]:
    """Yield for each row with a debt that is not known yet who issues it."""
    return (issuers[row.good[1].service_code] for row in rows if row.good is not None and row.good[0] not in known)


def good_references(rows: Sequence[Row]) -> list[str]:
    """Return the entity's references of the rows that hold a debt."""
    return [row.good[0] for row in rows if row.good is not None]


def with_pauses(rows: Iterable[_T]) -> Iterator[_T]:
    """Pass rows on, letting others work now and then: green threads only change places when one waits."""
    for count, row in enumerate(rows, start=1):
        yield row
        if count % _ROWS_BETWEEN_PAUSES == 0:
            time.sleep(0)


def _load_row(
    tx: Tx,
    target: Target,
    row: Row,
    known: Mapping[str, PracticeRow],
    numbers: Mapping[str, Iterator[NoticeNumber]],
    now: datetime,
) -> tuple[ImportRow, Json | None]:
    """Create or amend one debt, or tell why not; return a practice that is to be inserted beside what is told."""
    if row.good is None:
        return _told(row, REFUSED, None), None
    external_id, debt = row.good
    issuer = target.issuers[debt.service_code]
    existing = known.get(external_id)
    if existing is None:
        created = issuance.create(tx, external_id, next(numbers[issuer.segregation_code]), debt, issuer, now)
        return _told(row, "created", created["notice_number"]), created
    try:
        target.check_debt(existing)
        is_amended = issuance.amend(tx, existing, debt, issuer, now)
    except Refused as refused:
        return _told_refused(row, existing, refused), None
    return _told(row, "amended" if is_amended else "unchanged", existing.notice_number), None


def _cells(row: Row) -> Mapping[str, str]:
    """Return what a refused row held, as far as it is known."""
    return row.cells or (storable(cells_of(row.external_id, row.debt)) if row.debt else {})


def _told(row: Row, outcome: str, notice_number: str | None) -> ImportRow:
    return ImportRow(
        line=row.line,
        outcome=outcome,
        external_id=row.external_id,
        notice_number=notice_number,
        code=row.code and row.code.value,
        column=row.column,
        value_shape=row.value_shape,
        warning=row.warning,
    )


def _told_refused(row: Row, existing: PracticeRow, refused: Refused) -> ImportRow:
    code = _code_of(refused)
    number = None if code is ErrorCode.DUPLICATE_REFERENCE else existing.notice_number
    told = _told(row, REFUSED, number)
    return replace(told, code=code.value, column=_COLUMN_AT_FAULT.get(code), value_shape=None, warning=None)


def _code_of(refused: Refused) -> ErrorCode:
    """Return why a debt cannot be amended; a row has no room for the state that the detail tells."""
    detail = detail_of(refused, NotAmendable)
    return ErrorCode.PRACTICE_CANCELLED if detail and detail.state == State.CANCELLED else refused.code
