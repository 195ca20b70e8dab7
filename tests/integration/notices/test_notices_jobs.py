"""Printing many notices as a job: progress, what is refused and why, one job per key, going on after a failure."""

import base64
import contextlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from contracts.errors import ErrorCode, Unavailable
from contracts.rpc import notices, practices
from contracts.rpc.notices import JobDocumentsRequest, JobGetRequest, JobRequest
from contracts.rpc.practices import AnnulRequest
from services.notices.documents.renderers import Renderers
from services.notices.documents.usecases import document_store, print_jobs
from services.notices.documents.usecases.dependencies import DocumentDependencies
from services.notices.models import Document
from services.notices.settings import Settings

TWICE = Path(__file__).parents[4] / "shared" / "cases" / "b49-same-twice.json"


def job_request(external_ids, key=None):
    return JobRequest(entity_code="PM108", idempotency_key=key or uuid4().hex, external_ids=external_ids)


def start(office, external_ids, key=None):
    return office.rpc.call(notices.START_JOB, job_request(external_ids, key)).job


def state(office, job):
    return office.rpc.call(notices.JOB, JobGetRequest(entity_code="PM108", job_id=job.id)).job


def documents_of(office, job, **wishes):
    found, after = [], 0
    while after is not None:
        asked = JobDocumentsRequest(entity_code="PM108", job_id=job.id, after=after, limit=20, **wishes)
        page = office.rpc.call(notices.JOB_DOCUMENTS, asked)
        found += page.items
        after = page.next_after
    return found


def owed(office, count):
    return [office.owed(description=f"TARI {number}").external_id for number in range(count)]


def test_a_reference_named_twice_is_printed_and_counted_once(office, eventually):
    first, second = owed(office, 2)
    job = start(office, [first, second, first, first])
    assert job.total == 2
    eventually(lambda: state(office, job).finished_at)
    done = state(office, job)
    assert (done.printed, done.refused) == (2, 0)
    assert [item.external_id for item in documents_of(office, job)] == [first, second]


def test_the_printing_job_of_the_field_has_one_notice(office):
    if not TWICE.exists():
        pytest.skip("shared/cases is not here")
    assert start(office, json.loads(TWICE.read_text())["external_ids"]).total == 1


def test_a_job_prints_what_it_can_and_says_why_not_the_rest(office, eventually):
    references = owed(office, 60)
    annul = AnnulRequest(entity_code="PM108", external_id=references[7], reason="Emesso per errore")
    office.rpc.call(practices.ANNUL_DEBT, annul)
    job = start(office, [*references, "UNKNOWN-1"])
    assert job.total == 61
    eventually(lambda: state(office, job).finished_at)
    done = state(office, job)
    assert (done.printed, done.refused) == (59, 2)
    items = documents_of(office, job)
    assert [item.external_id for item in items] == [*references, "UNKNOWN-1"]
    assert items[7].code == ErrorCode.PRACTICE_CANCELLED
    assert items[-1].code == ErrorCode.PRACTICE_NOT_FOUND
    printed = [item for item in items if item.content_base64]
    assert len({item.file_name for item in printed}) == 59
    assert all(base64.b64decode(item.content_base64).startswith(b"%PDF") for item in printed)
    listed = documents_of(office, job, with_content=False)
    assert [item.file_name for item in listed] == [item.file_name for item in items]
    assert {item.content_base64 for item in listed} == {None}


def test_the_same_key_is_the_same_job(office):
    references, key = owed(office, 2), uuid4().hex
    assert start(office, references, key).id == start(office, references, key).id


def test_a_job_of_another_entity_does_not_exist(office):
    job = start(office, owed(office, 1))
    asked = JobGetRequest(entity_code="PM999", job_id=job.id)
    assert office.rpc.call(notices.JOB, asked).job is None
    wanted = JobDocumentsRequest(entity_code="PM999", job_id=job.id, after=0, limit=20)
    assert office.rpc.call(notices.JOB_DOCUMENTS, wanted).items == []


class FailingRenderers(Renderers):
    """Renderers that are gone."""

    def __init__(self):
        """Start no process."""

    def render(self, content):
        """Fail as when none answers in time."""
        raise Unavailable(ErrorCode.SERVICE_UNAVAILABLE)


def test_a_job_that_was_interrupted_goes_on(office, eventually):
    settings = Settings.load()
    failing = DocumentDependencies(
        office.documents, office.rpc, FailingRenderers(), settings.documents, settings.public_url
    )
    job = print_jobs.start(office.documents, job_request(owed(office, 5)), datetime.now(UTC)).job
    # The service may have been quicker and be at it already.
    with contextlib.suppress(Unavailable):
        print_jobs.work(failing, datetime.now(UTC))
    eventually(lambda: state(office, job).finished_at)
    assert state(office, job).printed == 5


def test_a_document_printed_long_before_is_stored_as_long_as_a_job_offers_it(office, eventually):
    practice, settings = office.owed(), Settings.load().documents
    office.notice(practice)
    long_ago = datetime.now(UTC) - timedelta(days=settings.pdf_retention_days - 1)
    with office.documents.transaction() as tx:
        made = sa.update(Document).where(Document.practice_id == practice.id).values(created_at=long_ago)
        tx.session.execute(made)
    job = start(office, [practice.external_id])
    eventually(lambda: state(office, job).finished_at)
    document_store.purge(office.documents, settings, datetime.now(UTC) + timedelta(days=2))
    assert documents_of(office, job)[0].content_base64
    document_store.purge(
        office.documents, settings, datetime.now(UTC) + timedelta(days=settings.pdf_retention_days + 1)
    )
    assert state(office, job) is None
    with office.documents.reading() as session:
        stored = session.scalars(sa.select(Document.pdf).where(Document.practice_id == practice.id)).all()
    assert stored == [None]
