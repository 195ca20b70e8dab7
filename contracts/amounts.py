"""The amount of today: what is to be paid for a debt at a moment. One function, which every part asks.

A debt has an amount, and may have a schedule: reduced for some days from notification, a surcharge or interest after a
day. It changes at midnight in Rome and at no other time, so who asks twice on one day is told the same. An amount is
the sum of its parts; another part (the notification costs of SEND) is one more member of `Part` and one more line in
`amount_on`.

Of some services the entity's own software says the amount when it is asked (ADR 25). Its answers are an input as the
schedule is, each with the moment from which it is in force.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from marshmallow.validate import Range

from contracts.calendar import rome_day
from contracts.codes import AMOUNT_MAX_CENTS, AmountCents
from contracts.message import Message

REDUCED_DAYS_MAX: Final = 365
INTEREST_MAX_BASIS_POINTS: Final = 10_000
# How long after we told the node what to pay its payment can come (pagopa.md section 3.8).
TOKEN_LIFE: Final = timedelta(minutes=30)
# So many amounts of a debt are remembered, by which money that comes late is judged.
TOLD_MAX: Final = 20
# How far the clocks of two processes may be apart: who asked a moment ago is not behind the answer.
CLOCKS_APART: Final = timedelta(seconds=5)
# Basis points are hundredths of a percent, and a year of interest has 365 days.
_YEAR_PARTS: Final = 10_000 * 365


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAmount(Message):
    """What an entity's software said is to be paid, in force from `told_at` on; 0: nothing is due.

    `holds_until`: until then it need not be asked again.
    """

    amount_cents: Annotated[int, Range(0, AMOUNT_MAX_CENTS)]
    told_at: datetime
    holds_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAmounts(Message):
    """Of a debt whose amount the entity's software says: the last TOLD_MAX amounts, the oldest first.

    `use_last_known`: where the software does not answer, what it said last may be paid.
    """

    use_last_known: bool = False
    answers: Sequence[ToldAmount] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountSchedule(Message):
    """How the amount of a debt changes with the days, and which day its notice says. Days are Europe/Rome's.

    `reduced_cents` is asked for until the end of the `reduced_days`-th day after `notified_on`, and for as long as that
    day is not known. `valid_until`: the last day on which the amount itself holds, the due date where it is None; after
    it `surcharge_cents` is added once, and interest of `interest_basis_points` (hundredths of a percent of the amount
    per year of 365 days) for each day; where there is neither, the entity amends the debt then. `printed_date`: the day
    that the notice, the pages and the node are told, the due date where it is None. `told`: where the entity's software
    says the amount; the debt's own is then the last known until it has answered.
    """

    reduced_cents: AmountCents | None = None
    reduced_days: Annotated[int, Range(1, REDUCED_DAYS_MAX)] | None = None
    notified_on: date | None = None
    valid_until: date | None = None
    surcharge_cents: AmountCents | None = None
    interest_basis_points: Annotated[int, Range(1, INTEREST_MAX_BASIS_POINTS)] | None = None
    printed_date: date | None = None
    told: ToldAmounts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountPeriod(Message):
    """An amount and the days on which it is asked for; None where there is no first or no last day.

    `grows`: `amount_cents` is that of the first day, and interest is added with every other. `reduced_days`: it ends so
    many days after notification, whose day is not known yet.
    """

    amount_cents: AmountCents
    since: date | None = None
    until: date | None = None
    grows: bool = False
    reduced_days: int | None = None


class Part(StrEnum):
    """What an amount is made of."""

    DEBT = "debt"
    REDUCTION = "reduction"
    SURCHARGE = "surcharge"
    INTEREST = "interest"
    TOLD = "told"


class Certainty(StrEnum):
    """How well the amount of a moment is known: it is certain where no software has to be asked."""

    CERTAIN = "certain"
    LAST_KNOWN = "last_known"
    UNKNOWN = "unknown"
    NOTHING_DUE = "nothing_due"


@dataclass(frozen=True, slots=True)
class Amount:
    """What is to be paid on a day, in parts that are not zero; `until` is the last such day, None where it stays."""

    parts: tuple[tuple[Part, int], ...]
    until: date | None = None

    @property
    def cents(self) -> AmountCents:
        """Return the sum; never more than pagoPA can carry."""
        return AmountCents(min(sum(cents for _, cents in self.parts), AMOUNT_MAX_CENTS))


@dataclass(frozen=True, slots=True)
class AskedAmount:
    """What the amount of today depends on: the amount of the debt, its due date, and how it changes."""

    amount_cents: int
    due_date: date | None = None
    schedule: AmountSchedule | None = None

    @property
    def printed_date(self) -> date | None:
        """Return the day that everybody is told."""
        return printed_date(self.due_date, self.schedule)

    @property
    def is_raised(self) -> bool:
        """Return whether a surcharge or interest will be added."""
        schedule = self.schedule
        return schedule is not None and bool(schedule.surcharge_cents or schedule.interest_basis_points)

    @property
    def valid_until(self) -> date | None:
        """Return the last day on which the amount of the debt itself holds; None where that is for good."""
        own = self.schedule.valid_until if self.schedule else None
        return own or (self.due_date if self.is_raised else None)


def printed_date(due_date: date | None, schedule: AmountSchedule | None) -> date | None:
    """Return the day that notice, pages and node are told: the due date, unless the schedule has another."""
    return schedule.printed_date if schedule and schedule.printed_date else due_date


def amount_at(debt: AskedAmount, moment: datetime) -> Amount:
    """Return what is to be paid at a moment: what the entity's software said last, where it says the amount."""
    told = [one for one in _answers_by(debt, moment) if one.amount_cents]
    return Amount(((Part.TOLD, told[-1].amount_cents),)) if told else amount_on(debt, rome_day(moment))


def certainty_at(debt: AskedAmount, moment: datetime) -> Certainty:
    """Return how well the amount of a moment is known; only what is certain or the last known may be asked for."""
    told = debt.schedule.told if debt.schedule else None
    if told is None:
        return Certainty.CERTAIN
    last = next(reversed(_answers_by(debt, moment)), None)
    if last is not None and last.amount_cents == 0:
        # Never the amount before: the software has said that nobody owes it.
        return Certainty.NOTHING_DUE
    if last is not None and moment < last.holds_until:
        return Certainty.CERTAIN
    return Certainty.LAST_KNOWN if told.use_last_known else Certainty.UNKNOWN


def is_to_be_asked(debt: AskedAmount, moment: datetime) -> bool:
    """Return whether the entity's software is to be asked for the amount: it says it, and its last answer is over."""
    told = debt.schedule.told if debt.schedule else None
    return told is not None and (not told.answers or moment >= told.answers[-1].holds_until)


def told_at(debt: AskedAmount, moment: datetime) -> datetime | None:
    """Return since when the entity's software says the amount that is asked for at a moment; None where it did not."""
    told = [one for one in _answers_by(debt, moment) if one.amount_cents]
    return told[-1].told_at if told else None


def with_answer(told: ToldAmounts, answer: ToldAmount) -> ToldAmounts:
    """Return the amounts after another answer. The same amount again only holds longer."""
    before = list(told.answers)
    if before and before[-1].amount_cents == answer.amount_cents:
        before[-1] = replace(before[-1], holds_until=max(before[-1].holds_until, answer.holds_until))
    else:
        before.append(answer)
    return replace(told, answers=before[-TOLD_MAX:])


def amount_on(debt: AskedAmount, day: date) -> Amount:
    """Return what is to be paid on a day in Rome."""
    asked, schedule = (Part.DEBT, debt.amount_cents), debt.schedule
    if schedule is None:
        return Amount((asked,))
    if schedule.reduced_cents is not None and _is_reduced(schedule, day):
        return Amount((asked, (Part.REDUCTION, schedule.reduced_cents - debt.amount_cents)), reduced_until(schedule))
    last = debt.valid_until
    if last is None or day <= last:
        return Amount((asked,), last)
    interest_cents = _interest_cents(debt.amount_cents, schedule.interest_basis_points or 0, (day - last).days)
    added = ((Part.SURCHARGE, schedule.surcharge_cents or 0), (Part.INTEREST, interest_cents))
    parts = (asked, *((part, cents) for part, cents in added if cents))
    return Amount(parts, day if schedule.interest_basis_points else None)


def amounts_from(debt: AskedAmount, day: date) -> Sequence[AmountPeriod]:
    """Return what is to be paid from a day on, one period after the other; one alone where it does not change."""
    periods: list[AmountPeriod] = []
    since: date | None = None
    asked = day
    while True:
        amount = amount_on(debt, asked)
        last = debt.valid_until
        grows = last is not None and asked > last and amount.until is not None
        until = None if grows else amount.until
        periods.append(AmountPeriod(amount_cents=amount.cents, since=since, until=until, grows=grows))
        if until is None or (until == last and not debt.is_raised):
            break
        asked = since = until + timedelta(days=1)
    schedule = debt.schedule
    if schedule and schedule.reduced_cents is not None and schedule.notified_on is None:
        # When it ends is not known, what follows is.
        reduced = replace(periods[0], reduced_days=schedule.reduced_days)
        return [reduced, *_after_reduction(debt, day)]
    return periods


def due_when_paid(debt: AskedAmount, paid_at: datetime, came_cents: int) -> AmountCents:
    """Return what was owed by who paid at a moment and brought so much.

    The node is told what to pay up to TOKEN_LIFE before, so of two amounts between which midnight came, or an answer of
    the entity's software, either is right: the higher that what came is enough for, else the lower.
    """
    told = {amount_at(debt, paid_at - TOKEN_LIFE).cents, amount_at(debt, paid_at).cents}
    between = (one for one in _answers_by(debt, paid_at) if one.told_at > paid_at - TOKEN_LIFE and one.amount_cents)
    told |= {AmountCents(one.amount_cents) for one in between}
    return max((cents for cents in told if cents <= came_cents), default=min(told))


def reduced_until(schedule: AmountSchedule) -> date | None:
    """Return the last day of the reduced amount; None where there is none, or notification is not known."""
    if schedule.reduced_cents is None or schedule.notified_on is None or schedule.reduced_days is None:
        return None
    return schedule.notified_on + timedelta(days=schedule.reduced_days)


def _answers_by(debt: AskedAmount, moment: datetime) -> Sequence[ToldAmount]:
    """Return what the entity's software had said by a moment, the last at the end."""
    told = debt.schedule.told if debt.schedule else None
    return [one for one in told.answers if one.told_at <= moment + CLOCKS_APART] if told else []


def _is_reduced(schedule: AmountSchedule, day: date) -> bool:
    last = reduced_until(schedule)
    return last is None or day <= last


def _after_reduction(debt: AskedAmount, day: date) -> Sequence[AmountPeriod]:
    """Return what is to be paid once a reduction of which no end is known has ended."""
    schedule = replace(debt.schedule or AmountSchedule(), reduced_cents=None)
    return amounts_from(replace(debt, schedule=schedule), day)


def _interest_cents(amount_cents: int, basis_points: int, days: int) -> int:
    """Return simple interest, half a cent and more rounded up."""
    return (2 * amount_cents * basis_points * days + _YEAR_PARTS) // (2 * _YEAR_PARTS)
