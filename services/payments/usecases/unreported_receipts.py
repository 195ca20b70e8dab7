"""Raise an alarm about receipts that no settlement flow reports: money that was paid and has not arrived."""

from datetime import UTC, datetime, time
from typing import Final

from chassis.logs import get_logger
from chassis.storage.database import Database
from contracts.calendar import ROME, rome_day
from services.payments.domain.working_days import working_days_before
from services.payments.metrics import RECEIPTS_UNREPORTED
from services.payments.repository import receipts

log = get_logger(__name__)

_NAMED: Final = 20


def watch_unreported(database: Database, working_days: int, now: datetime) -> int:
    """Count the receipts that stand in no flow so many working days after the payment; name the oldest in the log."""
    day = working_days_before(rome_day(now), working_days)
    paid_before = datetime.combine(day, time(), ROME).astimezone(UTC)
    with database.reading() as session:
        count, oldest = receipts.unreported(session, paid_before, _NAMED)
    RECEIPTS_UNREPORTED.set(count)
    if count:
        log.error("receipts_in_no_flow", receipts=count, working_days=working_days, oldest=list(oldest))
    return count
