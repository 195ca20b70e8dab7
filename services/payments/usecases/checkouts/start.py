"""Start a checkout: open it with pagoPA, once, however many workers were asked to."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Final, Self
from uuid import UUID

from chassis.storage.database import Database, Tx
from contracts.call import Rpc
from contracts.codes import AmountCents
from contracts.error_details import CheckoutProblem, detail_of
from contracts.errors import ErrorCode, Refused, RpcError, Unavailable
from contracts.events.payments import CHECKOUT_STARTED, CheckoutStarted
from contracts.rpc import payments
from contracts.rpc.payments import StartCheckoutRequest
from services.payments.checkout_client import CheckoutClient
from services.payments.domain.checkouts import CheckoutState, OpeningFailure, move
from services.payments.repository import checkouts
from services.payments.settings import Settings
from services.payments.usecases.checkouts.cart_request import cart_of
from services.payments.usecases.checkouts.end import end_unopened
from services.payments.usecases.checkouts.reservation import reserve_once
from services.payments.usecases.positions import known_positions
from services.payments.usecases.replies import checkout_reply
from services.payments.usecases.told_amounts import learn_amounts

_POLL_S: Final = 0.1


class CheckoutStarter:
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
        self, database: Database, rpc: Rpc, request: StartCheckoutRequest, clock: Callable[[], datetime]
    ) -> payments.Checkout:
        """Return an open checkout for these practices, the same one for the same key or the same payer and practices.

        Raises Refused(PRACTICE_NOT_FOUND, PRACTICE_PAID, PRACTICE_EXPIRED, PRACTICE_CANCELLED, PRACTICE_BEING_PAID,
        PRACTICE_UNDERPAID, AMOUNT_NOT_KNOWN, NOTHING_DUE, CART_OTHER_ENTITY), with the practice in its detail,
        Refused(EQUAL_PRACTICE_FOUND), Refused(TOO_MANY_REQUESTS), and what `CheckoutClient.open` raises.
        """
        practice_ids = list(dict.fromkeys(request.practice_ids))
        known = known_positions(database, rpc, practice_ids, clock())
        learn_amounts(database, rpc, list(known.values()), clock())
        with database.transaction() as tx:
            checkout_id = reserve_once(tx, request, practice_ids, clock())
        if self._slots.acquire(blocking=False):
            try:
                self._open(database, checkout_id, clock)
            finally:
                self._slots.release()
        return _opened_checkout(database, checkout_id)

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
                _give_up(tx, checkout_id, clock(), _failure(error))
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
    started = CheckoutStarted(
        checkout_id=checkout.id,
        entity_code=checkout.entity_code,
        practice_ids=[item.practice_id for item in unpaid],
        total_cents=AmountCents(sum(item.amount_cents for item in unpaid)),
        started_at=now,
        open_until=checkout.open_until,
    )
    tx.emit(CHECKOUT_STARTED, started, subject=str(checkout.id), sequence=1, now=now)


def _give_up(tx: Tx, checkout_id: UUID, now: datetime, failure: OpeningFailure) -> None:
    checkout = checkouts.get(tx.session, checkout_id, lock=True)
    if checkout is not None and checkout.state == CheckoutState.OPENING:
        end_unopened(checkout, failure, now)


def _opened_checkout(database: Database, checkout_id: UUID) -> payments.Checkout:
    """Return the checkout unless it is not open for business: then raise why."""
    with database.reading() as session:
        checkout = checkouts.get(session, checkout_id)
        if checkout is None or checkout.state == CheckoutState.OPENING:
            raise Unavailable(ErrorCode.CHECKOUT_UNAVAILABLE)
        if checkout.state == CheckoutState.NOT_OPENED:
            raise _why_not_opened(checkout.problem)
        return checkout_reply(session, checkout)


def _failure(error: RpcError) -> OpeningFailure:
    problem = detail_of(error, CheckoutProblem) or CheckoutProblem()
    return OpeningFailure(
        family=type(error).__name__,
        code=error.code,
        status=problem.status,
        title=problem.title,
        detail=problem.detail,
        retry_after_s=problem.retry_after_s,
    )


def _why_not_opened(failure: OpeningFailure | None) -> RpcError:
    """Return the error that `failure` was made of."""
    if failure is None:
        return Unavailable(ErrorCode.CHECKOUT_UNAVAILABLE)
    problem = CheckoutProblem(
        status=failure.status, title=failure.title, detail=failure.detail, retry_after_s=failure.retry_after_s
    )
    if failure.family == Refused.__name__:
        return Refused(failure.code or ErrorCode.CHECKOUT_REFUSED, problem)
    return Unavailable(failure.code or ErrorCode.CHECKOUT_UNAVAILABLE, problem)
