"""The only SQL of notices."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.notices.models import Document


def find_pdf(session: Session, content_sha256: str) -> bytes | None:
    """Return the document made from this content, if it was made before."""
    return session.scalar(select(Document.pdf).where(Document.content_sha256 == content_sha256))


def keep(
    session: Session,
    *,
    content_sha256: str,
    kind: str,
    practice_id: UUID,
    language: str,
    pdf: bytes,
    now: datetime,
) -> int | None:
    """Keep a document; return its number among the practice's of this kind, None when it is there already.

    Documents of one practice are kept one at a time, so that the numbers have no gaps and no twins.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(practice_id), 0))))
    statement = insert(Document).values(
        content_sha256=content_sha256, kind=kind, practice_id=practice_id, language=language, pdf=pdf, created_at=now
    )
    is_new = session.scalar(statement.on_conflict_do_nothing().returning(Document.content_sha256))
    if is_new is None:
        return None
    kept = select(func.count()).where(Document.practice_id == practice_id, Document.kind == kind)
    return session.scalar(kept)
