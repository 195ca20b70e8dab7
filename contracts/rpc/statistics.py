"""What payments answers about an entity's money as a whole: collected, how soon, and what is late.

Each figure can be opened: STATISTIC_ROWS returns what a cell was counted from, by the same words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from marshmallow.validate import Length, OneOf, Range

from contracts.call import Call
from contracts.message import Message

PERIOD_DAYS_MAX: Final = 366
STATISTIC_ROWS_MAX: Final = 200
DAYS_TO_PAY: Final = (0, 1, 8, 31, 61, 91)
"""With how many days a bucket of days to pay begins: on the same day, 1 to 7, and so on."""
DAYS_LATE: Final = (1, 31, 61, 91, 366)
PORTAL: Final = "portal"
"""The channel of what was paid from this portal's pages; other channels are as pagoPA's receipt calls them."""
UNKNOWN: Final = "-"
"""The service of money for a practice that is not known, and the channel of a receipt that names none."""
KINDS: Final = ("collected", "days_to_pay", "overdue")
_EntityCode = Annotated[str, Length(1, 35)]
_TIMEOUT_S: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodRequest(Message):
    """Money that came in [since, until], days in Italy, of these services (None: all). Refused(INVALID_REQUEST)."""

    entity_code: _EntityCode
    service_codes: Sequence[str] | None = None
    since: date
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedCell(Message):
    """What came for one service in one month (its first day) through one channel: the entity's own share."""

    service_code: str
    month: date
    channel: str
    count: int
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysCell(Message):
    """Practices of one service in one bucket of days: how many, and what they amount to."""

    service_code: str
    days_from: int
    count: int
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodStatistics(Message):
    """What came in a period, and how many days after a practice was made its first money came.

    `median_days` is None where nothing came.
    """

    collected: Sequence[CollectedCell]
    days_to_pay: Sequence[DaysCell]
    median_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueRequest(Message):
    """What is late today, of these services (None: all)."""

    entity_code: _EntityCode
    service_codes: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue(Message):
    """Unpaid practices whose due date has passed, as of `today`, at the amounts of their notices.

    Of a debt position only the cheapest way to pay counts.
    """

    today: date
    cells: Sequence[DaysCell]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsRequest(PeriodRequest):
    """What a figure was counted from, oldest first, behind the row `after`. Of what is late the period is ignored.

    `service_code`, `month`, `channel` and `days_from` narrow it down as a cell does.
    """

    kind: Annotated[str, OneOf(KINDS)]
    service_code: Annotated[str, Length(max=35)] | None = None
    month: date | None = None
    channel: Annotated[str, Length(max=70)] | None = None
    days_from: int | None = None
    after: Annotated[str, Length(max=100)] | None = None
    limit: Annotated[int, Range(1, STATISTIC_ROWS_MAX)] = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticRow(Message):
    """A receipt or a practice behind a figure. `days`: to pay, or late; of a receipt None."""

    practice_id: UUID | None = None
    iuv: str
    service_code: str
    cents: int
    paid_at: datetime | None = None
    due_date: date | None = None
    channel: str | None = None
    receipt_id: str | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticRows(Message):
    """A page of them; `next_after` is None on the last one."""

    rows: Sequence[StatisticRow]
    next_after: str | None = None


PERIOD_STATISTICS = Call(
    "payments", "period_statistics", PeriodRequest, PeriodStatistics, idempotent=True, timeout_s=_TIMEOUT_S
)
OVERDUE = Call("payments", "overdue_statistics", OverdueRequest, Overdue, idempotent=True, timeout_s=_TIMEOUT_S)
STATISTIC_ROWS = Call("payments", "statistic_rows", RowsRequest, StatisticRows, idempotent=True, timeout_s=_TIMEOUT_S)
