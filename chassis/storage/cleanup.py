"""What a service's database forgets by itself: idempotency keys, whose answers hold personal data, and the inbox."""

from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chassis import logs
from chassis.storage import outbox
from chassis.storage.database import Database

log = logs.get_logger(__name__)

KEYS_KEPT_DAYS: Final = 30
# Longer than events are sent again: what may come must still be known here.
INBOX_KEPT_DAYS: Final = outbox.REPLAYED_DAYS + 30


def tidy(database: Database, now: datetime) -> None:
    """Delete what is older than it is kept, in those of the two tables that the service has."""
    with database.transaction() as tx:
        for model_name, column, kept_days in (
            ("IdempotencyKey", "created_at", KEYS_KEPT_DAYS),
            ("InboxMessage", "received_at", INBOX_KEPT_DAYS),
        ):
            model = getattr(database.models, model_name, None)
            if model is not None:
                deleted = _delete_older(tx.session, model, column, now - timedelta(days=kept_days))
                log.info("table_tidied", table=model.__tablename__, rows=deleted)


def _delete_older(session: Session, model: Any, column: str, before: datetime) -> int:
    result: Any = session.execute(sa.delete(model).where(getattr(model, column) < before))
    return int(result.rowcount)
