"""How a total is divided into instalments: so much on each day, proposed for an operator to change."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from typing import Final

STEPS_OFFERED: Final = (1, 2, 3, 4, 6, 12)
"""Every so many months an instalment is due."""


def amounts(total_cents: int, count: int) -> Sequence[int]:
    """Return `count` amounts that make the total; what does not divide is on the first."""
    each, rest = divmod(total_cents, count)
    return [each + rest, *[each] * (count - 1)]


def due_dates(first: date, count: int, months: int) -> Sequence[date]:
    """Return `count` days, so many months one from the next; in a shorter month its last day."""
    return [_later(first, months * number) for number in range(count)]


def _later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
