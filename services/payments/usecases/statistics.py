"""What an entity's money adds up to, and what each figure is made of."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from chassis.storage.database import Database
from contracts.calendar import rome_day
from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused
from contracts.rpc import statistics as contract
from contracts.rpc.statistics import StatisticRow
from services.payments.repository import statistics
from services.payments.repository.statistics import Wanted

_MARK: Final = "_"


def of_period(database: Database, request: contract.PeriodRequest) -> contract.PeriodStatistics:
    """Return what came in a period and how soon. Raises Refused(INVALID_REQUEST) for one that is too long."""
    _check_period(request)
    wanted = _wanted(request)
    with database.reading() as session:
        collected = statistics.collected(session, wanted)
        soon = statistics.days_to_pay(session, wanted)
        median = statistics.median_days(session, wanted)
    return contract.PeriodStatistics(
        collected=[
            contract.CollectedCell(
                service_code=row.service_code,
                month=row.month,
                channel=row.channel,
                count=row.rows_count,
                cents=int(row.cents),
            )
            for row in collected
        ],
        days_to_pay=_cells(soon),
        median_days=median,
    )


def overdue(database: Database, request: contract.OverdueRequest, now: datetime) -> contract.Overdue:
    """Return what is late today."""
    today = rome_day(now)
    wanted = Wanted(entity_code=request.entity_code, service_codes=request.service_codes, since=today, until=today)
    with database.reading() as session:
        return contract.Overdue(today=today, cells=_cells(statistics.overdue(session, wanted, today)))


def rows(database: Database, request: contract.RowsRequest, now: datetime) -> contract.StatisticRows:
    """Return a page of what a figure was counted from.

    Raises Refused(INVALID_REQUEST) for a period that is too long, and for an `after` that is none of ours.
    """
    _check_period(request)
    wanted, limit = _wanted(request), request.limit + 1
    today = rome_day(now)
    with database.reading() as session:
        if request.kind == "collected":
            receipts = statistics.receipts_of(session, wanted, _mark(request.after, datetime.fromisoformat, int), limit)
            found = [_receipt(row) for row in receipts]
            marks = [f"{row.Receipt.paid_at.isoformat()}{_MARK}{row.Receipt.id}" for row in receipts]
        elif request.kind == "days_to_pay":
            paid = statistics.paid_positions(session, wanted, _mark(request.after, datetime.fromisoformat, UUID), limit)
            found = [_position(row) for row in paid]
            marks = [f"{row.paid_at.isoformat()}{_MARK}{row.Position.practice_id}" for row in paid]
        else:
            after = _mark(request.after, date.fromisoformat, UUID)
            late = statistics.overdue_positions(session, wanted, today, after, limit)
            found = [_position(row) for row in late]
            marks = [f"{row.Position.due_date.isoformat()}{_MARK}{row.Position.practice_id}" for row in late]
    page = found[: request.limit]
    next_after = marks[request.limit - 1] if len(found) > request.limit else None
    return contract.StatisticRows(rows=page, next_after=next_after)


def _check_period(request: contract.PeriodRequest) -> None:
    if not timedelta() <= request.until - request.since < timedelta(days=contract.PERIOD_DAYS_MAX):
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(field="until"))


def _wanted(request: contract.PeriodRequest) -> Wanted:
    narrowed = request if isinstance(request, contract.RowsRequest) else None
    return Wanted(
        entity_code=request.entity_code,
        service_codes=request.service_codes,
        since=request.since,
        until=request.until,
        service_code=narrowed.service_code if narrowed else None,
        month=narrowed.month if narrowed else None,
        channel=narrowed.channel if narrowed else None,
        days_from=narrowed.days_from if narrowed else None,
    )


def _mark(text: str | None, read_first: Any, read_second: Any) -> Any:
    """Read the key of the last row of a page. Raises Refused(INVALID_REQUEST) for what is none."""
    if text is None:
        return None
    first, _, second = text.partition(_MARK)
    try:
        return read_first(first), read_second(second)
    except ValueError:
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(field="after")) from None


def _cells(found: Sequence[Row[Any]]) -> list[contract.DaysCell]:
    return [
        contract.DaysCell(
            service_code=row.service_code, days_from=row.days_from, count=row.rows_count, cents=int(row.cents)
        )
        for row in found
    ]


def _receipt(row: Row[Any]) -> StatisticRow:
    receipt = row.Receipt
    return StatisticRow(
        practice_id=receipt.practice_id,
        iuv=receipt.iuv,
        service_code=row.service_code,
        cents=receipt.own_share_cents,
        paid_at=receipt.paid_at,
        channel=row.channel,
        receipt_id=receipt.receipt_id,
    )


def _position(row: Row[Any]) -> StatisticRow:
    position = row.Position
    return StatisticRow(
        practice_id=position.practice_id,
        iuv=position.iuv,
        service_code=row.service_code,
        cents=row.cents,
        paid_at=row.paid_at,
        due_date=position.due_date,
        days=row.days,
    )
