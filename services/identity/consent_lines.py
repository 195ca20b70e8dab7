"""What identity and mail must both know: who agreed to be written to, and since when.

Each line says the same as its twin in `services/notices/mail/repository/parity.py`, to the letter: whoever changes one
changes the other, and the `form` of both. Consents are of no entity, and are not told apart by when citizens came.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import DateTime, FromClause, Text, Uuid, bindparam, column, func, select, text
from sqlalchemy.orm import Session

from chassis.storage import parity_lines
from chassis.storage.parity_lines import LineSource
from contracts.rpc.parity import Changed, ChangedRequest, TellAgainRequest, ToldAgain
from services.identity import domain
from services.identity.models import ConsentEvent, OutboxMessage

FORM: Final = 1
_NO_ENTITY: Final = "-"
_NO_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
_COLUMNS: Final = (
    column("entity_code", Text),
    column("created_at", DateTime(timezone=True)),
    column("key", Uuid),
    column("line", Text),
)
# Who agreed by a document that is not in the settings any more has no mailbox, and mail does not know of them.
_CONSENTS: Final = text(
    """
    SELECT '-' AS entity_code, CAST(:no_time AS timestamptz) AS created_at, citizen_id AS key,
        concat_ws('|', citizen_id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')) AS line
    FROM (
        SELECT DISTINCT ON (citizen_id) citizen_id, action, at, document_id FROM consent_events
        WHERE purpose = :purpose ORDER BY citizen_id, id DESC
    ) latest
    WHERE action <> 'revoked' AND document_id = ANY(:document_ids)
    """
).bindparams(bindparam("no_time", _NO_TIME), bindparam("purpose", domain.EMAIL_REMINDERS))


def consents(document_ids: Sequence[str]) -> LineSource:
    """Return what is compared; `document_ids` are the texts that the settings know."""
    return LineSource(FORM, partial(_lines, list(document_ids)), _entity_codes, _oldest, _rows, _subjects)


def _lines(document_ids: list[str], _events_since: datetime) -> FromClause:
    return _CONSENTS.bindparams(document_ids=document_ids).columns(*_COLUMNS).subquery("lines")


def _entity_codes(_session: Session) -> Sequence[str]:
    return [_NO_ENTITY]


def _oldest(_session: Session) -> datetime:
    return _NO_TIME


def _rows(session: Session, since: datetime, until: datetime) -> int:
    if not since <= _NO_TIME < until:
        return 0
    return session.scalar(select(func.count()).select_from(ConsentEvent)) or 0


def _subjects(_session: Session, citizen_ids: Sequence[UUID]) -> dict[UUID, Sequence[str]]:
    return {citizen_id: [str(citizen_id)] for citizen_id in citizen_ids}


def changed(session: Session, asked: ChangedRequest) -> Changed:
    """Return which citizens our events of a period are about."""
    return parity_lines.changes(session, OutboxMessage, asked, _citizen_of, OutboxMessage.id)


def _citizen_of(subject: str, _said: Any) -> list[UUID]:
    return [UUID(subject)]


def told_again(session: Session, asked: TellAgainRequest) -> ToldAgain:
    """Return our events about citizens."""
    subjects = [str(citizen_id) for citizen_id in asked.keys]
    return parity_lines.told_again(session, OutboxMessage, subjects, asked.types)
