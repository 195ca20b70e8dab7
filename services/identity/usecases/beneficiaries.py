"""The students a parent paid for: remembered for the next time, forgotten when asked."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chassis.storage.database import Database
from services.identity import repository
from services.identity.models import Beneficiary
from services.identity.usecases import sessions


def show(database: Database, token: str, now: datetime) -> dict[str, Any]:
    """Return the students, the latest first. Raises Refused(SESSION_EXPIRED)."""
    with database.reading() as session:
        _, citizen = sessions.live(session, token, now)
        return {"beneficiaries": views(repository.beneficiaries_of(session, citizen.id))}


def remember(database: Database, request: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Remember a student, or put it first again. Raises Refused(SESSION_EXPIRED)."""
    with database.transaction() as tx:
        _, citizen = sessions.live(tx.session, request["session_token"], now)
        repository.lock_citizen(tx.session, citizen.id)
        repository.remember_beneficiary(tx.session, citizen.id, request["beneficiary"], now)
        return {"beneficiaries": views(repository.beneficiaries_of(tx.session, citizen.id))}


def forget(database: Database, request: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Forget a student. Raises Refused(SESSION_EXPIRED)."""
    with database.transaction() as tx:
        _, citizen = sessions.live(tx.session, request["session_token"], now)
        repository.forget_beneficiary(tx.session, citizen.id, request["beneficiary_id"])
        return {"beneficiaries": views(repository.beneficiaries_of(tx.session, citizen.id))}


def views(students: Iterable[Beneficiary]) -> list[dict[str, Any]]:
    """Return students as contracts.rpc.identity.RememberedBeneficiary wants them."""
    return [
        {
            "id": one.id,
            "full_name": one.full_name,
            "course": one.course,
            "school": one.school,
            "contribution_type": one.contribution_type,
        }
        for one in students
    ]
