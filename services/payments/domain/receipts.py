"""What a receipt means. It is never refused for what it says: the money has been paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from contracts.amounts import TOKEN_LIFE
from contracts.events.envelope import AnyEventType
from contracts.events.payments import PAYMENT_CONFIRMED, PAYMENT_DUPLICATED
from contracts.rpc.payments import BoughtStamp, ReceivedTransfer
from contracts.shapes import Subject
from services.payments.domain.positions import PaymentTerms, Position, PositionStatus
from services.payments.domain.stamps import are_as_asked


class Judgement(StrEnum):
    """What became of a receipt. A receipt not judged yet has none of these."""

    EXPECTED = "expected"
    ALREADY_PAID = "already_paid"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    OTHER_AMOUNT = "other_amount"
    # Less than is due: money received, and something is missing.
    UNDERPAID = "underpaid"
    WRONG_STAMP = "wrong_stamp"
    UNKNOWN_NOTICE = "unknown_notice"
    # Sent to us as one of several beneficiaries of another creditor's notice (certification scenario EC-PSP-03).
    SECONDARY = "secondary"
    # Outcome KO or no amount: stored, but nothing was paid.
    NO_MONEY = "no_money"
    # Found out later, with practices back, that the creditor is none of ours.
    FOREIGN = "foreign"


_CONFIRMED: Final = (PAYMENT_CONFIRMED,)
_CONFIRMED_AND_FLAGGED: Final = (PAYMENT_CONFIRMED, PAYMENT_DUPLICATED)

# Which events a judgement raises; money is confirmed once per receipt, and flagged where nobody expected it.
RAISES: Final[dict[Judgement, tuple[AnyEventType, ...]]] = {
    Judgement.EXPECTED: _CONFIRMED,
    Judgement.ALREADY_PAID: _CONFIRMED_AND_FLAGGED,
    Judgement.CANCELLED: _CONFIRMED_AND_FLAGGED,
    Judgement.EXPIRED: _CONFIRMED_AND_FLAGGED,
    Judgement.OTHER_AMOUNT: _CONFIRMED_AND_FLAGGED,
    Judgement.UNDERPAID: _CONFIRMED_AND_FLAGGED,
    Judgement.WRONG_STAMP: _CONFIRMED_AND_FLAGGED,
    Judgement.UNKNOWN_NOTICE: _CONFIRMED_AND_FLAGGED,
    Judgement.SECONDARY: _CONFIRMED,
    Judgement.NO_MONEY: (),
    Judgement.FOREIGN: (),
}


UNEXPECTED: Final = frozenset(judgement for judgement, raised in RAISES.items() if PAYMENT_DUPLICATED in raised)
"""Judgements of money that nobody expected: each opens a case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptDetails:
    """What a receipt tells that nothing is decided by, but for the stamps.

    `stamps` is None where the receipt was made from a settlement flow, which knows of none.
    """

    company_name: str
    description: str
    debtor: Subject
    payer: Subject | None = None
    fee_cents: int | None = None
    transfers: Sequence[ReceivedTransfer]
    stamps: Sequence[BoughtStamp] | None = None


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """What the judgement looks at. `recipient` is the creditor the node sent it to, `owner` the one whose notice it is.

    `stamps` as in ReceiptDetails. `activated_at` is when the node was last told, before the payment, what to pay.
    """

    receipt_id: str
    recipient: str
    owner: str
    outcome: str
    amount_cents: int
    own_share_cents: int
    paid_at: datetime
    stamps: Sequence[BoughtStamp] | None = ()
    activated_at: datetime | None = None

    @property
    def is_secondary(self) -> bool:
        """Return whether it is another creditor's notice, of which the recipient gets a share."""
        return self.recipient != self.owner

    @property
    def carries_money(self) -> bool:
        """Return whether anything was paid to the recipient at all."""
        return self.outcome == "OK" and (self.own_share_cents if self.is_secondary else self.amount_cents) > 0

    @property
    def paid_by_living_token(self) -> bool:
        """Return whether it was paid on an answer of ours, given while the notice could be paid, that still held."""
        return self.activated_at is not None and self.paid_at - self.activated_at <= TOKEN_LIFE

    @property
    def needs_position(self) -> bool:
        """Return whether the judgement depends on what practices knows."""
        return self.carries_money and not self.is_secondary


def judge(facts: ReceiptFacts, position: Position | None, *, is_closed: bool = False) -> Judgement:
    """Return what a new receipt means for its position, which is None where practices knows no such notice.

    `is_closed`: its debt position is paid in another way already, so nobody wanted this money.
    """
    if not facts.carries_money:
        return Judgement.NO_MONEY
    if facts.is_secondary:
        return Judgement.SECONDARY
    if position is None:
        return Judgement.UNKNOWN_NOTICE
    if position.paid_receipt_id is not None and not position.missing_cents:
        return Judgement.ALREADY_PAID
    if is_closed or position.status is PositionStatus.CANCELLED:
        return Judgement.CANCELLED
    if position.is_expired_at(facts.paid_at) and not facts.paid_by_living_token:
        return Judgement.EXPIRED
    return _compared(facts, position, position.terms) if position.terms else Judgement.EXPECTED


def due_cents(facts: ReceiptFacts, position: Position) -> int | None:
    """Return what was asked for when it was paid, or is still missing of it; None while the terms are not known."""
    return _due(facts, position, position.terms) if position.terms else None


def _due(facts: ReceiptFacts, position: Position, terms: PaymentTerms) -> int:
    return position.missing_cents or terms.due_when_paid(facts.paid_at, facts.amount_cents).amount_cents


def _compared(facts: ReceiptFacts, position: Position, terms: PaymentTerms) -> Judgement:
    """Compare what was paid with what was asked for, or is still missing of it."""
    due = _due(facts, position, terms)
    if facts.amount_cents != due:
        return Judgement.UNDERPAID if facts.amount_cents < due else Judgement.OTHER_AMOUNT
    if facts.stamps is not None and not are_as_asked(facts.stamps, terms.transfers):
        return Judgement.WRONG_STAMP
    return Judgement.EXPECTED
