"""What a debtor owes in all: at the amounts of today, and of a debt position only one of its options."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from contracts.amounts import AskedAmount, amount_at
from contracts.calendar import rome_day


@dataclass(frozen=True)
class Unpaid:
    """What is asked for one practice that can still be paid, and where it is one way of several, of what and which."""

    asked: AskedAmount
    due_date: date | None
    payable_until: date | None = None
    debt_position: str | None = None
    option: str | None = None


@dataclass(frozen=True)
class CountedCents:
    """So many practices, and what they come to."""

    count: int = 0
    cents: int = 0

    def __add__(self, other: "CountedCents") -> "CountedCents":
        return CountedCents(self.count + other.count, self.cents + other.cents)


@dataclass(frozen=True)
class UnpaidSums:
    """What is unpaid: summed up, and one by one what depends on the day or on what else is paid.

    `looked_at`: how many practices that is in all.
    """

    unpaid: CountedCents
    overdue: CountedCents
    changing: Sequence[Unpaid]
    looked_at: int


def unpaid_and_overdue(practices: Iterable[Unpaid], now: datetime) -> tuple[CountedCents, CountedCents]:
    """Return what is unpaid, and how much of that is late. Of a debt position it is the cheapest option."""
    today = rome_day(now)
    unpaid, overdue = CountedCents(), CountedCents()
    ways: dict[str, dict[str | None, list[Unpaid]]] = defaultdict(lambda: defaultdict(list))
    for one in practices:
        if one.payable_until is not None and one.payable_until < today:
            continue
        if one.debt_position is not None:
            ways[one.debt_position][one.option].append(one)
            continue
        unpaid += _counted([one], now)
        overdue += _counted(_late([one], today), now)
    for options in ways.values():
        cheapest = min(options.values(), key=lambda ones: _counted(ones, now).cents)
        unpaid += _counted(cheapest, now)
        overdue += _counted(_late(cheapest, today), now)
    return unpaid, overdue


def _late(practices: Iterable[Unpaid], today: date) -> list[Unpaid]:
    return [one for one in practices if one.due_date is not None and one.due_date < today]


def _counted(practices: Iterable[Unpaid], now: datetime) -> CountedCents:
    cents = [_amount_cents(one.asked, now) for one in practices]
    return CountedCents(len(cents), sum(cents))


def _amount_cents(asked: AskedAmount, now: datetime) -> int:
    return asked.amount_cents if asked.schedule is None else amount_at(asked, now).cents
