"""Links that lead to practices without login."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Delete, Update, delete, select, update
from sqlalchemy.orm import Session

from services.practices.models import AccessLink


def save(session: Session, link: AccessLink) -> None:
    """Store a new link."""
    session.add(link)


def find(session: Session, token_sha256: bytes, now: datetime) -> AccessLink | None:
    """Return the link of this token, if it is valid now."""
    statement = select(AccessLink).where(
        AccessLink.token_sha256 == token_sha256, AccessLink.revoked_at.is_(None), AccessLink.expires_at > now
    )
    return session.scalars(statement).one_or_none()


def revoke(session: Session, token_sha256: bytes, kind: str, now: datetime) -> int:
    """Revoke the link of this token, if it is of this kind and not revoked; return how many were."""
    statement = update(AccessLink).where(
        AccessLink.token_sha256 == token_sha256, AccessLink.kind == kind, AccessLink.revoked_at.is_(None)
    )
    return _count(session, statement.values(revoked_at=now))


def revoke_of(session: Session, practice_id: UUID, kind: str, link_id: UUID | None, now: datetime) -> int:
    """Revoke the links of a kind that were made for a practice, or the one of them with this id; return how many."""
    statement = update(AccessLink).where(
        AccessLink.practice_id == practice_id, AccessLink.kind == kind, AccessLink.revoked_at.is_(None)
    )
    if link_id is not None:
        statement = statement.where(AccessLink.id == link_id)
    return _count(session, statement.values(revoked_at=now))


def purge(session: Session, before: datetime) -> int:
    """Delete the links that ended before; return how many."""
    return _count(session, delete(AccessLink).where(AccessLink.expires_at < before))


def _count(session: Session, statement: Update | Delete) -> int:
    found = session.execute(statement.returning(AccessLink.id).execution_options(synchronize_session=False))
    return len(found.all())
