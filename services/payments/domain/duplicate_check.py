"""Whether a payer is about to pay twice: practices says what looks the same, here it is known what was paid."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

# Fees come back with the school year: what was paid longer ago than this is no duplicate.
LOOK_BACK: Final = timedelta(days=300)


class DuplicateStatus(StrEnum):
    """What speaks for another practice being the same payment."""

    PAID = "paid"
    BEING_PAID = "being_paid"
    IN_THIS_PAYMENT = "in_this_payment"


@dataclass(frozen=True, slots=True)
class KnownPayment:
    """What is known of a practice that looks the same: when it was paid, or the checkout that is open on it."""

    paid_at: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SuspectedDuplicate:
    """A practice about to be paid, and the one that looks like the same payment."""

    practice_id: UUID
    duplicate_id: UUID
    status: DuplicateStatus
    since: datetime | None = None
    until: datetime | None = None


def suspected_duplicates(
    to_pay: Collection[UUID],
    duplicates: Mapping[UUID, Sequence[UUID]],
    known: Mapping[UUID, KnownPayment],
    now: datetime,
) -> Iterator[SuspectedDuplicate]:
    """Return every suspicion; of two duplicates in the same payment only one."""
    for practice_id in to_pay:
        for duplicate_id in duplicates.get(practice_id, ()):
            payment = known.get(duplicate_id, KnownPayment())
            if duplicate_id in to_pay:
                if str(practice_id) < str(duplicate_id):
                    yield SuspectedDuplicate(practice_id, duplicate_id, DuplicateStatus.IN_THIS_PAYMENT)
            elif payment.paid_at is not None and now - payment.paid_at <= LOOK_BACK:
                yield SuspectedDuplicate(practice_id, duplicate_id, DuplicateStatus.PAID, payment.paid_at)
            elif payment.since is not None:
                yield SuspectedDuplicate(
                    practice_id, duplicate_id, DuplicateStatus.BEING_PAID, payment.since, payment.until
                )
