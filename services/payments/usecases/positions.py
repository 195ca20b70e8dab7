"""Maintain the projection of practices' events, and learn by RPC what has not arrived yet."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from operator import itemgetter
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from chassis.storage.database import Database, Tx
from contracts.call import Rpc
from contracts.codes import CreditorFiscalCode
from contracts.error_details import WhichPractice
from contracts.errors import ErrorCode, Refused
from contracts.events.envelope import Event
from contracts.events.practices import PracticeEnded
from contracts.rpc import practices
from contracts.shapes import Creditor
from services.payments import clients
from services.payments.domain.positions import Change, Position, PositionStatus, fold_all
from services.payments.repository import archive, parity, positions, projection, receipts
from services.payments.usecases.receipt_judgement import judge_receipt, with_money
from services.payments.usecases.reported import announce_made_whole


def project_positions(tx: Tx, events: Sequence[Event[practices.Position]], now: datetime) -> None:
    """PracticeCreated, PracticeAmended: the terms are known or have changed."""
    _learn_positions(tx, [(event.data, event.time) for event in events], now)


def project_ends(tx: Tx, events: Sequence[Event[PracticeEnded]], status: PositionStatus, now: datetime) -> None:
    """PracticeCancelled, PracticeExpired: practices no longer wants the money."""
    _project(tx, [Change.of_end(event.data, status) for event in events], now)


def learn(database: Database, answered: practices.PositionReply, now: datetime) -> Creditor | None:
    """Store what practices answered to POSITIONS; return the creditor asked about, None when it is none of ours."""
    try:
        _store(database, answered, now)
    except IntegrityError:
        # The event about the same new practice was stored in the same moment: it is there to be seen now.
        _store(database, answered, now)
    return answered.creditor


def _store(database: Database, answered: practices.PositionReply, now: datetime) -> None:
    with database.transaction() as tx:
        if answered.creditor:
            positions.save_creditor(tx.session, answered.creditor, now)
        _learn_positions(tx, [(position, now) for position in answered.positions], now)


def learn_again(database: Database, told: Sequence[practices.Position], ends: Sequence[Change], now: datetime) -> None:
    """Write positions as practices has them now, over what is here of the same sequence: it is wrong, or not here.

    `ends` are what its events say of those that are over, and stand first: the terms have the same sequence, and do not
    say how they ended.
    """
    with database.transaction() as tx:
        _learn_creditors(tx, [(position, now) for position in told])
        _project(tx, [*ends, *(Change.of_position(position) for position in told)], now, again=True)


def known_creditor(database: Database, rpc: Rpc, fiscal_code: str, now: datetime) -> Creditor | None:
    """Return the creditor of ours with this fiscal code, asking practices where it is not known here.

    Raises Unavailable.
    """
    with database.reading() as session:
        creditor = positions.creditor(session, fiscal_code)
    if creditor or not (len(fiscal_code) == 11 and fiscal_code.isascii() and fiscal_code.isdecimal()):
        return creditor
    asked = CreditorFiscalCode(fiscal_code)
    return learn(database, clients.ask_positions(rpc, creditor_fiscal_code=asked), now)


def known_positions(database: Database, rpc: Rpc, practice_ids: Sequence[UUID], now: datetime) -> dict[UUID, Position]:
    """Return the positions of these practices with their terms, asking practices for missing ones.

    Raises Refused(PRACTICE_NOT_FOUND) and Unavailable.
    """
    with database.reading() as session:
        known = positions.by_practice(session, practice_ids)
    missing = [practice_id for practice_id in practice_ids if not _has_terms(known.get(practice_id))]
    if missing:
        learn(database, clients.ask_positions(rpc, practice_ids=missing), now)
        with database.reading() as session:
            known = positions.by_practice(session, practice_ids)
    for practice_id in practice_ids:
        if not _has_terms(known.get(practice_id)):
            raise Refused(ErrorCode.PRACTICE_NOT_FOUND, WhichPractice(practice_id=practice_id))
    return known


def _learn_positions(tx: Tx, told: Sequence[tuple[practices.Position, datetime]], now: datetime) -> None:
    """Store positions, each with the moment as of which it is told, and their creditors."""
    _learn_creditors(tx, told)
    _project(tx, [Change.of_position(position) for position, _ in told], now)


def _learn_creditors(tx: Tx, told: Sequence[tuple[practices.Position, datetime]]) -> None:
    creditors: dict[Creditor, datetime] = {}
    for position, as_of in told:
        creditors[position.creditor] = max(as_of, creditors.get(position.creditor, as_of))
    for creditor, as_of in sorted(creditors.items(), key=itemgetter(1)):
        positions.save_creditor(tx.session, creditor, as_of)


def _project(tx: Tx, changes: Sequence[Change], now: datetime, *, again: bool = False) -> None:
    """Fold changes into the stored positions, and let the receipts count that came before we knew their notices.

    `again`: what is stored of the same sequence is written over.
    """
    if not changes:
        return
    changed = {change.practice_id for change in changes}
    underpaid = projection.underpaid(tx.session, changed)
    projection.write(tx.session, fold_all(changes), again=again)
    archive.note_changes(tx.session, changed, now)
    waiting = projection.with_uncounted_receipts(tx.session, changed)
    for position in positions.by_practice(tx.session, waiting, lock=True).values() if waiting else ():
        _judge_waiting_receipts(tx, _counting_its_receipts(tx, position), now)
    if underpaid:
        announce_made_whole(tx, underpaid, now)


def _counting_its_receipts(tx: Tx, position: Position) -> Position:
    """Return a position with the money that came for it, written back where its row was lost and is here again."""
    judged = receipts.of_practice(tx.session, position.practice_id)
    if position.paid_receipt_id is not None or not judged:
        return position
    for receipt in judged:
        position = with_money(position, receipt)
    told = [number for one in judged for number in (one.event_sequence, one.reported_sequence) if number is not None]
    last = max(parity.last_event_sequence(tx.session, position.practice_id), *told)
    position = replace(position, event_sequence=last)
    positions.record_payment(tx.session, position)
    return position


def _judge_waiting_receipts(tx: Tx, position: Position, now: datetime) -> None:
    """Judge the receipts that wait for a position. It is locked."""
    waiting = receipts.unjudged_of_notice(tx.session, position.creditor_fiscal_code, position.notice_number)
    for receipt in waiting:
        position = judge_receipt(tx, receipt, position, now) or position


def _has_terms(position: Position | None) -> bool:
    return position is not None and position.terms is not None
