"""Receipts, positions and checkouts that name somebody and are old enough to be forgotten."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.payments.models import CHECKOUT_TO_FORGET, Checkout, Position, Receipt


def old_receipts(session: Session, entity_code: str, before: datetime, after: int, limit: int) -> Sequence[Receipt]:
    """Return receipts of an entity that arrived before a moment, those behind the id `after`, locked."""
    statement = select(Receipt).where(
        Receipt.forgotten_at.is_(None),
        Receipt.entity_code == entity_code,
        Receipt.received_at < before,
        Receipt.id > after,
    )
    return session.scalars(statement.order_by(Receipt.id).limit(limit).with_for_update(skip_locked=True)).all()


def ended_positions(session: Session, entity_code: str, before: datetime, limit: int) -> Sequence[UUID]:
    """Return positions of an entity that were made and paid before a moment, or made before it and ended."""
    statement = select(Position.practice_id).where(
        Position.entity_code == entity_code,
        Position.created_at < before,
        Position.forgotten_at.is_(None),
        or_(Position.paid_at < before, Position.status.in_(("cancelled", "expired"))),
    )
    return session.scalars(statement.order_by(Position.created_at).limit(limit)).all()


def locked_positions(session: Session, practice_ids: Sequence[UUID]) -> Sequence[Position]:
    """Return those of these positions that still are to be forgotten, locked in the order of their practices."""
    statement = select(Position).where(Position.practice_id.in_(practice_ids), Position.forgotten_at.is_(None))
    return session.scalars(statement.order_by(Position.practice_id).with_for_update()).all()


def old_checkouts(session: Session, entity_code: str, before: datetime, limit: int) -> Sequence[Checkout]:
    """Return checkouts with an entity that ended before a moment and say whose they were, locked."""
    statement = select(Checkout).where(
        CHECKOUT_TO_FORGET, Checkout.entity_code == entity_code, Checkout.ended_at < before
    )
    return session.scalars(
        statement.order_by(Checkout.ended_at).limit(limit).with_for_update(skip_locked=True, of=Checkout)
    ).all()
