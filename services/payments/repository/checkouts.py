"""Checkouts and the practices they hold."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select, text, update
from sqlalchemy.orm import Session

from services.payments.domain.checkouts import CheckoutState
from services.payments.models import Checkout, CheckoutItem

# A checkout whose opening nobody finished is given up this long after the last attempt's lease.
OPENING_GRACE: Final = timedelta(seconds=30)


def get(session: Session, checkout_id: UUID, *, lock: bool = False) -> Checkout | None:
    """Return a checkout with its items, read afresh."""
    statement = select(Checkout).where(Checkout.id == checkout_id).execution_options(populate_existing=True)
    return session.scalar(statement.with_for_update() if lock else statement)


def holders(session: Session, practice_ids: Collection[UUID]) -> dict[UUID, Checkout]:
    """Return which open checkout holds which of these practices."""
    statement = (
        select(CheckoutItem.practice_id, Checkout)
        .join(Checkout, Checkout.id == CheckoutItem.checkout_id)
        .where(CheckoutItem.practice_id.in_(practice_ids), CheckoutItem.holding)
    )
    return {row.practice_id: row.Checkout for row in session.execute(statement)}


def first_ends_of_payer(session: Session, payer_ref: str) -> Sequence[datetime]:
    """Return when a payer's open checkouts end at the latest; nobody else opens one for the payer meanwhile."""
    key = f"checkouts of {payer_ref}"
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})
    statement = select(Checkout.open_until).where(
        Checkout.payer_ref == payer_ref, Checkout.state.in_([CheckoutState.OPENING, CheckoutState.OPEN])
    )
    return session.scalars(statement.order_by(Checkout.open_until)).all()


def claim(session: Session, checkout_id: UUID, now: datetime, lease_s: float) -> bool:
    """Take the right to open a checkout with pagoPA; False when somebody else has it or it is not to be opened."""
    until = now + timedelta(seconds=lease_s)
    statement = (
        update(Checkout)
        .where(Checkout.id == checkout_id, Checkout.state == CheckoutState.OPENING, Checkout.lease_until <= now)
        .values(lease_until=until, open_until=until + OPENING_GRACE)
        .returning(Checkout.id)
    )
    return session.execute(statement).first() is not None


def overdue(session: Session, now: datetime, limit: int) -> Sequence[UUID]:
    """Return the checkouts that nobody has ended and that may be due to end."""
    statement = select(Checkout.id).where(
        Checkout.state.in_([CheckoutState.OPENING, CheckoutState.OPEN]),
        or_(Checkout.open_until <= now, Checkout.ask_at <= now),
    )
    return session.scalars(statement.order_by(Checkout.open_until).limit(limit)).all()


def of_payment(session: Session, practice_id: UUID, named: UUID | None) -> list[Checkout]:
    """Return, locked, the checkouts a receipt for this practice settles.

    That is the one it names, if the practice is in it, and whichever holds the practice now. The named one comes first.
    """
    statement = select(CheckoutItem.checkout_id, CheckoutItem.holding).where(CheckoutItem.practice_id == practice_id)
    rows = session.execute(statement).all()
    ids = sorted({checkout_id for checkout_id, holding in rows if holding or checkout_id == named})
    found = [checkout for checkout_id in ids if (checkout := get(session, checkout_id, lock=True))]
    return sorted(found, key=lambda checkout: checkout.id != named)


def of_practice(session: Session, practice_id: UUID) -> Sequence[Checkout]:
    """Return every checkout the practice was in, oldest first."""
    statement = select(Checkout).join(CheckoutItem).where(CheckoutItem.practice_id == practice_id)
    return session.scalars(statement.order_by(Checkout.created_at)).all()
