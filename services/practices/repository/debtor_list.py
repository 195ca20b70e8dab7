"""The practices of one debtor as a list: narrowed, in an order, from a mark in it on.

In each state an index has them in each order, so that no more are read than are listed, however many the debtor has.
What no index finds is looked at practice after practice, so many at a time as the caller says, and no longer than it
takes to find as many as are wanted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    FromClause,
    Integer,
    Row,
    Select,
    Subquery,
    TableValuedAlias,
    and_,
    any_,
    bindparam,
    case,
    collate,
    column,
    exists,
    func,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from contracts.shapes import Instalment
from services.practices.domain.list_filter import ListFilter, Mark, SortKey
from services.practices.domain.plans import Instalments, Listed, plan_of
from services.practices.models import PracticeRow
from services.practices.repository.debtor_index import (
    DUE,
    INDEX_KEYS,
    Shape,
    directed,
    first_of_one_index,
    first_places,
    key_of,
    sort_key,
    states_of,
    values_of,
)
from services.practices.repository.practices import SHOWN

_ACCENTED: Final = "àáâäèéêëìíîïòóôöùúûüçñÀÁÂÄÈÉÊËÌÍÎÏÒÓÔÖÙÚÛÜÇÑ"
_PLAIN: Final = "aaaaeeeeiiiioooouuuucnAAAAEEEEIIIIOOOOUUUUCN"
_PLAN: Final = ("service_code", "external_id", "instalment_number", "instalment_total", "debt_position", "option")
_JUDGED_BY: Final = ("state", "created_at", "facts")


@dataclass(frozen=True)
class Looked:
    """What is wanted among the practices that were looked at, and where to go on; no `end`: there are no more."""

    found: Sequence[Listed]
    looked_at: int
    end: Mark | None


def page(session: Session, wanted: ListFilter, after: Mark | None, limit: int) -> Sequence[Row[Any]]:
    """Return practices as they are shown, in order, those behind `after`; for what needs no looking."""
    states = states_of(wanted)
    return session.execute(_page(Shape.of(wanted, states)), values_of(wanted, states, after, limit)).all()


def look(session: Session, wanted: ListFilter, after: Mark | None, looked_at: int, limit: int) -> Looked:
    """Look at so many practices of the states and in the order that are wanted, or until so many of them are wanted.

    Those behind `after`. Where no index has them in this order, at no more than the limit: all are read then.
    """
    states = states_of(wanted)
    shape = Shape.of(wanted, states)
    looked_at = looked_at if shape.is_in_one_index else min(looked_at, limit)
    values = values_of(wanted, states, after, looked_at)
    rows = session.execute(_look(shape), {**values, "found_limit": limit}).all()
    found = [_listed(row, wanted) for row in rows if row.is_wanted]
    if not rows or (len(rows) < limit and rows[-1].number < looked_at):
        return Looked(found, looked_at, None)
    return Looked(found, rows[-1].number, _mark_of(rows[-1], wanted))


def members(session: Session, wanted: ListFilter, plans: Sequence[Instalments]) -> Sequence[Listed]:
    """Return the debtor's practices that may be instalments of these plans, wanted or not."""
    if not plans:
        return []
    states = sorted(set(wanted.states))
    values = values_of(wanted, states, None, 0) | {
        "references": sorted({reference for plan in plans for reference in plan.references}),
        "debt_positions": sorted({plan.debt_position for plan in plans if plan.debt_position is not None}),
    }
    return [_listed(row, wanted) for row in session.execute(_members(Shape.of(wanted, states)), values)]


def at_places(session: Session, places: Sequence[int]) -> Mapping[int, Row[Any]]:
    """Return practices as they are shown, by their places."""
    rows = session.execute(_at_places(), {"places": list(places)})
    return {row.place: row for row in rows}


@lru_cache(maxsize=256)
def _page(shape: Shape) -> Select[Any]:
    ordered = SHOWN.where(PracticeRow.place == any_(first_places(shape)))
    return ordered.order_by(*directed(shape.order, key_of(shape.order))).limit(bindparam("limit", type_=Integer))


@lru_cache(maxsize=256)
def _look(shape: Shape) -> Select[Any]:
    """Select what is wanted of the first between the marks, numbered, and the last of these whether wanted or not.

    One index yields them one after the other, in its order, for as long as the limit is not reached.
    """
    looked = _looked(shape)
    names = [*(INDEX_KEYS if shape.is_in_one_index else ()), *_order_names(shape)]
    ordering = directed(shape.order, [looked.c[name] for name in names])
    number = func.row_number().over(order_by=ordering).label("number")
    judged = select(looked, _is_wanted(shape, looked).label("is_wanted"), number).subquery("judged")
    columns = [judged.c[name] for name in ("place", "sorted_by", *_PLAN, "is_wanted", "number")]
    is_last = judged.c.number == bindparam("limit", type_=Integer)
    return (
        select(*columns)
        .where(or_(judged.c.is_wanted, is_last))
        .order_by(*directed(shape.order, [judged.c[name] for name in names]))
        .limit(bindparam("found_limit", type_=Integer))
    )


def _looked(shape: Shape) -> Subquery:
    if shape.is_in_one_index:
        return first_of_one_index(shape, _columns(shape)).subquery("looked")
    found = select(*_columns(shape)).where(PracticeRow.place == any_(first_places(shape)))
    ordered = found.order_by(*directed(shape.order, key_of(shape.order)))
    return ordered.limit(bindparam("limit", type_=Integer)).subquery("looked")


@lru_cache(maxsize=256)
def _members(shape: Shape) -> Select[Any]:
    debtors = select(*_columns(shape)).where(
        PracticeRow.debtor_fiscal_code == bindparam("fiscal_code"),
        PracticeRow.entity_code == bindparam("entity_code"),
        PracticeRow.instalment_total.is_not(None),
    )
    references = bindparam("references", type_=ARRAY(PracticeRow.external_id.type))
    positions = bindparam("debt_positions", type_=ARRAY(PracticeRow.external_id.type))
    by_reference = debtors.where(PracticeRow.external_id == any_(references), PracticeRow.debt_position.is_(None))
    by_position = debtors.where(PracticeRow.debt_position == any_(positions))
    found = union_all(by_reference, by_position).subquery("members")
    is_wanted = and_(_is_wanted(shape, found), *([_has_state(shape, found)] if shape.states else []))
    return select(*[found.c[name] for name in ("place", "sorted_by", *_PLAN)], is_wanted.label("is_wanted"))


@lru_cache(maxsize=1)
def _at_places() -> Select[Any]:
    return SHOWN.where(PracticeRow.place == any_(bindparam("places", type_=ARRAY(BigInteger))))


def _order_names(shape: Shape) -> Sequence[str]:
    return ["place"] if shape.order.key is SortKey.PLACE else ["sorted_by", "place"]


def _columns(shape: Shape) -> Sequence[ColumnElement[Any]]:
    """Return what a practice is judged by, and what stands in a list."""
    names = ("place", "debtor_fiscal_code", "entity_code", *_PLAN, *_JUDGED_BY)
    columns = [PracticeRow.__table__.c[name] for name in names]
    written = [_written().label("written")] if shape.words else []
    return [*columns, DUE.label("due_key"), sort_key(shape.order).label("sorted_by"), *written]


def _is_wanted(shape: Shape, looked: FromClause) -> ColumnElement[bool]:
    """Write whether a practice is one of those that the list is narrowed to, its state apart."""
    conditions: list[ColumnElement[bool]] = [_is_due(shape, looked)]
    if shape.service:
        conditions.append(looked.c.service_code == bindparam("service_code"))
    if shape.made:
        begins, ends = (bindparam(name, type_=DateTime(timezone=True)) for name in ("made_from", "made_before"))
        conditions += [looked.c.created_at >= begins, looked.c.created_at < ends]
    if shape.paid:
        conditions.append(_money_came(looked))
    if shape.words:
        in_small = _in_small_letters(looked.c.written)
        conditions += [func.strpos(in_small, bindparam(f"word_{number}")) > 0 for number in range(shape.words)]
    return and_(*conditions)


def _has_state(shape: Shape, looked: FromClause) -> ColumnElement[bool]:
    return looked.c.state.in_([bindparam(f"state_{number}") for number in range(shape.states)])


def _is_due(shape: Shape, looked: FromClause) -> ColumnElement[bool]:
    if not shape.due:
        return true()
    return looked.c.due_key.between(bindparam("due_from", type_=Date), bindparam("due_until", type_=Date))


def _written() -> ColumnElement[str]:
    """Write what a practice is found by."""
    beneficiary = PracticeRow.beneficiary["full_name"].as_string()
    parts = (PracticeRow.description, PracticeRow.external_id, PracticeRow.iuv, PracticeRow.notice_number, beneficiary)
    written: ColumnElement[str] = func.concat_ws(" ", *parts)
    return written


def _in_small_letters(written: ColumnElement[str]) -> ColumnElement[str]:
    """Write a text in small letters without accents; what has none takes a tenth of the time."""
    has_accents = func.octet_length(written) != func.char_length(written)
    return case(
        (has_accents, func.lower(func.translate(written, _ACCENTED, _PLAIN))),
        else_=func.lower(collate(written, "C")),
    )


def _money_came(looked: FromClause) -> ColumnElement[bool]:
    """Write that a receipt among the facts was paid between two moments."""
    receipts = receipts_in(looked.c.facts["receipts"])
    return exists().select_from(receipts).where(is_paid_between(receipts))


def is_paid_between(receipts: TableValuedAlias) -> ColumnElement[bool]:
    """Write whether a receipt was paid between the moments that are asked for."""
    paid_at = receipts.c.value["paid_at"].as_string().cast(DateTime(timezone=True))
    begins, ends = (bindparam(name, type_=DateTime(timezone=True)) for name in ("paid_from", "paid_before"))
    return and_(paid_at >= begins, paid_at < ends)


def receipts_in(facts: ColumnElement[Any]) -> TableValuedAlias:
    """Write the receipts among the facts of a practice as rows of `key` and `value`."""
    return func.jsonb_each(facts).table_valued("key", column("value", JSONB))


def _listed(row: Row[Any], wanted: ListFilter) -> Listed:
    has_plan = row.instalment_number is not None and row.instalment_total is not None
    instalment = Instalment(number=row.instalment_number, total=row.instalment_total) if has_plan else None
    return Listed(
        place=row.place,
        mark=_mark_of(row, wanted),
        is_wanted=row.is_wanted,
        plan=plan_of(row.service_code, row.external_id, instalment, row.debt_position, row.option),
    )


def _mark_of(row: Row[Any], wanted: ListFilter) -> Mark:
    return Mark(row.sorted_by if wanted.order.key is not SortKey.PLACE else None, row.place)
