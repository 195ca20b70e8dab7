"""A printing job of 1,000 notices beside one of 100: speed and memory, on a real database; then merged into one PDF.

practices is stood in for by debts made on the fly, so that only notices is measured: its process and its renderer. The
large job must not need more memory than the small one. It works once, whatever the rounds.
"""

import base64
import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4, uuid5

from benchmarks.harness import program, world
from benchmarks.harness.figures import Figure
from benchmarks.harness.turns import peak_mb
from chassis.settings import database_of
from chassis.storage import answer_limit
from chassis.storage.database import Database
from contracts.call import Call, Reply, Request
from contracts.codes import AmountCents, CreditorFiscalCode, NoticeNumber
from contracts.rpc.notices import JobDocumentsRequest, JobRequest
from contracts.rpc.practices import DebtsRequest, Entity, Practice, PracticeList
from contracts.shapes import Creditor, LocalisedText, Subject
from gateway.printed.merged_pdf import merged
from services.notices import models
from services.notices.documents.renderers import Renderers
from services.notices.documents.usecases import print_jobs
from services.notices.documents.usecases.dependencies import DocumentDependencies
from services.notices.settings import Settings

SIZES: Final = (100, 1_000)
ENTITY_CODE = "BENCH"
CREDITOR_CODE = CreditorFiscalCode("80012345676")
ENTITY = Entity(
    code=ENTITY_CODE,
    creditor=Creditor(
        code=ENTITY_CODE,
        fiscal_code=CREDITOR_CODE,
        company_name="Conservatorio di Musica",
        broker_fiscal_code=CREDITOR_CODE,
        station_id="80012345676_01",
    ),
    website="https://conservatorio.example",
    cbill="CJM08",
    postal_account="001012345678",
    services=[],
)
STARTED = datetime.now(UTC)


class Debts:
    """Answers for practices: every reference is a debt."""

    def call(
        self,
        call: Call[Request, Reply],
        request: Request,
        *,
        correlation_id: str | None = None,  # noqa: ARG002 - the protocol has it
    ) -> Reply:
        """Return the entity, or as many debts as were asked for."""
        reply = ENTITY if not isinstance(request, DebtsRequest) else debts(request.external_ids)
        assert isinstance(reply, call.reply_type)
        return reply


def debts(references: Sequence[str]) -> PracticeList:
    """Make the debts of some references."""
    return PracticeList(practices=[debt(reference) for reference in references])


def debt(reference: str) -> Practice:
    """Make the debt of a reference that ends in its number."""
    number = int(reference.rpartition("-")[2])
    notice_number = NoticeNumber(f"3010{number:014d}")
    return Practice(
        id=uuid5(UUID(int=0), reference),
        entity_code=ENTITY_CODE,
        creditor_name=ENTITY.creditor.company_name,
        service_code="CONTRIBUTO",
        service_title=LocalisedText(it="Contributo", en="Fee"),
        origin="issued",
        external_id=reference,
        debtor=Subject(entity_type="F", fiscal_code="RSSMRA85T10A562S", full_name=f"Mario Rossi {number}"),
        description=f"Contributo scolastico 2026/2027 {reference}",
        amount_cents=AmountCents(10_000 + number),
        notice_number=notice_number,
        iuv=notice_number.iuv,
        state="to_pay",
        state_since=STARTED,
        overdue=False,
        payable=True,
        created_at=STARTED,
    )


def print_job(dependencies: DocumentDependencies, count: int) -> tuple[float, float, float]:
    """Print a job and merge it; return notices per second of printing and of merging, and the size in megabytes."""
    run = uuid4().hex
    references = [f"{run}-{number}" for number in range(count)]
    request = JobRequest(entity_code=ENTITY_CODE, idempotency_key=run, external_ids=references)
    job = print_jobs.start(dependencies.database, request, datetime.now(UTC)).job
    assert job is not None
    started = time.perf_counter()
    while print_jobs.work(dependencies, datetime.now(UTC)):
        pass
    took = time.perf_counter() - started
    merging = time.process_time()
    size = sum(len(piece) for piece in merged(printed(dependencies.database, job.id), "Avvisi di pagamento"))
    return count / took, count / (time.process_time() - merging), size / 1e6


def printed(database: Database, job_id: UUID) -> Iterator[bytes]:
    """Yield every document of a job."""
    after: int | None = 0
    while after is not None:
        asked = JobDocumentsRequest(entity_code=ENTITY_CODE, job_id=job_id, after=after, limit=20)
        page = print_jobs.documents(database, asked)
        yield from (base64.b64decode(item.content_base64 or "") for item in page.items)
        after = page.next_after


def measure(_rounds: int) -> list[Figure]:
    """Print the small job, then the large one."""
    answer_limit.install_plain()
    figures, peaks = [], []
    with world.environment() as env:
        os.environ.update(env)
        world.databases_made_anew(env, ("notices",))
        settings = Settings.load()
        database = Database(database_of("notices", env["DATABASE_URL"]), models)
        renderers = Renderers(count=1, timeout_s=60, fonts_dir=settings.documents.fonts_dir)
        dependencies = DocumentDependencies(database, Debts(), renderers, settings.documents, settings.public_url)
        try:
            for count in SIZES:
                rate, merging, size_mb = print_job(dependencies, count)
                (renderer,) = renderers.pids()
                peaks.append(peak_mb(os.getpid()) + peak_mb(renderer))
                figures += [
                    Figure(name=f"{count:,} notices", value=rate, unit="notice/s"),
                    Figure(name=f"{count:,} notices, merged", value=merging, unit="notice/s of processor"),
                    Figure(name=f"{count:,} notices, peak", value=peaks[-1], unit="MB RSS"),
                    Figure(name=f"{count:,} notices, size", value=size_mb, unit="MB"),
                ]
        finally:
            renderers.close()
            database.close()
    return [Figure(name="peak, large of small", value=peaks[1] / peaks[0], unit="times", at_most=1.5), *figures]


if __name__ == "__main__":
    program.main(measure, rounds=1)
