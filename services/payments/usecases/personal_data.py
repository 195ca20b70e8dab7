"""Forget whom old receipts, positions and checkouts were about, as each entity's catalogue says; the money stays.

A position is forgotten once practices and payments agree on it. Each batch is a transaction of its own: whoever stops
in between goes on from there. Nothing personal is logged.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chassis import logs
from chassis.storage.database import Database
from chassis.storage.parity_lines import CountedSide
from contracts.call import Rpc
from contracts.codes import ANONYMOUS_FISCAL_CODE
from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices
from contracts.rpc.parity import KEYS_MAX, Line, LinesRequest
from contracts.rpc.practices import Retention
from contracts.shapes import Subject
from services.payments import clients
from services.payments.models import Checkout, Position, Receipt
from services.payments.repository import parity, positions, retention

log = logs.get_logger(__name__)

_AT_ONCE: Final = 200
_BATCHES_A_TURN: Final = 50
"""Of each kind and entity: the next turn goes on, so that no turn takes long."""
# What only events tell is compared where they are stored still.
_EVENTS: Final = timedelta(days=390)
_NOBODY: Final = Subject(entity_type="F", fiscal_code=ANONYMOUS_FISCAL_CODE, full_name="-")
_NOTHING: Final = "-"


def forget(database: Database, rpc: Rpc, now: datetime) -> None:
    """Forget what is old enough of each entity, but for those that are paused. Raises RpcError."""
    with database.reading() as session:
        codes = positions.entity_codes(session)
    for code in codes:
        period = _period(rpc, code)
        if period is None or period.paused:
            continue
        counts = {
            "receipts": _forget_receipts(database, code, now - timedelta(days=period.receipts_days), now),
            "positions": _forget_positions(database, rpc, code, now - timedelta(days=period.practices_days), now),
            "checkouts": _forget_checkouts(database, code, now - timedelta(days=period.traces_days)),
        }
        if any(counts.values()):
            log.info("persons_forgotten", entity_code=code, **counts)


def _period(rpc: Rpc, entity_code: str) -> Retention | None:
    try:
        return rpc.call(practices.ENTITY, practices.EntityRequest(entity_code=entity_code)).retention
    except Refused as refused:
        if refused.code is not ErrorCode.UNKNOWN_ENTITY:
            raise
        return None  # its practices went with it


def _forget_receipts(database: Database, entity_code: str, before: datetime, now: datetime) -> int:
    count = after = 0
    for _ in range(_BATCHES_A_TURN):
        with database.transaction() as tx:
            rows = retention.old_receipts(tx.session, entity_code, before, after, _AT_ONCE)
            for row in rows:
                _forget_receipt(row, now)
                after = row.id
        count += len(rows)
        if len(rows) < _AT_ONCE:
            break
    return count


def _forget_receipt(row: Receipt, now: datetime) -> None:
    details = row.details
    row.details = replace(
        details,
        description=_NOTHING,
        debtor=_NOBODY,
        payer=None,
        transfers=[replace(one, remittance_information=_NOTHING) for one in details.transfers],
        stamps=None if details.stamps is None else [],
    )
    row.raw_xml = ""
    row.payment_note = None
    row.forgotten_at = now


def _forget_positions(database: Database, rpc: Rpc, entity_code: str, before: datetime, now: datetime) -> int:
    count = 0
    for _ in range(_BATCHES_A_TURN):
        with database.reading() as session:
            ids = retention.ended_positions(session, entity_code, before, KEYS_MAX)
        proven = _proven(database, rpc, ids, now) if ids else []
        with database.transaction() as tx:
            for row in retention.locked_positions(tx.session, proven):
                _forget_position(row, now)
        count += len(proven)
        if len(proven) < KEYS_MAX:  # the others are seen to by the proof of the projection
            break
    return count


def _proven(database: Database, rpc: Rpc, ids: Sequence[UUID], now: datetime) -> Sequence[UUID]:
    """Return those of which practices says what the positions say."""
    # `since` and `until` are not looked at where keys are named.
    asked = LinesRequest(since=now, until=now, events_since=now - _EVENTS, keys=ids)
    own = _by_key(CountedSide(database, parity.POSITIONS).lines(asked).lines)
    theirs = _by_key(clients.PracticesSide(rpc).lines(asked).lines)
    return [one for one in ids if own.get(one) == theirs.get(one)]


def _by_key(lines: Sequence[Line]) -> dict[UUID, int]:
    return {line.key: line.hash for line in lines}


def _forget_position(row: Position, now: datetime) -> None:
    shown = row.public_description or _NOTHING
    row.description = shown
    if row.debtor is not None:
        row.debtor = _NOBODY
    if row.transfers is not None:
        row.transfers = tuple(replace(one, remittance_information=shown) for one in row.transfers)
    if row.bookkeeping is not None:
        row.bookkeeping = replace(row.bookkeeping, beneficiary=None)
    row.forgotten_at = now


def _forget_checkouts(database: Database, entity_code: str, before: datetime) -> int:
    count = 0
    for _ in range(_BATCHES_A_TURN):
        with database.transaction() as tx:
            rows = retention.old_checkouts(tx.session, entity_code, before, _AT_ONCE)
            for row in rows:
                _forget_checkout(row)
        count += len(rows)
        if len(rows) < _AT_ONCE:
            break
    return count


def _forget_checkout(row: Checkout) -> None:
    row.payer_ref = row.return_url = ""
    row.email = row.redirect_url = None
    for item in row.items:
        item.description = _NOTHING
