"""What an entity's money adds up to, counted in the database: receipts, how soon, and what is late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Row,
    Select,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from contracts.calendar import ROME
from contracts.rpc.statistics import DAYS_LATE, DAYS_TO_PAY, PORTAL, UNKNOWN
from services.payments.domain.positions import PositionStatus
from services.payments.domain.receipts import Judgement
from services.payments.models import Position, Receipt

_NO_MONEY: Final = (Judgement.NO_MONEY.value, Judgement.FOREIGN.value)
_SERVICE: Final[ColumnElement[str]] = func.coalesce(
    type_coerce(Position.bookkeeping, JSONB)["service_code"].astext, literal(UNKNOWN)
)
_CHANNEL: Final[ColumnElement[str]] = case(
    (Receipt.checkout_id.is_not(None), literal(PORTAL)), else_=func.coalesce(Receipt.payment_method, literal(UNKNOWN))
)
_MONTH: Final[ColumnElement[date]] = cast(func.date_trunc("month", func.timezone(ROME.key, Receipt.paid_at)), Date)
_FIRST_PAID: Final[ColumnElement[datetime]] = func.coalesce(Position.first_paid_at, Position.paid_at)
_CAME: Final[ColumnElement[int]] = func.coalesce(Position.received_cents, Position.amount_cents)
_DAYS_TO_PAY: Final[ColumnElement[int]] = func.greatest(
    cast(func.timezone(ROME.key, _FIRST_PAID), Date) - cast(func.timezone(ROME.key, Position.created_at), Date),
    0,
)
_WAY: Final[ColumnElement[str]] = type_coerce(Position.part, JSONB)["option"].astext


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Of which entity and services (None: all), in which days, and what narrows it down."""

    entity_code: str
    service_codes: Sequence[str] | None
    since: date
    until: date
    service_code: str | None = None
    month: date | None = None
    channel: str | None = None
    days_from: int | None = None


def collected(session: Session, wanted: Wanted) -> Sequence[Row[Any]]:
    """Return service, month, channel, how many receipts and their own shares in cents."""
    cents = func.coalesce(func.sum(Receipt.own_share_cents), 0).label("cents")
    keys = (_SERVICE.label("service_code"), _MONTH.label("month"), _CHANNEL.label("channel"))
    statement = select(*keys, func.count().label("rows_count"), cents).select_from(Receipt)
    grouped = _of_receipts(statement, wanted).group_by(*keys).order_by(*keys)
    return session.execute(grouped).all()


def receipts_of(session: Session, wanted: Wanted, after: tuple[datetime, int] | None, limit: int) -> Sequence[Row[Any]]:
    """Return the receipts behind a figure with their services and channels, oldest first."""
    statement = select(Receipt, _SERVICE.label("service_code"), _CHANNEL.label("channel")).select_from(Receipt)
    statement = _of_receipts(statement, wanted)
    if after is not None:
        statement = statement.where(tuple_(Receipt.paid_at, Receipt.id) > after)
    return session.execute(statement.order_by(Receipt.paid_at, Receipt.id).limit(limit)).all()


def days_to_pay(session: Session, wanted: Wanted) -> Sequence[Row[Any]]:
    """Return service, bucket of days, how many practices and what came for them in cents."""
    keys = (_SERVICE.label("service_code"), _bucket(_DAYS_TO_PAY, DAYS_TO_PAY).label("days_from"))
    cents = func.coalesce(func.sum(_CAME), 0).label("cents")
    statement = select(*keys, func.count().label("rows_count"), cents)
    return session.execute(_of_paid(statement, wanted).group_by(*keys).order_by(*keys)).all()


def median_days(session: Session, wanted: Wanted) -> int | None:
    """Return after how many days half of the practices had been paid."""
    median = func.percentile_disc(0.5).within_group(_DAYS_TO_PAY)
    found = session.scalar(_of_paid(select(median), wanted))
    return None if found is None else int(found)


def paid_positions(
    session: Session, wanted: Wanted, after: tuple[datetime, Any] | None, limit: int
) -> Sequence[Row[Any]]:
    """Return the paid practices behind a figure, with their days, oldest first."""
    columns = (
        Position,
        _SERVICE.label("service_code"),
        _DAYS_TO_PAY.label("days"),
        _FIRST_PAID.label("paid_at"),
        _CAME.label("cents"),
    )
    statement = _of_paid(select(*columns), wanted)
    if after is not None:
        statement = statement.where(tuple_(_FIRST_PAID, Position.practice_id) > after)
    return session.execute(statement.order_by(_FIRST_PAID, Position.practice_id).limit(limit)).all()


def overdue(session: Session, wanted: Wanted, today: date) -> Sequence[Row[Any]]:
    """Return service, bucket of days late, how many practices and what they amount to."""
    keys = (_SERVICE.label("service_code"), _bucket(_days_late(today), DAYS_LATE).label("days_from"))
    cents = func.coalesce(func.sum(Position.amount_cents), 0).label("cents")
    statement = select(*keys, func.count().label("rows_count"), cents)
    return session.execute(_of_late(statement, wanted, today).group_by(*keys).order_by(*keys)).all()


def overdue_positions(
    session: Session, wanted: Wanted, today: date, after: tuple[date, Any] | None, limit: int
) -> Sequence[Row[Any]]:
    """Return the late practices behind a figure, with their days, those that are late longest first."""
    columns = (
        Position,
        _SERVICE.label("service_code"),
        _days_late(today).label("days"),
        Position.paid_at,
        Position.amount_cents.label("cents"),
    )
    statement = _of_late(select(*columns), wanted, today)
    if after is not None:
        statement = statement.where(tuple_(Position.due_date, Position.practice_id) > after)
    return session.execute(statement.order_by(Position.due_date, Position.practice_id).limit(limit)).all()


def _of_receipts(statement: Any, wanted: Wanted) -> Any:
    statement = statement.outerjoin(Position, Position.practice_id == Receipt.practice_id).where(
        Receipt.entity_code == wanted.entity_code,
        Receipt.judgement.not_in(_NO_MONEY),
        *_within(Receipt.paid_at, wanted),
    )
    if wanted.month is not None:
        statement = statement.where(_is(_MONTH, wanted.month))
    if wanted.channel is not None:
        statement = statement.where(_is(_CHANNEL, wanted.channel))
    return _of_services(statement, wanted)


def _of_paid(statement: Any, wanted: Wanted) -> Any:
    statement = statement.where(
        Position.entity_code == wanted.entity_code,
        Position.created_at.is_not(None),
        *_within(_FIRST_PAID, wanted),
    )
    if wanted.days_from is not None:
        statement = statement.where(_bucket(_DAYS_TO_PAY, DAYS_TO_PAY) == wanted.days_from)
    return _of_services(statement, wanted)


def _of_late(statement: Any, wanted: Wanted, today: date) -> Any:
    cheapest = _cheapest_ways(wanted.entity_code).subquery()
    is_cheapest = exists().where(
        cheapest.c.debt_position == Position.debt_position, cheapest.c.way == _WAY, cheapest.c.place == 1
    )
    statement = statement.where(
        *_unpaid(wanted.entity_code),
        Position.due_date < today,
        or_(Position.payable_until.is_(None), Position.payable_until >= today),
        or_(Position.debt_position.is_(None), is_cheapest),
    )
    if wanted.days_from is not None:
        statement = statement.where(_bucket(_days_late(today), DAYS_LATE) == wanted.days_from)
    return _of_services(statement, wanted)


def _cheapest_ways(entity_code: str) -> Select[Any]:
    """Select the ways of each debt position that can still be paid, the cheapest in place 1."""
    cheapest_first = (func.sum(Position.amount_cents), _WAY)
    place = func.row_number().over(partition_by=Position.debt_position, order_by=cheapest_first)
    return (
        select(Position.debt_position, _WAY.label("way"), place.label("place"))
        .where(*_unpaid(entity_code), Position.debt_position.is_not(None))
        .group_by(Position.debt_position, _WAY)
    )


def _unpaid(entity_code: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Position.entity_code == entity_code,
        Position.paid_receipt_id.is_(None),
        Position.status == PositionStatus.OPEN.value,
    )


def _of_services(statement: Any, wanted: Wanted) -> Any:
    if wanted.service_codes is not None:
        statement = statement.where(_SERVICE.in_(list(wanted.service_codes)))
    if wanted.service_code is not None:
        statement = statement.where(_is(_SERVICE, wanted.service_code))
    return statement


def _days_late(today: date) -> ColumnElement[int]:
    return cast(literal(today, Date) - Position.due_date, Integer)


def _bucket(days: ColumnElement[int], starts: Sequence[int]) -> ColumnElement[int]:
    """Return with how many days the bucket of a number of days begins."""
    return case(*((days >= start, literal(start)) for start in sorted(starts, reverse=True)), else_=literal(starts[0]))


def _is(column: ColumnElement[Any], value: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column == value
    return found


def _within(moment: Any, wanted: Wanted) -> tuple[ColumnElement[bool], ...]:
    return moment >= _midnight(wanted.since), moment < _midnight(wanted.until + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ROME)
