"""Memory and speed of a printing job: the same service code for a small and a large job, on a real database.

Then the job is merged into one PDF, as the gateway does it, in this process too.

    DATABASE_URL=... python -m chassis.migrations upgrade notices
    DATABASE_URL=... python benchmarks/notice_job.py [SMALL] [LARGE]

practices is stood in for by debts made on the fly, so that only notices is measured: its process and its renderer. The
highest resident memory of both is read after each job; the large one must not need more than the small one.
"""

import base64
import os
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4, uuid5

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import sqlalchemy as sa  # noqa: E402 - after the path is set
from gateway.printed.merging import merged  # noqa: E402

from chassis.storage.database import Database, database_url  # noqa: E402
from contracts.call import Call, Reply, Request  # noqa: E402
from contracts.codes import AmountCents, CreditorFiscalCode, NoticeNumber  # noqa: E402
from contracts.rpc.notices import JobDocumentsRequest, JobRequest  # noqa: E402
from contracts.rpc.practices import DebtsRequest, Entity, Practice, PracticeList  # noqa: E402
from contracts.shapes import Creditor, LocalisedText, Subject  # noqa: E402
from services.notices import models  # noqa: E402
from services.notices.documents.renderers import Renderers  # noqa: E402
from services.notices.documents.usecases import print_jobs  # noqa: E402
from services.notices.documents.usecases.dependencies import DocumentDependencies  # noqa: E402
from services.notices.settings import Settings  # noqa: E402

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


def peak_mb(pid: int) -> float:
    """Highest resident memory of a process so far, in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


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


def main() -> None:
    """Print the small job, then the large one."""
    sizes = [int(argument) for argument in sys.argv[1:]] or [1_000, 10_000]
    settings = Settings.load()
    database = Database(database_url("notices"), models)
    renderers = Renderers(count=1, timeout_s=60, fonts_dir=settings.documents.fonts_dir)
    dependencies = DocumentDependencies(database, Debts(), renderers, settings.documents, settings.public_url)
    try:
        for count in sizes:
            rate, merging, size = print_job(dependencies, count)
            (renderer,) = renderers.pids()
            memory = f"service {peak_mb(os.getpid()):.0f} MB, renderer {peak_mb(renderer):.0f} MB at most"
            print(f"{count:>6} notices: {rate:.1f}/s with one renderer; {memory}")
            print(f"{'merged:':>15} {merging:.0f}/s of processor time; {size:.1f} MB")
    finally:
        renderers.close()
        with database.transaction() as tx:
            tx.session.execute(sa.delete(models.PrintJob).where(models.PrintJob.entity_code == ENTITY_CODE))
            tx.session.execute(sa.delete(models.Document).where(models.Document.created_at >= STARTED))
            tx.session.execute(sa.delete(models.OutboxMessage).where(models.OutboxMessage.created_at >= STARTED))
        database.close()


if __name__ == "__main__":
    main()
