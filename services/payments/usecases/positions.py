"""Maintain the projection of practices' events, and learn by RPC what has not arrived yet."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

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
from services.payments.domain.positions import Change, Position, PositionStatus
from services.payments.repository import positions, receipts
from services.payments.usecases.receipt_judgement import judge_receipt


def project_position(tx: Tx, event: Event[practices.Position], now: datetime) -> None:
    """PracticeCreated, PracticeAmended: the terms are known or have changed."""
    _learn_position(tx, event.data, as_of=event.time, now=now)


def project_end(tx: Tx, event: Event[PracticeEnded], status: PositionStatus, now: datetime) -> None:
    """PracticeCancelled, PracticeExpired: practices no longer wants the money."""
    position = positions.apply(tx.session, Change.of_end(event.data, status))
    _judge_waiting_receipts(tx, position, now)


def learn(database: Database, answered: practices.PositionReply, now: datetime) -> Creditor | None:
    """Store what practices answered to POSITIONS; return the creditor asked about, None when it is none of ours."""
    with database.transaction() as tx:
        if answered.creditor:
            positions.save_creditor(tx.session, answered.creditor, now)
        for position in sorted(answered.positions, key=lambda position: str(position.practice_id)):
            _learn_position(tx, position, as_of=now, now=now)
    return answered.creditor


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


def _learn_position(tx: Tx, told: practices.Position, *, as_of: datetime, now: datetime) -> None:
    positions.save_creditor(tx.session, told.creditor, as_of)
    position = positions.apply(tx.session, Change.of_position(told))
    _judge_waiting_receipts(tx, position, now)


def _judge_waiting_receipts(tx: Tx, position: Position, now: datetime) -> None:
    """Judge the receipts that came before we knew the notice. The position is locked."""
    waiting = receipts.unjudged_of_notice(tx.session, position.creditor_fiscal_code, position.notice_number)
    for receipt in waiting:
        position = judge_receipt(tx, receipt, position, now) or position


def _has_terms(position: Position | None) -> bool:
    return position is not None and position.terms is not None
