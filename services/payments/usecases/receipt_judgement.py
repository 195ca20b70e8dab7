"""What follows from a receipt: the judgement, the events, the checkouts it settles. All in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.logs import get_logger
from chassis.storage.database import Tx
from contracts.codes import AmountCents
from contracts.events.payments import PAYMENT_CONFIRMED, PAYMENT_DUPLICATED, PaymentConfirmed, PaymentDuplicated
from services.payments.domain.books import Bookkeeping
from services.payments.domain.checkouts import CheckoutState, after_payment, move
from services.payments.domain.options import is_closed_by
from services.payments.domain.positions import Position
from services.payments.domain.receipt_table import Arrival, flags_of
from services.payments.domain.receipts import RAISES, Judgement, ReceiptFacts, judge
from services.payments.metrics import RECEIPTS_FLAGGED
from services.payments.models import Checkout, Receipt
from services.payments.repository import checkouts, node_calls, positions, receipts
from services.payments.repository.node_calls import Activation
from services.payments.usecases.unexpected_money import open_case

log = get_logger(__name__)

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

    Emits PaymentConfirmed once, and PaymentDuplicated where nobody expected the money, whose case is opened. Returns
    the position after it.
    """
    concerned = _judge(tx, receipt, position, now)
    report_flags(receipt.notice_number, receipt.flags)
    return _follow(tx, receipt, position, concerned, now)


def report_flags(notice_number: str, flags: Sequence[str]) -> None:
    """Tell humans and the metrics what is odd about a receipt."""
    for flag in flags:
        RECEIPTS_FLAGGED.labels(str(flag)).inc()
    if flags:
        log.warning("receipt_flagged", notice_number=notice_number, flags=[str(flag) for flag in flags])


def _judge(tx: Tx, receipt: Receipt, position: Position | None, now: datetime) -> Sequence[Checkout]:
    """Write the judgement into the receipt and return, locked, the checkouts it settles."""
    activation = _activation(tx, receipt, position)
    is_closed = position is not None and _is_closed(tx, position)
    judgement = judge(facts_of(receipt, activation.before_payment), position, is_closed=is_closed)
    receipt.judgement, receipt.judged_at = judgement.value, now
    receipt.flags = [*(receipt.flags or ()), *_flags(receipt, judgement, activated=activation.ever)]
    if position is None or judgement in _ABOUT_NO_PRACTICE:
        return []
    receipt.practice_id, receipt.entity_code = position.practice_id, position.entity_code
    receipt.event_sequence = position.event_sequence + 1
    concerned = checkouts.of_payment(tx.session, position.practice_id, checkout_id(receipt.payment_note))
    receipt.checkout_id = concerned[0].id if concerned else None
    return concerned


def _is_closed(tx: Tx, position: Position) -> bool:
    """Return whether the debt position has been paid in another way; of two receipts at once the second is told so."""
    positions.hold_debt_positions(tx.session, [position])
    return is_closed_by(position, positions.of_debt_position(tx.session, position))


def _activation(tx: Tx, receipt: Receipt, position: Position | None) -> Activation:
    """Return when the node was told what to pay, as far as that matters."""
    if position is None or receipt.source == "settlement":
        return Activation(ever=True, before_payment=None)
    return node_calls.activation(tx.session, position.practice_id, receipt.paid_at)


def _flags(receipt: Receipt, judgement: Judgement, *, activated: bool) -> list[str]:
    judged = Arrival(
        domain="",
        creditor=None,
        broker="",
        station="",
        judgement=judgement,
        activated=activated,
        stand_in=bool(receipt.stand_in),
    )
    return [flag.value for flag in flags_of(judged)]


def _follow(
    tx: Tx, receipt: Receipt, position: Position | None, concerned: Sequence[Checkout], now: datetime
) -> Position | None:
    """Let everything follow from a judged receipt; return the position after it."""
    judgement = Judgement(str(receipt.judgement))
    if position is None or judgement in _ABOUT_NO_PRACTICE:
        _emit(tx, receipt, judgement, None, now=now)
        return position
    after = with_money(position, receipt)
    _settle_checkouts(concerned, receipt, position, now)
    missing_cents = after.missing_cents if judgement is not Judgement.CANCELLED else 0
    sequence = _emit(tx, receipt, judgement, position, missing_cents=missing_cents, now=now)
    after = replace(after, event_sequence=sequence)
    positions.record_payment(tx.session, after)
    return after


def with_money(position: Position, receipt: Receipt) -> Position:
    """Return the position after a receipt. The one that pays it whole is the one that pays it."""
    counted = position.received_cents if position.paid_receipt_id else 0
    received_cents = None if counted is None else counted + receipt.amount_cents
    paid = [moment for moment in (position.first_paid_at or position.paid_at, receipt.paid_at) if moment is not None]
    after = replace(position, received_cents=received_cents, first_paid_at=min(paid))
    if position.paid_receipt_id is None or position.missing_cents:
        after = replace(after, paid_receipt_id=receipt.receipt_id, paid_at=receipt.paid_at)
    return after


def _settle_checkouts(concerned: Sequence[Checkout], receipt: Receipt, position: Position, now: datetime) -> None:
    """Mark the practice paid in the checkouts concerned, with what was owed when it was."""
    terms = position.terms.due_when_paid(receipt.paid_at, receipt.amount_cents) if position.terms else None
    for checkout in concerned:
        for item in checkout.items:
            if item.practice_id == position.practice_id and item.receipt_id is None:
                item.amount_cents = terms.amount_cents if terms else item.amount_cents
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
    before: Position | None,
    *,
    missing_cents: int = 0,
    now: datetime,
) -> int:
    """Emit what the judgement raises about a position as it was before, or about none; return the last sequence."""
    subject, sequence = (str(before.practice_id), before.event_sequence) if before else (receipt.receipt_id, 0)
    books = before.bookkeeping if before else Bookkeeping()
    first_receipt_id = before.paid_receipt_id if before else None
    for event_type in RAISES[judgement]:
        sequence += 1
        if event_type is PAYMENT_CONFIRMED:
            confirmed = _confirmed(receipt, judgement, books, missing_cents)
            tx.emit(PAYMENT_CONFIRMED, confirmed, subject=subject, sequence=sequence, now=now)
        else:
            case_id = open_case(tx, receipt, facts_of(receipt), before, now)
            duplicated = _duplicated(receipt, judgement, books, first_receipt_id, case_id, now)
            tx.emit(PAYMENT_DUPLICATED, duplicated, subject=subject, sequence=sequence, now=now)
    return sequence


def _confirmed(receipt: Receipt, judgement: Judgement, books: Bookkeeping, missing_cents: int) -> PaymentConfirmed:
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
        missing_cents=missing_cents or None,
        **books.fields(),
    )


def _duplicated(
    receipt: Receipt,
    judgement: Judgement,
    books: Bookkeeping,
    first_receipt_id: str | None,
    case_id: UUID,
    now: datetime,
) -> PaymentDuplicated:
    return PaymentDuplicated(
        receipt_id=receipt.receipt_id,
        practice_id=receipt.practice_id,
        entity_code=receipt.known_entity_code,
        notice_number=receipt.notice_number,
        amount_cents=AmountCents(receipt.amount_cents),
        first_receipt_id=first_receipt_id,
        reason=judgement.value,
        case_id=case_id,
        at=now,
        **books.fields(),
    )


def facts_of(receipt: Receipt, activated_at: datetime | None = None) -> ReceiptFacts:
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
        activated_at=activated_at,
    )


def checkout_id(payment_note: str | None) -> UUID | None:
    """Read the idCart we gave to Checkout; other channels write other things there."""
    try:
        return UUID(payment_note or "")
    except ValueError:
        return None
