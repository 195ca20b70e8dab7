"""The secret address under which a citizen's calendar finds the due dates: made, replaced and revoked at will."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from services.identity import repository
from services.identity.settings import Settings
from services.identity.usecases import sessions


def show(database: Database, token: str, now: datetime) -> dict[str, Any]:
    """Say since when there is a feed, if there is one. Raises Refused(SESSION_EXPIRED)."""
    with database.reading() as session:
        _, citizen = sessions.live(session, token, now)
        feed = repository.find_feed(session, citizen.id)
        return {"created_at": feed.created_at if feed else None}


def renew(database: Database, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Make a new token; the one before is worth nothing from now on. Raises Refused(SESSION_EXPIRED)."""
    token = secrets.token_urlsafe(32)
    with database.transaction() as tx:
        session, citizen = sessions.live(tx.session, request["session_token"], now)
        citizen = repository.lock_citizen(tx.session, citizen.id)
        if citizen.closed_at is not None:
            raise Refused(ErrorCode.SESSION_EXPIRED)
        citizen.language = request["language"] or citizen.language
        repository.keep_feed(tx.session, citizen.id, sessions.digest(token), session.level, now)
    return {"feed_token": token}


def revoke(database: Database, token: str, now: datetime) -> dict[str, Any]:
    """End the feed; without one nothing changes. Raises Refused(SESSION_EXPIRED)."""
    with database.transaction() as tx:
        _, citizen = sessions.live(tx.session, token, now)
        repository.forget_feed(tx.session, citizen.id)
    return {}


def reader(database: Database, settings: Settings, feed_token: str) -> dict[str, Any]:
    """Say whose due dates a token is for. Raises Refused(NOT_FOUND) when it is nobody's, or of too low a level.

    Bodies that want a higher SPID level than the feed was made at are left out, as they are for a session.
    """
    with database.reading() as session:
        found = repository.find_reader(session, sessions.digest(feed_token))
    if found is None:
        raise Refused(ErrorCode.NOT_FOUND)
    feed, citizen = found
    if citizen.fiscal_code is None or feed.level < settings.level:
        raise Refused(ErrorCode.NOT_FOUND)
    return {
        "citizen_id": citizen.id,
        "fiscal_code": citizen.fiscal_code,
        "language": citizen.language or "it",
        "excluded_entity_codes": sorted(code for code, level in settings.levels.items() if level > feed.level),
    }
