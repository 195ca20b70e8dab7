"""Working days of Italian banks: what a PSP has time to settle in."""

from datetime import date, timedelta
from typing import Final

_SATURDAY: Final = 5
_HOLIDAYS: Final = frozenset(
    {(1, 1), (1, 6), (4, 25), (5, 1), (6, 2), (8, 15), (10, 4), (11, 1), (12, 8), (12, 25), (12, 26)}
)


def is_working_day(day: date) -> bool:
    """Return whether Italian banks work on a day."""
    easter_monday = _easter(day.year) + timedelta(days=1)
    return day.weekday() < _SATURDAY and (day.month, day.day) not in _HOLIDAYS and day != easter_monday


def working_days_before(day: date, number: int) -> date:
    """Return the day that lies so many working days before another."""
    while number:
        day -= timedelta(days=1)
        number -= is_working_day(day)
    return day


def _easter(year: int) -> date:
    """Return Easter Sunday (Gregorian, after Meeus, Jones and Butcher)."""
    century, of_century = divmod(year, 100)
    moon = (19 * (year % 19) + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (of_century // 4) - moon - of_century % 4) % 7
    shift = moon + week - 7 * ((year % 19 + 11 * moon + 22 * week) // 451) + 114
    return date(year, shift // 31, shift % 31 + 1)
