"""What payments and practices must both know, as payments has it.

`POSITIONS` is the projection, compared with practices. `STATES` is what payments has told of money and of open
checkouts, which practices compares its states with. Each line says the same as its twin in
`services/practices/repository/parity.py`, to the letter: whoever changes one changes the other, and the `form` of both.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, FromClause, Text, Uuid, bindparam, column, func, select, text
from sqlalchemy.orm import Session

from chassis.storage import parity_lines
from chassis.storage.parity_lines import LineSource
from contracts.events.payments import PAYMENT_REPORTED
from contracts.rpc.parity import Changed, ChangedRequest, TellAgainRequest, ToldAgain
from services.payments.domain.checkouts import CheckoutState
from services.payments.domain.receipts import UNEXPECTED
from services.payments.models import CheckoutItem, OutboxMessage, Position
from services.payments.repository import positions

POSITIONS_FORM: Final = 1
STATES_FORM: Final = 1
_FLAGGED: Final = sorted(judgement.value for judgement in UNEXPECTED)
_COLUMNS: Final = (
    column("entity_code", Text),
    column("created_at", DateTime(timezone=True)),
    column("key", Uuid),
    column("line", Text),
)
_POSITIONS: Final = text(
    """
    SELECT entity_code, created_at, practice_id AS key,
        concat_ws('|', practice_id, notice_number, sequence, standing, amount_cents,
            coalesce(to_char(due_date, 'YYYY-MM-DD'), '-'),
            coalesce(to_char(payable_until, 'YYYY-MM-DD'), '-')) AS line
    FROM positions
    """
).columns(*_COLUMNS)
_STATES: Final = text(
    """
    SELECT p.entity_code, p.created_at, p.practice_id AS key,
        concat_ws('|', p.practice_id, r.receipts > 0, r.receipts, r.cents, coalesce(r.reasons, '-'),
            CASE WHEN r.receipts > 0 THEN '-' ELSE coalesce(o.checkout_ids, '-') END,
            p.created_at >= :events_since AND EXISTS (
                SELECT FROM outbox WHERE subject = CAST(p.practice_id AS text) AND type = :reported
                    AND created_at >= p.created_at - interval '1 day'
            )) AS line
    FROM positions p
    CROSS JOIN LATERAL (
        SELECT count(*) AS receipts, coalesce(sum(amount_cents), 0) AS cents,
            string_agg(DISTINCT judgement COLLATE "C", ',' ORDER BY judgement COLLATE "C")
                FILTER (WHERE judgement = ANY(:flagged)) AS reasons
        FROM receipts WHERE receipts.practice_id = p.practice_id
    ) r
    LEFT JOIN (
        SELECT item.practice_id,
            string_agg(CAST(item.checkout_id AS text), ',' ORDER BY CAST(item.checkout_id AS text) COLLATE "C")
                AS checkout_ids
        FROM checkouts JOIN checkout_items item ON item.checkout_id = checkouts.id
        WHERE checkouts.state = :open AND item.receipt_id IS NULL
        GROUP BY item.practice_id
    ) o ON o.practice_id = p.practice_id
    WHERE r.receipts > 0 OR o.checkout_ids IS NOT NULL
    """
).bindparams(
    bindparam("reported", PAYMENT_REPORTED.type),
    bindparam("flagged", _FLAGGED),
    bindparam("open", CheckoutState.OPEN.value),
)


def _positions(_events_since: datetime) -> FromClause:
    return _POSITIONS.subquery("lines")


def _states(events_since: datetime) -> FromClause:
    return _STATES.bindparams(events_since=events_since).columns(*_COLUMNS).subquery("lines")


def _oldest(session: Session) -> datetime | None:
    """Return when the first position was created, entity by entity: so the index is asked."""
    codes = positions.entity_codes(session)
    moments = [
        session.scalar(select(func.min(Position.created_at)).where(Position.entity_code == code)) for code in codes
    ]
    return min((moment for moment in moments if moment is not None), default=None)


def _rows(session: Session, since: datetime, until: datetime) -> int:
    statement = select(func.count()).where(
        Position.entity_code.in_(positions.entity_codes(session)),
        Position.created_at >= since,
        Position.created_at < until,
    )
    return session.scalar(statement) or 0


def _subjects(session: Session, practice_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[str]]:
    """Return the subjects of events about practices: the practice, and each checkout it was in."""
    subjects: dict[UUID, list[str]] = {practice_id: [str(practice_id)] for practice_id in practice_ids}
    items = select(CheckoutItem.practice_id, CheckoutItem.checkout_id)
    for row in session.execute(items.where(CheckoutItem.practice_id.in_(practice_ids))):
        subjects[row.practice_id].append(str(row.checkout_id))
    return subjects


POSITIONS: Final = LineSource(POSITIONS_FORM, _positions, positions.entity_codes, _oldest, _rows)
STATES: Final = LineSource(STATES_FORM, _states, positions.entity_codes, _oldest, _rows, _subjects)


def changed(session: Session, asked: ChangedRequest) -> Changed:
    """Return which practices our events of a period are about."""
    return parity_lines.changes(session, OutboxMessage, asked, _practices_of, OutboxMessage.body["data"])


def _practices_of(_subject: str, data: Mapping[str, Any]) -> list[UUID]:
    one = data.get("practice_id")
    return [UUID(name) for name in (*data.get("practice_ids", ()), *([one] if one else ()))]


def told_again(session: Session, asked: TellAgainRequest) -> ToldAgain:
    """Return our events about practices."""
    named = _subjects(session, asked.keys).values()
    subjects = sorted({subject for of_key in named for subject in of_key})
    return parity_lines.told_again(session, OutboxMessage, subjects, asked.types)


def last_event_sequence(session: Session, practice_id: UUID) -> int:
    """Return the highest sequence of our events about a practice; 0 where there is none any more."""
    sequence = func.max(OutboxMessage.body["sequence"].astext.cast(BigInteger))
    return session.scalar(select(sequence).where(OutboxMessage.subject == str(practice_id))) or 0
