"""Forget whom old practices and files were about, once payments and practices agree on them; what they come to stays.

Each batch is a transaction of its own: whoever stops in between goes on from there. Nothing personal is logged.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chassis import logs
from chassis.storage.database import Database
from chassis.storage.parity_lines import CountedSide
from contracts.call import Rpc
from contracts.codes import ANONYMOUS_FISCAL_CODE
from contracts.rpc.parity import KEYS_MAX, Line, LinesRequest
from contracts.rpc.practices import Retention
from contracts.shapes import LocalisedText, Subject
from services.practices import catalogue_records, clients, records, stored_json
from services.practices.domain import display
from services.practices.domain.practice_status import Facts
from services.practices.models import PracticeRow
from services.practices.repository import parity, retention
from services.practices.usecases.import_rows import with_pauses

log = logs.get_logger(__name__)

_FILES_AT_ONCE: Final = 20
_ROWS_AT_ONCE: Final = 20_000
_BATCHES_A_TURN: Final = 50
"""Of an entity: the next turn goes on, so that no turn takes long."""
# What only events tell is compared where they are stored still.
_EVENTS: Final = timedelta(days=390)
_NOBODY: Final = Subject(entity_type="F", fiscal_code=ANONYMOUS_FISCAL_CODE, full_name="-")
_ANNULLED: Final = "annulled"


def forget(database: Database, rpc: Rpc, now: datetime) -> None:
    """Forget what each entity's catalogue says is old enough, but for those that are paused. Raises RpcError."""
    with database.reading() as session:
        periods = [(one.code, catalogue_records.retention_of(one)) for one in retention.entities(session)]
    for entity_code, period in periods:
        if not period.paused:
            _forget_files(database, entity_code, period, now)
            _forget_practices(database, rpc, entity_code, period, now)


def _forget_practices(database: Database, rpc: Rpc, entity_code: str, period: Retention, now: datetime) -> None:
    before = now - timedelta(days=period.practices_days)
    forgotten = unproven = 0
    for ids in _batches(database, entity_code, before):
        proven = _proven(database, rpc, ids, now)
        forgotten += _forget_some(database, entity_code, proven, before, now)
        unproven += len(ids) - len(proven)
    if forgotten or unproven:
        log.info("practices_forgotten", entity_code=entity_code, practices=forgotten, unproven=unproven)


def _batches(database: Database, entity_code: str, before: datetime) -> Iterator[Sequence[UUID]]:
    after: retention.After | None = None
    for _ in range(_BATCHES_A_TURN):
        with database.reading() as session:
            found = retention.ended(session, entity_code, before, after, KEYS_MAX)
        if not found:
            return
        yield [practice_id for practice_id, _ in found]
        after = (found[-1][1], found[-1][0])


def _proven(database: Database, rpc: Rpc, ids: Sequence[UUID], now: datetime) -> set[UUID]:
    """Return those of which payments has told the money that practices knows."""
    # `since` and `until` are not looked at where keys are named.
    asked = LinesRequest(since=now, until=now, events_since=now - _EVENTS, keys=ids)
    own = _by_key(CountedSide(database, parity.STATES).lines(asked).lines)
    theirs = _by_key(clients.PaymentsSide(rpc).lines(asked).lines)
    return {one for one in ids if own.get(one) == theirs.get(one)}


def _by_key(lines: Sequence[Line]) -> dict[UUID, int]:
    return {line.key: line.hash for line in lines}


def _forget_some(database: Database, entity_code: str, ids: Collection[UUID], before: datetime, now: datetime) -> int:
    with database.transaction() as tx:
        titles = retention.titles(tx.session, entity_code)
        rows = retention.locked(tx.session, ids, before)
        for row in with_pauses(rows):
            _forget_one(row, stored_json.read(titles[row.service_code], LocalisedText).it, now)
        return len(rows)


def _forget_one(row: PracticeRow, service_title: str, now: datetime) -> None:
    """Leave of a practice what it was for, how much and when; its reference stays, so that it is not issued again."""
    debt = records.debt_of(row)
    row.description = display.public_description(service_title, debt.due_date, row.created_at)
    row.debtor = stored_json.write(_NOBODY)
    row.debtor_fiscal_code = ANONYMOUS_FISCAL_CODE
    row.beneficiary = row.extras = row.inserted_by = row.demand_digest = None
    status = records.status_of(row)
    records.write_status(row, replace(status, facts=_without_words(status.facts)))
    row.forgotten_at = now


def _without_words(facts: Facts) -> Facts:
    """Return the facts without what the entity wrote when it annulled the practice."""
    if facts.cancelled is None:
        return facts
    is_ours = display.is_our_reason(facts.cancelled.reason)
    return facts if is_ours else replace(facts, cancelled=replace(facts.cancelled, reason=_ANNULLED))


def _forget_files(database: Database, entity_code: str, period: Retention, now: datetime) -> None:
    before = now - timedelta(days=period.files_days)
    with database.reading() as session:
        old = retention.old_files(session, entity_code, before, _FILES_AT_ONCE)
    for import_id in old:
        deleted = _ROWS_AT_ONCE
        while deleted == _ROWS_AT_ONCE:
            with database.transaction() as tx:
                deleted = retention.forget_rows(tx.session, import_id, _ROWS_AT_ONCE)
        with database.transaction() as tx:
            retention.forget_file(tx.session, import_id, now)
    if old:
        log.info("files_forgotten", entity_code=entity_code, files=len(old))
