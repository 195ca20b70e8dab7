"""The only SQL of notices."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, defer

from services.notices.models import Document


def find_pdf(session: Session, content_sha256: str) -> bytes | None:
    """Return the document made from this content, if it was made before."""
    return session.scalar(select(Document.pdf).where(Document.content_sha256 == content_sha256))


def keep(session: Session, document: Document) -> int | None:
    """Keep a new document; return its number among the practice's of this kind, None when it is there already.

    One whose PDF was forgotten gets it back. Documents of one practice are kept one at a time, so that the numbers
    have no gaps and no twins.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(document.practice_id), 0))))
    columns = Document.__table__.columns.keys()
    statement = insert(Document).values({column: getattr(document, column) for column in columns})
    is_new = session.scalar(statement.on_conflict_do_nothing().returning(Document.content_sha256))
    if is_new is None:
        forgotten = update(Document).where(Document.content_sha256 == document.content_sha256, Document.pdf.is_(None))
        session.execute(forgotten.values(pdf=document.pdf, created_at=document.created_at))
        return None
    kept = select(func.count()).where(Document.practice_id == document.practice_id, Document.kind == document.kind)
    return session.scalar(kept)


def find_verified(session: Session, code: str) -> Document | None:
    """Return the document with this code, without reading its PDF."""
    statement = select(Document).where(Document.code == code).options(defer(Document.pdf))
    return session.scalars(statement.limit(1)).first()


def forget(session: Session, *, before: datetime) -> int:
    """Drop the PDFs made before a moment; return how many."""
    statement = update(Document).where(Document.created_at < before, Document.pdf.is_not(None)).values(pdf=None)
    return len(session.scalars(statement.returning(Document.content_sha256)).all())
