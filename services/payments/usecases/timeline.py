"""What happened to a practice, and how we know."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import accumulate
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.storage.database import Database
from contracts.events.payments import (
    CHECKOUT_ABANDONED,
    CHECKOUT_STARTED,
    PAYMENT_CONFIRMED,
    PAYMENT_DUPLICATED,
    PAYMENT_REPORTED,
)
from contracts.events.practices import PRACTICE_CREATED
from contracts.rpc.payments import Timeline, TimelineEntry
from services.payments.domain.receipts import RAISES, Judgement
from services.payments.models import Checkout, NodeCall, Receipt
from services.payments.repository import checkouts, node_calls, positions, receipts

_ASKED: Final = {
    "paDemandPaymentNotice": "demanded",
    "paVerifyPaymentNotice": "verified",
    "paGetPayment": "activated",
    "paGetPaymentV2": "activated",
}


def timeline(database: Database, practice_id: UUID) -> Timeline:
    """Return what happened to a practice, oldest first, each entry with how we know.

    Money is told in the order in which it was decided: of two receipts that come at once, the one that arrived a moment
    later may have been judged first, and then the other one is the duplicate.
    """
    with database.reading() as session:
        entries = [
            *_creation(session, practice_id),
            *(entry for call in node_calls.of_practice(session, practice_id) for entry in _node_call(call)),
            *(entry for checkout in checkouts.of_practice(session, practice_id) for entry in _checkout(checkout)),
        ]
        decided = [entry for receipt in receipts.of_practice(session, practice_id) for entry in _money(receipt)]
    return Timeline(entries=_in_order(entries, [entry for _, entry in sorted(decided, key=itemgetter(0))]))


def _creation(session: Session, practice_id: UUID) -> Iterator[TimelineEntry]:
    position = positions.by_practice(session, [practice_id]).get(practice_id)
    if position and position.terms:
        yield _entry(position.terms.created_at, PRACTICE_CREATED.type, "practices")


def _node_call(call: NodeCall) -> Iterator[TimelineEntry]:
    if call.operation in _ASKED:
        yield _entry(call.at, _ASKED[call.operation], "pagopa_node", fault=call.fault)


def _checkout(checkout: Checkout) -> Iterator[TimelineEntry]:
    if checkout.opened_at is None:
        return
    yield _entry(checkout.opened_at, CHECKOUT_STARTED.type, "pagopa_checkout", checkout_id=str(checkout.id))
    if checkout.end_reason and checkout.ended_at:
        source = "janitor" if checkout.end_reason == "timed_out" else "payer"
        detail = {"checkout_id": str(checkout.id), "reason": checkout.end_reason}
        yield _entry(checkout.ended_at, CHECKOUT_ABANDONED.type, source, **detail)


def _money(receipt: Receipt) -> Iterator[tuple[tuple[int, int], TimelineEntry]]:
    """Tell a receipt, each entry with its place in the order of decisions about the practice."""
    source = "settlement" if receipt.source == "settlement" else "pagopa_receipt"
    for sequence, event_type in enumerate(RAISES[Judgement(str(receipt.judgement))], receipt.event_sequence or 0):
        detail = {"receipt_id": receipt.receipt_id, "psp_name": receipt.psp_name, "amount_cents": receipt.amount_cents}
        if event_type is PAYMENT_CONFIRMED:
            detail["paid_at"] = receipt.paid_at.isoformat()
        if event_type is PAYMENT_DUPLICATED:
            detail["reason"] = str(receipt.judgement)
        yield (sequence, 0), _entry(receipt.received_at, event_type.type, source, **detail)
    if receipt.reported_at:
        entry = _entry(receipt.reported_at, PAYMENT_REPORTED.type, "settlement", receipt_id=receipt.receipt_id)
        yield (receipt.reported_sequence or 0, 1), entry


def _in_order(entries: Sequence[TimelineEntry], decided: Sequence[TimelineEntry]) -> Sequence[TimelineEntry]:
    """Merge what clocks order with what was decided in the order given."""
    not_before = accumulate((entry.at for entry in decided), max)
    placed = [*((entry.at, entry) for entry in entries), *zip(not_before, decided, strict=True)]
    return [entry for _, entry in sorted(placed, key=itemgetter(0))]


def _entry(at: datetime, kind: str, source: str, **detail: Any) -> TimelineEntry:
    return TimelineEntry(at=at, kind=kind, source=source, detail=detail)
