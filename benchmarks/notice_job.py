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
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import sqlalchemy as sa  # noqa: E402 - after the path is set

from chassis.storage.database import Database, database_url  # noqa: E402
from contracts.call import Call  # noqa: E402
from contracts.rpc import notices, practices  # noqa: E402
from gateway.printed.merging import merged  # noqa: E402
from services.notices import models  # noqa: E402
from services.notices.documents.renderers import Renderers  # noqa: E402
from services.notices.documents.usecases import print_jobs  # noqa: E402
from services.notices.documents.usecases.documents import Parts  # noqa: E402
from services.notices.settings import Settings  # noqa: E402

ENTITY = {
    "code": "BENCH",
    "creditor": {"fiscal_code": "80012345676", "company_name": "Conservatorio di Musica", "office_name": None},
    "website": "https://conservatorio.example",
    "contact_email": None,
    "logo": None,
    "cbill": "CJM08",
    "postal_account": "001012345678",
    "postal_account_holder": None,
    "postal_authorisation": None,
}
STARTED = datetime.now(UTC)
DEBTOR = dict.fromkeys(("street_name", "civic_number", "postal_code", "city", "province", "country", "email"))


class Debts:
    """Answers for practices: every reference is a debt."""

    def call(self, call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the body, or as many debts as were asked for."""
        if call is practices.ENTITY:
            return ENTITY
        return {"practices": [debt(reference) for reference in request["external_ids"]]}


def debt(reference: str) -> dict[str, Any]:
    """Make the debt of a reference that ends in its number."""
    number = int(reference.rpartition("-")[2])
    return {
        "id": uuid5(UUID(int=0), reference),
        "external_id": reference,
        "state": "to_pay",
        "notice_number": f"3010{number:014d}",
        "amount_cents": 10_000 + number,
        "due_date": None,
        "instalment": None,
        "description": f"Contributo scolastico 2026/2027 {reference}",
        "debtor": {**DEBTOR, "fiscal_code": "RSSMRA85T10A562S", "full_name": f"Mario Rossi {number}"},
    }


def peak_mb(pid: int) -> float:
    """Highest resident memory of a process so far, in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


def print_job(parts: Parts, count: int) -> tuple[float, float, float]:
    """Print a job and merge it; return notices per second of printing and of merging, and the size in megabytes."""
    run = uuid4().hex
    request = {"entity_code": "BENCH", "idempotency_key": run, "external_ids": [f"{run}-{n}" for n in range(count)]}
    job = print_jobs.start(parts, notices.JobRequest().load(request), datetime.now(UTC))["job"]
    started = time.perf_counter()
    while print_jobs.work(parts, datetime.now(UTC)):
        pass
    took = time.perf_counter() - started
    merging = time.process_time()
    size = sum(len(piece) for piece in merged(printed(parts, job["id"]), "Avvisi di pagamento"))
    return count / took, count / (time.process_time() - merging), size / 1e6


def printed(parts: Parts, job_id: UUID) -> Iterator[bytes]:
    """Yield every document of a job."""
    after: int | None = 0
    while after is not None:
        asked = {"entity_code": "BENCH", "job_id": job_id, "after": after, "limit": 20, "with_content": True}
        page = print_jobs.documents(parts, asked)
        yield from (base64.b64decode(item["content_base64"]) for item in page["items"])
        after = page["next_after"]


def main() -> None:
    """Print the small job, then the large one."""
    sizes = [int(argument) for argument in sys.argv[1:]] or [1_000, 10_000]
    settings = Settings.load()
    database = Database(database_url("notices", os.environ), models)
    renderers = Renderers(count=1, timeout_s=60, fonts_dir=settings.fonts_dir)
    parts = Parts(database, Debts(), renderers, settings)  # type: ignore[arg-type]  # -- the call is all it needs
    try:
        for count in sizes:
            rate, merging, size = print_job(parts, count)
            (renderer,) = renderers.pids()
            memory = f"service {peak_mb(os.getpid()):.0f} MB, renderer {peak_mb(renderer):.0f} MB at most"
            print(f"{count:>6} notices: {rate:.1f}/s with one renderer; {memory}")
            print(f"{'merged:':>15} {merging:.0f}/s of processor time; {size:.1f} MB")
    finally:
        renderers.close()
        with database.transaction() as tx:
            tx.session.execute(sa.delete(models.PrintJob).where(models.PrintJob.entity_code == "BENCH"))
            tx.session.execute(sa.delete(models.Document).where(models.Document.created_at >= STARTED))
            tx.session.execute(sa.delete(models.OutboxMessage).where(models.OutboxMessage.created_at >= STARTED))
        database.close()


if __name__ == "__main__":
    main()
