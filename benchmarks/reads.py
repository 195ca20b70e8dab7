"""What a debtor of 20,000 practices reads, beside a usual debtor of 20, in turns on one database.

    DATABASE_URL=postgresql://... python benchmarks/reads.py [--repeats 40]

The database `<name>_bench_practices` is made anew. In this process, without the bus: the list of 20 rows, with a state,
and the search by each kind of reference. Medians in milliseconds, their ratio, and processor time of the usual one.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import sqlalchemy as sa  # noqa: E402 -- after the path is set

from benchmarks.imports import fresh_database  # noqa: E402
from chassis.storage.database import Database  # noqa: E402
from contracts.codes import FiscalCode  # noqa: E402
from contracts.rpc.practices import ListRequest, SearchRequest  # noqa: E402
from contracts.shapes import Viewer  # noqa: E402
from services.practices.usecases import queries, search  # noqa: E402

GOAL: Final = 1.5
MANY, USUAL = FiscalCode("RSSMRA85T10A562S"), FiscalCode("VRDLCU99L14A662K")
SEED: Final = """
    INSERT INTO practices (id, entity_code, service_code, creditor_fiscal_code, origin, external_id, notice_number, iuv,
                           debtor, debtor_fiscal_code, description, amount_cents, state, state_since, needs_attention,
                           facts, sequence, created_at)
    SELECT gen_random_uuid(), 'PM108', 'TARI', entities.creditor_fiscal_code, 'issued', CAST(:code AS text) || '-' || n,
           CAST(:digit AS text) || lpad(n::text, 17, '0'), CAST(:digit AS text) || lpad(n::text, 16, '0'),
           jsonb_build_object('entity_type', 'F', 'fiscal_code', 'RSSMRA85T10A562S', 'full_name', 'Rossi Mario'),
           CASE WHEN CAST(:code AS text) = 'OTHER' THEN 'C' || n / 20 ELSE :code END, 'TARI', 1000 + n,
           CASE WHEN n % 20 = 7 THEN 'paid' ELSE 'to_pay' END, now(), false, '{}', 1, now()
      FROM entities, generate_series(1, CAST(:count AS int)) n WHERE code = 'PM108'
"""


def main() -> int:
    """Measure, and say it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=40)
    repeats = parser.parse_args().repeats
    _, database = fresh_database()
    with database.transaction() as tx:
        for code, count, digit in ((MANY, 20_000, "1"), (USUAL, 20, "2"), ("OTHER", 60_000, "4")):
            tx.session.execute(sa.text(SEED), {"code": code, "count": count, "digit": digit})
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE"))
    print("                    many      usual   ratio   processor (ms)")
    for name, ask in _asked(database).items():
        took: dict[str, list[float]] = {MANY: [], USUAL: []}
        processor_s = 0.0
        for code in [MANY, USUAL] * repeats:
            before_s, started = time.process_time(), time.perf_counter()
            ask(code)
            took[code].append((time.perf_counter() - started) * 1e3)
            processor_s += (time.process_time() - before_s) if code == USUAL else 0.0
        many, usual = (statistics.median(took[code]) for code in (MANY, USUAL))
        print(f"{name:15} {many:8.2f}   {usual:8.2f}   {many / usual:5.2f}   {processor_s / repeats * 1e3:6.2f}")
    print(f"goal: ratio {GOAL}")
    database.close()
    return 0


def _asked(database: Database) -> dict[str, Callable[[FiscalCode], object]]:
    def listed(code: FiscalCode, *states: str) -> object:
        request = ListRequest(entity_code="PM108", viewer=Viewer(fiscal_code=code), states=list(states), limit=20)
        return queries.list_practices(database, request, datetime.now(UTC))

    def found(code: FiscalCode, reference: str) -> object:
        request = SearchRequest(entity_code="PM108", fiscal_code=code, reference=reference)
        return search.search(database, request, datetime.now(UTC))

    def digit(code: FiscalCode) -> str:
        return "1" if code == MANY else "2"

    return {
        "list": listed,
        "one state": _with(listed, "paid"),
        "two states": _with(listed, "paid", "to_pay"),
        "reference": lambda code: found(code, f"{code}-7"),
        "notice number": lambda code: found(code, digit(code) + "7".zfill(17)),
        "IUV": lambda code: found(code, digit(code) + "7".zfill(16)),
    }


def _with(ask: Callable[..., object], *rest: str) -> Callable[[FiscalCode], object]:
    return lambda code: ask(code, *rest)


if __name__ == "__main__":
    sys.exit(main())
