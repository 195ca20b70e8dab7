"""Telling payments again what has changed about practices because the catalogue has: account, taxonomy, archive.

An event is a picture of a practice with what the catalogue said then. So a catalogue that says otherwise is followed by
a PracticeAmended for each practice that is still to be paid. In batches, each its own transaction: what was not told
when a process ends is told by the next.
"""

from datetime import datetime
from typing import Final

from chassis.storage.database import Database, Tx
from contracts.events.practices import PRACTICE_AMENDED
from services.practices import catalogue_records, records
from services.practices.repository import practices

_BATCH_ROWS: Final = 200


def tell_all(database: Database, now: datetime) -> int:
    """Tell of every practice to pay whose service has a newer revision than was told; return how many."""
    total = 0
    while True:
        with database.transaction() as tx:
            count = _tell_batch(tx, now)
        total += count
        if count < _BATCH_ROWS:
            return total


def _tell_batch(tx: Tx, now: datetime) -> int:
    rows = practices.to_tell(tx.session, _BATCH_ROWS)
    for row in rows:
        row.sequence += 1
        row.service_revision = row.service.revision
        records.write_who_says_the_amount(row, catalogue_records.rules_of(row.service))
        position = records.position_of(row, row.entity, row.service)
        tx.emit(PRACTICE_AMENDED, position, subject=str(row.id), sequence=row.sequence, now=now)
    return len(rows)
