"""What mail and identity must both know, as mail has it: the twin of `services/identity/consent_lines.py`.

Each line says the same as there, to the letter: whoever changes one changes the other, and the `form` of both.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import DateTime, FromClause, Text, Uuid, bindparam, column, func, select, text
from sqlalchemy.orm import Session

from chassis.storage.parity_lines import LineSource
from services.notices.models import MailSubscription

FORM: Final = 1
_NO_ENTITY: Final = "-"
_NO_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
_COLUMNS: Final = (
    column("entity_code", Text),
    column("created_at", DateTime(timezone=True)),
    column("key", Uuid),
    column("line", Text),
)
_CONSENTS: Final = (
    text(
        """
        SELECT '-' AS entity_code, CAST(:no_time AS timestamptz) AS created_at, citizen_id AS key,
            concat_ws('|', citizen_id, to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')) AS line
        FROM mail_subscriptions WHERE since IS NOT NULL
        """
    )
    .bindparams(bindparam("no_time", _NO_TIME))
    .columns(*_COLUMNS)
)


def _lines(_events_since: datetime) -> FromClause:
    return _CONSENTS.subquery("lines")


def _entity_codes(_session: Session) -> Sequence[str]:
    return [_NO_ENTITY]


def _oldest(_session: Session) -> datetime:
    return _NO_TIME


def _rows(session: Session, since: datetime, until: datetime) -> int:
    if not since <= _NO_TIME < until:
        return 0
    return session.scalar(select(func.count()).select_from(MailSubscription)) or 0


CONSENTS: Final = LineSource(FORM, _lines, _entity_codes, _oldest, _rows)
