"""Writing the projection of practices' events: any number of positions in one statement.

The statement folds as `domain.positions.fold` does: the newest news of each kind stays, in whatever order it came, so
that nothing has to be read and locked before. All rows travel as one JSON parameter, in the order of their ids, so that
two processes cannot tangle.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, and_, or_, select, text
from sqlalchemy.orm import Session

from chassis.messaging import codec
from services.payments.domain.positions import Position
from services.payments.models import Position as StoredPosition
from services.payments.models import Receipt

_STATUS: Final = ("standing", "standing_reason")
_TERMS: Final = (
    "amount_cents",
    "description",
    "due_date",
    "payable_until",
    "debtor",
    "transfers",
    "archive",
    "bookkeeping",
    "created_at",
    "public_description",
    "schedule",
    "debt_position",
    "part",
)
_COLUMNS: Final = (
    "practice_id",
    "entity_code",
    "creditor_fiscal_code",
    "notice_number",
    "iuv",
    "sequence",
    "terms_sequence",
    *_STATUS,
    *_TERMS,
)
_TYPES: Final = {
    "practice_id": "uuid",
    "sequence": "integer",
    "terms_sequence": "integer",
    "amount_cents": "bigint",
    "due_date": "date",
    "payable_until": "date",
    "debtor": "jsonb",
    "transfers": "jsonb",
    "archive": "jsonb",
    "bookkeeping": "jsonb",
    "schedule": "jsonb",
    "part": "jsonb",
    "created_at": "timestamptz",
}


def _newer(column: str, sequence: str, later: str) -> str:
    return (
        f"{column} = CASE WHEN excluded.{sequence} {later} positions.{sequence}"
        f" THEN excluded.{column} ELSE positions.{column} END"
    )


def _fold(later: str) -> TextClause:
    """Write the statement; what has a sequence `later` (> or >=) than what is stored takes its place."""
    return text(
        f"INSERT INTO positions ({', '.join(_COLUMNS)})"  # noqa: S608 -- made of the names above
        " SELECT "
        + ", ".join(f"jsonb_strip_nulls({name})" if _TYPES.get(name) == "jsonb" else name for name in _COLUMNS)
        + " FROM jsonb_to_recordset(CAST(:told AS jsonb)) AS told("
        + ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in _COLUMNS)
        + ") ON CONFLICT (practice_id) DO UPDATE SET "
        + ", ".join(
            [
                *(_newer(column, "sequence", later) for column in (*_STATUS, "sequence")),
                *(_newer(column, "terms_sequence", later) for column in (*_TERMS, "terms_sequence")),
            ]
        )
        + f" WHERE excluded.sequence {later} positions.sequence"
        f" OR excluded.terms_sequence {later} positions.terms_sequence"
    )


_FOLD: Final = _fold(">")
_FOLD_AGAIN: Final = _fold(">=")


def write(session: Session, told: Sequence[Position], *, again: bool = False) -> None:
    """Fold what was told of positions, each of another practice, into what is stored.

    `again`: it is told once more by its owner, and stands above what is stored of the same sequence.
    """
    ordered = sorted(told, key=lambda position: position.practice_id)
    rows = codec.write([_row(position) for position in ordered]).decode()
    session.execute(_FOLD_AGAIN if again else _FOLD, {"told": rows})
    # What the session has read before may be old now.
    session.expire_all()


def underpaid(session: Session, practice_ids: Collection[UUID]) -> Sequence[UUID]:
    """Return, locked, which of these practices money has come for and not enough."""
    short = select(StoredPosition.practice_id).where(
        StoredPosition.practice_id.in_(practice_ids),
        StoredPosition.paid_receipt_id.is_not(None),
        StoredPosition.received_cents < StoredPosition.amount_cents,
    )
    return session.scalars(short.order_by(StoredPosition.practice_id).with_for_update()).all()


def with_uncounted_receipts(session: Session, practice_ids: Collection[UUID]) -> Sequence[UUID]:
    """Return which of these practices have receipts that wait for their notice to be known, or to be counted again.

    The latter where the position was lost, and with it what its receipts had paid.
    """
    waiting = select(StoredPosition.practice_id).join(
        Receipt,
        (Receipt.owner_fiscal_code == StoredPosition.creditor_fiscal_code)
        & (Receipt.notice_number == StoredPosition.notice_number),
    )
    is_lost = and_(StoredPosition.paid_receipt_id.is_(None), Receipt.practice_id == StoredPosition.practice_id)
    waiting = waiting.where(or_(Receipt.judgement.is_(None), is_lost), StoredPosition.practice_id.in_(practice_ids))
    return session.scalars(waiting.distinct().order_by(StoredPosition.practice_id)).all()


def _row(position: Position) -> dict[str, Any]:
    """Return a row of JSON values; the terms stand in it all at once or not at all."""
    terms = position.terms
    row: dict[str, Any] = {
        "practice_id": position.practice_id,
        "entity_code": position.entity_code,
        "creditor_fiscal_code": position.creditor_fiscal_code,
        "notice_number": position.notice_number,
        "iuv": position.iuv,
        "sequence": position.sequence,
        "terms_sequence": position.terms_sequence,
        "standing": position.status.value,
        "standing_reason": position.status_reason,
    }
    return row if terms is None else row | {name: getattr(terms, name) for name in _TERMS}
