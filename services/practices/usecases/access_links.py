"""Links that lead to practices without login: a body's to pay one debt, and who inserted without login's to come back.

A token is 256 random bits, told once and stored as its hash; nothing in it says who somebody is.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Row

from chassis import logs
from chassis.storage.database import Database, Tx
from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import (
    LinkRequest,
    MadeLink,
    OpenedLink,
    PayLinkRequest,
    PayLinksRevokeRequest,
    PrivateLinkRequest,
    RevokedLinks,
)
from services.practices.domain import viewers
from services.practices.models import AccessLink
from services.practices.repository import access_links, practices
from services.practices.usecases import audited

log = logs.get_logger(__name__)

PAY: Final = "pay"
PRIVATE: Final = "private"
PRIVATE_LINK_LIFE: Final = timedelta(days=365)
_REMEMBERED_AFTER_END: Final = timedelta(days=30)
_TOKEN_BYTES: Final = 32


def make_pay_link(database: Database, request: PayLinkRequest, now: datetime) -> MadeLink:
    """Make a link that leads to paying an entity's practice. Raises Refused(PRACTICE_NOT_FOUND)."""
    with database.transaction() as tx:
        if request.practice_id is not None:
            row = practices.practices(tx.session, [request.practice_id]).get(request.practice_id)
        else:
            row = _debt(tx, request.entity_code, request.external_id or "")
        if row is None or row.entity_code != request.entity_code:
            raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
        made = _made(tx, PAY, [row], now, timedelta(days=request.valid_days))
        if request.actor is not None and request.mailed is not None:
            audited.note_mailed(tx, row.entity_code, row.id, request.actor, request.mailed, now)
        return made


def revoke_pay_links(database: Database, request: PayLinksRevokeRequest, now: datetime) -> RevokedLinks:
    """Revoke links to an entity's debt; those that are revoked stay so. Raises Refused(PRACTICE_NOT_FOUND)."""
    with database.transaction() as tx:
        row = _debt(tx, request.entity_code, request.external_id)
        return RevokedLinks(count=access_links.revoke_of(tx.session, row.id, PAY, request.link_id, now))


def make_private_link(database: Database, request: PrivateLinkRequest, now: datetime) -> MadeLink:
    """Make the link by which who inserted practices comes back to them, all of the entity of the first.

    Raises Refused(PRACTICE_NOT_FOUND) where the viewer has inserted none of them.
    """
    with database.transaction() as tx:
        found = practices.practices(tx.session, request.practice_ids)
        in_order = [found[one] for one in request.practice_ids if one in found]
        own = [row for row in in_order if viewers.has_inserted(request.viewer, row.inserted_by)]
        if not own:
            raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
        of_entity = [row for row in own if row.entity_code == own[0].entity_code]
        return _made(tx, PRIVATE, of_entity, now, PRIVATE_LINK_LIFE)


def open_link(database: Database, request: LinkRequest, now: datetime) -> OpenedLink:
    """Return what a link leads to. Raises Refused(LINK_NOT_VALID): unknown, revoked or ended are answered alike."""
    with database.reading() as session:
        link = access_links.find(session, _digest(request.link_token), now)
        if link is None:
            raise Refused(ErrorCode.LINK_NOT_VALID)
        return OpenedLink(
            kind=link.kind, entity_code=link.entity_code, practice_ids=link.practice_ids, expires_at=link.expires_at
        )


def revoke_private_link(database: Database, request: LinkRequest, now: datetime) -> RevokedLinks:
    """Revoke the private link of this token; without one nothing changes."""
    with database.transaction() as tx:
        return RevokedLinks(count=access_links.revoke(tx.session, _digest(request.link_token), PRIVATE, now))


def purge(database: Database, now: datetime) -> None:
    """Delete the links that ended long ago."""
    with database.transaction() as tx:
        count = access_links.purge(tx.session, now - _REMEMBERED_AFTER_END)
    if count:
        log.info("links_deleted", count=count)


def _debt(tx: Tx, entity_code: str, external_id: str) -> Row[Any]:
    rows = practices.of_references(tx.session, entity_code, [external_id])
    if not rows:
        raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
    return rows[0]


def _made(tx: Tx, kind: str, rows: Sequence[Row[Any]], now: datetime, life: timedelta) -> MadeLink:
    token, link_id = secrets.token_urlsafe(_TOKEN_BYTES), uuid4()
    practice_ids: list[UUID] = [row.id for row in rows]
    link = AccessLink(
        id=link_id,
        token_sha256=_digest(token),
        kind=kind,
        entity_code=rows[0].entity_code,
        practice_id=practice_ids[0],
        practice_ids=practice_ids,
        created_at=now,
        expires_at=now + life,
    )
    access_links.save(tx.session, link)
    return MadeLink(id=link_id, link_token=token, expires_at=now + life)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
