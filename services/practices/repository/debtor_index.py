"""How indexes have the practices of one debtor: in each state, in each order, between two marks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Select,
    String,
    bindparam,
    func,
    literal_column,
    select,
    tuple_,
    union_all,
)

from contracts.calendar import NO_DUE_DATE
from contracts.rpc.practices import PRACTICE_STATES
from services.practices.domain.list_filter import ListFilter, Mark, Order, SortKey
from services.practices.models import DUE_KEY, Json, PracticeRow

DUE: Final[ColumnElement[Any]] = literal_column(DUE_KEY, Date)
INDEX_KEYS: Final = ("debtor_fiscal_code", "entity_code")
"""What stands before the place in the index that has a debtor's practices in every state."""

_PLACE_MAX: Final = 2**63 - 1
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
class Shape:
    """What a statement looks like, whatever its values: written once, which takes longer than asking it."""

    order: Order
    states: int
    service: bool = False
    made: bool = False
    paid: bool = False
    due: bool = False
    words: int = 0

    @classmethod
    def of(cls, wanted: ListFilter, states: Sequence[str]) -> "Shape":
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

    @property
    def is_in_one_index(self) -> bool:
        """Return whether one index has all of it in its order, that of the places."""
        return self.states == 0


def states_of(wanted: ListFilter) -> Sequence[str]:
    """Return the states to go through; none where one index has all of them in the order that is wanted."""
    every = () if wanted.order.key is SortKey.PLACE else PRACTICE_STATES
    return sorted(set(wanted.states or every))


def values_of(wanted: ListFilter, states: Sequence[str], after: Mark | None, limit: int) -> Json:
    """Return the values that a statement of this shape is asked with. `limit`: of what each index is asked for."""
    values: Json = {"fiscal_code": wanted.fiscal_code, "entity_code": wanted.entity_code, "limit": limit}
    values |= {f"state_{number}": state for number, state in enumerate(states)}
    values |= {f"word_{number}": word for number, word in enumerate(wanted.words)}
    values["service_code"] = wanted.service_code
    values["made_from"], values["made_before"] = wanted.made or (None, None)
    values["paid_from"], values["paid_before"] = wanted.paid or (None, None)
    values["due_from"], values["due_until"] = _due_values(wanted)
    low, high = _bounds(wanted, after)
    values["low_value"], values["low_place"] = low.value, low.place
    values["high_value"], values["high_place"] = high.value, high.place
    return values


def first_places(shape: Shape) -> ColumnElement[Any]:
    """Write the places of the first between the marks in each state."""
    of_each = [in_index(shape.order, state, [PracticeRow.place]) for state in _states(shape)]
    return func.array(union_all(*of_each).scalar_subquery())


def first_of_one_index(shape: Shape, columns: Sequence[Any]) -> Select[Any]:
    """Select the first between the marks, of a shape that is in one index: by what that has, INDEX_KEYS first."""
    return in_index(shape.order, None, columns)


def in_index(order: Order, state: ColumnElement[str] | None, columns: Sequence[Any]) -> Select[Any]:
    """Select the first between the marks, in one state where that is named, as an index has them."""
    whose = _whose(state)
    keys, prefix = [*key_of(order)], []
    if order.key is SortKey.PLACE:
        # Not by the place alone: the planner may go through all practices, whoever's they are, as soon as the debtor
        # has a good part of them. And with the state first among what is compared, for there the walk along the index
        # ends: what is in no such state would else be looked for among all of the debtor's.
        compared = whose[2:] or whose
        whose = whose[: len(whose) - len(compared)]
        keys, prefix = [column for column, _ in compared] + keys, [value for _, value in compared]
    low, high = (tuple_(*prefix, *_mark(order, name)) for name in ("low", "high"))
    found = select(*columns).where(*(column == value for column, value in whose))
    between = found.where(tuple_(*keys) > low, tuple_(*keys) < high)
    return between.order_by(*directed(order, keys)).limit(bindparam("limit", type_=Integer))


def key_of(order: Order) -> Sequence[ColumnElement[Any]]:
    """Return what practices are ordered by."""
    place: ColumnElement[Any] = PracticeRow.place  # type: ignore[assignment]  # -- mapped
    return [place] if order.key is SortKey.PLACE else [sort_key(order), place]


def sort_key(order: Order) -> ColumnElement[Any]:
    """Return what comes before the place in an order; nothing where that is all."""
    if order.key is SortKey.DUE:
        return DUE
    amount: ColumnElement[Any] = PracticeRow.amount_cents  # type: ignore[assignment]  # -- mapped
    return amount if order.key is SortKey.AMOUNT else literal_column("NULL::integer", Integer)


def directed(order: Order, keys: Sequence[ColumnElement[Any]]) -> Sequence[ColumnElement[Any]]:
    """Return the keys in the direction of an order."""
    return [one.desc() for one in keys] if order.descending else keys


def _states(shape: Shape) -> Sequence[ColumnElement[str] | None]:
    return [bindparam(f"state_{number}", type_=String) for number in range(shape.states)] or [None]


def _whose(state: ColumnElement[str] | None) -> list[tuple[Any, Any]]:
    return [
        (PracticeRow.debtor_fiscal_code, bindparam("fiscal_code", type_=String)),
        (PracticeRow.entity_code, bindparam("entity_code", type_=String)),
        *([(PracticeRow.state, state)] if state is not None else []),
    ]


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


def _mark(order: Order, name: str) -> Sequence[ColumnElement[Any]]:
    place = bindparam(f"{name}_place", type_=BigInteger)
    if order.key is SortKey.PLACE:
        return [place]
    return [bindparam(f"{name}_value", type_=Date if order.key is SortKey.DUE else BigInteger), place]
