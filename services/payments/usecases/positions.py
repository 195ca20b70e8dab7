"""Keep the projection of practices' events, and learn by RPC what has not arrived yet."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.storage.database import Database, Tx
from contracts.errors import ErrorCode, Refused
from services.payments import clients
from services.payments.domain.positions import Change, Creditor, Position, Standing
from services.payments.repository import positions, receipts
from services.payments.usecases.receipt_judgement import judge_receipt


def project_position(tx: Tx, event: Mapping[str, Any], now: datetime) -> None:
    """PracticeCreated, PracticeAmended: what is owed is known or has changed."""
    _learn_position(tx, event["data"], as_of=event["time"], now=now)


def project_end(tx: Tx, event: Mapping[str, Any], standing: Standing, now: datetime) -> None:
    """PracticeCancelled, PracticeExpired: practices no longer wants the money."""
    position = positions.apply(tx.session, Change.of_end(event["data"], standing))
    _settle_waiting_receipts(tx, position, now)


def learn(database: Database, answered: Mapping[str, Any], now: datetime) -> Creditor | None:
    """Store what practices answered to POSITIONS; return the body asked about, None when it is none of ours."""
    with database.transaction() as tx:
        creditor = answered.get("creditor") and Creditor.read(answered["creditor"])
        if creditor:
            positions.remember_creditor(tx.session, creditor, now)
        for position in sorted(answered["positions"], key=lambda position: str(position["practice_id"])):
            _learn_position(tx, position, as_of=now, now=now)
    return creditor


def known_positions(
    database: Database, rpc: clients.Rpc, practice_ids: Sequence[UUID], now: datetime
) -> dict[UUID, Position]:
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
            raise Refused(ErrorCode.PRACTICE_NOT_FOUND, {"practice_id": str(practice_id)})
    return known


def _learn_position(tx: Tx, data: Mapping[str, Any], *, as_of: datetime, now: datetime) -> None:
    positions.remember_creditor(tx.session, Creditor.read(data["creditor"]), as_of)
    position = positions.apply(tx.session, Change.of_position(data))
    _settle_waiting_receipts(tx, position, now)


def _settle_waiting_receipts(tx: Tx, position: Position, now: datetime) -> None:
    """Judge the receipts that came before we knew the notice. The position is locked."""
    waiting = receipts.unjudged_of_notice(tx.session, position.creditor_fiscal_code, position.notice_number)
    for receipt in waiting:
        position = judge_receipt(tx, receipt, position, now) or position


def _has_terms(position: Position | None) -> bool:
    return position is not None and position.terms is not None
