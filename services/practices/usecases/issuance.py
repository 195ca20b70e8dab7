"""How practices are numbered, made and amended, with their events: for debts, imports, insertions and demands."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar
from uuid import uuid4

from sqlalchemy.exc import IntegrityError

from chassis.storage.database import Database, Tx
from contracts.codes import NoticeNumber
from contracts.error_details import NotAmendable
from contracts.errors import ErrorCode, Refused
from contracts.events.practices import PRACTICE_AMENDED, PRACTICE_CREATED
from services.practices import catalogue_records, records
from services.practices.domain import practice_status
from services.practices.domain.debt import Debt
from services.practices.domain.practice_status import PracticeStatus
from services.practices.domain.states import Cause, can_move
from services.practices.models import EntityRow, PracticeRow, ServiceRow
from services.practices.repository import catalogue

_ATTEMPTS: Final = 3
_T = TypeVar("_T")


def allocate(database: Database, entity: EntityRow, count: int) -> list[NoticeNumber]:
    """Take notice numbers of an entity for ever, committed at once; what is not used is a hole."""
    if count == 0:
        return []
    with database.transaction() as tx:
        first = catalogue.allocate_bases(tx.session, entity.creditor_fiscal_code, entity.segregation_code, count)
    return [NoticeNumber.issue(entity.segregation_code, base) for base in range(first, first + count)]


def create(
    tx: Tx,
    external_id: str | None,
    number: NoticeNumber,
    debt: Debt,
    entity: EntityRow,
    service: ServiceRow,
    now: datetime,
    *,
    inserted_by: str | None = None,
) -> PracticeRow:
    """Insert a practice with its PracticeCreated."""
    row = PracticeRow(
        id=uuid4(),
        entity_code=entity.code,
        creditor_fiscal_code=entity.creditor_fiscal_code,
        origin="issued" if external_id is not None else "spontaneous",
        external_id=external_id,
        notice_number=number,
        iuv=number.iuv,
        inserted_by=inserted_by,
        sequence=1,
        created_at=now,
    )
    records.write_debt(row, debt, catalogue_records.rules_of(service))
    records.write_status(row, PracticeStatus())
    tx.session.add(row)
    position = records.position_of(row, entity, service)
    tx.emit(PRACTICE_CREATED, position, subject=str(row.id), sequence=row.sequence, now=now)
    return row


def amend(tx: Tx, row: PracticeRow, debt: Debt, entity: EntityRow, service: ServiceRow, now: datetime) -> bool:
    """Give a locked practice another debt, with its PracticeAmended; False when it is the one it has.

    Raises Refused(PRACTICE_NOT_AMENDABLE).
    """
    if records.debt_of(row) == debt:
        return False
    status = records.status_of(row)
    if not can_move(status.state, Cause.AMENDED) or status.facts.open_checkouts:
        raise Refused(ErrorCode.PRACTICE_NOT_AMENDABLE, NotAmendable(state=row.state))
    records.write_debt(row, debt, catalogue_records.rules_of(service))
    records.write_status(row, practice_status.amended(status, now))
    row.sequence += 1
    position = records.position_of(row, entity, service)
    tx.emit(PRACTICE_AMENDED, position, subject=str(row.id), sequence=row.sequence, now=now)
    return True


def again_on_conflict(attempt: Callable[[], _T]) -> _T:
    """Run a transaction again when another one has created the same debt meanwhile: it is there to be seen now."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return attempt()
        except IntegrityError:
            continue
    return attempt()
