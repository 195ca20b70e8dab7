"""The only SQL of cart."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from services.cart.domain import Item
from services.cart.models import CartRow


def lock(session: Session, *owners: str) -> None:
    """Let only one change of these carts run at a time, until the transaction ends; always taken in one order."""
    for owner in sorted(owners):
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"cart:{owner}"})


def items(session: Session, owner: str) -> list[Item]:
    """Return what is in a cart, oldest first."""
    statement = select(CartRow).where(CartRow.owner == owner).order_by(CartRow.added_at, CartRow.practice_id)
    return [Item(row.practice_id, row.entity_code) for row in session.scalars(statement)]


def count(session: Session, owner: str) -> int:
    """Return how many practices are in a cart."""
    return session.scalar(select(func.count()).select_from(CartRow).where(CartRow.owner == owner)) or 0


def put(session: Session, owner: str, item: Item, now: datetime) -> None:
    """Put a practice that is not in the cart into it."""
    row = CartRow(owner=owner, practice_id=item.practice_id, entity_code=item.entity_code, added_at=now)
    session.add(row)


def move(session: Session, from_owner: str, to_owner: str, practice_ids: Iterable[UUID]) -> None:
    """Move practices from one cart into another that does not have them."""
    chosen = (CartRow.owner == from_owner, CartRow.practice_id.in_(list(practice_ids)))
    session.execute(update(CartRow).where(*chosen).values(owner=to_owner))


def take_out(session: Session, owner: str, practice_ids: Iterable[UUID]) -> None:
    """Take practices out of a cart."""
    session.execute(delete(CartRow).where(CartRow.owner == owner, CartRow.practice_id.in_(list(practice_ids))))


def clear(session: Session, owner: str) -> None:
    """Empty a cart."""
    session.execute(delete(CartRow).where(CartRow.owner == owner))


def take_out_everywhere(session: Session, practice_id: UUID) -> None:
    """Take a practice out of every cart."""
    session.execute(delete(CartRow).where(CartRow.practice_id == practice_id))


def purge(session: Session, before: datetime) -> int:
    """Delete rows added before that moment and return how many."""
    return len(session.execute(delete(CartRow).where(CartRow.added_at < before).returning(CartRow.owner)).all())
