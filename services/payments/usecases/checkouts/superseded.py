"""Whoever owes may pay: a checkout that a stranger began, and did not go on with, gives way to the debtor's."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from chassis.logs import get_logger
from chassis.storage.database import Tx
from contracts.rpc.payments import StartCheckoutRequest
from services.payments.domain.checkouts import CheckoutState
from services.payments.domain.positions import Position
from services.payments.models import Checkout
from services.payments.repository import checkouts, node_calls
from services.payments.usecases.checkouts.end import end

log = get_logger(__name__)


def supersede(
    tx: Tx,
    request: StartCheckoutRequest,
    known: Mapping[UUID, Position],
    held: Mapping[UUID, Checkout],
    now: datetime,
) -> bool:
    """End the checkouts that hold these practices, if all of them give way; return whether they did.

    A link that is still open somewhere is no danger: a receipt that comes by it wins, as any other.
    """
    if not all(_is_debtor(request, known[practice_id]) for practice_id in held):
        return False
    holders = _locked(tx, held)
    if not all(_gives_way(tx, checkout, request.payer_ref) for checkout in holders):
        return False
    for checkout in holders:
        end(tx, checkout, "superseded", now)
        log.info("checkout_superseded", checkout_id=str(checkout.id))
    tx.session.flush()
    return True


def _locked(tx: Tx, held: Mapping[UUID, Checkout]) -> Sequence[Checkout]:
    ids = sorted({checkout.id for checkout in held.values()})
    return [checkout for one in ids if (checkout := checkouts.get(tx.session, one, lock=True))]


def _is_debtor(request: StartCheckoutRequest, position: Position) -> bool:
    """Return whether the payer has shown to be the debtor, or to know who it is."""
    if position.practice_id in request.identified_practice_ids:
        return True
    debtor = position.terms.debtor.fiscal_code if position.terms else None
    return debtor is not None and debtor == request.payer_fiscal_code


def _gives_way(tx: Tx, checkout: Checkout, payer_ref: str) -> bool:
    """Return whether a stranger's checkout is open and nobody has asked, since it began, what to pay for it."""
    if checkout.payer_ref == payer_ref or checkout.state != CheckoutState.OPEN:
        return False
    unpaid = [item.practice_id for item in checkout.items if item.receipt_id is None]
    last_activation = node_calls.last_activation(tx.session, unpaid)
    return last_activation is None or last_activation < checkout.created_at
