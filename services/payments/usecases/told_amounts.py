"""Amounts that the entities' own software says: practices asks it, and what is known is written into the positions.

Nobody waits for it longer than it has time, and no more than half of the workers at once: the others answer the node
about everything else.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from threading import BoundedSemaphore
from typing import Final

from chassis.logs import get_logger
from chassis.storage.database import Database
from contracts.call import Rpc
from contracts.errors import RpcError
from services.payments import clients
from services.payments.domain.positions import Position, PositionStatus
from services.payments.settings import Settings
from services.payments.usecases.positions import learn_again

log = get_logger(__name__)

_TURN_S: Final = 0.5


@cache
def _slots() -> BoundedSemaphore:
    """Return what lets half of the workers of this process wait at once."""
    return BoundedSemaphore(Settings.load().opening_slots)


def learn_amounts(database: Database, rpc: Rpc, asked: Sequence[Position], now: datetime) -> bool:
    """Have the software asked about those of the positions whose answers are over; return whether any was.

    Where practices does not answer, or too many wait already, what is known stays as it is.
    """
    due = [one.practice_id for one in asked if _is_due(one, now)]
    if not due or not _slots().acquire(timeout=_TURN_S):
        return False
    try:
        told = clients.ask_amounts(rpc, due).positions
    except RpcError as error:
        log.warning("amounts_not_asked", error=error.code.value)
        return False
    finally:
        _slots().release()
    learn_again(database, told, [], now)
    return True


def _is_due(position: Position, now: datetime) -> bool:
    is_open = position.status is PositionStatus.OPEN and position.paid_receipt_id is None
    return is_open and position.terms is not None and position.terms.is_to_be_asked(now)
