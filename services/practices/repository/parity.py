"""What payments and practices must both know, as practices has it.

`STATES` is what practices has folded of payments' events, compared with payments. `POSITIONS` is what payments'
positions are compared with. Each line says the same as its twin in `services/payments/repository/parity.py`, to the
letter: whoever changes one changes the other, and the `form` of both.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import DateTime, FromClause, Text, Uuid, bindparam, column, func, select, text
from sqlalchemy.orm import Session

from chassis.storage import parity_lines
from chassis.storage.parity_lines import LineSource
from contracts.calendar import NO_DUE_DATE
from contracts.rpc.parity import Changed, ChangedRequest, TellAgainRequest, ToldAgain
from services.practices.domain.states import State
from services.practices.models import EntityRow, OutboxMessage, PracticeRow

POSITIONS_FORM: Final = 1
STATES_FORM: Final = 1
_WITH_MONEY: Final = [State.UNDERPAID.value, State.PAID.value, State.REPORTED.value]
_COLUMNS: Final = (
    column("entity_code", Text),
    column("created_at", DateTime(timezone=True)),
    column("key", Uuid),
    column("line", Text),
)
_POSITIONS: Final = text(
    """
    SELECT entity_code, created_at, id AS key,
        concat_ws('|', id, notice_number, sequence,
            CASE WHEN jsonb_exists(facts, 'cancelled') THEN 'cancelled'
                WHEN jsonb_exists(facts, 'expired') THEN 'expired' ELSE 'open' END,
            amount_cents,
            coalesce(to_char(nullif(due_date, :no_date), 'YYYY-MM-DD'), '-'),
            coalesce(to_char(nullif(payable_until, :no_date), 'YYYY-MM-DD'), '-')) AS line
    FROM practices
    """
).bindparams(bindparam("no_date", NO_DUE_DATE))
_STATES: Final = text(
    """
    SELECT entity_code, created_at, id AS key,
        concat_ws('|', id, state = ANY(:with_money), received.receipts, received.cents,
            coalesce(
                (SELECT string_agg(reason, ',' ORDER BY reason COLLATE "C")
                 FROM jsonb_array_elements_text(facts->'odd_money') reason),
                '-'
            ),
            CASE WHEN received.receipts > 0 THEN '-' ELSE coalesce(
                (SELECT string_agg(checkout_id, ',' ORDER BY checkout_id COLLATE "C")
                 FROM jsonb_object_keys(facts->'open_checkouts') checkout_id),
                '-'
            ) END,
            created_at >= :events_since AND state = :reported) AS line
    FROM practices
    CROSS JOIN LATERAL (
        SELECT count(*) AS receipts, coalesce(sum(CAST(receipt.value->>'amount_cents' AS bigint)), 0) AS cents
        FROM jsonb_each(facts->'receipts') receipt
    ) received
    WHERE jsonb_exists_any(facts, ARRAY['receipts', 'odd_money', 'open_checkouts'])
    """
).bindparams(bindparam("with_money", _WITH_MONEY), bindparam("reported", State.REPORTED.value))


def _positions(_events_since: datetime) -> FromClause:
    return _POSITIONS.columns(*_COLUMNS).subquery("lines")


def _states(events_since: datetime) -> FromClause:
    return _STATES.bindparams(events_since=events_since).columns(*_COLUMNS).subquery("lines")


def _entity_codes(session: Session) -> Sequence[str]:
    return session.scalars(select(EntityRow.code).order_by(EntityRow.code)).all()


def _oldest(session: Session) -> datetime | None:
    """Return when the first practice was created, entity by entity: so the index is asked."""
    moments = [
        session.scalar(select(func.min(PracticeRow.created_at)).where(PracticeRow.entity_code == code))
        for code in _entity_codes(session)
    ]
    return min((moment for moment in moments if moment is not None), default=None)


def _rows(session: Session, since: datetime, until: datetime) -> int:
    statement = select(func.count()).where(
        PracticeRow.entity_code.in_(_entity_codes(session)),
        PracticeRow.created_at >= since,
        PracticeRow.created_at < until,
    )
    return session.scalar(statement) or 0


def _subjects(_session: Session, practice_ids: Sequence[UUID]) -> dict[UUID, Sequence[str]]:
    return {practice_id: [str(practice_id)] for practice_id in practice_ids}


POSITIONS: Final = LineSource(POSITIONS_FORM, _positions, _entity_codes, _oldest, _rows, _subjects)
STATES: Final = LineSource(STATES_FORM, _states, _entity_codes, _oldest, _rows)


def changed(session: Session, asked: ChangedRequest) -> Changed:
    """Return which practices our events of a period are about."""
    return parity_lines.changes(session, OutboxMessage, asked, _practice_of, OutboxMessage.id)


def _practice_of(subject: str, _said: Any) -> list[UUID]:
    try:
        return [UUID(subject)]
    except ValueError:
        return []


def told_again(session: Session, asked: TellAgainRequest) -> ToldAgain:
    """Return our events about practices."""
    subjects = [str(practice_id) for practice_id in asked.keys]
    return parity_lines.told_again(session, OutboxMessage, subjects, asked.types)
