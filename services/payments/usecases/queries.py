"""What was paid, and how we know."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from contracts.events.payments import (
    CHECKOUT_ABANDONED,
    CHECKOUT_STARTED,
    PAYMENT_CONFIRMED,
    PAYMENT_DUPLICATED,
    PAYMENT_REPORTED,
)
from contracts.events.practices import PRACTICE_CREATED
from services.payments.domain.receipts import RAISES, Judgement
from services.payments.models import Checkout, NodeCall, Receipt
from services.payments.repository import checkouts, node_calls, positions, receipts
from services.payments.soap.requests import attached_stamp
from services.payments.usecases.replies import show_receipt

_START: Final = (0, 0)
_CALLS_KEPT_FOR: Final = timedelta(days=400)
_PURGED_AT_ONCE: Final = 5_000
_ASKED: Final = {
    "paDemandPaymentNotice": "demanded",
    "paVerifyPaymentNotice": "verified",
    "paGetPayment": "activated",
    "paGetPaymentV2": "activated",
}


def receipts_of(database: Database, practice_id: UUID) -> dict[str, Any]:
    """Return the receipts of a practice, oldest first."""
    with database.reading() as session:
        return {"receipts": [show_receipt(receipt) for receipt in receipts.of_practice(session, practice_id)]}


def stamp(database: Database, practice_id: UUID) -> dict[str, Any]:
    """Return the digital stamp that came with a payment of a practice, as the node sent it.

    Raises Refused(STAMP_NOT_FOUND).
    """
    with database.reading() as session:
        for receipt in receipts.of_practice(session, practice_id):
            for bought in receipt.details.get("stamps", ()):
                content = attached_stamp(receipt.raw_xml, bought["transfer"])
                if content is not None:
                    name = f"marca_da_bollo_{bought['iubd'] or receipt.receipt_id}.xml"
                    encoded = base64.b64encode(content).decode()
                    return {"file_name": name, "media_type": "application/xml", "content_base64": encoded}
    raise Refused(ErrorCode.STAMP_NOT_FOUND)


def payments_page(database: Database, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of an entity's receipts. The cursor never skips a receipt, whatever commits meanwhile.

    Raises Refused(INVALID_REQUEST) for a cursor that is none of ours. `next_cursor` is kept by callers who poll: it is
    None only where there is nothing after the cursor given.
    """
    with database.reading() as session:
        found = receipts.page(
            session, request["entity_code"], request.get("since"), _read_cursor(request.get("cursor")), request["limit"]
        )
        shown = [show_receipt(receipt) for receipt in found]
    next_cursor = f"{found[-1].transaction}-{found[-1].id}" if found else None
    return {"receipts": shown, "next_cursor": next_cursor}


def timeline(database: Database, practice_id: UUID) -> dict[str, Any]:
    """Return what happened to a practice, oldest first, each entry with how we know.

    Money is told in the order in which it was decided: of two receipts that come at once, the one that arrived a moment
    later may have been judged first, and then the other one is the duplicate.
    """
    with database.reading() as session:
        entries = [
            *_creation(session, practice_id),
            *(entry for call in node_calls.of_practice(session, practice_id) for entry in _asked(call)),
            *(entry for checkout in checkouts.of_practice(session, practice_id) for entry in _visits(checkout)),
        ]
        decided = [entry for receipt in receipts.of_practice(session, practice_id) for entry in _money(receipt)]
    return {"entries": _in_order(entries, [entry for _, entry in sorted(decided, key=itemgetter(0))])}


def purge_node_calls(database: Database, now: datetime) -> None:
    """Forget what the node asked so long ago that no timeline tells of it any more."""
    while True:
        with database.transaction() as tx:
            if node_calls.purge(tx.session, now - _CALLS_KEPT_FOR, _PURGED_AT_ONCE) < _PURGED_AT_ONCE:
                return


def _creation(session: Session, practice_id: UUID) -> Iterator[dict[str, Any]]:
    position = positions.by_practice(session, [practice_id]).get(practice_id)
    if position and position.terms:
        yield _entry(position.terms.created_at, PRACTICE_CREATED.type, "practices")


def _asked(call: NodeCall) -> Iterator[dict[str, Any]]:
    if call.operation in _ASKED:
        yield _entry(call.at, _ASKED[call.operation], "pagopa_node", fault=call.fault)


def _visits(checkout: Checkout) -> Iterator[dict[str, Any]]:
    if checkout.opened_at is None:
        return
    yield _entry(checkout.opened_at, CHECKOUT_STARTED.type, "pagopa_checkout", checkout_id=str(checkout.id))
    if checkout.end_reason and checkout.ended_at:
        source = "janitor" if checkout.end_reason == "timed_out" else "payer"
        detail = {"checkout_id": str(checkout.id), "reason": checkout.end_reason}
        yield _entry(checkout.ended_at, CHECKOUT_ABANDONED.type, source, **detail)


def _money(receipt: Receipt) -> Iterator[tuple[tuple[int, int], dict[str, Any]]]:
    """Tell a receipt, each entry with its place in the order of decisions about the practice."""
    source = "settlement" if receipt.source == "settlement" else "pagopa_receipt"
    for sequence, event_type in enumerate(RAISES[Judgement(str(receipt.judgement))], receipt.event_sequence or 0):
        detail = {"receipt_id": receipt.receipt_id, "psp_name": receipt.psp_name, "amount_cents": receipt.amount_cents}
        if event_type is PAYMENT_CONFIRMED:
            detail["paid_at"] = receipt.paid_at.isoformat()
        if event_type is PAYMENT_DUPLICATED:
            detail["reason"] = receipt.judgement
        yield (sequence, 0), _entry(receipt.received_at, event_type.type, source, **detail)
    if receipt.reported_at:
        entry = _entry(receipt.reported_at, PAYMENT_REPORTED.type, "settlement", receipt_id=receipt.receipt_id)
        yield (receipt.reported_sequence or 0, 1), entry


def _in_order(entries: Sequence[dict[str, Any]], decided: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Merge what clocks order with what was decided in the order given."""
    not_before = accumulate((entry["at"] for entry in decided), max)
    placed = [*((entry["at"], entry) for entry in entries), *zip(not_before, decided, strict=True)]
    return [entry for _, entry in sorted(placed, key=itemgetter(0))]


def _entry(at: Any, kind: str, source: str, **detail: Any) -> dict[str, Any]:
    return {"at": at, "kind": kind, "source": source, "detail": detail}


def _read_cursor(cursor: str | None) -> tuple[int, int]:
    if cursor is None:
        return _START
    transaction, _, row = cursor.partition("-")
    if not (transaction.isdecimal() and row.isdecimal()):
        raise Refused(ErrorCode.INVALID_REQUEST, {"field": "cursor"})
    return int(transaction), int(row)
