"""When a practice is settled: the bank was told of every receipt that pays it, and nothing is missing any more."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from chassis.storage.database import Tx
from contracts.codes import AmountCents
from contracts.events.payments import PAYMENT_REPORTED, PaymentReported
from services.payments.domain.positions import Position
from services.payments.domain.settlements import ExpectedTransfers
from services.payments.models import Receipt, SettlementFlow
from services.payments.repository import positions, receipts, settlements


def own_transfers(receipt: Receipt) -> ExpectedTransfers:
    """Return the transfers of a receipt that stand in flows of its creditor."""
    return ExpectedTransfers.to(receipt.creditor_fiscal_code, receipt.details.transfers)


def settles(position: Position, known: Sequence[Receipt], reported: Collection[int]) -> bool:
    """Return whether the practice is paid whole and every receipt that pays it stands in flows.

    `known` are its receipts, `reported` the rows of those all whose transfers stand there.
    """
    pay_it = paying(position, known)
    return bool(pay_it) and not position.missing_cents and all(receipt.id in reported for receipt in pay_it)


def announce(tx: Tx, position: Position, known: Sequence[Receipt], flow: SettlementFlow, now: datetime) -> Position:
    """Announce a settled practice, whose last row stood in `flow`; return the position, which is locked, after it."""
    after = replace(position, event_sequence=position.event_sequence + 1)
    amount_cents = sum(sum(own_transfers(one).amounts_by_index.values()) for one in paying(position, known))
    reported = PaymentReported(
        practice_id=position.practice_id,
        entity_code=position.entity_code,
        iuv=position.iuv,
        receipt_id=position.paid_receipt_id,
        flow_id=flow.flow_id,
        amount_cents=AmountCents(amount_cents),
        settled_on=flow.settled_on,
        **position.bookkeeping.fields(),
    )
    tx.emit(PAYMENT_REPORTED, reported, subject=str(after.practice_id), sequence=after.event_sequence, now=now)
    positions.record_payment(tx.session, after)
    return after


def announce_made_whole(tx: Tx, practice_ids: Sequence[UUID], now: datetime) -> None:
    """Announce those of these practices, underpaid until now, that an amendment has made whole and flows report.

    Their rows came while something was missing, and nobody was told.
    """
    for practice_id, position in positions.by_practice(tx.session, practice_ids, lock=True).items():
        known = receipts.of_practice(tx.session, practice_id)
        reported = {receipt.id for receipt in known if receipt.reported_at is not None}
        if not settles(position, known, reported):
            continue
        flow = settlements.last_flow_of(tx.session, reported)
        if flow is not None:
            announce(tx, position, known, flow, now)


def paying(position: Position, known: Sequence[Receipt]) -> Sequence[Receipt]:
    """Return the receipts up to the one that paid it whole, as far as they stand in flows; a later one is a double."""
    last = next((one.event_sequence for one in known if one.receipt_id == position.paid_receipt_id), None)
    up_to = [one for one in known if last is not None and (one.event_sequence or 0) <= last]
    return [one for one in up_to if own_transfers(one).amounts_by_index]
