"""Ways of paying a debt position, as payments knows them: which are closed, and what pagoPA's apps are shown of them.

pagopa-obligations.md section 4. The rule itself is `contracts.options`; the states are those of GPD (4.5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby

from contracts import amounts
from contracts.amounts import Certainty
from contracts.calendar import rome_day
from contracts.codes import AmountCents
from contracts.options import PaidPart, Way, is_closed
from services.payments.domain.positions import PaymentTerms, Position, PositionStatus


class PartStatus(StrEnum):
    """What a single notice of an option is (POI_…)."""

    UNPAID = "POI_UNPAID"
    PAID = "POI_PAID"
    EXPIRED_NOT_PAYABLE = "POI_EXPIRED_NOT_PAYABLE"
    EXPIRED_UNPAID = "POI_EXPIRED_UNPAID"
    INVALID = "POI_INVALID"


class OptionStatus(StrEnum):
    """What an option is, by its notices (PO_…)."""

    UNPAID = "PO_UNPAID"
    PAID = "PO_PAID"
    PARTIALLY_PAID = "PO_PARTIALLY_PAID"
    EXPIRED_NOT_PAYABLE = "PO_EXPIRED_NOT_PAYABLE"
    EXPIRED_UNPAID = "PO_EXPIRED_UNPAID"
    INVALID = "PO_INVALID"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPart:
    """A notice of an option: the amount of today, or what was owed when it was paid. `number`: which instalment."""

    position: Position
    terms: PaymentTerms
    amount_cents: AmountCents
    due_date: date | None
    status: PartStatus
    number: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOption:
    """An option with all its notices, in their order. `is_closed`: another one has been chosen."""

    parts: Sequence[ShownPart]
    status: OptionStatus
    is_closed: bool

    @property
    def is_plan(self) -> bool:
        """Return whether it is paid by instalments."""
        return self.parts[0].number is not None

    @property
    def due_date(self) -> date | None:
        """Return the last due date of its notices; None where one has none."""
        days = [part.due_date for part in self.parts]
        return None if None in days else max(day for day in days if day is not None)


def way_of(position: Position) -> Way:
    """Return which way of paying its debt position a notice is; a notice of none is its own."""
    terms = position.terms
    if terms is None or terms.part is None:
        return Way("", "")
    return Way(terms.part.option, terms.debtor.fiscal_code)


def is_closed_by(position: Position, together: Sequence[Position]) -> bool:
    """Return whether a notice need not be paid because its debt position is paid in another way.

    `together`: the positions of that debt position, as far as they are known.
    """
    if position.terms is None or position.terms.part is None:
        return False
    return is_closed(way_of(position), paid_parts(together))


def paid_parts(together: Sequence[Position]) -> Sequence[PaidPart]:
    """Return the money that came for a debt position."""
    return [
        PaidPart(
            way=way_of(one),
            is_single=one.terms.part.instalment is None,
            first_paid_at=one.first_paid_at or one.paid_at,
            notice_number=one.notice_number,
        )
        for one in together
        if one.paid_receipt_id and one.paid_at and one.terms and one.terms.part
    ]


def options_shown(asked: Position, together: Sequence[Position], now: datetime) -> Sequence[ShownOption]:
    """Return the options of a notice's own debtor, by due date; what was withdrawn by the entity stays in them."""
    paid = paid_parts(together)
    debtor = asked.terms.debtor.fiscal_code if asked.terms else None
    own = [one for one in together if one.terms is not None and one.terms.debtor.fiscal_code == debtor]
    options: list[ShownOption] = []
    for way, ones in groupby(sorted(own, key=way_of), key=way_of):
        is_over = is_closed(way, paid)
        options.append(_option([_part(one, now, is_over=is_over) for one in ones], is_over=is_over))
    return sorted(options, key=lambda option: (option.due_date or date.max, option.parts[0].position.notice_number))


def _part(position: Position, now: datetime, *, is_over: bool) -> ShownPart:
    terms = position.terms
    if terms is None:
        raise ValueError("a position without terms is of no option")
    paid_at = position.first_paid_at or position.paid_at
    if position.paid_receipt_id and paid_at:
        told = terms.due_when_paid(paid_at, position.received_cents or 0)
    else:
        told = terms.at(now)
    instalment = terms.part.instalment if terms.part else None
    return ShownPart(
        position=position,
        terms=terms,
        amount_cents=told.amount_cents,
        due_date=amounts.printed_date(terms.due_date, terms.schedule),
        status=_part_status(position, terms, now, is_over=is_over),
        number=instalment.number if instalment else None,
    )


def _part_status(position: Position, terms: PaymentTerms, now: datetime, *, is_over: bool) -> PartStatus:
    """Return what a notice is: paid stays paid, late or not."""
    if position.paid_receipt_id is not None:
        return PartStatus.PAID
    if is_over or position.status is PositionStatus.CANCELLED:
        return PartStatus.INVALID
    if position.is_expired_at(now):
        return PartStatus.EXPIRED_NOT_PAYABLE
    if terms.certainty_at(now) is Certainty.NOTHING_DUE:
        return PartStatus.INVALID
    is_late = terms.due_date is not None and rome_day(now) > terms.due_date
    return PartStatus.EXPIRED_UNPAID if is_late else PartStatus.UNPAID


def _option(parts: Sequence[ShownPart], *, is_over: bool) -> ShownOption:
    in_order = sorted(parts, key=lambda part: (part.number or 0, part.position.notice_number))
    return ShownOption(parts=in_order, status=_option_status(parts, is_over=is_over), is_closed=is_over)


def _option_status(parts: Sequence[ShownPart], *, is_over: bool) -> OptionStatus:
    found = {part.status for part in parts}
    if found == {PartStatus.PAID}:
        return OptionStatus.PAID
    if is_over or found == {PartStatus.INVALID}:
        return OptionStatus.INVALID
    if PartStatus.PAID in found:
        return OptionStatus.PARTIALLY_PAID
    if found <= {PartStatus.EXPIRED_NOT_PAYABLE, PartStatus.INVALID}:
        return OptionStatus.EXPIRED_NOT_PAYABLE
    if PartStatus.UNPAID not in found:
        return OptionStatus.EXPIRED_UNPAID
    return OptionStatus.UNPAID
