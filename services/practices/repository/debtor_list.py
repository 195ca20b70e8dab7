"""The practices of one debtor as a list: narrowed, in an order, from a mark in it on.

In each state an index has them in each order, so that no more are read than are listed, however many the debtor has.
What no index finds is looked at practice after practice, so many at a time as the caller says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Row,
    Select,
    String,
    TableValuedAlias,
    and_,
    any_,
    bindparam,
    column,
    exists,
    func,
    literal_column,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from contracts.amounts import AmountSchedule, AskedAmount
from contracts.calendar import NO_DUE_DATE, due_day
from contracts.rpc.practices import PRACTICE_STATES
from contracts.shapes import Instalment
from services.practices import stored_json
from services.practices.domain.list_filter import ORDERS, ListFilter, Mark, Order, SortKey
from services.practices.domain.plans import Instalments, Listed, plan_of
from services.practices.domain.states import WITH_MONEY, State
from services.practices.domain.totals import Unpaid
from services.practices.models import DUE_KEY, Json, PracticeRow
from services.practices.repository.practices import SHOWN

_ACCENTED: Final = "àáâäèéêëìíîïòóôöùúûüçñÀÁÂÄÈÉÊËÌÍÎÏÒÓÔÖÙÚÛÜÇÑ"
_PLAIN: Final = "aaaaeeeeiiiioooouuuucnAAAAEEEEIIIIOOOOUUUUCN"
_DUE: Final[ColumnElement[Any]] = literal_column(DUE_KEY, Date)
_KEYS: Final[Mapping[SortKey, ColumnElement[Any]]] = {SortKey.DUE: _DUE, SortKey.AMOUNT: PracticeRow.amount_cents}  # type: ignore[dict-item]  # -- mapped


_PLACE_MAX: Final = 2**63 - 1
_NO_LIMIT: Final = 2**31 - 1
_LOWEST: Final = {
    SortKey.PLACE: Mark(None, -1),
    SortKey.DUE: Mark(date(1, 1, 1), -1),
    SortKey.AMOUNT: Mark(0, -1),
}
_HIGHEST: Final = {
    SortKey.PLACE: Mark(None, _PLACE_MAX),
    SortKey.DUE: Mark(date(9999, 12, 31), _PLACE_MAX),
    SortKey.AMOUNT: Mark(_PLACE_MAX, _PLACE_MAX),
}


@dataclass(frozen=True)
class _Shape:
    """What a statement looks like, whatever its values: written once, which takes longer than asking it."""

    order: Order
    states: int
    service: bool = False
    made: bool = False
    paid: bool = False
    due: bool = False
    words: int = 0

    @classmethod
    def of(cls, wanted: ListFilter, states: Sequence[str]) -> "_Shape":
        """Return the shape of the statement that lists what is wanted."""
        return cls(
            order=wanted.order,
            states=len(states),
            service=wanted.service_code is not None,
            made=wanted.made is not None,
            paid=wanted.paid is not None,
            due=wanted.due is not None,
            words=len(wanted.words),
        )


def page(session: Session, wanted: ListFilter, after: Mark | None, limit: int) -> Sequence[Row[Any]]:
    """Return practices as they are shown, in order, those behind `after`; for what needs no looking."""
    states = _states(wanted)
    return session.execute(_page(_Shape.of(wanted, states)), _values(wanted, states, after, limit)).all()


def look(session: Session, wanted: ListFilter, after: Mark | None, limit: int) -> Sequence[Listed]:
    """Return so many practices of the states and in the order that are wanted, those behind `after`, as they stand."""
    states = _states(wanted)
    found = session.execute(_look(_Shape.of(wanted, states)), _values(wanted, states, after, limit))
    return [_listed(row, wanted) for row in found]


def members(session: Session, wanted: ListFilter, plans: Sequence[Instalments]) -> Sequence[Listed]:
    """Return the debtor's practices that may be instalments of these plans, wanted or not."""
    if not plans:
        return []
    states = sorted(set(wanted.states))
    values = _values(wanted, states, None, 0) | {
        "references": sorted({reference for plan in plans for reference in plan.references}),
        "debt_positions": sorted({plan.debt_position for plan in plans if plan.debt_position is not None}),
    }
    return [_listed(row, wanted) for row in session.execute(_members(_Shape.of(wanted, states)), values)]


def at_places(session: Session, places: Sequence[int]) -> Mapping[int, Row[Any]]:
    """Return practices as they are shown, by their places."""
    rows = session.execute(_at_places(), {"places": list(places)})
    return {row.place: row for row in rows}


@dataclass(frozen=True)
class MoneyOfYear:
    """How many practices money came for in a year, how much that was, and how many were looked at."""

    count: int
    cents: int
    looked_at: int


def unpaid(session: Session, entity_code: str, fiscal_code: str, limit: int | None) -> Sequence[Unpaid]:
    """Return what a debtor still has to pay an entity; where there is more than the limit, the newest of it."""
    states = (State.TO_PAY.value, State.UNCONFIRMED.value)
    values = _values(ListFilter(entity_code, fiscal_code, states), states, None, limit or _NO_LIMIT)
    return [_unpaid(row) for row in session.execute(_unpaid_of(len(states)), values)]


@lru_cache(maxsize=1)
def _unpaid_of(states: int) -> Select[Any]:
    names = ("amount_cents", "due_date", "payable_until", "schedule", "debt_position", "option")
    return _newest(states, [getattr(PracticeRow, name) for name in names])


def _newest(states: int, columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    """Select the newest practices in so many states."""
    shape = _Shape(ORDERS["newest"], states)
    found = select(*columns).where(PracticeRow.place == any_(_first_places(shape)))
    return found.order_by(PracticeRow.place.desc()).limit(bindparam("limit", type_=Integer))


def _unpaid(row: Row[Any]) -> Unpaid:
    due_date = due_day(row.due_date)
    schedule = stored_json.read_optional(row.schedule, AmountSchedule)
    asked = AskedAmount(row.amount_cents, due_date, schedule)
    return Unpaid(asked, due_date, due_day(row.payable_until), row.debt_position, row.option)


def money_of(
    session: Session, entity_code: str, fiscal_code: str, paid: tuple[datetime, datetime], limit: int | None
) -> MoneyOfYear:
    """Return the money that came from a debtor from the one moment to before the other, for the newest practices."""
    wanted = ListFilter(entity_code, fiscal_code, WITH_MONEY, paid=paid)
    row = session.execute(_money_of(len(WITH_MONEY)), _values(wanted, WITH_MONEY, None, limit or _NO_LIMIT)).one()
    return MoneyOfYear(row.came, int(row.cents or 0), row.looked_at)


@lru_cache(maxsize=1)
def _money_of(states: int) -> Select[Any]:
    place: ColumnElement[Any] = PracticeRow.place  # type: ignore[assignment]  # -- mapped
    looked = _newest(states, [place, PracticeRow.facts["receipts"].label("receipts")]).cte("looked")
    receipts = _receipts(looked.c.receipts)
    looked_at = select(func.count()).select_from(looked).scalar_subquery()
    return (
        select(
            func.count(looked.c.place.distinct()).label("came"),
            func.sum(receipts.c.value["amount_cents"].as_integer()).label("cents"),
            looked_at.label("looked_at"),
        )
        .select_from(looked.join(receipts, true()))
        .where(_is_paid_between(receipts))
    )


def _states(wanted: ListFilter) -> Sequence[str]:
    """Return the states to go through; none where one index has all of them in the order that is wanted."""
    every = () if wanted.order.key is SortKey.PLACE else PRACTICE_STATES
    return sorted(set(wanted.states or every))


def _values(wanted: ListFilter, states: Sequence[str], after: Mark | None, limit: int) -> Json:
    values: Json = {"fiscal_code": wanted.fiscal_code, "entity_code": wanted.entity_code, "limit": limit}
    values |= {f"state_{number}": state for number, state in enumerate(states)}
    values |= {f"word_{number}": _pattern(word) for number, word in enumerate(wanted.words)}
    values["service_code"] = wanted.service_code
    values["made_from"], values["made_before"] = wanted.made or (None, None)
    values["paid_from"], values["paid_before"] = wanted.paid or (None, None)
    values["due_from"], values["due_until"] = _due_values(wanted)
    low, high = _bounds(wanted, after)
    values["low_value"], values["low_place"] = low.value, low.place
    values["high_value"], values["high_place"] = high.value, high.place
    return values


def _bounds(wanted: ListFilter, after: Mark | None) -> tuple[Mark, Mark]:
    """Return the marks between which the list stands in its order, both left out."""
    low, high = _LOWEST[wanted.order.key], _HIGHEST[wanted.order.key]
    if wanted.due is not None and wanted.order.key is SortKey.DUE:
        first, last = _due_values(wanted)
        low, high = Mark(first, low.place), Mark(last, high.place)
    if after is None:
        return low, high
    return (low, after) if wanted.order.descending else (after, high)


def _due_values(wanted: ListFilter) -> tuple[date | None, date | None]:
    """Return the days between which it is due: the day that stands for none is no day of theirs."""
    if wanted.due is None:
        return None, None
    first, last = wanted.due
    return first, min(last, NO_DUE_DATE - timedelta(days=1))


def _pattern(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


@lru_cache(maxsize=256)
def _page(shape: _Shape) -> Select[Any]:
    ordered = SHOWN.where(PracticeRow.place == any_(_first_places(shape))).order_by(*_ordering(shape.order))
    return ordered.limit(bindparam("limit", type_=Integer))


@lru_cache(maxsize=256)
def _look(shape: _Shape) -> Select[Any]:
    columns = (PracticeRow.place, _sorted_by(shape), *_plan_columns(), _is_wanted(shape).label("is_wanted"))
    ordered = select(*columns).where(PracticeRow.place == any_(_first_places(shape)))
    return ordered.order_by(*_ordering(shape.order)).limit(bindparam("limit", type_=Integer))


@lru_cache(maxsize=256)
def _members(shape: _Shape) -> Select[Any]:
    is_wanted = and_(_is_wanted(shape), *([_has_state(shape)] if shape.states else []))
    columns = (PracticeRow.place, _sorted_by(shape), *_plan_columns(), is_wanted.label("is_wanted"))
    debtors = select(*columns).where(
        PracticeRow.debtor_fiscal_code == bindparam("fiscal_code"),
        PracticeRow.entity_code == bindparam("entity_code"),
        PracticeRow.instalment_total.is_not(None),
    )
    references = bindparam("references", type_=ARRAY(PracticeRow.external_id.type))
    positions = bindparam("debt_positions", type_=ARRAY(PracticeRow.external_id.type))
    by_reference = debtors.where(PracticeRow.external_id == any_(references), PracticeRow.debt_position.is_(None))
    by_position = debtors.where(PracticeRow.debt_position == any_(positions))
    return select(union_all(by_reference, by_position).subquery())


@lru_cache(maxsize=1)
def _at_places() -> Select[Any]:
    return SHOWN.where(PracticeRow.place == any_(bindparam("places", type_=ARRAY(BigInteger))))


def _first_places(shape: _Shape) -> ColumnElement[Any]:
    """Write the places of the first between the marks in each state."""
    states = [bindparam(f"state_{number}", type_=String) for number in range(shape.states)]
    of_each = [_in_index(shape.order, state) for state in states] or [_in_index(shape.order, None)]
    return func.array(union_all(*of_each).scalar_subquery())


def _in_index(order: Order, state: ColumnElement[str] | None) -> Select[Any]:
    """Select the places of the first between the marks, in one state where that is named, as an index has them."""
    whose: list[tuple[Any, Any]] = [
        (PracticeRow.debtor_fiscal_code, bindparam("fiscal_code", type_=String)),
        (PracticeRow.entity_code, bindparam("entity_code", type_=String)),
        *([(PracticeRow.state, state)] if state is not None else []),
    ]
    found, keys, prefix = select(PracticeRow.place), [*_key_of(order)], []
    if order.key is SortKey.PLACE:
        # By the whole key of the index: by the place alone the planner may go through all practices, whoever's they
        # are, as soon as the debtor has a good part of them.
        keys, prefix = [column for column, _ in whose] + keys, [value for _, value in whose]
    else:
        found = found.where(*(column == value for column, value in whose))
    low, high = (tuple_(*prefix, *_mark(order, name)) for name in ("low", "high"))
    ordering = [one.desc() for one in keys] if order.descending else keys
    between = found.where(tuple_(*keys) > low, tuple_(*keys) < high)
    return between.order_by(*ordering).limit(bindparam("limit", type_=Integer))


def _mark(order: Order, name: str) -> Sequence[ColumnElement[Any]]:
    place = bindparam(f"{name}_place", type_=BigInteger)
    if order.key is SortKey.PLACE:
        return [place]
    return [bindparam(f"{name}_value", type_=Date if order.key is SortKey.DUE else BigInteger), place]


def _sorted_by(shape: _Shape) -> ColumnElement[Any]:
    return _KEYS.get(shape.order.key, literal_column("NULL::integer", Integer)).label("sorted_by")


def _ordering(order: Order) -> Sequence[ColumnElement[Any]]:
    key = _key_of(order)
    return [one.desc() for one in key] if order.descending else key


def _key_of(order: Order) -> Sequence[ColumnElement[Any]]:
    """Return what practices are ordered by."""
    place: ColumnElement[Any] = PracticeRow.place  # type: ignore[assignment]  # -- mapped
    return [place] if order.key is SortKey.PLACE else [_KEYS[order.key], place]


def _is_wanted(shape: _Shape) -> ColumnElement[bool]:
    """Write whether a practice is one of those that the list is narrowed to, its state apart."""
    conditions: list[ColumnElement[bool]] = [_is_due(shape)]
    if shape.service:
        conditions.append(PracticeRow.service_code == bindparam("service_code"))
    if shape.made:
        begins, ends = (bindparam(name, type_=DateTime(timezone=True)) for name in ("made_from", "made_before"))
        conditions += [PracticeRow.created_at >= begins, PracticeRow.created_at < ends]
    if shape.paid:
        conditions.append(_money_came())
    conditions += [_written().like(bindparam(f"word_{number}"), escape="\\") for number in range(shape.words)]
    return and_(*conditions)


def _has_state(shape: _Shape) -> ColumnElement[bool]:
    return PracticeRow.state.in_([bindparam(f"state_{number}") for number in range(shape.states)])


def _is_due(shape: _Shape) -> ColumnElement[bool]:
    if not shape.due:
        return true()
    return _DUE.between(bindparam("due_from", type_=Date), bindparam("due_until", type_=Date))


def _written() -> ColumnElement[str]:
    """Write what a practice is found by, in small letters without accents."""
    beneficiary = PracticeRow.beneficiary["full_name"].as_string()
    parts = (PracticeRow.description, PracticeRow.external_id, PracticeRow.iuv, PracticeRow.notice_number, beneficiary)
    written: ColumnElement[str] = func.lower(func.translate(func.concat_ws(" ", *parts), _ACCENTED, _PLAIN))
    return written


def _money_came() -> ColumnElement[bool]:
    """Write that a receipt among the facts was paid between two moments."""
    receipts = _receipts(PracticeRow.facts["receipts"])
    return exists().select_from(receipts).where(_is_paid_between(receipts))


def _is_paid_between(receipts: TableValuedAlias) -> ColumnElement[bool]:
    paid_at = receipts.c.value["paid_at"].as_string().cast(DateTime(timezone=True))
    begins, ends = (bindparam(name, type_=DateTime(timezone=True)) for name in ("paid_from", "paid_before"))
    return and_(paid_at >= begins, paid_at < ends)


def _receipts(facts: ColumnElement[Any]) -> TableValuedAlias:
    return func.jsonb_each(facts).table_valued("key", column("value", JSONB))


def _plan_columns() -> Sequence[ColumnElement[Any]]:
    columns = ("service_code", "external_id", "instalment_number", "instalment_total", "debt_position", "option")
    return [getattr(PracticeRow, name) for name in columns]


def _listed(row: Row[Any], wanted: ListFilter) -> Listed:
    has_plan = row.instalment_number is not None and row.instalment_total is not None
    instalment = Instalment(number=row.instalment_number, total=row.instalment_total) if has_plan else None
    return Listed(
        place=row.place,
        mark=Mark(row.sorted_by if wanted.order.key is not SortKey.PLACE else None, row.place),
        is_wanted=row.is_wanted,
        plan=plan_of(row.service_code, row.external_id, instalment, row.debt_position, row.option),
    )
