"""The amount of today: on which day which amount holds, and what was owed by who paid about midnight."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from contracts.amounts import (
    CLOCKS_APART,
    INTEREST_MAX_BASIS_POINTS,
    REDUCED_DAYS_MAX,
    TOKEN_LIFE,
    TOLD_MAX,
    Amount,
    AmountPeriod,
    AmountSchedule,
    AskedAmount,
    Certainty,
    Part,
    ToldAmount,
    ToldAmounts,
    amount_at,
    amount_on,
    amounts_from,
    certainty_at,
    due_when_paid,
    is_to_be_asked,
    printed_date,
    reduced_until,
    told_at,
    with_answer,
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
    assert timedelta(seconds=5) == CLOCKS_APART
    assert TOLD_MAX == 20


ASKED_AT = datetime(2027, 3, 1, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def answer(cents: int, at: datetime, holds: timedelta = 10 * MINUTE) -> ToldAmount:
    return ToldAmount(amount_cents=cents, told_at=at, holds_until=at + holds)


def told(*answers: ToldAmount, use_last_known: bool = False) -> AskedAmount:
    return asked(AmountSchedule(told=ToldAmounts(use_last_known=use_last_known, answers=list(answers))))


def test_the_amount_is_what_the_software_had_said_by_then() -> None:
    debt = told(answer(7_000, ASKED_AT), answer(8_000, ASKED_AT + 60 * MINUTE))
    moments = (ASKED_AT - MINUTE, ASKED_AT, ASKED_AT + 59 * MINUTE, ASKED_AT + 60 * MINUTE, ASKED_AT + 900 * MINUTE)
    assert [amount_at(debt, moment).cents for moment in moments] == [10_000, 7_000, 7_000, 8_000, 8_000]
    assert amount_at(debt, ASKED_AT).parts == ((Part.TOLD, 7_000),)
    assert [told_at(debt, moment) for moment in moments[:2]] == [None, ASKED_AT]


@pytest.mark.parametrize("use_last_known", [True, False])
def test_an_amount_is_certain_for_as_long_as_the_answer_holds(*, use_last_known: bool) -> None:
    otherwise = Certainty.LAST_KNOWN if use_last_known else Certainty.UNKNOWN
    assert certainty_at(told(use_last_known=use_last_known), ASKED_AT) is otherwise
    debt = told(answer(7_000, ASKED_AT), use_last_known=use_last_known)
    assert certainty_at(debt, ASKED_AT + 10 * MINUTE - SECOND) is Certainty.CERTAIN
    assert certainty_at(debt, ASKED_AT + 10 * MINUTE) is otherwise
    assert certainty_at(asked(LATE), ASKED_AT) is Certainty.CERTAIN


def test_the_software_is_asked_before_its_first_answer_and_after_the_last_is_over() -> None:
    debt = told(answer(7_000, ASKED_AT))
    assert is_to_be_asked(told(), ASKED_AT)
    assert not is_to_be_asked(debt, ASKED_AT + 10 * MINUTE - SECOND)
    assert is_to_be_asked(debt, ASKED_AT + 10 * MINUTE)
    assert not is_to_be_asked(asked(LATE), ASKED_AT)


@pytest.mark.parametrize("use_last_known", [True, False])
def test_of_which_nothing_is_due_nothing_is_ever_asked_for(*, use_last_known: bool) -> None:
    debt = told(answer(7_000, ASKED_AT), answer(0, ASKED_AT + MINUTE), use_last_known=use_last_known)
    assert certainty_at(debt, ASKED_AT + 900 * MINUTE) is Certainty.NOTHING_DUE
    assert amount_at(debt, ASKED_AT + MINUTE).cents == 7_000


def test_a_process_whose_clock_is_a_little_behind_sees_an_answer_just_told() -> None:
    debt = told(answer(7_000, ASKED_AT))
    assert amount_at(debt, ASKED_AT - timedelta(seconds=5)).cents == 7_000
    assert amount_at(debt, ASKED_AT - timedelta(seconds=6)).cents == 10_000


def test_who_paid_owed_any_amount_that_was_told_within_the_half_hour_before() -> None:
    answers = [answer(cents, ASKED_AT + minutes * MINUTE) for minutes, cents in ((0, 7_000), (40, 8_000), (50, 9_000))]
    debt = told(*answers)
    paid_at = ASKED_AT + 55 * MINUTE
    assert [due_when_paid(debt, paid_at, cents) for cents in (7_000, 8_000, 9_000)] == [7_000, 8_000, 9_000]
    assert due_when_paid(debt, ASKED_AT + 75 * MINUTE, 7_000) == 8_000
    assert due_when_paid(debt, ASKED_AT + 900 * MINUTE, 8_000) == 9_000


def test_the_same_answer_again_only_holds_longer_and_the_oldest_of_too_many_is_forgotten() -> None:
    amounts = with_answer(ToldAmounts(), answer(7_000, ASKED_AT))
    amounts = with_answer(amounts, answer(7_000, ASKED_AT + 5 * MINUTE))
    assert [(one.told_at, one.holds_until) for one in amounts.answers] == [(ASKED_AT, ASKED_AT + 15 * MINUTE)]
    for number in range(20):
        amounts = with_answer(amounts, answer(8_000 + number, ASKED_AT + (20 + number) * MINUTE))
    assert [one.amount_cents for one in amounts.answers] == [8_000 + number for number in range(20)]
