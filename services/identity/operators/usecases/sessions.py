"""Office sessions: used, ended, and what they allow."""

from datetime import datetime

from sqlalchemy.orm import Session

from chassis.storage.database import Database
from contracts.error_details import RoleMissing, SessionEnded, SpidLevelTooLow
from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation, is_allowed
from contracts.rpc.operators import OfficePerson, OfficeRequest, OfficeSession, OfficeTokenRequest
from contracts.shapes import Empty
from services.identity.models import Operator, OperatorSession
from services.identity.operators import repository
from services.identity.operators.domain import operator_rules
from services.identity.operators.sign_in import digest
from services.identity.operators.usecases.login import level_for
from services.identity.operators.views import session_view, times_of
from services.identity.settings import Settings


def live(session: Session, token: str, now: datetime) -> OperatorSession:
    """Return the live session of this token.

    Raises Refused(SESSION_EXPIRED), which says why where the session was ended by something else than its browser.
    """
    found = repository.find_session(session, digest(token))
    if found is None:
        raise Refused(ErrorCode.SESSION_EXPIRED)
    if not times_of(found).is_live(now):
        raise Refused(ErrorCode.SESSION_EXPIRED, SessionEnded(reason=found.end_reason))
    return found


def acting(
    session: Session, settings: Settings, request: OfficeRequest, operation: Operation, now: datetime
) -> Operator:
    """Return the operator who asks, where their roles allow the operation.

    Raises Refused: SESSION_EXPIRED, NOT_FOUND (of another entity), SPID_LEVEL_TOO_LOW, LOGIN_REQUIRED, ROLE_MISSING.
    """
    operator = _operator(session, settings, live(session, request.office_token, now), request.entity_code)
    if not is_allowed(repository.grants_of(operator.grants), operation):
        raise Refused(ErrorCode.ROLE_MISSING, RoleMissing(operation=operation.value))
    return operator


def current(database: Database, settings: Settings, request: OfficeRequest, now: datetime) -> OfficeSession:
    """Return the session in the office of an entity and put its idle end off. Raises as `acting` does."""
    with database.reading() as session:
        found = live(session, request.office_token, now)
        operator = _operator(session, settings, found, request.entity_code)
        _use(session, found, now)
        return session_view(found, operator)


def person(database: Database, request: OfficeTokenRequest, now: datetime) -> OfficePerson:
    """Return who logged in, wherever they work. Raises Refused(SESSION_EXPIRED)."""
    with database.reading() as session:
        found = live(session, request.office_token, now)
        _use(session, found, now)
        codes = repository.entities_of(session, found.fiscal_code)
    return OfficePerson(name=found.name, family_name=found.family_name, entity_codes=codes)


def end(database: Database, request: OfficeTokenRequest, now: datetime) -> Empty:
    """End this session; one that is unknown or ended is ended enough."""
    with database.transaction() as tx:
        repository.end_session(tx.session, digest(request.office_token), now)
    return Empty()


def _operator(session: Session, settings: Settings, found: OperatorSession, entity_code: str) -> Operator:
    operator = repository.operator_of(session, entity_code, found.fiscal_code)
    if operator is None:
        raise Refused(ErrorCode.NOT_FOUND)
    if found.body_code != settings.body_code(entity_code):
        raise Refused(ErrorCode.LOGIN_REQUIRED)
    wanted = level_for(settings, entity_code)
    if found.level < wanted:
        detail = SpidLevelTooLow(entity_code=entity_code, spid_level=found.level, spid_level_wanted=wanted)
        raise Refused(ErrorCode.SPID_LEVEL_TOO_LOW, detail)
    return operator


def _use(session: Session, found: OperatorSession, now: datetime) -> None:
    if now - found.seen_at >= operator_rules.SESSION_USE_RESOLUTION:
        repository.save_use(session, found.id, now)
        found.seen_at = now
