"""Rows in the shapes of contracts.rpc.payments."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.payments.domain.checkouts import CheckoutState, shown_state
from services.payments.domain.receipts import Judgement
from services.payments.models import Checkout, CheckoutItem, Receipt

_SAME = (
    "receipt_id",
    "practice_id",
    "entity_code",
    "creditor_fiscal_code",
    "notice_number",
    "iuv",
    "amount_cents",
    "psp_id",
    "psp_name",
    "payment_method",
    "paid_at",
    "application_date",
    "received_at",
)


def show_checkout(checkout: Checkout) -> dict[str, Any]:
    """Return contracts.rpc.payments.Checkout. The payer is sent anywhere only while it is open."""
    is_open = checkout.state == CheckoutState.OPEN
    return {
        "id": checkout.id,
        "entity_code": checkout.entity_code,
        "payer_ref": checkout.payer_ref,
        "state": shown_state(CheckoutState(checkout.state)),
        "created_at": checkout.created_at,
        "open_until": checkout.open_until,
        "ended_at": checkout.ended_at,
        "returned": checkout.returned,
        "redirect_url": checkout.redirect_url if is_open else None,
        "items": [_show_item(item) for item in checkout.items],
        "total_cents": sum(item.amount_cents for item in checkout.items),
    }


def show_receipt(receipt: Receipt) -> dict[str, Any]:
    """Return contracts.rpc.payments.Receipt."""
    return {
        **{name: getattr(receipt, name) for name in _SAME},
        **receipt.details,
        "stamps": [_show_stamp(stamp) for stamp in receipt.details.get("stamps", ())],
        "duplicate": receipt.judgement == Judgement.ALREADY_PAID,
    }


def _show_stamp(stamp: Mapping[str, Any]) -> dict[str, Any]:
    purchased_at = stamp["purchased_at"]
    return {**stamp, "purchased_at": datetime.fromisoformat(purchased_at) if purchased_at else None}


def _show_item(item: CheckoutItem) -> dict[str, Any]:
    return {
        "practice_id": item.practice_id,
        "notice_number": item.notice_number,
        "description": item.description,
        "amount_cents": item.amount_cents,
        "paid": item.receipt_id is not None,
        "paid_at": item.paid_at,
        "receipt_id": item.receipt_id,
    }
