"""Write down what pagoPA Checkout is asked to open."""

from uuid import UUID

from sqlalchemy.orm import Session

from contracts.errors import ErrorCode, Refused
from services.payments.checkout_client import Cart, CartNotice
from services.payments.domain.positions import Position
from services.payments.models import CheckoutItem
from services.payments.repository import checkouts, positions


def cart_of(session: Session, checkout_id: UUID) -> Cart:
    """Return the cart of a checkout, as things stand now."""
    checkout = checkouts.get(session, checkout_id)
    if checkout is None:
        raise Refused(ErrorCode.CHECKOUT_NOT_FOUND)
    known = positions.by_practice(session, [item.practice_id for item in checkout.items])
    address = checkout.return_url.replace("{checkout_id}", str(checkout.id))
    address += "&esito=" if "?" in address else "?esito="
    return Cart(
        id=checkout.id,
        notices=tuple(_notice(session, item, known[item.practice_id]) for item in checkout.items),
        ok_url=f"{address}ok",
        cancel_url=f"{address}annullato",
        error_url=f"{address}errore",
        waiting_url=f"{address}attesa",
        email=checkout.email,
        all_postal=all(position.terms.all_postal for position in known.values() if position.terms),
    )


def _notice(session: Session, item: CheckoutItem, position: Position) -> CartNotice:
    creditor = positions.creditor(session, position.creditor_fiscal_code)
    return CartNotice(
        notice_number=item.notice_number,
        creditor_fiscal_code=position.creditor_fiscal_code,
        company_name=creditor.company_name if creditor else "",
        description=item.description,
        amount_cents=item.amount_cents,
    )
