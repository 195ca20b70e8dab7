"""The beneficiaries a citizen paid for: remembered for the next time, forgotten when asked."""

from datetime import datetime

from sqlalchemy.orm import Session

from chassis.storage.database import Database
from contracts.rpc.identity import (
    Beneficiaries,
    ForgetBeneficiaryRequest,
    RememberBeneficiaryRequest,
    RememberedBeneficiary,
    TokenRequest,
)
from services.identity import repository
from services.identity.models import Citizen
from services.identity.usecases import sessions


def show(database: Database, request: TokenRequest, now: datetime) -> Beneficiaries:
    """Return them, the latest first. Raises Refused(SESSION_EXPIRED)."""
    with database.reading() as session:
        _, citizen = sessions.live(session, request.session_token, now)
        return view(session, citizen)


def remember(database: Database, request: RememberBeneficiaryRequest, now: datetime) -> Beneficiaries:
    """Remember a beneficiary, or put it first again. Raises Refused(SESSION_EXPIRED)."""
    with database.transaction() as tx:
        _, citizen = sessions.live(tx.session, request.session_token, now)
        repository.lock_citizen(tx.session, citizen.id)
        repository.save_beneficiary(tx.session, citizen.id, request.beneficiary, now)
        return view(tx.session, citizen)


def forget(database: Database, request: ForgetBeneficiaryRequest, now: datetime) -> Beneficiaries:
    """Forget a beneficiary. Raises Refused(SESSION_EXPIRED)."""
    with database.transaction() as tx:
        _, citizen = sessions.live(tx.session, request.session_token, now)
        repository.delete_beneficiary(tx.session, citizen.id, request.beneficiary_id)
        return view(tx.session, citizen)


def view(session: Session, citizen: Citizen) -> Beneficiaries:
    """Return the beneficiaries a citizen paid for, the latest first."""
    return Beneficiaries(
        beneficiaries=[
            RememberedBeneficiary(
                id=one.id,
                full_name=one.full_name,
                course=one.course,
                school=one.school,
                contribution_type=one.contribution_type,
            )
            for one in repository.beneficiaries_of(session, citizen.id)
        ]
    )
