"""Cases of unexpected money looked after: opened where they are missing, and counted while they wait."""

from datetime import datetime
from typing import Final

from chassis.logs import get_logger
from chassis.storage.database import Database
from services.payments.metrics import MONEY_CASES_OLDEST_SECONDS, MONEY_CASES_WAITING
from services.payments.repository import money_cases, positions
from services.payments.usecases.receipt_judgement import facts_of
from services.payments.usecases.unexpected_money import open_case

log = get_logger(__name__)

_AT_ONCE: Final = 500


def open_missing(database: Database, now: datetime) -> int:
    """Open cases for receipts that have none, as they came while no release made any. Return how many."""
    with database.transaction() as tx:
        found = money_cases.receipts_without_case(tx.session, _AT_ONCE)
        known = positions.by_practice(tx.session, {one.practice_id for one in found if one.practice_id})
        for receipt in found:
            position = known.get(receipt.practice_id) if receipt.practice_id else None
            open_case(tx, receipt, facts_of(receipt), position, now)
    if found:
        log.info("money_cases_opened_late", cases=len(found))
    return len(found)


def watch_waiting(database: Database, now: datetime) -> None:
    """Tell the metrics how many cases wait in each entity, and for how long the oldest has."""
    with database.reading() as session:
        waiting = money_cases.waiting(session)
    MONEY_CASES_WAITING.clear()
    MONEY_CASES_OLDEST_SECONDS.clear()
    for entity_code, count, oldest in waiting:
        MONEY_CASES_WAITING.labels(entity_code).set(count)
        MONEY_CASES_OLDEST_SECONDS.labels(entity_code).set(max(0.0, (now - oldest).total_seconds()))
