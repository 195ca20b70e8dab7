"""What a receipt means. It is never refused for what it says: the money has been paid."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from contracts.events.envelope import EventType
from contracts.events.payments import PAYMENT_CONFIRMED, PAYMENT_DUPLICATED
from services.payments.domain.positions import Position, Standing, Terms
from services.payments.domain.stamps import BoughtStamp, are_as_asked


class Judgement(StrEnum):
    """What became of a receipt. A receipt not judged yet has none of these."""

    EXPECTED = "expected"
    ALREADY_PAID = "already_paid"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    OTHER_AMOUNT = "other_amount"
    WRONG_STAMP = "wrong_stamp"
    UNKNOWN_NOTICE = "unknown_notice"
    # Sent to us as one of several beneficiaries of another body's notice (certification scenario EC-PSP-03).
    SECONDARY = "secondary"
    # Outcome KO or no amount: kept, but nothing was paid.
    NO_MONEY = "no_money"
    # Found out later, with practices back, that the body is none of ours.
    FOREIGN = "foreign"


_CONFIRMED: Final = (PAYMENT_CONFIRMED,)
_CONFIRMED_AND_FLAGGED: Final = (PAYMENT_CONFIRMED, PAYMENT_DUPLICATED)

# Which events a judgement raises; money is confirmed once per receipt, and flagged where nobody expected it.
RAISES: Final[dict[Judgement, tuple[EventType, ...]]] = {
    Judgement.EXPECTED: _CONFIRMED,
    Judgement.ALREADY_PAID: _CONFIRMED_AND_FLAGGED,
    Judgement.CANCELLED: _CONFIRMED_AND_FLAGGED,
    Judgement.EXPIRED: _CONFIRMED_AND_FLAGGED,
    Judgement.OTHER_AMOUNT: _CONFIRMED_AND_FLAGGED,
    Judgement.WRONG_STAMP: _CONFIRMED_AND_FLAGGED,
    Judgement.UNKNOWN_NOTICE: _CONFIRMED_AND_FLAGGED,
    Judgement.SECONDARY: _CONFIRMED,
    Judgement.NO_MONEY: (),
    Judgement.FOREIGN: (),
}

FLAGGED: Final = frozenset(judgement for judgement, raised in RAISES.items() if PAYMENT_DUPLICATED in raised)


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """What the judgement looks at. `recipient` is the body the node sent it to, `owner` the one whose notice it is.

    `stamps` is None where the receipt was made from a settlement flow, which knows of none.
    """

    receipt_id: str
    recipient: str
    owner: str
    outcome: str
    amount_cents: int
    own_share_cents: int
    paid_at: datetime
    stamps: tuple[BoughtStamp, ...] | None = ()

    @property
    def is_secondary(self) -> bool:
        """Say whether it is another body's notice, of which the recipient gets a share."""
        return self.recipient != self.owner

    @property
    def carries_money(self) -> bool:
        """Say whether anything was paid to the recipient at all."""
        return self.outcome == "OK" and (self.own_share_cents if self.is_secondary else self.amount_cents) > 0

    @property
    def needs_position(self) -> bool:
        """Say whether the judgement depends on what practices knows."""
        return self.carries_money and not self.is_secondary


def judge(facts: ReceiptFacts, position: Position | None) -> Judgement:
    """Say what a receipt seen for the first time means for its position; None means practices knows no such notice."""
    if not facts.carries_money:
        return Judgement.NO_MONEY
    if facts.is_secondary:
        return Judgement.SECONDARY
    if position is None:
        return Judgement.UNKNOWN_NOTICE
    if position.paid_receipt_id is not None:
        return Judgement.ALREADY_PAID
    if position.standing is Standing.CANCELLED:
        return Judgement.CANCELLED
    if position.is_expired_at(facts.paid_at):
        return Judgement.EXPIRED
    return _compared(facts, position.terms) if position.terms else Judgement.EXPECTED


def _compared(facts: ReceiptFacts, terms: Terms) -> Judgement:
    """Compare what was paid with what was asked for."""
    if terms.amount_cents != facts.amount_cents:
        return Judgement.OTHER_AMOUNT
    if facts.stamps is not None and not are_as_asked(facts.stamps, terms.transfers):
        return Judgement.WRONG_STAMP
    return Judgement.EXPECTED
