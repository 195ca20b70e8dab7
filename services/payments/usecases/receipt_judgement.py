"""What follows from a receipt: the judgement, the events, the checkouts it settles. All in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.storage.database import Tx
from contracts.codes import AmountCents
from contracts.events.payments import PAYMENT_CONFIRMED, PAYMENT_DUPLICATED, PaymentConfirmed, PaymentDuplicated
from services.payments.domain.checkouts import CheckoutState, after_payment, move
from services.payments.domain.positions import Position
from services.payments.domain.receipts import RAISES, Judgement, ReceiptFacts, judge
from services.payments.models import Checkout, Receipt
from services.payments.repository import checkouts, positions, receipts

_ABOUT_NO_PRACTICE: Final = (Judgement.NO_MONEY, Judgement.SECONDARY)


def store_judged(tx: Tx, receipt: Receipt, position: Position | None, now: datetime) -> tuple[bool, Position | None]:
    """Store a new receipt, which the session does not know, and settle it at once.

    `position` is its notice (locked), or None where it has none or needs none. Returns whether it was stored, which it
    is not when the creditor has it already, and the position after it.
    """
    concerned = _judge(tx, receipt, position, now)
    if not receipts.insert_new(tx.session, receipt):
        return False, position
    return True, _follow(tx, receipt, position, concerned, now)


def judge_receipt(tx: Tx, receipt: Receipt, position: Position | None, now: datetime) -> Position | None:
    """Settle a stored receipt that has not been judged, whose notice is `position` (locked) or known not to exist.

    Emits PaymentConfirmed once, and PaymentDuplicated where nobody expected the money. Returns the position after it.
    """
    return _follow(tx, receipt, position, _judge(tx, receipt, position, now), now)


def _judge(tx: Tx, receipt: Receipt, position: Position | None, now: datetime) -> Sequence[Checkout]:
    """Write the judgement into the receipt and return, locked, the checkouts it settles."""
    judgement = judge(facts_of(receipt), position)
    receipt.judgement, receipt.judged_at = judgement.value, now
    if position is None or judgement in _ABOUT_NO_PRACTICE:
        return []
    receipt.practice_id, receipt.entity_code = position.practice_id, position.entity_code
    receipt.event_sequence = position.event_sequence + 1
    concerned = checkouts.of_payment(tx.session, position.practice_id, checkout_id(receipt.payment_note))
    receipt.checkout_id = concerned[0].id if concerned else None
    return concerned


def _follow(
    tx: Tx, receipt: Receipt, position: Position | None, concerned: Sequence[Checkout], now: datetime
) -> Position | None:
    """Let everything follow from a judged receipt; return the position after it."""
    judgement = Judgement(str(receipt.judgement))
    if position is None or judgement in _ABOUT_NO_PRACTICE:
        _emit(tx, receipt, judgement, subject=receipt.receipt_id, sequence=0, first_receipt_id=None, now=now)
        return position
    _settle_checkouts(concerned, receipt, position.practice_id, now)
    first_receipt_id = position.paid_receipt_id
    subject, sequence = str(position.practice_id), position.event_sequence
    sequence = _emit(
        tx, receipt, judgement, subject=subject, sequence=sequence, first_receipt_id=first_receipt_id, now=now
    )
    position = replace(position, event_sequence=sequence)
    if first_receipt_id is None:
        position = replace(position, paid_receipt_id=receipt.receipt_id, paid_at=receipt.paid_at)
    positions.record_payment(tx.session, position)
    return position


def _settle_checkouts(concerned: Sequence[Checkout], receipt: Receipt, practice_id: UUID, now: datetime) -> None:
    """Mark the practice paid in the checkouts concerned."""
    for checkout in concerned:
        for item in checkout.items:
            if item.practice_id == practice_id and item.receipt_id is None:
                item.receipt_id, item.paid_at, item.holding = receipt.receipt_id, receipt.paid_at, False
        state = CheckoutState(checkout.state)
        after = after_payment(state, [item.receipt_id is not None for item in checkout.items])
        if after is not state:
            move(state, after)
            checkout.state = after.value
            checkout.ended_at = checkout.ended_at or now


def _emit(
    tx: Tx,
    receipt: Receipt,
    judgement: Judgement,
    *,
    subject: str,
    sequence: int,
    first_receipt_id: str | None,
    now: datetime,
) -> int:
    """Emit what the judgement raises; return the sequence of the last event."""
    for event_type in RAISES[judgement]:
        sequence += 1
        if event_type is PAYMENT_CONFIRMED:
            confirmed = _confirmed(receipt, judgement)
            tx.emit(PAYMENT_CONFIRMED, confirmed, subject=subject, sequence=sequence, now=now)
        else:
            duplicated = _duplicated(receipt, judgement, first_receipt_id, now)
            tx.emit(PAYMENT_DUPLICATED, duplicated, subject=subject, sequence=sequence, now=now)
    return sequence


def _confirmed(receipt: Receipt, judgement: Judgement) -> PaymentConfirmed:
    """Fill PaymentConfirmed. As one of several beneficiaries, a creditor is told of its own share."""
    secondary = judgement is Judgement.SECONDARY
    return PaymentConfirmed(
        receipt_id=receipt.receipt_id,
        practice_id=receipt.practice_id,
        entity_code=receipt.known_entity_code,
        creditor_fiscal_code=receipt.creditor_fiscal_code,
        notice_number=receipt.notice_number,
        iuv=receipt.iuv,
        amount_cents=AmountCents(receipt.own_share_cents if secondary else receipt.amount_cents),
        paid_at=receipt.paid_at,
        application_date=receipt.application_date,
        psp_id=receipt.psp_id,
        psp_name=receipt.psp_name,
        payment_method=receipt.payment_method,
        checkout_id=receipt.checkout_id,
    )


def _duplicated(
    receipt: Receipt, judgement: Judgement, first_receipt_id: str | None, now: datetime
) -> PaymentDuplicated:
    return PaymentDuplicated(
        receipt_id=receipt.receipt_id,
        practice_id=receipt.practice_id,
        entity_code=receipt.known_entity_code,
        notice_number=receipt.notice_number,
        amount_cents=AmountCents(receipt.amount_cents),
        first_receipt_id=first_receipt_id,
        reason=judgement.value,
        at=now,
    )


def facts_of(receipt: Receipt) -> ReceiptFacts:
    """Return what the judgement of a stored receipt looks at."""
    return ReceiptFacts(
        receipt_id=receipt.receipt_id,
        recipient=receipt.creditor_fiscal_code,
        owner=receipt.owner_fiscal_code,
        outcome=receipt.outcome,
        amount_cents=receipt.amount_cents,
        own_share_cents=receipt.own_share_cents,
        paid_at=receipt.paid_at,
        stamps=receipt.details.stamps,
    )


def checkout_id(payment_note: str | None) -> UUID | None:
    """Read the idCart we gave to Checkout; other channels write other things there."""
    try:
        return UUID(payment_note or "")
    except ValueError:
        return None
