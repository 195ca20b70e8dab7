"""Ways of paying a debt position: which of them is chosen, and which are closed by that.

A debt position has options, each a single sum or a plan of instalments, for one debtor or for each of several who are
liable for the whole. Whoever pays chooses: by a single sum everything is paid, by an instalment its plan is chosen. The
rule is asked by practices and by payments, each with what it knows, so it stands here.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class Way:
    """An option of a debt position, for one of its debtors."""

    option: str
    debtor_fiscal_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidPart:
    """Money that came for a debt position: for which way, when first, and whether it was that way's single sum."""

    way: Way
    is_single: bool
    first_paid_at: datetime
    notice_number: str


def is_closed(way: Way, paid: Collection[PaidPart]) -> bool:
    """Return whether a way need not be paid any more, because another has been chosen.

    A single sum closes every other way. Of plans the one for which money came first goes on, and where that was at the
    same moment the one with the lower notice number: both sides must say the same.
    """
    if not paid:
        return False
    if any(part.is_single and part.way != way for part in paid):
        return True
    first = min(paid, key=lambda part: (part.first_paid_at, part.notice_number))
    return first.way != way
