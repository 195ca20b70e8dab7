"""How identity shows a session to its callers."""

from datetime import datetime

from contracts.codes import FiscalCode
from contracts.errors import ErrorCode, Refused
from contracts.rpc import identity
from services.identity import domain
from services.identity.models import Citizen, CitizenSession
from services.identity.saml.idp_registry import IdpRegistry
from services.identity.settings import Settings


def times_of(session: CitizenSession) -> domain.SessionTimes:
    """Return what decides whether a session is live."""
    return domain.SessionTimes(session.created_at, session.seen_at, session.revoked_at)


def is_registered(citizen: Citizen, settings: Settings, now: datetime) -> bool:
    """Return whether the citizen acknowledged the privacy notice that is in force at `now`."""
    notice = domain.in_force(settings.documents, now)[domain.REGISTRATION]
    return citizen.registered_at is not None and citizen.acknowledged_document_id == notice.id


def session_view(session: CitizenSession, citizen: Citizen, settings: Settings, now: datetime) -> identity.Session:
    """Return a session of a citizen. Raises Refused(SESSION_EXPIRED) when the account has been closed."""
    times = times_of(session)
    return identity.Session(
        citizen=_citizen_view(citizen),
        registered=is_registered(citizen, settings, now),
        spid_level=session.level,
        idle_until=times.idle_until,
        expires_at=times.expires_at,
    )


def own_session_view(session: CitizenSession, registry: IdpRegistry, *, is_asking: bool) -> identity.OwnSession:
    """Return a session as one of the citizen's own; `is_asking`: it is the one that asks."""
    idp = registry.find(session.idp_entity_id)
    return identity.OwnSession(
        id=session.id,
        current=is_asking,
        created_at=session.created_at,
        last_used_at=session.seen_at,
        idle_until=times_of(session).idle_until,
        spid_level=session.level,
        identity_provider=idp.name if idp else session.idp_entity_id,
    )


def _citizen_view(citizen: Citizen) -> identity.Citizen:
    if citizen.fiscal_code is None or citizen.name is None or citizen.family_name is None:
        # Erased when the account was closed, which ends its sessions too.
        raise Refused(ErrorCode.SESSION_EXPIRED)
    return identity.Citizen(
        id=citizen.id,
        fiscal_code=FiscalCode(citizen.fiscal_code),
        name=citizen.name,
        family_name=citizen.family_name,
        email=citizen.email,
    )
