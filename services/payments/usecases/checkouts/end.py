"""End checkouts unpaid, in whole or in part: what is not paid is free again. A receipt that comes later still wins."""

from datetime import datetime, timedelta
from typing import Final

from chassis.logs import get_logger
from chassis.storage.database import Database, Tx
from contracts.errors import Unavailable
from contracts.events.payments import CHECKOUT_ABANDONED, CheckoutAbandoned
from services.payments.domain.checkouts import CheckoutState, OpeningFailure, after_end, move, wait_until
from services.payments.models import Checkout
from services.payments.repository import checkouts, node_calls

log = get_logger(__name__)

_BATCH: Final = 100


def end_overdue(database: Database, token_life: timedelta, now: datetime) -> None:
    """Free the practices of checkouts that nobody ended: the janitor. A receipt that comes later still wins.

    It asks first. Checkout has nobody to ask (its API opens carts, no more) and receipts can be asked for only after
    the settlement flow; but whoever pays makes the node ask us what to pay, and that is written down: while a payment
    token of an unpaid practice may be alive, its checkout stays open.
    """
    with database.reading() as session:
        overdue = checkouts.overdue(session, now, _BATCH)
    for checkout_id in overdue:
        with database.transaction() as tx:
            checkout = checkouts.get(tx.session, checkout_id, lock=True)
            if checkout is not None:
                _end_overdue(tx, checkout, token_life, now)


def _end_overdue(tx: Tx, checkout: Checkout, token_life: timedelta, now: datetime) -> None:
    if checkout.state == CheckoutState.OPENING and checkout.open_until <= now:
        end_unopened(checkout, OpeningFailure(family=Unavailable.__name__), now)
    elif checkout.state == CheckoutState.OPEN:
        unpaid = [item.practice_id for item in checkout.items if item.receipt_id is None]
        last_activation = node_calls.last_activation(tx.session, unpaid)
        checkout.ask_at = wait_until(checkout.open_until, last_activation, token_life, now)
        if checkout.ask_at is not None:
            log.info("checkout_kept_for_a_payment_token", checkout_id=str(checkout.id))
            return
        end(tx, checkout, "timed_out", now)
    else:
        return
    log.info("checkout_ended_by_janitor", checkout_id=str(checkout.id))


def end(tx: Tx, checkout: Checkout, reason: str, now: datetime) -> None:
    """End an open checkout unpaid, or paid in part: what is not paid is free again."""
    unpaid = [item for item in checkout.items if item.receipt_id is None]
    after = after_end(reason, [item.receipt_id is not None for item in checkout.items])
    move(CheckoutState(checkout.state), after)
    checkout.state = after.value
    checkout.ended_at, checkout.end_reason = now, reason
    for item in unpaid:
        item.holding = False
    abandoned = CheckoutAbandoned(
        checkout_id=checkout.id,
        entity_code=checkout.entity_code,
        practice_ids=[item.practice_id for item in unpaid],
        reason=reason,
        at=now,
    )
    tx.emit(CHECKOUT_ABANDONED, abandoned, subject=str(checkout.id), sequence=2, now=now)


def end_unopened(checkout: Checkout, problem: OpeningFailure, now: datetime) -> None:
    """End a checkout nobody ever saw: silently, for nothing was announced."""
    move(CheckoutState.OPENING, CheckoutState.NOT_OPENED)
    checkout.state = CheckoutState.NOT_OPENED.value
    checkout.problem = problem
    checkout.ended_at, checkout.end_reason = now, "not_opened"
    for item in checkout.items:
        item.holding = False
