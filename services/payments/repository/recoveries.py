"""Receipts that have not come and are to be asked for."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.payments.models import Receipt, ReceiptRecovery

_ROW: Final = ReceiptRecovery
_ON_ITS_WAY: Final = timedelta(hours=1)


class Reason(StrEnum):
    """Who wants a receipt. A payer waits for a stamp, an operator for an answer: those come first."""

    SETTLEMENT = "settlement"
    STAMP = "stamp"
    ARCHIVE = "archive"
    OPERATOR = "operator"


class State(StrEnum):
    """How it stands with a receipt that is wanted."""

    WAITING = "waiting"
    RECOVERED = "recovered"
    # It came by itself.
    ARRIVED = "arrived"
    GIVEN_UP = "given_up"


def request(session: Session, creditor: str, iur: str, iuv: str | None, reason: Reason, now: datetime) -> None:
    """Note that a receipt is wanted. What is known of it stays, unless an operator asks: that starts anew.

    What the archive says is paid has perhaps been paid this minute: its receipt is given time to come by itself.
    """
    first_try_at = now + (_ON_ITS_WAY if reason is Reason.ARCHIVE else timedelta())
    statement = insert(_ROW).values(
        creditor_fiscal_code=creditor,
        iur=iur,
        iuv=iuv,
        reason=reason.value,
        requested_at=now,
        next_try_at=first_try_at,
    )
    if reason is Reason.OPERATOR:
        again = {
            "reason": reason.value,
            "iuv": func.coalesce(statement.excluded.iuv, _ROW.iuv),
            "state": State.WAITING.value,
            "problem": None,
            "attempts": 0,
            "requested_at": now,
            "next_try_at": now,
            "ended_at": None,
        }
        statement = statement.on_conflict_do_update(index_elements=["creditor_fiscal_code", "iur"], set_=again)
    else:
        statement = statement.on_conflict_do_nothing()
    session.execute(statement)


def take_next(session: Session, now: datetime, lease_until: datetime) -> ReceiptRecovery | None:
    """Return the receipt to ask for next, for this process alone; the one wanted for longest of those that hurry."""
    hurry = case((_ROW.reason.in_([Reason.OPERATOR.value, Reason.STAMP.value]), 0), else_=1)
    statement = (
        select(_ROW)
        .where(_ROW.state == State.WAITING.value, _ROW.next_try_at <= now)
        .order_by(hurry, _ROW.requested_at, _ROW.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = session.scalars(statement).first()
    if row is not None:
        row.next_try_at = lease_until
    return row


def has_come(session: Session, creditor: str, iur: str) -> bool:
    """Return whether the receipt itself is here, not only what was made of a flow in its stead."""
    statement = select(Receipt.id).where(
        Receipt.creditor_fiscal_code == creditor,
        func.coalesce(Receipt.node_receipt_id, Receipt.receipt_id) == iur,
        Receipt.source != "settlement",
    )
    return session.scalar(statement.limit(1)) is not None


def end(session: Session, row_id: int, state: State, now: datetime, problem: str | None = None) -> None:
    """Note how it ended."""
    statement = update(_ROW).where(_ROW.id == row_id)
    session.execute(statement.values(state=state.value, problem=problem, ended_at=now))


def put_off(session: Session, row_id: int, until: datetime, problem: str | None, *, counts: bool) -> None:
    """Ask again later; `counts` whether pagoPA has answered about it."""
    statement = update(_ROW).where(_ROW.id == row_id)
    session.execute(statement.values(next_try_at=until, problem=problem, attempts=_ROW.attempts + int(counts)))


def waiting_count(session: Session) -> int:
    """Return how many receipts are wanted."""
    return session.scalar(select(func.count()).select_from(_ROW).where(_ROW.state == State.WAITING.value)) or 0


def by_iur(session: Session, creditor: str, iur: str) -> ReceiptRecovery | None:
    """Return what is known of a receipt that was wanted."""
    statement = select(_ROW).where(_ROW.creditor_fiscal_code == creditor, _ROW.iur == iur)
    return session.scalars(statement).first()


def newest(session: Session, creditor: str, limit: int) -> Sequence[ReceiptRecovery]:
    """Return the receipts that were wanted of a creditor, newest first."""
    statement = select(_ROW).where(_ROW.creditor_fiscal_code == creditor)
    return session.scalars(statement.order_by(_ROW.id.desc()).limit(limit)).all()
