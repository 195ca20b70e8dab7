"""An import of debts by the process that does it, beside COPY of the rows it makes, in turns on one database.

    DATABASE_URL=postgresql://... python -m benchmarks.alone.imports [--rows 20000] [--rounds 2] [--kills 0]

The database `<name>_bench_practices` is made anew. The work is `python -m services.practices.import_worker`, from the
queued file to its end, start of the process included; the baseline is COPY of the same practices, outbox and import
rows, with the same indexes, in one transaction. Said are rows a second of both, medians, their ratio, and of the import
processor time a row and the highest resident memory. With `--kills` the process is killed so many times on its way, and
what it leaves is compared row by row with what it should. A row is a debt of TARI; every debtor has four of them.
"""

import argparse
import hashlib
import io
import json
import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

ROOT: Final = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import sqlalchemy as sa  # noqa: E402 -- after the path is set
from stdnum.it import codicefiscale  # noqa: E402

from chassis.settings import database_of, with_driver  # noqa: E402
from chassis.storage import migrations  # noqa: E402
from chassis.storage.database import Database  # noqa: E402
from contracts.rpc.practices import (  # noqa: E402  # noqa: E402
    IMPORT_PART_MAX_BYTES,
    ImportGetRequest,
    ImportPartRequest,
    ImportQueueRequest,
    ImportReport,
)
from services.practices import models  # noqa: E402
from services.practices.usecases import catalogue, import_jobs, import_reports  # noqa: E402

ENTITY: Final = "PM108"
HEADER: Final = "codice_debito;servizio;codice_fiscale;cognome_nome;email;causale;importo;scadenza;rata;rate_totali\r\n"
MADE: Final = ("practices", "outbox", "import_rows")
GOAL: Final = 0.2


def main() -> int:
    """Measure, and say it."""
    asked = _arguments()
    environment, database = fresh_database()
    content = "".join([HEADER, *_rows(asked.rows)]).encode()
    print(f"{asked.rows} rows, {len(content) / 1e6:.1f} MB, load {os.getloadavg()[0]:.1f}")
    ours, bare, cpu = [], [], []
    for _ in range(asked.rounds):
        _empty(database)
        took_s, processor_s = _import(database, environment, content, asked.kills, asked.rows)
        ours.append(asked.rows / took_s)
        cpu.append(processor_s / asked.rows * 1e6)
        bare.append(asked.rows / _copied(database))
    rates = statistics.median(ours), statistics.median(bare)
    print(
        f"import {rates[0]:.0f} rows/s, COPY alone {rates[1]:.0f} rows/s, ratio {rates[0] / rates[1]:.2f} (goal {GOAL})"
    )
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"processor {statistics.median(cpu):.0f} us a row, memory at most {peak_mb:.0f} MB (goal 256)")
    database.close()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--kills", type=int, default=0)
    return parser.parse_args()


def fresh_database() -> tuple[dict[str, str], Database]:
    """Make the database anew with the running example's catalogue; return the environment that names it, too."""
    bench = sa.make_url(with_driver(os.environ["DATABASE_URL"]))
    bench = bench.set(database=f"{bench.database}_bench")
    environment = {**os.environ, "DATABASE_URL": bench.render_as_string(hide_password=False), "LOG_LEVEL": "WARNING"}
    url = database_of("practices", environment["DATABASE_URL"])
    server = sa.create_engine(sa.make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{sa.make_url(url).database}" WITH (FORCE)'))
    server.dispose()
    migrations.upgrade("practices", url)
    os.environ["DATABASE_STATEMENT_TIMEOUT_S"] = "3600"  # ours here: counting and the bare COPY may take long
    database = Database(url, models)
    catalogue.load_catalogue(database, json.loads((ROOT / "sandbox/data/catalogue.json").read_text()))
    return environment, database


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


def _import(
    database: Database, environment: dict[str, str], content: bytes, kills: int, rows: int
) -> tuple[float, float]:
    """Load a file; return how long it took and its processor time, both in seconds."""
    import_id = _queue(database, content)
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    for kill in range(kills):
        process = _worker(environment)
        # Once while the file is checked, then while it is loaded.
        _wait_for(database, import_id, 2 * rows * (kill + 1) // (kills + 1))
        process.send_signal(signal.SIGKILL)
        process.wait()
    if _worker(environment).wait() != 0:
        raise SystemExit("the import failed")
    took_s = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    _check(database, import_id, rows)
    return took_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _queue(database: Database, content: bytes) -> UUID:
    import_id, count = uuid4(), 0
    for count, at in enumerate(range(0, len(content), IMPORT_PART_MAX_BYTES), start=1):
        piece = b64encode(content[at : at + IMPORT_PART_MAX_BYTES]).decode()
        part = ImportPartRequest(entity_code=ENTITY, import_id=import_id, number=count, content_base64=piece)
        import_jobs.import_part(database, part, datetime.now(UTC))
    sha256 = hashlib.sha256(content).hexdigest()
    request = ImportQueueRequest(
        idempotency_key=uuid4().hex, entity_code=ENTITY, import_id=import_id, parts=count, sha256=sha256
    )
    return import_jobs.queue_import(database, request).id


def _worker(environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "services.practices.import_worker"], cwd=ROOT, env=environment)


def _report(database: Database, import_id: UUID) -> ImportReport:
    return import_reports.get_import(database, ImportGetRequest(entity_code=ENTITY, import_id=import_id, limit=1))


def _wait_for(database: Database, import_id: UUID, steps: int) -> None:
    """Wait until so many rows were checked or loaded; a row counts for both."""
    while (report := _report(database, import_id)).checked_rows + report.accepted < steps:
        time.sleep(0.05)


def _check(database: Database, import_id: UUID, rows: int) -> None:
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
    if found != ["done", rows, 0, rows, rows, rows, rows, rows, rows, rows, rows + 1, 0, 0]:
        raise SystemExit(f"not exact: {found}")


def _copied(database: Database) -> float:
    """COPY what the import has made into the emptied tables; return the seconds."""
    raw: Any = database.engine.raw_connection()
    with raw.cursor() as cursor:
        made = {}
        for table in MADE:
            made[table] = io.BytesIO()
            cursor.copy_expert(f"COPY {table} TO STDOUT", made[table])
        cursor.execute(f"TRUNCATE {', '.join(MADE)}")
        raw.commit()
        started = time.perf_counter()
        for table, content in made.items():
            content.seek(0)
            cursor.copy_expert(f"COPY {table} FROM STDIN", content)
        raw.commit()
    raw.close()
    return time.perf_counter() - started


def _empty(database: Database) -> None:
    others = "imports, import_parts, import_staged, idempotency_keys"
    with database.engine.begin() as connection:
        connection.execute(sa.text(f"TRUNCATE {', '.join(MADE)}, {others}"))


if __name__ == "__main__":
    sys.exit(main())
