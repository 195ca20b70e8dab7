"""Commit of one practice with its event, beside two plain INSERTs of the same rows, in turns, one thread each.

    DATABASE_URL=postgresql://... python benchmarks/practice_commit.py [--practices 500] [--rounds 3]

The database `<name>_bench_practices` is made anew. Ours is `put_debt` of a new debt: catalogue, number, row, event.
The baseline is psycopg2 with both INSERTs in one transaction, of rows that ours has made. Rates are medians.
"""

import argparse
import json
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

ROOT: Final = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import psycopg2.extras  # noqa: E402 -- after the path is set

from benchmarks.imports import fresh_database  # noqa: E402
from chassis.storage.database import Database  # noqa: E402
from contracts.rpc.practices import DebtRequest  # noqa: E402
from services.practices.usecases import debts  # noqa: E402

GOAL: Final = 0.6
PRACTICE: Final = (
    "id, entity_code, service_code, creditor_fiscal_code, origin, external_id, notice_number, iuv, debtor,"
    " debtor_fiscal_code, description, amount_cents, due_date, payable_until, shares, state, state_since,"
    " needs_attention, facts, sequence, created_at"
)
EVENT: Final = "event_id, type, subject, body, created_at"


def main() -> int:
    """Measure, and say it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--practices", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    _, database = fresh_database()
    ours, bare, cpu = [], [], []
    for turn in range(asked.rounds):
        processor_s = time.process_time()
        ours.append(asked.practices / _ours(database, turn, asked.practices))
        cpu.append((time.process_time() - processor_s) / asked.practices * 1e3)
        bare.append(asked.practices / _bare(database))
    rates = statistics.median(ours), statistics.median(bare)
    print(f"ours {rates[0]:.0f}/s, two INSERTs {rates[1]:.0f}/s, ratio {rates[0] / rates[1]:.2f} (goal {GOAL})")
    print(f"processor of ours {statistics.median(cpu):.2f} ms")
    database.close()
    return 0


def _ours(database: Database, turn: int, count: int) -> float:
    now, started = datetime.now(UTC), time.perf_counter()
    for number in range(count):
        request = DebtRequest(
            entity_code="PM108",
            external_id=f"B-{turn}-{number}",
            service_code="TARI",
            fiscal_code="RSSMRA85T10A562S",
            full_name="Rossi Mario",
            amount_cents=14_850,
            description="TARI 2026",
        )
        debts.put_debt(database, request, now)
    return time.perf_counter() - started


def _bare(database: Database) -> float:
    """Take what is there out and put it in again, a practice and its event a commit; return the seconds."""
    raw: Any = database.engine.raw_connection()
    json_of = psycopg2.extras.Json
    with raw.cursor() as cursor:
        cursor.execute(f"SELECT {PRACTICE} FROM practices")  # noqa: S608 -- constants
        practices = [
            [json_of(one) if isinstance(one, dict | list) else one for one in row] for row in cursor.fetchall()
        ]
        cursor.execute(f"SELECT {EVENT} FROM outbox")  # noqa: S608 -- constants
        events = [[str(uuid4()), *row[1:3], json.dumps(row[3]), row[4]] for row in cursor.fetchall()]
        cursor.execute("TRUNCATE practices, outbox")
        raw.commit()
        one, two = (", ".join(["%s"] * (columns.count(",") + 1)) for columns in (PRACTICE, EVENT))
        started = time.perf_counter()
        for practice, event in zip(practices, events, strict=True):
            cursor.execute(f"INSERT INTO practices ({PRACTICE}) VALUES ({one})", practice)  # noqa: S608 -- constants
            cursor.execute(f"INSERT INTO outbox ({EVENT}) VALUES ({two})", event)  # noqa: S608 -- constants
            raw.commit()
        took_s = time.perf_counter() - started
        cursor.execute("TRUNCATE practices, outbox")
        raw.commit()
    raw.close()
    return took_s


if __name__ == "__main__":
    sys.exit(main())
