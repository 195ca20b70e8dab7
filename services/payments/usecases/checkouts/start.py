"""Open a checkout with pagoPA, once, however many workers were asked to."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Any, Final, Self
from uuid import UUID

from chassis.storage.database import Database, Tx
from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.events.payments import CHECKOUT_STARTED
from services.payments import clients
from services.payments.checkout_client import CheckoutClient
from services.payments.domain.checkouts import CheckoutState, move
from services.payments.repository import checkouts
from services.payments.settings import Settings
from services.payments.usecases.checkouts.cart_request import cart_of
from services.payments.usecases.checkouts.end import not_opened
from services.payments.usecases.checkouts.reservation import reserve_once
from services.payments.usecases.positions import known_positions
from services.payments.usecases.replies import show_checkout

_POLL_S: Final = 0.1


class Cashier:
    """Opens checkouts with pagoPA. One per process: it knows how many workers may be waiting for pagoPA at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = CheckoutClient(settings)
        self._slots = BoundedSemaphore(settings.opening_slots)
        self._lease_s = settings.checkout_timeout_s + 5

    @classmethod
    def load(cls) -> Self:
        """Read the environment."""
        return cls(Settings.load())

    def start(
        self, database: Database, rpc: clients.Rpc, request: Mapping[str, Any], clock: Callable[[], datetime]
    ) -> dict[str, Any]:
        """Return an open checkout for these practices, the same one for the same key or the same payer and practices.

        Raises Refused(PRACTICE_NOT_FOUND, PRACTICE_PAID, PRACTICE_EXPIRED, PRACTICE_CANCELLED, PRACTICE_BEING_PAID,
        CART_OTHER_ENTITY), with the practice in its params, Refused(EQUAL_PRACTICE_FOUND), and what
        `CheckoutClient.open` raises.
        """
        practice_ids = list(dict.fromkeys(request["practice_ids"]))
        known_positions(database, rpc, practice_ids, clock())
        with database.transaction() as tx:
            checkout_id = reserve_once(tx, request, practice_ids, clock())
        if self._slots.acquire(blocking=False):
            try:
                self._open(database, checkout_id, clock)
            finally:
                self._slots.release()
        return _show_opened(database, checkout_id)

    def _open(self, database: Database, checkout_id: UUID, clock: Callable[[], datetime]) -> None:
        """Ask pagoPA to open the checkout, or wait while another worker does."""
        deadline = clock() + timedelta(seconds=self._lease_s)
        while clock() < deadline:
            with database.reading() as session:
                if checkouts.claim(session, checkout_id, clock(), self._lease_s):
                    break
                checkout = checkouts.get(session, checkout_id)
                if checkout is None or checkout.state != CheckoutState.OPENING:
                    return
            time.sleep(_POLL_S)
        else:
            return
        self._ask_pagopa(database, checkout_id, clock)

    def _ask_pagopa(self, database: Database, checkout_id: UUID, clock: Callable[[], datetime]) -> None:
        with database.reading() as session:
            cart = cart_of(session, checkout_id)
        try:
            redirect_url = self._client.open(cart)
        except (Refused, Unavailable) as error:
            with database.transaction() as tx:
                _give_up(
                    tx, checkout_id, clock(), {"family": type(error).__name__, "code": error.code.value, **error.params}
                )
            raise
        with database.transaction() as tx:
            _opened(tx, checkout_id, redirect_url, clock(), self._settings)


def _opened(tx: Tx, checkout_id: UUID, redirect_url: str, now: datetime, settings: Settings) -> None:
    """Store where the payer is to be sent, and say that the practices are being paid."""
    checkout = checkouts.get(tx.session, checkout_id, lock=True)
    if checkout is None or checkout.state != CheckoutState.OPENING:
        return
    move(CheckoutState.OPENING, CheckoutState.OPEN)
    checkout.state = CheckoutState.OPEN.value
    checkout.redirect_url = redirect_url
    checkout.opened_at = now
    checkout.ask_at = now + timedelta(seconds=settings.checkout_open_s)
    checkout.open_until = checkout.ask_at + settings.token_life
    unpaid = [item for item in checkout.items if item.receipt_id is None]
    started = {
        "checkout_id": checkout.id,
        "entity_code": checkout.entity_code,
        "practice_ids": [item.practice_id for item in unpaid],
        "total_cents": sum(item.amount_cents for item in unpaid),
        "started_at": now,
        "open_until": checkout.open_until,
    }
    tx.emit(CHECKOUT_STARTED, started, subject=str(checkout.id), sequence=1, now=now)


def _give_up(tx: Tx, checkout_id: UUID, now: datetime, problem: dict[str, Any]) -> None:
    checkout = checkouts.get(tx.session, checkout_id, lock=True)
    if checkout is not None and checkout.state == CheckoutState.OPENING:
        not_opened(checkout, problem, now)


def _show_opened(database: Database, checkout_id: UUID) -> dict[str, Any]:
    """Return the checkout unless it is not open for business: then raise why."""
    with database.reading() as session:
        checkout = checkouts.get(session, checkout_id)
        if checkout is None or checkout.state == CheckoutState.OPENING:
            raise Unavailable(ErrorCode.CHECKOUT_UNAVAILABLE)
        if checkout.state == CheckoutState.NOT_OPENED:
            raise _why_not_opened(checkout.problem or {})
        return show_checkout(checkout)


def _why_not_opened(problem: Mapping[str, Any]) -> Refused | Unavailable:
    params = {name: value for name, value in problem.items() if name not in ("family", "code")}
    if problem.get("family") == Refused.__name__:
        return Refused(problem.get("code", ErrorCode.CHECKOUT_REFUSED), params)
    return Unavailable(problem.get("code", ErrorCode.CHECKOUT_UNAVAILABLE), params)
