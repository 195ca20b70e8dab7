"""Printing many notices as a job: progress, what is refused and why, one job per key, going on after a failure."""

import base64
import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from contracts.errors import Broken, ErrorCode, Refused, Unavailable
from contracts.rpc import notices, practices
from contracts.rpc.notices import JobDocumentsRequest, JobGetRequest, JobListRequest, JobRequest
from contracts.rpc.practices import AnnulRequest
from services.notices.documents import repository
from services.notices.documents.pdf.notice import render_notice
from services.notices.documents.renderers import Renderers
from services.notices.documents.usecases import document_store, print_jobs
from services.notices.documents.usecases.dependencies import DocumentDependencies
from services.notices.models import Document, PrintJob, PrintJobItem
from services.notices.settings import Settings
from tests.conftest import PROJECT

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
    job = start(office, [first, second, first, f" {first}", f"{second}\u00a0", f"{second}\t"])
    assert job.total == 2
    eventually(lambda: state(office, job).finished_at)
    done = state(office, job)
    assert (done.printed, done.refused) == (2, 0)
    assert [item.external_id for item in documents_of(office, job)] == [first, second]


def test_the_printing_job_of_the_field_has_one_notice(office):
    if not TWICE.exists():
        pytest.skip("shared/cases is not here")
    assert start(office, json.loads(TWICE.read_text())["external_ids"]).total == 1


def test_a_job_of_an_operator_is_seen_by_whose_roles_are_for_its_services(office):
    (reference,) = owed(office, 1)
    request = replace(job_request([reference]), service_codes=["MENSA", "TARI"])
    theirs = office.rpc.call(notices.START_JOB, request).job
    whole = start(office, [reference])

    def listed(services, **page):
        return office.rpc.call(notices.LIST_JOBS, JobListRequest(entity_code="PM108", service_codes=services, **page))

    def seen(services):
        return {one.id for one in listed(services).jobs} & {theirs.id, whole.id}

    assert seen(None) == {theirs.id, whole.id}
    assert seen(["MENSA", "RETTA", "TARI"]) == {theirs.id}
    assert seen(["TARI"]) == seen([]) == set()
    first = listed(None, limit=1)
    assert [one.id for one in first.jobs] == [whole.id]
    assert listed(None, limit=1, after=first.next_after).jobs[0].id == theirs.id
    for job, services, is_there in (
        (theirs, ["TARI"], False),
        (whole, ["TARI"], False),
        (theirs, ["MENSA", "TARI"], True),
    ):
        asked = JobGetRequest(entity_code="PM108", job_id=job.id, service_codes=services)
        assert (office.rpc.call(notices.JOB, asked).job is not None) == is_there
        pages = JobDocumentsRequest(entity_code="PM108", job_id=job.id, service_codes=services)
        assert bool(office.rpc.call(notices.JOB_DOCUMENTS, pages).items) == is_there


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


def test_a_debt_named_more_than_once_is_printed_and_counted_once(office, eventually):
    """Case b49, and its kind: repeats beside each other, apart, unknown, and over more than one batch."""
    references = owed(office, 55)
    job = start(office, [references[0], references[0], *references, "UNKNOWN-2", references[3], "UNKNOWN-2"])
    assert job.total == 56
    eventually(lambda: state(office, job).finished_at)
    done = state(office, job)
    assert (done.total, done.printed, done.refused) == (56, 55, 1)
    items = documents_of(office, job, with_content=False)
    assert [item.external_id for item in items] == [*references, "UNKNOWN-2"]


def test_the_case_of_the_same_reference_twice_counts_it_once(office, eventually):
    file = PROJECT.parent / "shared" / "cases" / "b49-same-twice.json"
    if not file.exists():
        pytest.skip(f"no case at {file}")
    references = json.loads(file.read_text())["external_ids"]
    office.owed(external_id=references[0])
    job = start(office, references)
    eventually(lambda: state(office, job).finished_at)
    done = state(office, job)
    assert (done.total, done.printed, done.refused) == (1, 1, 0)


def test_what_cannot_be_printed_is_listed_with_its_reason_and_the_others_go_on(office, eventually):
    printable, paid, cancelled, expired = (office.owed() for _ in range(4))
    office.pay(paid)
    office.rpc.call(
        practices.ANNUL_DEBT, AnnulRequest(entity_code="PM108", external_id=cancelled.external_id, reason="Errore")
    )
    eventually(lambda: office.state_of(paid) in {"paid", "reported"})
    answers = Answers(office, {expired.external_id: {"state": "expired"}, "STAMP": {"online_only": True}}, printable)
    wanted = [expired, paid, cancelled]
    references = ["STAMP", *(one.external_id for one in wanted), "SOMEBODY-ELSES", printable.external_id]
    job = print_here(office, answers, Drawn(), references)
    codes = {item.external_id: item.code for item in documents_of(office, job, with_content=False)}
    assert codes == {
        "STAMP": ErrorCode.PRACTICE_ONLINE_ONLY,
        expired.external_id: ErrorCode.PRACTICE_EXPIRED,
        paid.external_id: ErrorCode.PRACTICE_PAID,
        cancelled.external_id: ErrorCode.PRACTICE_CANCELLED,
        "SOMEBODY-ELSES": ErrorCode.PRACTICE_NOT_FOUND,
        printable.external_id: None,
    }


def print_here(office, rpc, renderers, references):
    """Print a job in this process; it is stored as done, so that no process of the service takes it up."""
    job = PrintJob(
        id=uuid4(),
        entity_code="PM108",
        idempotency_key=uuid4().hex,
        language="it",
        total=len(references),
        created_at=datetime.now(UTC),
        finished_at=datetime.now(UTC),
    )
    settings = Settings.load()
    needed = DocumentDependencies(office.documents, rpc, renderers, settings.documents, settings.public_url)
    with office.documents.transaction() as tx:
        repository.add_job(tx.session, job, references)
    with office.documents.transaction() as tx:
        stored = tx.session.get(PrintJob, job.id)
        items = repository.open_items(tx.session, job.id, len(references))
        print_jobs.print_items(needed, stored, {item.external_id: item for item in items}, datetime.now(UTC))
        job_id = stored.id
    return office.rpc.call(notices.JOB, JobGetRequest(entity_code="PM108", job_id=job_id)).job


class Answers:
    """Practices as it is, but for what these debts are said to be; a reference without debt is `example`'s."""

    def __init__(self, office, said, example):
        """Say it of those."""
        self.office, self.said, self.example = office, said, example

    def call(self, call, request, **more):
        """Ask practices, and change what is said of some."""
        reply = self.office.rpc.call(call, request, **more)
        if call is not practices.DEBTS:
            return reply
        known = {one.external_id: one for one in reply.practices}
        made = {
            reference: replace(known.get(reference, self.example), external_id=reference, **changes)
            for reference, changes in self.said.items()
        }
        return replace(reply, practices=list((known | made).values()))


class Drawn(Renderers):
    """Renderers that draw in this process."""

    def __init__(self):
        """Start no process."""

    def render(self, content):
        """Draw it."""
        return render_notice(content)


class Undrawable(Drawn):
    """Renderers that fail on one name."""

    def render(self, content):
        """Fail as a rendering process tells it."""
        if content.subject == "TARI 3":
            raise Broken(ErrorCode.INTERNAL_ERROR)
        return render_notice(content)


def test_a_document_that_cannot_be_drawn_does_not_hold_up_the_others(office):
    references = owed(office, 5)
    job = print_here(office, office.rpc, Undrawable(), references)
    codes = [item.code for item in documents_of(office, job, with_content=False)]
    assert codes == [None, None, None, ErrorCode.INTERNAL_ERROR, None]


def test_a_job_of_ten_thousand_is_taken_and_one_more_is_not(office):
    """The most that is documented; that each is there, not that all are drawn."""
    references = [f"NOBODY-{uuid4().hex}-{number}" for number in range(10_000)]
    job = start(office, references)
    assert job.total == 10_000
    with office.documents.reading() as session:
        stored = sa.select(sa.func.count()).where(PrintJobItem.job_id == job.id)
        assert session.scalar(stored) == 10_000
    with pytest.raises(Refused) as refused:
        start(office, [*references, "ONE-MORE"])
    assert refused.value.code is ErrorCode.INVALID_REQUEST
