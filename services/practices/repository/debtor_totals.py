"""What a debtor owes an entity and has paid it, summed up by the database."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Row,
    Select,
    Subquery,
    and_,
    any_,
    bindparam,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from contracts.amounts import AmountSchedule, AskedAmount
from contracts.calendar import due_day
from services.practices import stored_json
from services.practices.domain.list_filter import ORDERS, ListFilter
from services.practices.domain.states import WITH_MONEY, State
from services.practices.domain.totals import CountedCents, Unpaid, UnpaidSums
from services.practices.models import PracticeRow
from services.practices.repository.debtor_index import Shape, first_places, values_of
from services.practices.repository.debtor_list import is_paid_between, receipts_in

_NO_LIMIT: Final = 2**31 - 1
_UNPAID: Final = (State.TO_PAY.value, State.UNCONFIRMED.value)
_TERMS: Final = ("amount_cents", "due_date", "payable_until", "schedule", "debt_position", "option")


@dataclass(frozen=True)
class MoneyOfYear:
    """How many practices money came for in a year, how much that was, and how many were looked at."""

    count: int
    cents: int
    looked_at: int


def unpaid(session: Session, entity_code: str, fiscal_code: str, today: date, limit: int | None) -> UnpaidSums:
    """Return what a debtor still has to pay an entity; where there is more than the limit, the newest of it."""
    values = values_of(ListFilter(entity_code, fiscal_code, _UNPAID), _UNPAID, None, limit or _NO_LIMIT)
    row = session.execute(_sums(), {**values, "today": today}).one()
    changing = session.execute(_changing(), values).all() if row.changing else []
    return UnpaidSums(
        unpaid=CountedCents(row.count_all, int(row.cents_all or 0)),
        overdue=CountedCents(row.count_late, int(row.cents_late or 0)),
        changing=[_unpaid(one) for one in changing],
        looked_at=row.looked_at,
    )


def money_of(
    session: Session, entity_code: str, fiscal_code: str, paid: tuple[datetime, datetime], limit: int | None
) -> MoneyOfYear:
    """Return the money that came from a debtor from the one moment to before the other, for the newest practices."""
    wanted = ListFilter(entity_code, fiscal_code, WITH_MONEY, paid=paid)
    row = session.execute(_money_of(), values_of(wanted, WITH_MONEY, None, limit or _NO_LIMIT)).one()
    return MoneyOfYear(row.came, int(row.cents or 0), row.looked_at)


@lru_cache(maxsize=1)
def _sums() -> Select[Any]:
    """Select the sums of what is as it was put: its amount is that of today, and it is paid whatever else is paid."""
    newest = _newest(len(_UNPAID), _TERMS)
    today = bindparam("today", type_=Date)
    is_payable = or_(newest.c.payable_until.is_(None), newest.c.payable_until >= today)
    is_plain = and_(is_payable, ~_is_changing(newest))
    is_late = and_(is_plain, newest.c.due_date < today)
    return select(
        func.count().label("looked_at"),
        func.count().filter(_is_changing(newest)).label("changing"),
        *_summed("all", newest, is_plain),
        *_summed("late", newest, is_late),
    ).select_from(newest)


def _summed(name: str, newest: Subquery, condition: ColumnElement[bool]) -> list[ColumnElement[Any]]:
    cents = func.sum(newest.c.amount_cents).filter(condition)
    return [func.count().filter(condition).label(f"count_{name}"), cents.label(f"cents_{name}")]


@lru_cache(maxsize=1)
def _changing() -> Select[Any]:
    newest = _newest(len(_UNPAID), _TERMS)
    return select(newest).where(_is_changing(newest))


def _is_changing(newest: Subquery) -> ColumnElement[bool]:
    """Write whether what is to be paid for it depends on the day, or on what else is paid."""
    return or_(newest.c.schedule.is_not(None), newest.c.debt_position.is_not(None))


def _unpaid(row: Row[Any]) -> Unpaid:
    due_date = due_day(row.due_date)
    schedule = stored_json.read_optional(row.schedule, AmountSchedule)
    asked = AskedAmount(row.amount_cents, due_date, schedule)
    return Unpaid(asked, due_date, due_day(row.payable_until), row.debt_position, row.option)


@lru_cache(maxsize=1)
def _money_of() -> Select[Any]:
    looked = _newest(len(WITH_MONEY), ("place", "facts"))
    receipts = receipts_in(looked.c.facts["receipts"])
    came = is_paid_between(receipts)
    return select(
        func.count(looked.c.place.distinct()).label("looked_at"),
        func.count(looked.c.place.distinct()).filter(came).label("came"),
        func.sum(receipts.c.value["amount_cents"].as_integer()).filter(came).label("cents"),
    ).select_from(looked.outerjoin(receipts, true()))


def _newest(states: int, names: tuple[str, ...]) -> Subquery:
    """Select columns of the newest practices in so many states."""
    shape = Shape(ORDERS["newest"], states)
    found = select(*[PracticeRow.__table__.c[name] for name in names])
    found = found.where(PracticeRow.place == any_(first_places(shape)))
    return found.order_by(PracticeRow.place.desc()).limit(bindparam("limit", type_=Integer)).subquery()
