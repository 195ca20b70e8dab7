"""The body's debts, one at a time: put, amended, annulled. Imports use the same steps for many."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import uuid4

from sqlalchemy.exc import IntegrityError

from chassis.storage.database import Database, Tx
from contracts.codes import NoticeNumber
from contracts.errors import ErrorCode, Refused
from contracts.events.practices import PRACTICE_AMENDED, PRACTICE_CANCELLED, PRACTICE_CREATED
from services.practices import records, repository
from services.practices.domain import debt_rules, display, practice_status
from services.practices.domain.debt_rules import Debt, ServiceRules
from services.practices.domain.practice_status import Ending, Standing
from services.practices.domain.states import Cause, State, can_move
from services.practices.models import EntityRow, PracticeRow, ServiceRow

_ATTEMPTS: Final = 3
_ANNULLED: Final = "annulled"
_T = TypeVar("_T")


def put_debt(database: Database, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Create a debt, amend it, or leave it as it is when the same is put again.

    Raises Refused(PRACTICE_NOT_AMENDABLE) with `state`, and the refusals of the terms.
    """
    external_id = debt_rules.checked_external_id(request["external_id"])
    with database.reading() as session:
        entity = repository.entity(session, request["entity_code"])
        service = repository.service(session, entity.code, request["service_code"])
        is_known = external_id in repository.known_external_ids(session, entity.code, [external_id])
    debt = _debt(request, records.rules_of(service))
    number = None if is_known else allocate(database, entity, 1)[0]

    def put() -> dict[str, Any]:
        with database.transaction() as tx:
            row = repository.locked_debts(tx.session, entity.code, [external_id]).get(external_id)
            if row is not None:
                amend(tx, row, debt, entity, service, now)
            elif number is not None:
                row = create(tx, external_id, number, debt, entity, service, now)
            else:
                raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
            return records.practice_of(repository.practice(tx.session, row.id), now)

    return again_on_conflict(put)


def annul_debt(database: Database, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Withdraw a debt, with the reason the citizen is shown; annulling it again changes nothing.

    Raises Refused(PRACTICE_NOT_FOUND), (PRACTICE_PAID), (PRACTICE_BEING_PAID).
    """
    reason = debt_rules.checked_description(request["reason"])
    external_id = debt_rules.checked_external_id(request["external_id"])
    with database.transaction() as tx:
        entity = repository.entity(tx.session, request["entity_code"])
        row = repository.locked_debts(tx.session, entity.code, [external_id]).get(external_id)
        if row is None:
            raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
        if row.state != State.CANCELLED:
            _annul(tx, row, reason, now)
        return records.practice_of(repository.practice(tx.session, row.id), now)


def allocate(database: Database, entity: EntityRow, count: int) -> list[NoticeNumber]:
    """Take notice numbers of an entity for ever, committed at once; what is not used is a hole."""
    if count == 0:
        return []
    with database.transaction() as tx:
        first = repository.allocate_bases(tx.session, entity.creditor_fiscal_code, entity.segregation_code, count)
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
    records.write_debt(row, debt, records.rules_of(service))
    records.keep(row, Standing())
    tx.session.add(row)
    position = records.position_of(row, entity, service)
    tx.emit(PRACTICE_CREATED, position, subject=str(row.id), sequence=row.sequence, now=now)
    return row


def amend(tx: Tx, row: PracticeRow, debt: Debt, entity: EntityRow, service: ServiceRow, now: datetime) -> bool:
    """Give a locked practice other terms, with its PracticeAmended; False when they are the ones it has.

    Raises Refused(PRACTICE_NOT_AMENDABLE).
    """
    if records.debt_of(row) == debt:
        return False
    current = records.standing_of(row)
    if not can_move(current.state, Cause.AMENDED) or current.facts.open_checkouts:
        raise Refused(ErrorCode.PRACTICE_NOT_AMENDABLE, {"state": row.state})
    records.write_debt(row, debt, records.rules_of(service))
    records.keep(row, practice_status.amended(current, now))
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


def _annul(tx: Tx, row: PracticeRow, reason: str, now: datetime) -> None:
    current = records.standing_of(row)
    if current.facts.open_checkouts and current.state is State.EXPIRED:
        raise Refused(ErrorCode.PRACTICE_BEING_PAID)
    if not can_move(current.state, Cause.CANCELLED):
        raise Refused(display.NOT_PAYABLE[current.state])
    records.keep(row, practice_status.cancelled(current, Ending(now, reason)))
    row.sequence += 1
    # The body's own words are for the citizen; an event carries nobody's name.
    ended = records.ended_of(row, _ANNULLED, now)
    tx.emit(PRACTICE_CANCELLED, ended, subject=str(row.id), sequence=row.sequence, now=now)


def _debt(request: Mapping[str, Any], rules: ServiceRules) -> Debt:
    """Check the terms a body's software sent. Raises Refused."""
    instalment = request["instalment"] or {}
    # A stamp is bought for a document of the payer's, which the body cannot know.
    rules.check_stamp(None)
    return Debt(
        service_code=rules.code,
        debtor=debt_rules.subject(request["fiscal_code"], request["full_name"], request["email"]),
        description=debt_rules.checked_description(request["description"]),
        amount_cents=rules.amounts.check(request["amount_cents"]),
        beneficiary=debt_rules.checked_beneficiary(request["beneficiary"]),
        due_date=debt_rules.checked_due_date(request["due_date"]),
        instalment=debt_rules.checked_instalment(instalment.get("number"), instalment.get("total")),
    )
