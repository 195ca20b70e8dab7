"""How practices are numbered, made and amended, with their events: for debts, imports, insertions and demands."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar
from uuid import uuid4

from sqlalchemy.exc import IntegrityError

from chassis.storage.database import Database, Tx
from contracts.calendar import rome_day
from contracts.codes import NoticeNumber
from contracts.error_details import NotAmendable, WhichPractice
from contracts.errors import ErrorCode, Refused
from contracts.events.practices import OTHER_OPTION, PRACTICE_AMENDED, PRACTICE_CANCELLED, PRACTICE_CREATED
from services.practices import records
from services.practices.catalogue_records import Issuer
from services.practices.domain import display, practice_status
from services.practices.domain.debt import Debt, is_same_debtor
from services.practices.domain.debt_rules import ServiceRules
from services.practices.domain.practice_status import AmountDue, Ending, PracticeStatus
from services.practices.domain.states import Cause, State, can_move
from services.practices.models import Json, PracticeRow
from services.practices.repository import catalogue, practices

_ANNULLED: Final = "annulled"
_ATTEMPTS: Final = 3
_T = TypeVar("_T")


def allocate(database: Database, issuer: Issuer, count: int) -> Iterator[NoticeNumber]:
    """Take notice numbers for debts of a service for ever, committed at once; what is not used is a hole."""
    code = issuer.segregation_code
    with database.transaction() as tx:
        bases = catalogue.allocate_bases(tx.session, issuer.entity.creditor_fiscal_code, code, count)
    return (NoticeNumber.issue(code, base) for base in bases)


def allocate_for(database: Database, issuers: Iterable[Issuer]) -> Mapping[str, Sequence[NoticeNumber]]:
    """Take a notice number for each debt of these, by segregation code."""
    by_code: dict[str, list[Issuer]] = defaultdict(list)
    for issuer in issuers:
        by_code[issuer.segregation_code].append(issuer)
    return {code: list(allocate(database, some[0], len(some))) for code, some in by_code.items()}


def insert(
    tx: Tx,
    external_id: str | None,
    number: NoticeNumber,
    debt: Debt,
    issuer: Issuer,
    now: datetime,
    **columns: str | None,
) -> Json:
    """Insert a practice with its PracticeCreated at once, and return it by column.

    `columns` are those that only some have: `inserted_by`, `demand_digest`.
    """
    values = create(tx, external_id, number, debt, issuer, now) | columns
    practices.insert_one(tx.session, values)
    return values


def create(tx: Tx, external_id: str | None, number: NoticeNumber, debt: Debt, issuer: Issuer, now: datetime) -> Json:
    """Return a new practice by column, for the caller to insert, and emit its PracticeCreated."""
    due = _amount_due(debt, issuer.rules)
    values = {
        "id": uuid4(),
        "entity_code": issuer.entity.code,
        "creditor_fiscal_code": issuer.entity.creditor_fiscal_code,
        "origin": "issued" if external_id is not None else "spontaneous",
        "external_id": external_id,
        "notice_number": number,
        "iuv": number.iuv,
        "sequence": 1,
        "service_revision": issuer.service.revision,
        "created_at": now,
        "closes_options": False,
        **records.debt_values(debt, issuer.rules),
        **records.status_values(PracticeStatus(), due, now),
    }
    if debt.debt_position is not None:
        practices.close_again(tx.session, issuer.entity.code, debt.debt_position)
    position = records.issued_position(values, debt, issuer)
    tx.emit(PRACTICE_CREATED, position, subject=str(values["id"]), sequence=1, now=now)
    return values


def amend(tx: Tx, row: PracticeRow, debt: Debt, issuer: Issuer, now: datetime) -> bool:
    """Give a locked practice another debt, with its PracticeAmended; False when it is the one it has.

    The same debt again reopens a practice that has expired although its last day has not passed: a clock was wrong.
    An annulled one is not reopened by being sent again, as a file that is sent every night would. One for which less
    came than is due is paid when it is amended to no more than what came.
    Raises Refused(DEBTOR_CHANGED), (PRACTICE_NOT_AMENDABLE).
    """
    if not is_amendment(row, debt, issuer.rules, now):
        return False
    status, rules = records.status_of(row), issuer.rules
    records.write_debt(row, debt, rules)
    records.write_status(row, practice_status.amended(status, records.amount_due_of(row), now))
    _tell_amended(tx, row, debt, issuer, now)
    return True


def annul(tx: Tx, row: PracticeRow, reason: str, now: datetime, *, told: str | None = None) -> None:
    """Withdraw a locked practice; events say `told` in place of the entity's own words, which may name somebody.

    Raises Refused(PRACTICE_PAID), (PRACTICE_BEING_PAID), (PRACTICE_UNDERPAID), (PRACTICE_CANCELLED).
    """
    status = records.status_of(row)
    if status.facts.open_checkouts and status.state is State.EXPIRED:
        raise Refused(ErrorCode.PRACTICE_BEING_PAID)
    if not can_move(status.state, Cause.CANCELLED):
        raise Refused(display.NOT_PAYABLE[status.state])
    records.write_status(row, practice_status.cancelled(status, Ending(now, reason)))
    row.sequence += 1
    ended = records.ended_of(row, told or _ANNULLED, now)
    tx.emit(PRACTICE_CANCELLED, ended, subject=str(row.id), sequence=row.sequence, now=now)


def restore(tx: Tx, row: PracticeRow, issuer: Issuer, now: datetime) -> None:
    """Take the annulment of a locked practice back.

    Raises Refused(PRACTICE_NOT_AMENDABLE) of one that is not annulled, (OPTION_CLOSED) of one that was because its debt
    is paid in another way.
    """
    status = records.status_of(row)
    if not can_move(status.state, Cause.RESTORED):
        raise Refused(ErrorCode.PRACTICE_NOT_AMENDABLE, NotAmendable(state=row.state))
    if row.state_reason == OTHER_OPTION:
        raise Refused(ErrorCode.OPTION_CLOSED, WhichPractice(practice_id=row.id))
    records.write_status(row, practice_status.restored(status, now))
    _tell_amended(tx, row, records.debt_of(row), issuer, now)


def _tell_amended(tx: Tx, row: PracticeRow, debt: Debt, issuer: Issuer, now: datetime) -> None:
    if debt.debt_position is not None:
        practices.close_again(tx.session, issuer.entity.code, debt.debt_position)
    row.sequence += 1
    row.service_revision = issuer.service.revision
    position = records.issued_position(vars(row), debt, issuer)
    tx.emit(PRACTICE_AMENDED, position, subject=str(row.id), sequence=row.sequence, now=now)


def is_amendment(row: PracticeRow, debt: Debt, rules: ServiceRules, now: datetime) -> bool:
    """Return whether a debt would change a practice. Raises Refused(DEBTOR_CHANGED), (PRACTICE_NOT_AMENDABLE)."""
    before = records.debt_of(row)
    if not is_same_debtor(before.debtor, debt.debtor):
        raise Refused(ErrorCode.DEBTOR_CHANGED)
    status = records.status_of(row)
    asks_before, asks_now = records.amount_due_of(row).cents(status.facts), _amount_due(debt, rules).cents(status.facts)
    is_free = practice_status.may_amend(status, raises_amount=asks_now > asks_before)
    is_needless = status.state is not State.CANCELLED and not (is_free and _has_expired_early(status, debt, rules, now))
    if records.as_put(before) == records.as_put(debt) and is_needless:
        return False
    if not is_free:
        raise Refused(ErrorCode.PRACTICE_NOT_AMENDABLE, NotAmendable(state=row.state))
    return True


def _amount_due(debt: Debt, rules: ServiceRules) -> AmountDue:
    return AmountDue(debt.amount_cents, rules.payable_until(debt.due_date), debt.due_date, debt.schedule)


def _has_expired_early(status: PracticeStatus, debt: Debt, rules: ServiceRules, now: datetime) -> bool:
    last_day = rules.payable_until(debt.due_date)
    return status.state is State.EXPIRED and (last_day is None or rome_day(now) <= last_day)


def again_on_conflict(attempt: Callable[[], _T]) -> _T:
    """Run a transaction again when another one has created the same debt meanwhile: it is there to be seen now."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return attempt()
        except IntegrityError:
            continue
    return attempt()
