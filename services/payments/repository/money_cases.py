"""Cases of money that nobody expected."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.payments.domain.money_cases import WAITING, CaseState
from services.payments.domain.receipts import UNEXPECTED
from services.payments.models import MoneyCase, Receipt, RefundRules

_TABLE: Final = MoneyCase.metadata.tables[MoneyCase.__tablename__]
_WRITTEN: Final = tuple(column.name for column in _TABLE.columns)
_UNEXPECTED: Final = sorted(one.value for one in UNEXPECTED)
_WAITING: Final = sorted(one.value for one in WAITING)


def insert_new(session: Session, case: MoneyCase) -> UUID:
    """Store a new case, which the session does not know; return its id, or that of the one its receipt has already."""
    values = {name: value for name in _WRITTEN if (value := getattr(case, name)) is not None}
    statement = insert(_TABLE).on_conflict_do_nothing(index_elements=["receipt_row_id"])
    made: UUID | None = session.scalar(statement.returning(_TABLE.c.id), values)
    if made is not None:
        return made
    return session.scalars(select(MoneyCase.id).where(MoneyCase.receipt_row_id == case.receipt_row_id)).one()


def receipts_without_case(session: Session, limit: int) -> Sequence[Receipt]:
    """Return receipts of unexpected money that have no case, oldest first: the release before made none."""
    statement = (
        select(Receipt)
        .outerjoin(MoneyCase, MoneyCase.receipt_row_id == Receipt.id)
        .where(Receipt.judgement.in_(_UNEXPECTED), MoneyCase.id.is_(None), Receipt.entity_code.is_not(None))
    )
    return session.scalars(statement.order_by(Receipt.id).limit(limit)).all()


def page(
    session: Session,
    entity_code: str,
    service_codes: Collection[str] | None,
    states: Collection[str],
    after: int,
    limit: int,
) -> Sequence[MoneyCase]:
    """Return cases whose receipts came after that row, in the order of these."""
    statement = _of(entity_code, service_codes).where(MoneyCase.receipt_row_id > after)
    if states:
        statement = statement.where(MoneyCase.state.in_(states))
    return session.scalars(statement.order_by(MoneyCase.receipt_row_id).limit(limit)).all()


def totals(session: Session, entity_code: str, service_codes: Collection[str] | None) -> Sequence[tuple[str, int, int]]:
    """Return state, count and sum of an entity's cases."""
    cents = func.sum(func.coalesce(MoneyCase.refund_cents, MoneyCase.unexpected_cents))
    statement = select(MoneyCase.state, func.count(), cents).where(*_seen(entity_code, service_codes))
    rows = session.execute(statement.group_by(MoneyCase.state).order_by(MoneyCase.state))
    return [(state, count, int(amount)) for state, count, amount in rows]


def one(
    session: Session,
    entity_code: str,
    service_codes: Collection[str] | None,
    case_id: UUID,
    *,
    lock: bool = False,
) -> MoneyCase | None:
    """Return a case of the entity and these services; with `lock` nobody else may change it."""
    statement = _of(entity_code, service_codes).where(MoneyCase.id == case_id)
    return session.scalars(_locked(statement) if lock else statement).first()


def of_practice(session: Session, entity_code: str, practice_id: UUID, *, lock: bool = False) -> Sequence[MoneyCase]:
    """Return the cases of a practice, oldest first."""
    statement = _of(entity_code, None).where(MoneyCase.practice_id == practice_id).order_by(MoneyCase.receipt_row_id)
    return session.scalars(_locked(statement) if lock else statement).all()


def decided(session: Session, entity_code: str, service_codes: Collection[str] | None) -> Sequence[MoneyCase]:
    """Return, locked, the cases whose refund is decided, oldest first; none that another one put into a file."""
    statement = _of(entity_code, service_codes).where(MoneyCase.state == CaseState.DECIDED.value)
    return session.scalars(_locked(statement.order_by(MoneyCase.receipt_row_id))).all()


def in_export(session: Session, export_id: UUID) -> Sequence[MoneyCase]:
    """Return, locked, the cases of a file of which nobody has said what the bank did."""
    statement = select(MoneyCase).where(MoneyCase.export_id == export_id, MoneyCase.state == CaseState.EXPORTED.value)
    return session.scalars(_locked(statement.order_by(MoneyCase.receipt_row_id))).all()


def wants_second_person(session: Session, entity_code: str) -> bool:
    """Return whether the entity wants each refund confirmed."""
    rules = session.get(RefundRules, entity_code)
    return rules is not None and rules.second_person


def save_rules(session: Session, entity_code: str, *, second_person: bool) -> None:
    """Store what the entity wants."""
    statement = insert(RefundRules).values(entity_code=entity_code, second_person=second_person)
    session.execute(
        statement.on_conflict_do_update(index_elements=["entity_code"], set_={"second_person": second_person})
    )


def waiting(session: Session) -> Sequence[tuple[str, int, datetime]]:
    """Return, for each entity, how many cases wait for somebody, and when the oldest was opened."""
    statement = select(MoneyCase.entity_code, func.count(), func.min(MoneyCase.opened_at))
    rows = session.execute(statement.where(MoneyCase.state.in_(_WAITING)).group_by(MoneyCase.entity_code))
    return [(entity_code, count, oldest) for entity_code, count, oldest in rows]


def _seen(entity_code: str, service_codes: Collection[str] | None) -> list[ColumnElement[bool]]:
    of_entity = [MoneyCase.entity_code == entity_code]
    return of_entity if service_codes is None else [*of_entity, MoneyCase.service_code.in_(service_codes)]


def _of(entity_code: str, service_codes: Collection[str] | None) -> Select[MoneyCase]:
    return select(MoneyCase).where(*_seen(entity_code, service_codes))


def _locked(statement: Select[MoneyCase]) -> Select[MoneyCase]:
    """Lock the cases, and not their receipts; read again what the session may have read before."""
    return statement.with_for_update(of=MoneyCase).execution_options(populate_existing=True)
