"""Whether a payer is about to pay twice: practices says what is equal, here it is known what was paid."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

# Fees come back with the school year: what was paid longer ago than this is no reason to hesitate.
LOOKS_BACK: Final = timedelta(days=300)


class Standing(StrEnum):
    """What speaks for the equal practice being the same payment."""

    PAID = "paid"
    BEING_PAID = "being_paid"
    IN_THIS_PAYMENT = "in_this_payment"


@dataclass(frozen=True, slots=True)
class Equal:
    """An equal practice: when it was paid, or since when and until when somebody is paying it."""

    paid_at: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """A practice about to be paid, and the equal one that makes one hesitate."""

    practice_id: UUID
    equal_id: UUID
    standing: Standing
    since: datetime | None = None
    until: datetime | None = None


def doubts(
    to_pay: Collection[UUID], equals: Mapping[UUID, Sequence[UUID]], known: Mapping[UUID, Equal], now: datetime
) -> Iterator[Doubt]:
    """Tell every reason to hesitate; of two equal practices in the same payment only once."""
    for practice_id in to_pay:
        for equal_id in equals.get(practice_id, ()):
            equal = known.get(equal_id, Equal())
            if equal_id in to_pay:
                if str(practice_id) < str(equal_id):
                    yield Doubt(practice_id, equal_id, Standing.IN_THIS_PAYMENT)
            elif equal.paid_at is not None and now - equal.paid_at <= LOOKS_BACK:
                yield Doubt(practice_id, equal_id, Standing.PAID, equal.paid_at)
            elif equal.since is not None:
                yield Doubt(practice_id, equal_id, Standing.BEING_PAID, equal.since, equal.until)
