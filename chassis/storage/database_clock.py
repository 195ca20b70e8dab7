"""The database's time, by which deadlines that change a state are decided.

All processes of a service share one database, but each has a clock of its own: one that is days ahead would end what
is still open. So such a decision takes the database's time, and a process that disagrees with it leaves it to others.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from chassis import logs
from chassis.metrics import CLOCK_OFFSET_SECONDS
from chassis.storage.database import Database

OFFSET_MAX_S: Final = 5.0

log = logs.get_logger(__name__)


def database_time(database: Database) -> datetime:
    """Return the database's time: for a deadline that is set, whatever this process's clock says."""
    with database.reading() as session:
        theirs: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return theirs


def time_to_decide(database: Database, own_clock: Callable[[], datetime]) -> datetime | None:
    """Return the database's time, or None where this process's clock is more than OFFSET_MAX_S seconds off it.

    None means: decide nothing. It is logged as an error and seen in the metric `clock_offset_seconds`, positive where
    our clock is ahead. A slow answer is no offset: the database's time may be anywhere between question and answer.
    """
    asked_at = own_clock()
    theirs = database_time(database)
    offset_s = _offset_s(asked_at, theirs, own_clock())
    CLOCK_OFFSET_SECONDS.set(offset_s)
    if abs(offset_s) > OFFSET_MAX_S:
        log.error("clock_is_off", offset_s=round(offset_s, 1), limit_s=OFFSET_MAX_S)
        return None
    return theirs


def _offset_s(asked_at: datetime, theirs: datetime, answered_at: datetime) -> float:
    """Return by how many seconds we are ahead of the database for certain; negative: behind."""
    if theirs < asked_at:
        return (asked_at - theirs).total_seconds()
    return min(0.0, (answered_at - theirs).total_seconds())
