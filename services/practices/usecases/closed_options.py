"""The timer that closes the other options of a debt position, once money has come for one.

payments answers the node by what it knows itself, at once; here it is written into the practices, so that list, cart,
notice and archive say the same. A practice that is being paid is left until that has ended.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from chassis.storage.database import Database, Tx
from contracts.events.practices import OTHER_OPTION, PRACTICE_CANCELLED
from contracts.options import PaidPart, Way, is_closed
from services.practices import records
from services.practices.domain import practice_status
from services.practices.domain.practice_status import Ending
from services.practices.domain.states import Cause, State, can_move
from services.practices.models import PracticeRow
from services.practices.repository import practices

_POSITIONS: Final = 50


def close_options(database: Database, now: datetime) -> int:
    """Cancel what need not be paid any more; return how many practices that were."""
    with database.reading() as session:
        positions = practices.closing_positions(session, _POSITIONS)
    closed = 0
    for entity_code, debt_position in positions:
        with database.transaction() as tx:
            closed += _close(tx, practices.locked_debt_position(tx.session, entity_code, debt_position), now)
    return closed


def _close(tx: Tx, rows: Sequence[PracticeRow], now: datetime) -> int:
    """Cancel the practices of a debt position that are closed; those being paid are looked at again."""
    paid = [part for row in rows if (part := _paid_part(row))]
    over = [row for row in rows if is_closed(_way(row), paid)]
    closed = [row for row in over if _cancel(tx, row, now)]
    is_unfinished = any(row.state == State.UNCONFIRMED for row in over)
    for row in rows:
        row.closes_options = is_unfinished and _paid_part(row) is not None
    return len(closed)


def _cancel(tx: Tx, row: PracticeRow, now: datetime) -> bool:
    """Cancel a practice where it can be; return whether it was."""
    status = records.status_of(row)
    if not can_move(status.state, Cause.CANCELLED) or status.facts.open_checkouts:
        return False
    records.write_status(row, practice_status.cancelled(status, Ending(now, OTHER_OPTION)))
    row.sequence += 1
    ended = records.ended_of(row, OTHER_OPTION, now)
    tx.emit(PRACTICE_CANCELLED, ended, subject=str(row.id), sequence=row.sequence, now=now)
    return True


def _way(row: PracticeRow) -> Way:
    return Way(row.option or "", row.debtor_fiscal_code)


def _paid_part(row: PracticeRow) -> PaidPart | None:
    """Return the money that came for a practice; None where none did."""
    receipts = records.status_of(row).facts.receipts.values()
    if not receipts:
        return None
    return PaidPart(
        way=_way(row),
        is_single=row.instalment_number is None,
        first_paid_at=min(receipt.paid_at for receipt in receipts),
        notice_number=row.notice_number,
    )
