"""How identity shows a session to its callers."""

from datetime import datetime
from typing import Any

from services.identity import domain
from services.identity.models import Citizen, CitizenSession
from services.identity.settings import Settings


def times_of(session: CitizenSession) -> domain.SessionTimes:
    """Return what decides whether a session is live."""
    return domain.SessionTimes(session.created_at, session.seen_at, session.revoked_at)


def is_registered(citizen: Citizen, settings: Settings, now: datetime) -> bool:
    """Say whether the citizen acknowledged the privacy notice that is in force at `now`."""
    notice = domain.in_force(settings.documents, now)[domain.REGISTRATION]
    return citizen.registered_at is not None and citizen.acknowledged_document_id == notice.id


def session_view(session: CitizenSession, citizen: Citizen, settings: Settings, now: datetime) -> dict[str, Any]:
    """Return a session as contracts.rpc.identity.Session wants it."""
    times = times_of(session)
    return {
        "citizen": {
            "id": citizen.id,
            "fiscal_code": citizen.fiscal_code,
            "name": citizen.name,
            "family_name": citizen.family_name,
            "email": citizen.email,
        },
        "registered": is_registered(citizen, settings, now),
        "spid_level": session.level,
        "idle_until": times.idle_until,
        "expires_at": times.expires_at,
    }


def own_session_view(session: CitizenSession, settings: Settings, *, is_asking: bool) -> dict[str, Any]:
    """Return a session as contracts.rpc.identity.OwnSession wants it."""
    idp = settings.registry.find(session.idp_entity_id)
    return {
        "id": session.id,
        "current": is_asking,
        "created_at": session.created_at,
        "last_used_at": session.seen_at,
        "idle_until": times_of(session).idle_until,
        "spid_level": session.level,
        "identity_provider": idp.name if idp else session.idp_entity_id,
    }
