"""A debt file loaded by the process that does it, beside COPY of the rows it makes, in turns on one database.

The work is `python -m services.practices.import_worker`, from the queued file to its end, start of the process
included; the baseline is COPY of the same practices, outbox and import rows, with the same indexes, in one
transaction. A row is a debt of TARI; every debtor has four of them. IMPORT_ROWS says how many (20,000). With
IMPORT_KILLS the process is killed so many times on its way; what is there at the end is always compared with what
should be, row by row.
"""

import hashlib
import io
import os
import random
import resource
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

import sqlalchemy as sa
from stdnum.it import codicefiscale

from benchmarks.harness import filled, program, world
from benchmarks.harness.figures import Figure, compared
from benchmarks.harness.turns import Turn, peak_mb, taken
from chassis import settings
from chassis.storage.database import Database
from contracts.rpc.practices import (
    IMPORT_PART_MAX_BYTES,
    ImportGetRequest,
    ImportPartRequest,
    ImportQueueRequest,
    ImportReport,
)
from dev.paths import ROOT
from services.practices import models
from services.practices.usecases import import_jobs, import_reports

ROWS: Final = int(os.environ.get("IMPORT_ROWS", "20000"))
KILLS: Final = int(os.environ.get("IMPORT_KILLS", "0"))
HEADER: Final = "codice_debito;servizio;codice_fiscale;cognome_nome;email;causale;importo;scadenza;rata;rate_totali\r\n"
MADE: Final = ("practices", "outbox", "import_rows")
_peaks_mb: Final[list[float]] = []


def measure(rounds: int) -> list[Figure]:
    """Measure."""
    with world.environment() as env:
        world.databases_made_anew(env, ("practices",))
        # Ours here: counting and the bare COPY may take long.
        os.environ["DATABASE_STATEMENT_TIMEOUT_S"] = "3600"
        database = Database(settings.database_of("practices", env["DATABASE_URL"]), models)
        content = "".join([HEADER, *_rows(ROWS)]).encode()
        works = {"ours": partial(_loaded, database, env, content), "copy": partial(_copied, database)}
        sides = taken(works, rounds)
        database.close()
    return [
        *compared(sides["ours"], sides["copy"], "row", ratio=0.2, rate=2_500),
        Figure(name="most memory", value=max(_peaks_mb), unit="MB RSS", at_most=268),
    ]


def _rows(count: int) -> Iterator[str]:
    chance = random.Random(1)  # noqa: S311 -- the same file each time
    code = ""
    for number in range(count):
        if number % 4 == 0:
            letters = "".join(chance.choices("BCDFGLMNPRSTVZ", k=6))
            start = f"{letters}{chance.randint(40, 99)}A{chance.randint(1, 28):02d}H501"
            code = start + codicefiscale.calc_check_digit(start)
        yield (
            f"TARI-2026-{number // 4:07d}-{number % 4 + 1};TARI;{code};Cognome Nome {number // 4};"
            f"n{number // 4}@example.it;TARI 2026, rata {number % 4 + 1} di 4;"
            f"{chance.randint(10, 400)},{number % 100:02d};02/12/2026;{number % 4 + 1};4\r\n"
        )


def _loaded(database: Database, env: Mapping[str, str], content: bytes) -> Turn:
    """Load a file from its queue to its end."""
    _empty(database)
    import_id = _queue(database, content)
    before, started_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    for kill in range(KILLS):
        process = _worker(env)
        # Once while the file is checked, then while it is loaded.
        _wait_for(database, import_id, 2 * ROWS * (kill + 1) // (KILLS + 1))
        process.send_signal(signal.SIGKILL)
        process.wait()
    if _ended(_worker(env)) != 0:
        raise SystemExit("the import failed")
    took_s = time.perf_counter() - started_s
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    _check(database, import_id)
    return Turn(ROWS, took_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _ended(process: "subprocess.Popen[bytes]") -> int:
    """Wait for a process, watching its memory, and return its exit code."""
    while process.poll() is None:
        _peaks_mb.append(peak_mb(process.pid))
        time.sleep(0.1)
    return process.returncode


def _queue(database: Database, content: bytes) -> UUID:
    import_id, count = uuid4(), 0
    for count, at in enumerate(range(0, len(content), IMPORT_PART_MAX_BYTES), start=1):
        piece = b64encode(content[at : at + IMPORT_PART_MAX_BYTES]).decode()
        part = ImportPartRequest(entity_code=filled.ENTITY, import_id=import_id, number=count, content_base64=piece)
        import_jobs.import_part(database, part, datetime.now(UTC))
    sha256 = hashlib.sha256(content).hexdigest()
    request = ImportQueueRequest(
        idempotency_key=uuid4().hex, entity_code=filled.ENTITY, import_id=import_id, parts=count, sha256=sha256
    )
    return import_jobs.queue_import(database, request, datetime.now(UTC)).id


def _worker(env: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "services.practices.import_worker"], cwd=ROOT, env={**env})


def _report(database: Database, import_id: UUID) -> ImportReport:
    asked = ImportGetRequest(entity_code=filled.ENTITY, import_id=import_id, limit=1)
    return import_reports.get_import(database, asked)


def _wait_for(database: Database, import_id: UUID, steps: int) -> None:
    """Wait until so many rows were checked or loaded; a row counts for both."""
    while (report := _report(database, import_id)).checked_rows + report.accepted < steps:
        time.sleep(0.05)


def _check(database: Database, import_id: UUID) -> None:
    """Compare what there is with what there should be: every row once."""
    report = _report(database, import_id)
    found: list[Any] = [report.state, report.accepted, report.refused]
    with database.reading() as session:
        for counted in (
            "count(*), count(DISTINCT external_id), count(DISTINCT notice_number) FROM practices",
            "count(*), count(DISTINCT subject) FROM outbox",
            "count(*), count(DISTINCT line), max(line) FROM import_rows",
            "count(*) FROM import_staged",
            "count(*) FROM import_parts",
        ):
            found += session.execute(sa.text(f"SELECT {counted}")).one()
    if found != ["done", ROWS, 0, *[ROWS] * 7, ROWS + 1, 0, 0]:
        raise SystemExit(f"not exact: {found}")


def _copied(database: Database) -> Turn:
    """COPY what the import has made into the emptied tables."""
    raw: Any = database.engine.raw_connection()
    with raw.cursor() as cursor:
        made = {}
        for table in MADE:
            made[table] = io.BytesIO()
            cursor.copy_expert(f"COPY {table} TO STDOUT", made[table])
        cursor.execute(f"TRUNCATE {', '.join(MADE)} CASCADE")
        raw.commit()
        started_s, used_s = time.perf_counter(), time.process_time()
        for table, content in made.items():
            content.seek(0)
            cursor.copy_expert(f"COPY {table} FROM STDIN", content)
        raw.commit()
        turn = Turn(ROWS, time.perf_counter() - started_s, time.process_time() - used_s)
    raw.close()
    return turn


def _empty(database: Database) -> None:
    others = "imports, import_parts, import_staged, idempotency_keys"
    with database.engine.begin() as connection:
        connection.execute(sa.text(f"TRUNCATE {', '.join(MADE)}, {others} CASCADE"))


if __name__ == "__main__":
    program.main(measure, rounds=2)
