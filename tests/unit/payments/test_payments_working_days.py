"""On which days Italian banks settle."""

from datetime import date, timedelta

import pytest

from services.payments.domain.working_days import is_working_day, working_days_before

# Every public holiday of these years that is no Saturday or Sunday, with San Francesco, and Easter Monday.
HOLIDAYS = {
    2026: ["1 1", "6 1", "6 4", "1 5", "2 6", "8 12", "25 12"],
    2027: ["1 1", "6 1", "29 3", "2 6", "4 10", "1 11", "8 12"],
    2028: ["6 1", "17 4", "25 4", "1 5", "2 6", "15 8", "4 10", "1 11", "8 12", "25 12", "26 12"],
}


@pytest.mark.parametrize("year", HOLIDAYS)
def test_banks_work_from_monday_to_friday_but_on_public_holidays(year: int) -> None:
    days = [
        date.fromordinal(number) for number in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal())
    ]
    closed = [f"{day.day} {day.month}" for day in days if day.weekday() < 5 and not is_working_day(day)]
    assert closed == HOLIDAYS[year]
    assert not any(is_working_day(day) for day in days if day.weekday() >= 5)


@pytest.mark.parametrize(
    ("year", "easter_monday"),
    [
        (2008, (3, 24)),
        (2011, (4, 25)),
        (2038, (4, 26)),
        (2049, (4, 19)),
        (2076, (4, 20)),
        (2100, (3, 29)),
        (1954, (4, 19)),
    ],
)
def test_easter_monday_moves_with_the_moon(year: int, easter_monday: tuple[int, int]) -> None:
    assert not is_working_day(date(year, *easter_monday))
    tuesday = date(year, *easter_monday).replace(day=easter_monday[1] + 1)
    assert is_working_day(tuesday)


def easter(year: int) -> date:
    """Return Easter Sunday by another reckoning (Oudin, 1940)."""
    century, golden = year // 100, year % 19
    moon = (century - century // 4 - (century - (century - 17) // 25) // 3 + 19 * golden + 15) % 30
    moon -= (moon // 28) * (1 - (moon // 28) * (29 // (moon + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    after = moon - weekday
    month = 3 + (after + 40) // 44
    return date(year, month, after + 28 - 31 * (month // 4))


def test_easter_monday_is_the_same_by_another_reckoning_for_four_centuries() -> None:
    for year in range(1900, 2300):
        monday = easter(year) + timedelta(days=1)
        assert not is_working_day(monday)
        spring = (monday + timedelta(days=days) for days in range(-35, 36))
        closed = [day for day in spring if day.weekday() == 0 and not is_working_day(day)]
        assert {day for day in closed if (day.month, day.day) not in {(4, 25), (5, 1)}} <= {monday}


def test_so_many_working_days_before_a_day_leaves_out_the_others() -> None:
    wednesday_after_easter = date(2026, 4, 8)
    assert working_days_before(wednesday_after_easter, 0) == wednesday_after_easter
    assert working_days_before(wednesday_after_easter, 1) == date(2026, 4, 7)
    assert working_days_before(wednesday_after_easter, 2) == date(2026, 4, 3)
    assert working_days_before(date(2026, 12, 28), 2) == date(2026, 12, 23)
