"""What is not stored for ever."""

from datetime import datetime, timedelta
from typing import Final

from chassis.storage.database import Database
from services.payments.repository import node_calls, settlement_files

NODE_CALLS_RETENTION: Final = timedelta(days=400)
_PURGE_BATCH: Final = 5_000


def purge_node_calls(database: Database, now: datetime) -> None:
    """Delete what the node asked so long ago that no timeline tells of it any more, and flows refused as long ago."""
    with database.transaction() as tx:
        settlement_files.purge_refused(tx.session, now - NODE_CALLS_RETENTION)
    while True:
        with database.transaction() as tx:
            if node_calls.purge(tx.session, now - NODE_CALLS_RETENTION, _PURGE_BATCH) < _PURGE_BATCH:
                return
