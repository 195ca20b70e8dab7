"""Documents that are stored: drawn once for all that they say, and found again by the hash of it."""

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta

from chassis import logs
from chassis.storage.database import Database
from contracts.events.notices import NOTICE_ISSUED, NoticeIssued
from contracts.rpc import notices
from contracts.rpc.practices import Practice
from services.notices.documents import repository
from services.notices.documents.domain import document_key
from services.notices.documents.domain.content import NoticeContent, VerifiableContent
from services.notices.documents.settings import DocumentSettings
from services.notices.documents.usecases.dependencies import DocumentDependencies
from services.notices.models import Document

log = logs.get_logger(__name__)


def document_reply(
    dependencies: DocumentDependencies, content: VerifiableContent, about: Sequence[Practice], now: datetime
) -> notices.Document:
    """Return a document as callers get it; `about`: the practices it speaks of."""
    return pdf_reply(document_key.file_name(content), stored_pdf(dependencies, content, about, now))


def pdf_reply(file_name: str, pdf: bytes) -> notices.Document:
    """Return a PDF as callers get it."""
    return notices.Document(
        file_name=file_name, media_type="application/pdf", content_base64=base64.b64encode(pdf).decode()
    )


def stored_pdf(
    dependencies: DocumentDependencies, content: VerifiableContent, about: Sequence[Practice], now: datetime
) -> bytes:
    """Return the PDF stored for this content; else render it, store it, and tell of a new notice."""
    content_sha256 = document_key.content_sha256(content)
    with dependencies.database.reading() as session:
        pdf = repository.find_pdf(session, content_sha256)
    if pdf is None:
        pdf = dependencies.renderers.render(content)
        _save(dependencies.database, content, content_sha256, about, pdf, now)
    return pdf


def purge(database: Database, settings: DocumentSettings, now: datetime) -> None:
    """Drop the PDFs and jobs stored long enough; a PDF asked for again is drawn again, codes are verified for ever."""
    with database.transaction() as tx:
        before = now - timedelta(days=settings.pdf_retention_days)
        repository.purge_jobs(tx.session, before=before)
        count = repository.purge_pdfs(tx.session, before=before)
    if count:
        log.info("documents_forgotten", count=count)


def _save(
    database: Database,
    content: VerifiableContent,
    content_sha256: str,
    about: Sequence[Practice],
    pdf: bytes,
    now: datetime,
) -> None:
    first = about[0]
    document = Document(
        content_sha256=content_sha256,
        kind=content.kind,
        practice_id=first.id,
        practice_ids=[practice.id for practice in about],
        code=content.verification.code if content.verification else None,
        language=content.language,
        pdf=pdf,
        created_at=now,
    )
    with database.transaction() as tx:
        number = repository.save_document(tx.session, document)
        if isinstance(content, NoticeContent) and number is not None:
            issued = NoticeIssued(
                practice_id=first.id,
                notice_number=first.notice_number,
                content_sha256=content_sha256,
                language=content.language,
                at=now,
            )
            tx.emit(NOTICE_ISSUED, issued, subject=str(first.id), sequence=number, now=now)
