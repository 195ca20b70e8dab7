"""The timer that lets practices expire where the service refuses late payment."""

from datetime import datetime
from typing import Final

from chassis.storage.database import Database, Tx
from contracts.calendar import rome_day
from contracts.events.practices import PRACTICE_EXPIRED
from services.practices import records
from services.practices.domain import practice_status
from services.practices.domain.practice_status import Ending
from services.practices.repository import practices

_BATCH_ROWS: Final = 200
_REASON: Final = "late_not_accepted"


def expire_overdue(database: Database, now: datetime) -> int:
    """Expire every practice to pay whose last day in Rome has passed; return how many.

    Each batch is its own transaction, and several processes share the work without waiting for each other.
    """
    total = 0
    while True:
        with database.transaction() as tx:
            count = _expire_batch(tx, now)
        total += count
        if count < _BATCH_ROWS:
            return total


def _expire_batch(tx: Tx, now: datetime) -> int:
    rows = practices.expiring(tx.session, rome_day(now), _BATCH_ROWS)
    for row in rows:
        records.write_status(row, practice_status.expired(records.status_of(row), Ending(now, _REASON)))
        row.sequence += 1
        ended = records.ended_of(row, _REASON, now)
        tx.emit(PRACTICE_EXPIRED, ended, subject=str(row.id), sequence=row.sequence, now=now)
    return len(rows)
