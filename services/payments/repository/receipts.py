"""Receipts: facts, inserted once and kept."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.payments.domain.receipts import Judgement
from services.payments.models import Receipt


def insert_new(session: Session, values: Mapping[str, Any]) -> Receipt | None:
    """Store a receipt; None when the body has it already. A concurrent twin waits here for the first one's commit."""
    statement = (
        insert(Receipt).values(**values).on_conflict_do_nothing(index_elements=["creditor_fiscal_code", "receipt_id"])
    )
    return session.scalar(statement.returning(Receipt))


def unjudged_ids(session: Session, limit: int) -> Sequence[int]:
    """Return the receipts of which it is not known yet what they mean, oldest first."""
    statement = select(Receipt.id).where(Receipt.judgement.is_(None)).order_by(Receipt.id).limit(limit)
    return session.scalars(statement).all()


def unjudged_of_notice(session: Session, owner_fiscal_code: str, notice_number: str) -> Sequence[Receipt]:
    """Return, locked, the receipts of a notice that wait for it to be known, oldest first."""
    statement = select(Receipt).where(
        Receipt.owner_fiscal_code == owner_fiscal_code,
        Receipt.notice_number == notice_number,
        Receipt.judgement.is_(None),
    )
    return session.scalars(statement.order_by(Receipt.id).with_for_update()).all()


def get(session: Session, receipt_row_id: int, *, lock: bool = False) -> Receipt:
    """Return one receipt by its row."""
    statement = select(Receipt).where(Receipt.id == receipt_row_id)
    return session.scalars(statement.with_for_update() if lock else statement).one()


def of_practice(session: Session, practice_id: UUID) -> Sequence[Receipt]:
    """Return the receipts of a practice that brought money, in the order they came."""
    statement = select(Receipt).where(Receipt.practice_id == practice_id, Receipt.judgement != Judgement.NO_MONEY)
    return session.scalars(statement.order_by(Receipt.id)).all()


def page(
    session: Session, entity_code: str, since: datetime | None, after: tuple[int, int], limit: int
) -> Sequence[Receipt]:
    """Return an entity's receipts after a cursor (transaction, id), in an order later commits cannot slip into.

    A transaction still running when the page is read has a number not below the horizon, so its rows and all later
    ones wait for the next page.
    """
    statement = select(Receipt).where(
        Receipt.entity_code == entity_code,
        Receipt.amount_cents > 0,
        tuple_(Receipt.transaction, Receipt.id) > after,
        text("transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"),
    )
    if since is not None:
        statement = statement.where(Receipt.received_at >= since)
    return session.scalars(statement.order_by(Receipt.transaction, Receipt.id).limit(limit)).all()


def renumber(session: Session, receipt: Receipt) -> None:
    """Give a receipt that becomes visible to its entity only now a number later than every page read so far."""
    receipt.transaction = session.scalar(text("SELECT pg_current_xact_id()::text::bigint")) or receipt.transaction
