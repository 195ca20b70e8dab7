"""Sessions of citizens: used, listed, ended."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy.orm import Session

from chassis.storage.database import Database
from contracts.error_details import SpidLevelTooLow
from contracts.errors import ErrorCode, Refused
from contracts.rpc import identity
from contracts.rpc.identity import EndSessionRequest, OwnSessions, SessionRequest, TokenRequest
from contracts.shapes import Empty
from services.identity import domain, repository
from services.identity.models import Citizen, CitizenSession
from services.identity.saml.idp_registry import IdpRegistry
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


def current(database: Database, settings: Settings, request: SessionRequest, now: datetime) -> identity.Session:
    """Return the session and put its idle end off.

    Raises Refused(SESSION_EXPIRED), or Refused(SPID_LEVEL_TOO_LOW) when it was made at too low a level for the entity.
    """
    with database.reading() as session:
        found, citizen = live(session, request.session_token, now)
        if request.entity_code is not None:
            _check_level(found.level, settings.level_of(request.entity_code), request.entity_code)
        if now - found.seen_at >= domain.SESSION_USE_RESOLUTION:
            repository.save_use(session, found.id, now)
            found.seen_at = now
    return session_view(found, citizen, settings, now)


def _check_level(level: int, wanted: int, entity_code: str) -> None:
    if level < wanted:
        detail = SpidLevelTooLow(entity_code=entity_code, spid_level=level, spid_level_wanted=wanted)
        raise Refused(ErrorCode.SPID_LEVEL_TOO_LOW, detail)


def logout(database: Database, request: TokenRequest, now: datetime) -> Empty:
    """End this session; one that is unknown or ended is ended enough."""
    with database.transaction() as tx:
        repository.revoke_by_token(tx.session, digest(request.session_token), now)
    return Empty()


def logout_everywhere(database: Database, request: TokenRequest, now: datetime) -> Empty:
    """End every session of the citizen. Raises Refused(SESSION_EXPIRED) when this one is not live."""
    with database.transaction() as tx:
        _, citizen = live(tx.session, request.session_token, now)
        repository.revoke_of_citizen(tx.session, citizen.id, now)
    return Empty()


def show(database: Database, registry: IdpRegistry, request: TokenRequest, now: datetime) -> OwnSessions:
    """Return the citizen's live sessions. Raises Refused(SESSION_EXPIRED)."""
    with database.reading() as session:
        asking, citizen = live(session, request.session_token, now)
        return _sessions_view(session, registry, asking, citizen, now)


def end_one(database: Database, registry: IdpRegistry, request: EndSessionRequest, now: datetime) -> OwnSessions:
    """End one of the citizen's sessions and return those that are left. Raises Refused(SESSION_EXPIRED)."""
    with database.transaction() as tx:
        asking, citizen = live(tx.session, request.session_token, now)
        repository.revoke_one(tx.session, citizen.id, request.session_id, now)
        tx.session.expire_all()
        return _sessions_view(tx.session, registry, asking, citizen, now)


def _sessions_view(
    session: Session, registry: IdpRegistry, asking: CitizenSession, citizen: Citizen, now: datetime
) -> OwnSessions:
    alive = [one for one in repository.sessions_of(session, citizen.id) if times_of(one).is_live(now)]
    alive.sort(key=lambda one: one.seen_at, reverse=True)
    return OwnSessions(sessions=[own_session_view(one, registry, is_asking=one.id == asking.id) for one in alive])
