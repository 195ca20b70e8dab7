"""Entrypoints of cart: each calls one use case."""

from typing import Any

from chassis.clock import now
from chassis.runtime.entrypoints import answers, every, on_event
from chassis.runtime.providers import DatabaseProvider, RpcProvider
from chassis.storage.database import Tx
from contracts.events.payments import PAYMENT_CONFIRMED
from contracts.rpc import cart
from services.cart import models, usecases

_PURGE_INTERVAL_S = 3_600


class CartService:
    """What a payer has put together to pay at once."""

    name = "cart"
    database = DatabaseProvider(models)
    rpc = RpcProvider()

    @answers(cart.SHOW)
    def show(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the cart's rows."""
        return usecases.show(self.database, self.rpc, request)

    @answers(cart.COUNT)
    def count(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return how many rows the cart has."""
        return usecases.count(self.database, request)

    @answers(cart.ADD)
    def add(self, request: dict[str, Any]) -> dict[str, Any]:
        """Put a practice in."""
        return usecases.add(self.database, self.rpc, request, now())

    @answers(cart.REMOVE)
    def remove(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take a practice out."""
        return usecases.remove(self.database, request)

    @answers(cart.CLEAR)
    def clear(self, request: dict[str, Any]) -> dict[str, Any]:
        """Empty the cart."""
        return usecases.clear(self.database, request)

    @answers(cart.ADOPT)
    def adopt(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make the visitor's cart the citizen's."""
        return usecases.adopt(self.database, request)

    @on_event(PAYMENT_CONFIRMED)
    def on_payment_confirmed(self, tx: Tx, event: dict[str, Any]) -> None:
        """Take a paid practice out of every cart."""
        usecases.payment_confirmed(tx, event["data"])

    @every(seconds=_PURGE_INTERVAL_S)
    def purge_old_rows(self) -> None:
        """Forget carts nobody has touched for long."""
        usecases.purge(self.database, now())
