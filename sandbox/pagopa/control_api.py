"""The same for programs, in JSON: tests steer the peer without a browser.

POST /sandbox/carts/{id}/outcome   {"outcome": "paid", "only": ["3010…"]} -> {"redirect_url", "receipts"}
POST /sandbox/payments             {"creditor_fiscal_code", "notice_number", "psp", "outcome"} -> {"receipt_ids"},
                                   or 409 {"fault"} where the creditor would not have it
GET  /sandbox/receipts?cart=       -> {"counts", "receipts"}
POST /sandbox/receipts/{row}/send  -> 204
"""

from http import HTTPStatus
from typing import Any, Final

import falcon

from sandbox.pagopa.delivery import Delivery
from sandbox.pagopa.node_client import StationFault
from sandbox.pagopa.payments import Outcome, Payer, Payments
from sandbox.pagopa.registry import Registry, find_psp
from sandbox.pagopa.store import Receipt, Store

_LISTED: Final = 2_000
_SHOWN: Final = (
    "id",
    "receipt_id",
    "recipient",
    "notice_number",
    "amount_cents",
    "cart_id",
    "attempts",
    "last_answer",
    "state",
)


class CartOutcome:
    """Ends a cart."""

    def __init__(self, store: Store, payments: Payments) -> None:
        self._store = store
        self._payments = payments

    def on_post(self, req: falcon.Request, resp: falcon.Response, cart_id: str) -> None:
        """Choose its outcome; 409 when that was done before."""
        wanted = req.get_media()
        cart = self._store.cart(cart_id)
        if cart is None:
            raise falcon.HTTPNotFound
        outcome = _outcome(wanted)
        if not self._store.claim_cart(cart_id, outcome):
            raise falcon.HTTPConflict(title="this cart has ended")
        redirect_url = self._payments.end_cart(cart, outcome, wanted.get("only", ()))
        shown = [_show(receipt) for receipt in self._store.receipts(_LISTED, cart_id)]
        resp.media = {"redirect_url": redirect_url, "receipts": shown}


class CounterPayment:
    """Pays a notice at a counter."""

    def __init__(self, payments: Payments, registry: Registry) -> None:
        self._payments = payments
        self._registry = registry

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Pay it, or say why the creditor would not have it."""
        wanted = req.get_media()
        creditor = self._registry.creditor(wanted["creditor_fiscal_code"])
        payer = Payer(find_psp(wanted.get("psp", "")))
        try:
            receipt_ids = self._payments.pay([(creditor, wanted["notice_number"])], payer, _outcome(wanted))
        except StationFault as fault:
            resp.status = HTTPStatus.CONFLICT
            resp.media = {"fault": fault.code, "description": fault.description}
        else:
            resp.media = {"receipt_ids": receipt_ids}


class Receipts:
    """Lists receipts and their delivery."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """List the newest, of one cart or of all."""
        found = self._store.receipts(_LISTED, req.get_param("cart"))
        resp.media = {"counts": self._store.counts(), "receipts": [_show(receipt) for receipt in found]}


class ReceiptDelivery:
    """Delivers a receipt at once."""

    def __init__(self, store: Store, delivery: Delivery) -> None:
        self._store = store
        self._delivery = delivery

    def on_post(self, req: falcon.Request, resp: falcon.Response, row_id: int) -> None:
        """Deliver it, again if need be."""
        self._store.send_now(row_id)
        self._delivery.hurry()
        resp.status = HTTPStatus.NO_CONTENT


def _outcome(wanted: dict[str, Any]) -> Outcome:
    try:
        return Outcome(wanted.get("outcome", Outcome.PAID))
    except ValueError:
        raise falcon.HTTPBadRequest(title="unknown outcome") from None


def _show(receipt: Receipt) -> dict[str, Any]:
    return {name: getattr(receipt, name) for name in _SHOWN}
