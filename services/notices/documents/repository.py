"""The SQL of documents and print jobs."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, cast, delete, exists, func, null, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, defer

from contracts.rpc.notices import Job, JobDocumentsRequest, JobListRequest
from services.notices.models import Document, PrintJob, PrintJobItem


def find_pdf(session: Session, content_sha256: str) -> bytes | None:
    """Return the document made from this content, if it was made before."""
    return session.scalar(select(Document.pdf).where(Document.content_sha256 == content_sha256))


def save_document(session: Session, document: Document) -> int | None:
    """Save a new document; return its number among the practice's of this kind, None when it is there already.

    One whose PDF was purged gets it back. Documents of one practice are saved one at a time, so that the numbers
    have no gaps and no twins.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(document.practice_id), 0))))
    columns = Document.__table__.columns.keys()
    statement = insert(Document).values({column: getattr(document, column) for column in columns})
    is_new = session.scalar(statement.on_conflict_do_nothing().returning(Document.content_sha256))
    if is_new is None:
        purged = update(Document).where(Document.content_sha256 == document.content_sha256, Document.pdf.is_(None))
        session.execute(purged.values(pdf=document.pdf, created_at=document.created_at))
        return None
    saved = select(func.count()).where(Document.practice_id == document.practice_id, Document.kind == document.kind)
    return session.scalar(saved)


def find_verified(session: Session, code: str) -> Document | None:
    """Return the document with this code, without reading its PDF."""
    statement = select(Document).where(Document.code == code).options(defer(Document.pdf))
    return session.scalars(statement.limit(1)).first()


def purge_pdfs(session: Session, *, before: datetime) -> int:
    """Drop the PDFs made before a moment, but not those that a job still offers; return how many."""
    is_offered = exists().where(PrintJobItem.content_sha256 == Document.content_sha256)
    is_old = Document.created_at < before, Document.pdf.is_not(None), ~is_offered
    statement = update(Document).where(*is_old).values(pdf=None)
    return len(session.scalars(statement.returning(Document.content_sha256)).all())


def add_job(session: Session, job: PrintJob, external_ids: Sequence[str]) -> None:
    """Add a job and its items, unless its entity has one with this key."""
    columns = PrintJob.__table__.columns.keys()
    statement = insert(PrintJob).values({column: getattr(job, column) for column in columns})
    if session.scalar(statement.on_conflict_do_nothing().returning(PrintJob.id)) is not None:
        rows = [{"job_id": job.id, "place": place, "external_id": one} for place, one in enumerate(external_ids, 1)]
        session.execute(insert(PrintJobItem), rows)


def find_job(
    session: Session,
    entity_code: str,
    *,
    job_id: UUID | None = None,
    key: str | None = None,
    services: Sequence[str] | None = None,
) -> Job | None:
    """Return an entity's job and how many of its items are printed and refused, or None."""
    found = PrintJob.id == job_id if job_id else PrintJob.idempotency_key == key
    job = session.scalars(select(PrintJob).where(*_of(entity_code, services), found)).first()
    return _with_counts(session, job) if job else None


def list_jobs(session: Session, asked: JobListRequest, limit: int) -> Sequence[Job]:
    """Return jobs of an entity, newest first, those older than one."""
    statement = select(PrintJob).where(*_of(asked.entity_code, asked.service_codes))
    if asked.after is not None:
        last = select(PrintJob.created_at, PrintJob.id).where(PrintJob.id == asked.after).subquery()
        statement = statement.where(tuple_(PrintJob.created_at, PrintJob.id) < select(last).scalar_subquery())
    jobs = session.scalars(statement.order_by(PrintJob.created_at.desc(), PrintJob.id.desc()).limit(limit)).all()
    return [_with_counts(session, job) for job in jobs]


def _of(entity_code: str, services: Sequence[str] | None) -> list[ColumnElement[bool]]:
    entity = PrintJob.entity_code == entity_code
    if services is None:
        return [entity]
    return [entity, PrintJob.service_codes.op("<@", is_comparison=True)(cast(list(services), ARRAY(Text)))]


def _with_counts(session: Session, job: PrintJob) -> Job:
    counts = select(func.count(PrintJobItem.content_sha256), func.count(PrintJobItem.code))
    printed, refused = session.execute(counts.where(PrintJobItem.job_id == job.id)).one()
    return Job(
        id=job.id,
        entity_code=job.entity_code,
        total=job.total,
        printed=printed,
        refused=refused,
        created_at=job.created_at,
        finished_at=job.finished_at,
    )


def next_job(session: Session) -> PrintJob | None:
    """Return the oldest unfinished job, locked; one that another process is at is left to it."""
    statement = select(PrintJob).where(PrintJob.finished_at.is_(None)).order_by(PrintJob.created_at, PrintJob.id)
    return session.scalars(statement.limit(1).with_for_update(skip_locked=True)).first()


def open_items(session: Session, job_id: UUID, limit: int) -> Sequence[PrintJobItem]:
    """Return the next items of a job that are neither printed nor refused."""
    is_open = PrintJobItem.content_sha256.is_(None) & PrintJobItem.code.is_(None)
    statement = select(PrintJobItem).where(PrintJobItem.job_id == job_id, is_open)
    return session.scalars(statement.order_by(PrintJobItem.place).limit(limit)).all()


def job_documents(session: Session, asked: JobDocumentsRequest) -> Sequence[tuple[PrintJobItem, bytes | None]]:
    """Return items of an entity's job after a place, with their PDFs where these are wanted."""
    statement = (
        select(PrintJobItem, Document.pdf if asked.with_content else null())
        .join(PrintJob, PrintJob.id == PrintJobItem.job_id)
        .outerjoin(Document, Document.content_sha256 == PrintJobItem.content_sha256)
        .where(*_of(asked.entity_code, asked.service_codes), PrintJob.id == asked.job_id)
        .where(PrintJobItem.place > asked.after)
        .order_by(PrintJobItem.place)
        .limit(asked.limit)
    )
    return [(item, pdf) for item, pdf in session.execute(statement)]


def purge_jobs(session: Session, *, before: datetime) -> None:
    """Delete the jobs made before a moment: their PDFs go too."""
    session.execute(delete(PrintJob).where(PrintJob.created_at < before))
