"""The secret address under which a citizen's calendar finds the due dates: made, replaced and revoked at will."""

import secrets
from datetime import datetime

from chassis.storage.database import Database
from contracts.codes import FiscalCode
from contracts.errors import ErrorCode, Refused
from contracts.rpc.identity import (
    CalendarFeed,
    CalendarFeedToken,
    CalendarReader,
    CalendarReaderRequest,
    RenewCalendarFeedRequest,
    TokenRequest,
)
from contracts.shapes import Empty
from services.identity import repository
from services.identity.domain import DEFAULT_LANGUAGE
from services.identity.settings import Settings
from services.identity.usecases import sessions


def show(database: Database, request: TokenRequest, now: datetime) -> CalendarFeed:
    """Return since when there is a feed, if there is one. Raises Refused(SESSION_EXPIRED)."""
    with database.reading() as session:
        _, citizen = sessions.live(session, request.session_token, now)
        feed = repository.find_feed(session, citizen.id)
        return CalendarFeed(created_at=feed.created_at if feed else None)


def renew(database: Database, request: RenewCalendarFeedRequest, now: datetime) -> CalendarFeedToken:
    """Make a new token; the one before is worth nothing from now on. Raises Refused(SESSION_EXPIRED)."""
    token = secrets.token_urlsafe(32)
    with database.transaction() as tx:
        session, citizen = sessions.live(tx.session, request.session_token, now)
        citizen = repository.lock_citizen(tx.session, citizen.id)
        if citizen.closed_at is not None:
            raise Refused(ErrorCode.SESSION_EXPIRED)
        citizen.language = request.language or citizen.language
        repository.save_feed(tx.session, citizen.id, sessions.digest(token), session.level, now)
    return CalendarFeedToken(feed_token=token)


def revoke(database: Database, request: TokenRequest, now: datetime) -> Empty:
    """End the feed; without one nothing changes. Raises Refused(SESSION_EXPIRED)."""
    with database.transaction() as tx:
        _, citizen = sessions.live(tx.session, request.session_token, now)
        repository.delete_feed(tx.session, citizen.id)
    return Empty()


def reader(database: Database, settings: Settings, request: CalendarReaderRequest) -> CalendarReader:
    """Return whose due dates a token is for. Raises Refused(NOT_FOUND) when it is nobody's, or of too low a level.

    Entities that want a higher SPID level than the feed was made at are left out, as they are for a session.
    """
    with database.reading() as session:
        found = repository.find_reader(session, sessions.digest(request.feed_token))
    if found is None:
        raise Refused(ErrorCode.NOT_FOUND)
    feed, citizen = found
    if citizen.fiscal_code is None or feed.level < settings.level:
        raise Refused(ErrorCode.NOT_FOUND)
    return CalendarReader(
        citizen_id=citizen.id,
        fiscal_code=FiscalCode(citizen.fiscal_code),
        language=citizen.language or DEFAULT_LANGUAGE,
        excluded_entity_codes=sorted(code for code, level in settings.levels.items() if level > feed.level),
    )
