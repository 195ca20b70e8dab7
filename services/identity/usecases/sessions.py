"""Using and ending sessions."""

from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session

from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from services.identity import domain, repository
from services.identity.models import Citizen, CitizenSession
from services.identity.settings import Settings
from services.identity.usecases.views import own_session_view, session_view, times_of


def digest(token: str) -> bytes:
    """Return what is stored of a session token."""
    return sha256(token.encode()).digest()


def live(session: Session, token: str, now: datetime) -> tuple[CitizenSession, Citizen]:
    """Return the live session of this token and its citizen. Raises Refused(SESSION_EXPIRED)."""
    found = repository.find_session(session, digest(token))
    if found is None or not times_of(found[0]).is_live(now):
        raise Refused(ErrorCode.SESSION_EXPIRED)
    return found


def current(database: Database, settings: Settings, request: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return the session and put its idle end off.

    Raises Refused(SESSION_EXPIRED), or Refused(SPID_LEVEL_TOO_LOW) when it was made at too low a level for the body.
    """
    entity_code = request["entity_code"]
    with database.reading() as session:
        found, citizen = live(session, request["session_token"], now)
        if entity_code is not None:
            _check_level(found.level, settings.level_of(entity_code), entity_code)
        if now - found.seen_at >= domain.SESSION_NOTED_EVERY:
            repository.note_use(session, found.id, now)
            found.seen_at = now
    return session_view(found, citizen, settings, now)


def _check_level(level: int, wanted: int, entity_code: str) -> None:
    if level < wanted:
        params = {"entity_code": entity_code, "spid_level": level, "spid_level_wanted": wanted}
        raise Refused(ErrorCode.SPID_LEVEL_TOO_LOW, params)


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


def show(database: Database, settings: Settings, token: str, now: datetime) -> dict[str, Any]:
    """Return the citizen's live sessions. Raises Refused(SESSION_EXPIRED)."""
    with database.reading() as session:
        asking, citizen = live(session, token, now)
        return _sessions_view(session, settings, asking, citizen, now)


def end_one(database: Database, settings: Settings, request: dict[str, Any], now: datetime) -> dict[str, Any]:
    """End one of the citizen's sessions and return those that are left. Raises Refused(SESSION_EXPIRED)."""
    with database.transaction() as tx:
        asking, citizen = live(tx.session, request["session_token"], now)
        repository.revoke_one(tx.session, citizen.id, request["session_id"], now)
        tx.session.expire_all()
        return _sessions_view(tx.session, settings, asking, citizen, now)


def _sessions_view(
    session: Session, settings: Settings, asking: CitizenSession, citizen: Citizen, now: datetime
) -> dict[str, Any]:
    alive = [one for one in repository.sessions_of(session, citizen.id) if times_of(one).is_live(now)]
    alive.sort(key=lambda one: one.seen_at, reverse=True)
    return {"sessions": [own_session_view(one, settings, is_asking=one.id == asking.id) for one in alive]}
