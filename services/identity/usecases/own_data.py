"""Everything stored about a citizen, as a document to be downloaded (GDPR articles 15 and 20)."""

from datetime import datetime

from sqlalchemy.orm import Session

from chassis.messaging import codec
from chassis.storage.database import Database
from contracts.rpc.identity import Export, TokenRequest
from services.identity import domain, repository
from services.identity.models import Citizen, CitizenSession, SamlTrace
from services.identity.usecases import beneficiaries, sessions
from services.identity.usecases.views import times_of

Values = dict[str, object]
"""JSON values by the names the citizen reads; nothing of ours reads them."""


def export(database: Database, request: TokenRequest, now: datetime) -> Export:
    """Return everything stored about the citizen. Raises Refused(SESSION_EXPIRED)."""
    with database.reading() as session:
        _, citizen = sessions.live(session, request.session_token, now)
        return Export(data=_values_of(session, citizen, now))


def _values_of(session: Session, citizen: Citizen, now: datetime) -> Values:
    feed = repository.find_feed(session, citizen.id)
    remembered = beneficiaries.view(session, citizen).beneficiaries
    return {
        "citizen": _profile(citizen),
        "consents": [codec.to_json(event) for event in repository.history(session, citizen.id)],
        "beneficiaries": [codec.to_json(one) for one in remembered],
        "calendar_feed": {"created_at": feed.created_at.isoformat()} if feed else None,
        "sessions": [_session(one, now) for one in repository.sessions_of(session, citizen.id)],
        "logins": [_login(trace) for trace in repository.traces_of(session, citizen.id)],
    }


def _profile(citizen: Citizen) -> Values:
    return {
        "id": str(citizen.id),
        "fiscal_code": citizen.fiscal_code,
        "name": citizen.name,
        "family_name": citizen.family_name,
        "email": citizen.email,
        "language": citizen.language,
        "first_login_at": citizen.created_at.isoformat(),
        "registered_at": citizen.registered_at.isoformat() if citizen.registered_at else None,
    }


def _session(session: CitizenSession, now: datetime) -> Values:
    return {
        "created_at": session.created_at.isoformat(),
        "last_used_at": session.seen_at.isoformat(),
        "spid_level": session.level,
        "identity_provider": session.idp_entity_id,
        "live": times_of(session).is_live(now),
    }


def _login(trace: SamlTrace) -> Values:
    return {
        "at": trace.received_at.isoformat(),
        "identity_provider": trace.response_issuer,
        "outcome": trace.outcome,
        "kept_until": (trace.received_at + domain.TRACE_RETENTION).isoformat(),
    }
