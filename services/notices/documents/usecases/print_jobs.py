"""Printing many notices as one job: taken in batches, each saved when it is done, so that a job goes on after a stop.

Memory does not grow with a job: a batch of practices and one document at a time.
"""

import base64
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import uuid4

from chassis.storage.database import Database
from contracts.errors import Broken, ErrorCode, Refused
from contracts.rpc import practices
from contracts.rpc.notices import (
    JobDocument,
    JobDocuments,
    JobDocumentsRequest,
    JobGetRequest,
    JobList,
    JobListRequest,
    JobReply,
    JobRequest,
)
from contracts.rpc.practices import DebtsRequest
from services.notices.documents import repository
from services.notices.documents.domain import composition, document_key
from services.notices.documents.usecases.dependencies import DocumentDependencies
from services.notices.documents.usecases.document_store import stored_pdf
from services.notices.documents.usecases.lookup import artworks_of, entity_of
from services.notices.models import PrintJob, PrintJobItem

_BATCH: Final = 50


def start(database: Database, request: JobRequest, now: datetime) -> JobReply:
    """Take a job; the same key again is the same job. A debt named more than once is printed and counted once."""
    external_ids = distinct(request.external_ids)
    job = PrintJob(
        id=uuid4(),
        entity_code=request.entity_code,
        idempotency_key=request.idempotency_key,
        language=request.language,
        second_language=request.second_language,
        total=len(external_ids),
        created_at=now,
        service_codes=list(request.service_codes) if request.service_codes is not None else None,
    )
    with database.transaction() as tx:
        repository.add_job(tx.session, job, external_ids)
        return JobReply(job=repository.find_job(tx.session, job.entity_code, key=job.idempotency_key))


def distinct(external_ids: Iterable[str]) -> list[str]:
    """Return each reference once, in their order, as practices stores it: composed, without needless space."""
    return list(dict.fromkeys(unicodedata.normalize("NFC", " ".join(one.split())) for one in external_ids))


def show(database: Database, request: JobGetRequest) -> JobReply:
    """Return how far a job of the entity is; None where there is no such job."""
    with database.reading() as session:
        found = repository.find_job(session, request.entity_code, job_id=request.job_id, services=request.service_codes)
    return JobReply(job=found)


def list_jobs(database: Database, request: JobListRequest) -> JobList:
    """Return a page of the jobs of an entity, newest first."""
    with database.reading() as session:
        found = repository.list_jobs(session, request, request.limit + 1)
    page = found[: request.limit]
    return JobList(jobs=page, next_after=page[-1].id if len(found) > len(page) else None)


def documents(database: Database, request: JobDocumentsRequest) -> JobDocuments:
    """Return the next documents of a job, in its order; `next_after` is None on the last page."""
    with database.reading() as session:
        rows = repository.job_documents(session, request)
    items = [
        JobDocument(
            place=item.place,
            external_id=item.external_id,
            file_name=item.file_name,
            code=item.code,
            content_base64=base64.b64encode(pdf).decode() if pdf else None,
        )
        for item, pdf in rows
    ]
    return JobDocuments(items=items, next_after=items[-1].place if len(items) == request.limit else None)


def work(dependencies: DocumentDependencies, now: datetime) -> int:
    """Print one batch of the oldest unfinished job that no other process is at; return how many were printed."""
    with dependencies.database.transaction() as tx:
        job = repository.next_job(tx.session)
        if job is None:
            return 0
        items = repository.open_items(tx.session, job.id, _BATCH)
        if items:
            print_items(dependencies, job, {item.external_id: item for item in items}, now)
        if len(items) < _BATCH:
            job.finished_at = now
        return len(items)


def print_items(
    dependencies: DocumentDependencies, job: PrintJob, items: Mapping[str, PrintJobItem], now: datetime
) -> None:
    """Print these items of a job, by the entity's references; note of each its document, or the code why not."""
    entity = entity_of(dependencies, job.entity_code)
    artworks = artworks_of(dependencies, entity)
    wanted = DebtsRequest(entity_code=job.entity_code, external_ids=list(items))
    found = {practice.external_id: practice for practice in dependencies.rpc.call(practices.DEBTS, wanted).practices}
    for external_id, item in items.items():
        practice = found.get(external_id)
        if practice is None:
            item.code = ErrorCode.PRACTICE_NOT_FOUND.value
            continue
        try:
            composition.refuse_unprintable(practice)
            content = composition.notice_content([practice], entity, artworks, job.language, job.second_language)
            content = document_key.verifiable(content, dependencies.public_url)
            stored_pdf(dependencies, content, [practice], now)
        except (Refused, Broken) as refusal:
            # What can never be drawn would hold up the others for ever; an outage is raised, and tried again.
            item.code = refusal.code.value
            continue
        item.content_sha256 = document_key.content_sha256(content)
        item.file_name = document_key.file_name(content)
