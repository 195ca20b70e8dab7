"""What the payer sees of a checkout, and says on coming back."""

from datetime import datetime

from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from contracts.rpc import payments
from contracts.rpc.payments import CheckoutRequest, ReturnedRequest
from services.payments.domain.checkouts import RETURN_REASONS, CheckoutState
from services.payments.models import Checkout
from services.payments.repository import checkouts
from services.payments.usecases.checkouts.end import end
from services.payments.usecases.replies import checkout_reply


def find(database: Database, request: CheckoutRequest) -> payments.Checkout:
    """Return a checkout to the payer it belongs to. Raises Refused(CHECKOUT_NOT_FOUND)."""
    with database.reading() as session:
        return checkout_reply(session, _own(checkouts.get(session, request.checkout_id), request.payer_ref))


def returned(database: Database, request: ReturnedRequest, now: datetime) -> payments.Checkout:
    """Note what the browser said on coming back. `annullato` and `errore` end an open checkout.

    `ok` and `attesa` end nothing: only a receipt proves a payment.

    Raises Refused(CHECKOUT_NOT_FOUND).
    """
    with database.transaction() as tx:
        checkout = _own(checkouts.get(tx.session, request.checkout_id, lock=True), request.payer_ref)
        checkout.returned = request.outcome
        reason = RETURN_REASONS.get(request.outcome)
        if reason and checkout.state == CheckoutState.OPEN:
            end(tx, checkout, reason, now)
        return checkout_reply(tx.session, checkout)


def _own(checkout: Checkout | None, payer_ref: str) -> Checkout:
    if checkout is None or checkout.payer_ref != payer_ref:
        raise Refused(ErrorCode.CHECKOUT_NOT_FOUND)
    return checkout
