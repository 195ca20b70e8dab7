"""Whether a practice belongs into pagoPA's archive of notices (ACA), and how it may be paid there.

pagopa-obligations.md sections 1.1, 1.7 and 1.10. What the catalogue says of a service is weighed here; what is still to
be sent, and when, is payments' matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Annotated, Final

from marshmallow.validate import OneOf

from contracts.message import Message
from contracts.rpc.practices import ArchiveTerms

_NOBODY: Final = "ANONIMO"


class Excluded(StrEnum):
    """Practices that a fed service keeps back all the same."""

    # Made on the debtor's own request and paid at once, on our pages or at a PSP's counter.
    SPONTANEOUS = "spontaneous"
    # Unverified: there is no public rule for a debtor without fiscal code.
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSettings(Message):
    """What the catalogue says of a service. `switch_to_expired` None: as the service takes late payment or not."""

    fed: bool = True
    pay_stand_in: bool = True
    switch_to_expired: bool | None = None
    excluded: Sequence[Annotated[str, OneOf([one.value for one in Excluded])]] = field(
        default_factory=lambda: [one.value for one in Excluded]
    )


@dataclass(frozen=True, slots=True)
class ArchivedPractice:
    """What of a practice decides whether it is archived. `has_stamp`: it is sold through our own Checkout only."""

    origin: str
    debtor_code: str
    has_stamp: bool
    payable_until: date | None


def archive_terms(settings: ArchiveSettings, practice: ArchivedPractice) -> ArchiveTerms | None:
    """Return how the archive may take the payment; None where the practice does not belong there.

    A practice with a last day expires there too, whatever the service says now: the practice has it from then.
    """
    anonymous = practice.debtor_code.upper() in ("", _NOBODY)
    if not settings.fed or practice.has_stamp:
        return None
    if practice.origin == Excluded.SPONTANEOUS and Excluded.SPONTANEOUS in settings.excluded:
        return None
    if anonymous and Excluded.ANONYMOUS in settings.excluded:
        return None
    return ArchiveTerms(
        pay_stand_in=settings.pay_stand_in,
        switch_to_expired=bool(settings.switch_to_expired) or practice.payable_until is not None,
    )
