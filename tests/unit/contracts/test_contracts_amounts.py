"""The amount of today: on which day which amount holds, and what was owed by who paid about midnight."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from contracts.amounts import (
    INTEREST_MAX_BASIS_POINTS,
    REDUCED_DAYS_MAX,
    TOKEN_LIFE,
    Amount,
    AmountPeriod,
    AmountSchedule,
    AskedAmount,
    Part,
    amount_at,
    amount_on,
    amounts_from,
    due_when_paid,
    printed_date,
    reduced_until,
)
from contracts.codes import AMOUNT_MAX_CENTS, AmountCents

DUE = date(2027, 4, 30)
PENALTY = AmountSchedule(reduced_cents=AmountCents(7_000), reduced_days=5, notified_on=date(2027, 3, 1))
LATE = AmountSchedule(surcharge_cents=AmountCents(500), interest_basis_points=250)
SECOND = timedelta(seconds=1)


def asked(schedule: AmountSchedule | None, due_date: date | None = DUE) -> AskedAmount:
    return AskedAmount(10_000, due_date, schedule)


def cents_on(schedule: AmountSchedule | None, day: date) -> int:
    return amount_on(asked(schedule), day).cents


def test_without_a_schedule_the_amount_is_the_same_on_every_day() -> None:
    assert amount_on(asked(None), date(2000, 1, 1)) == amount_on(asked(None), date(2099, 12, 31))
    assert amounts_from(asked(None), DUE) == [AmountPeriod(amount_cents=AmountCents(10_000))]


def test_reduced_for_so_many_days_from_notification_whose_day_is_not_counted() -> None:
    assert [cents_on(PENALTY, date(2027, 3, day)) for day in (1, 6, 7)] == [7_000, 7_000, 10_000]


def test_reduced_for_as_long_as_the_day_of_notification_is_not_known() -> None:
    schedule = AmountSchedule(reduced_cents=AmountCents(7_000), reduced_days=5)
    assert cents_on(schedule, date(2099, 12, 31)) == 7_000
    told = amounts_from(asked(schedule), date(2027, 3, 1))
    assert told == [
        AmountPeriod(amount_cents=AmountCents(7_000), reduced_days=5),
        AmountPeriod(amount_cents=AmountCents(10_000)),
    ]


def test_surcharge_and_interest_from_the_day_after_the_due_date() -> None:
    assert cents_on(LATE, DUE) == 10_000
    # 100 euro at 2.5 % for a day is 0.68 cents, for 365 days 2.50 euro.
    assert cents_on(LATE, DUE + timedelta(days=1)) == 10_501
    assert cents_on(LATE, DUE + timedelta(days=365)) == 10_750
    assert dict(amount_on(asked(LATE), DUE + timedelta(days=365)).parts) == {
        Part.DEBT: 10_000,
        Part.SURCHARGE: 500,
        Part.INTEREST: 250,
    }


def test_the_amount_may_end_before_the_debt_is_due() -> None:
    schedule = AmountSchedule(valid_until=date(2027, 3, 31), surcharge_cents=AmountCents(500))
    assert [cents_on(schedule, day) for day in (date(2027, 3, 31), date(2027, 4, 1))] == [10_000, 10_500]


def test_an_amount_valid_until_a_day_after_which_the_entity_asks_anew_stays_until_it_does() -> None:
    schedule = AmountSchedule(valid_until=date(2027, 3, 31))
    assert amount_on(asked(schedule), date(2027, 3, 31)) == Amount(((Part.DEBT, 10_000),), date(2027, 3, 31))
    assert amount_on(asked(schedule), date(2027, 4, 1)).cents == 10_000
    assert len(amounts_from(asked(schedule), date(2027, 3, 1))) == 1


def test_on_its_last_day_an_amount_does_not_grow_yet() -> None:
    assert amounts_from(asked(LATE), DUE) == [
        AmountPeriod(amount_cents=AmountCents(10_000), until=DUE),
        AmountPeriod(amount_cents=AmountCents(10_501), since=date(2027, 5, 1), grows=True),
    ]


def test_a_surcharge_alone_is_added_once_and_stays() -> None:
    once = AmountSchedule(surcharge_cents=AmountCents(500))
    late = AmountPeriod(amount_cents=AmountCents(10_500), since=date(2027, 5, 1))
    assert amount_on(asked(once), date(2027, 5, 1)) == Amount(((Part.DEBT, 10_000), (Part.SURCHARGE, 500)))
    assert amounts_from(asked(once), DUE) == [AmountPeriod(amount_cents=AmountCents(10_000), until=DUE), late]
    assert amounts_from(asked(once), date(2027, 6, 1)) == [replace(late, since=None)]


def test_interest_alone_grows_from_day_to_day_without_a_part_that_is_nothing() -> None:
    day = date(2027, 5, 1)
    told = amount_on(asked(AmountSchedule(interest_basis_points=250)), day)
    assert told == Amount(((Part.DEBT, 10_000), (Part.INTEREST, 1)), day)


@pytest.mark.parametrize("unknown", ["reduced_cents", "reduced_days", "notified_on"])
def test_a_reduction_ends_where_its_amount_its_days_and_the_notification_are_known(unknown: str) -> None:
    assert reduced_until(PENALTY) == date(2027, 3, 6)
    assert reduced_until(replace(PENALTY, **{unknown: None})) is None


def test_half_a_cent_of_interest_is_rounded_up() -> None:
    schedule = AmountSchedule(interest_basis_points=50)  # half a percent of 36.50 euro is half a cent in ten days
    half = AskedAmount(3_650, DUE, schedule)
    assert amount_on(half, DUE + timedelta(days=9)).cents == 3_650
    assert amount_on(half, DUE + timedelta(days=10)).cents == 3_651


def test_an_amount_never_grows_beyond_what_pagopa_can_carry() -> None:
    most = AskedAmount(AMOUNT_MAX_CENTS, DUE, LATE)
    assert amount_on(most, DUE + timedelta(days=900)).cents == AMOUNT_MAX_CENTS


def test_what_is_to_be_paid_from_today_on_is_told_period_by_period() -> None:
    schedule = AmountSchedule(
        reduced_cents=AmountCents(7_000),
        reduced_days=5,
        notified_on=date(2027, 3, 1),
        surcharge_cents=AmountCents(500),
        interest_basis_points=250,
    )
    reduced, full, late = amounts_from(asked(schedule), date(2027, 3, 2))
    assert reduced == AmountPeriod(amount_cents=AmountCents(7_000), until=date(2027, 3, 6))
    assert full == AmountPeriod(amount_cents=AmountCents(10_000), since=date(2027, 3, 7), until=DUE)
    assert late == AmountPeriod(amount_cents=AmountCents(10_501), since=date(2027, 5, 1), grows=True)


@pytest.mark.parametrize(
    ("midnight", "days"),
    [
        # Summer time begins on 28 March 2027 and ends on 31 October: the day before and the day itself.
        (datetime(2027, 3, 27, 23, tzinfo=UTC), date(2027, 3, 27)),
        (datetime(2027, 3, 28, 22, tzinfo=UTC), date(2027, 3, 28)),
        (datetime(2027, 10, 30, 22, tzinfo=UTC), date(2027, 10, 30)),
        (datetime(2027, 10, 31, 23, tzinfo=UTC), date(2027, 10, 31)),
    ],
)
def test_an_amount_ends_at_midnight_in_rome_also_when_the_clocks_change(midnight: datetime, days: date) -> None:
    schedule = AmountSchedule(reduced_cents=AmountCents(7_000), reduced_days=1, notified_on=days - timedelta(days=1))
    assert amount_at(asked(schedule), midnight - SECOND).cents == 7_000
    assert amount_at(asked(schedule), midnight).cents == 10_000


def test_who_was_told_an_amount_before_midnight_and_paid_after_it_owed_that() -> None:
    after_midnight = datetime(2027, 3, 6, 23, 10, tzinfo=UTC)  # 00:10 of the seventh
    assert due_when_paid(asked(PENALTY), after_midnight, 7_000) == 7_000
    assert due_when_paid(asked(PENALTY), after_midnight, 10_000) == 10_000
    assert due_when_paid(asked(PENALTY), after_midnight, 6_900) == 7_000
    assert due_when_paid(asked(PENALTY), after_midnight + timedelta(minutes=21), 7_000) == 10_000


def test_the_printed_date_is_the_due_date_unless_the_schedule_has_another() -> None:
    assert printed_date(DUE, None) == printed_date(DUE, LATE) == DUE
    assert printed_date(DUE, AmountSchedule(printed_date=date(2027, 3, 31))) == date(2027, 3, 31)


def test_the_constants_of_the_rule_are_what_is_stated() -> None:
    assert timedelta(minutes=30) == TOKEN_LIFE
    assert (REDUCED_DAYS_MAX, INTEREST_MAX_BASIS_POINTS) == (365, 10_000)
