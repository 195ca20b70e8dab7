"""Using and ending sessions."""

from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session

from chassis.database import Database
from contracts.errors import ErrorCode, Refused
from services.identity import domain, repository
from services.identity.models import Citizen, CitizenSession
from services.identity.settings import Settings
from services.identity.usecases.views import session_view, times_of


def digest(token: str) -> bytes:
    """Return what is stored of a session token."""
    return sha256(token.encode()).digest()


def live(session: Session, token: str, now: datetime) -> tuple[CitizenSession, Citizen]:
    """Return the live session of this token and its citizen. Raises Refused(SESSION_EXPIRED)."""
    found = repository.find_session(session, digest(token))
    if found is None or not times_of(found[0]).is_live(now):
        raise Refused(ErrorCode.SESSION_EXPIRED)
    return found


def current(database: Database, settings: Settings, token: str, now: datetime) -> dict[str, Any]:
    """Return the session and put its idle end off. Raises Refused(SESSION_EXPIRED)."""
    with database.reading() as session:
        found, citizen = live(session, token, now)
        if now - found.seen_at >= domain.SESSION_NOTED_EVERY:
            repository.note_use(session, found.id, now)
            found.seen_at = now
    return session_view(found, citizen, settings, now)


def logout(database: Database, token: str, now: datetime) -> dict[str, Any]:
    """End this session; one that is unknown or ended is ended enough."""
    with database.transaction() as tx:
        repository.revoke_by_token(tx.session, digest(token), now)
    return {}


def logout_everywhere(database: Database, token: str, now: datetime) -> dict[str, Any]:
    """End every session of the citizen. Raises Refused(SESSION_EXPIRED) when this one is not live."""
    with database.transaction() as tx:
        _, citizen = live(tx.session, token, now)
        repository.revoke_of_citizen(tx.session, citizen.id, now)
    return {}
