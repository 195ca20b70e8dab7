"""Entrypoints of cart: each calls one use case."""

from datetime import datetime

from chassis.audit import entries
from chassis.clock import now
from chassis.runtime.entrypoints import answers, decides_every, on_event
from chassis.runtime.providers import DatabaseProvider, RpcProvider
from chassis.storage.database import Tx
from contracts.events.envelope import Event
from contracts.events.payments import PAYMENT_CONFIRMED, PaymentConfirmed
from contracts.rpc import audit, cart
from contracts.rpc.cart import AdoptRequest, Cart, CartItemRequest, CartRequest, Count, CountRequest
from services.cart import models, usecases

_PURGE_INTERVAL_S = 3_600


class CartService:
    """What a payer has put together to pay at once."""

    name = "cart"
    database = DatabaseProvider(models)
    rpc = RpcProvider()

    @answers(cart.SHOW)
    def show(self, request: CartRequest) -> Cart:
        """Return the cart's rows."""
        return usecases.show(self.database, self.rpc, request)

    @answers(cart.COUNT)
    def count(self, request: CountRequest) -> Count:
        """Return how many rows the cart has."""
        return usecases.count(self.database, request)

    @answers(cart.ADD)
    def add(self, request: CartItemRequest) -> Count:
        """Put a practice in."""
        return usecases.add(self.database, self.rpc, request, now())

    @answers(cart.REMOVE)
    def remove(self, request: CartItemRequest) -> Count:
        """Take a practice out."""
        return usecases.remove(self.database, request)

    @answers(cart.CLEAR)
    def clear(self, request: CountRequest) -> Count:
        """Empty the cart."""
        return usecases.clear(self.database, request)

    @answers(cart.ADOPT)
    def adopt(self, request: AdoptRequest) -> Count:
        """Make the visitor's cart the citizen's."""
        return usecases.adopt(self.database, request)

    @answers(audit.CART_AUDIT)
    def audit(self, request: audit.AuditRequest) -> audit.AuditPage:
        """Return a page of the audit of this service."""
        with self.database.reading() as session:
            return entries.page(session, models.AuditEntry, request)

    @on_event(PAYMENT_CONFIRMED)
    def on_payment_confirmed(self, tx: Tx, event: Event[PaymentConfirmed]) -> None:
        """Take a paid practice out of every cart."""
        usecases.payment_confirmed(tx, event.data)

    @decides_every(seconds=_PURGE_INTERVAL_S)
    def purge_old_rows(self, now: datetime) -> None:
        """Delete rows older than their retention."""
        usecases.purge(self.database, now)
