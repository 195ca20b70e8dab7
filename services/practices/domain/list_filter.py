"""What a debtor's list is narrowed to and how it is ordered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from types import MappingProxyType
from typing import Final

from contracts.calendar import NO_DUE_DATE

WORDS_MAX: Final = 6
_PLAIN: Final = str.maketrans("àáâäèéêëìíîïòóôöùúûüçñ", "aaaaeeeeiiiioooouuuucn")


class SortKey(Enum):
    """What practices are ordered by; those that are equal by their place."""

    PLACE = "place"
    DUE = "due"
    AMOUNT = "amount"


@dataclass(frozen=True)
class Order:
    """An order of a list. A practice without due date is due after every other."""

    key: SortKey
    descending: bool


ORDERS: Final[Mapping[str, Order]] = MappingProxyType(
    {
        "newest": Order(SortKey.PLACE, descending=True),
        "oldest": Order(SortKey.PLACE, descending=False),
        "due_soonest": Order(SortKey.DUE, descending=False),
        "due_latest": Order(SortKey.DUE, descending=True),
        "greatest": Order(SortKey.AMOUNT, descending=True),
        "smallest": Order(SortKey.AMOUNT, descending=False),
    }
)


@dataclass(frozen=True, order=True)
class Mark:
    """Where in an order a practice stands: its due date or amount, None where it is ordered by place alone."""

    value: date | int | None
    place: int


@dataclass(frozen=True)
class ListFilter:
    """Which practices of a debtor with an entity are listed, and in which order.

    `made` and `paid`: from the one moment to before the other. `due`: from the one day to the other, both included.
    `words`: each stands in what is written of the practice, as `words_of` returns them.
    """

    entity_code: str
    fiscal_code: str
    states: tuple[str, ...] = ()
    order: Order = ORDERS["newest"]
    service_code: str | None = None
    made: tuple[datetime, datetime] | None = None
    paid: tuple[datetime, datetime] | None = None
    due: tuple[date, date] | None = None
    words: tuple[str, ...] = ()

    @property
    def needs_looking(self) -> bool:
        """Return whether no index finds what is listed: practices have to be looked at one after the other."""
        by_due = self.due is not None and self.order.key is not SortKey.DUE
        return bool(self.words or self.service_code is not None or self.made or self.paid or by_due)

    def mark(self, place: int, due_date: date | None, amount_cents: int) -> Mark:
        """Return where a practice stands in this order."""
        if self.order.key is SortKey.PLACE:
            return Mark(None, place)
        return Mark(due_date or NO_DUE_DATE if self.order.key is SortKey.DUE else amount_cents, place)


def words_of(text: str) -> tuple[str, ...]:
    """Return the words to look for in what somebody typed: in small letters without accents, no more than WORDS_MAX."""
    readable = "".join(char if char.isprintable() else " " for char in text)
    words = readable.lower().translate(_PLAIN).split()
    return tuple(dict.fromkeys(words))[:WORDS_MAX]
