"""What a question and a receipt of the node cost with 10⁴ to 10⁶ notices in payments' projection.

The use case is called in this process, in turns between the databases. The ratio is of the times, the wait for
PostgreSQL included. BENCH_POSITIONS=10000,1000000,10000000 asks for other sizes: ten million take ten minutes to write.
"""

import itertools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from statistics import median
from typing import Final

import sqlalchemy as sa

from benchmarks.harness import node, program, world
from benchmarks.harness.figures import Figure
from benchmarks.harness.turns import Turn, taken
from chassis import clock
from chassis.storage.database import Database
from contracts.rpc.payments import NodeRequest
from services.payments.usecases.node.answer import answer_node
from services.payments.usecases.node.context import NodeContext

SIZES: Final = tuple(int(size) for size in os.environ.get("BENCH_POSITIONS", "10000,100000,1000000").split(","))
CALLS: Final = 150
LOOK_UPS: Final = (
    "SELECT 1 FROM positions WHERE creditor_fiscal_code = :body AND notice_number = :number FOR UPDATE",
    "SELECT 1 FROM positions WHERE creditor_fiscal_code = :body AND iuv IN (:number)",
    "SELECT 1 FROM receipts WHERE creditor_fiscal_code = :body AND receipt_id = :number",
)


def called(database: Database, make: Callable[[], bytes]) -> Turn:
    """Return the median time of several calls as the time of one."""
    times = []
    used_s = time.process_time()
    for _ in range(CALLS):
        request = NodeRequest(envelope=make().decode())
        started_s = time.perf_counter()
        reply = answer_node(NodeContext(database, node.NobodyAtHome(), clock.now()), request)
        times.append(time.perf_counter() - started_s)
        if node.OK not in reply.envelope:
            raise RuntimeError(reply.envelope[:500])
    return Turn(1, median(times), (time.process_time() - used_s) / CALLS)


def scans(database: Database) -> int:
    """Return how many of the look-ups read a whole table; must be none of a large one."""
    found = 0
    with database.reading() as session:
        for query in LOOK_UPS:
            plan = session.scalars(sa.text(f"EXPLAIN {query}"), {"body": node.CREDITOR, "number": f"3{7:017d}"}).all()
            found += any("Seq Scan" in line for line in plan)
    return found


def unpaid(positions: int) -> Iterator[int]:
    """Return notices nobody has paid, spread over the table."""
    step = max(1, positions // 9_973)
    return (number % (positions - 1) + 1 for number in itertools.count(step, step))


def measure(rounds: int) -> list[Figure]:
    """Measure."""
    figures = []
    with ExitStack() as running:
        databases = {}
        for size in SIZES:
            env = running.enter_context(world.environment(suffix=f"_{size}"))
            databases[size] = node.prepare(env, size)
            running.callback(databases[size].close)
        for kind, write in (("paVerify", node.verify), ("paSendRTV2", node.receipt)):
            turns = {}
            for size, database in databases.items():
                notices = unpaid(size)
                turns[str(size)] = partial(called, database, lambda notices=notices, write=write: write(next(notices)))  # type: ignore[misc]  # -- bound now
            sides = taken(turns, rounds)
            few = sides[str(SIZES[0])]
            for size in SIZES:
                side = sides[str(size)]
                figures.append(Figure(name=f"{kind}, {size:,} notices", value=1_000 / side.rate, unit="ms"))
                figures.append(Figure(name=f"{kind}, {size:,}, processor", value=side.processor_ms, unit="ms/call"))
            most = sides[str(SIZES[-1])]
            figures.append(
                Figure(name=f"{kind}, most of fewest", value=few.rate / most.rate, unit="times", at_most=1.5)
            )
        figures.append(Figure(name="look-ups by scan", value=scans(databases[SIZES[-1]]), unit="of 3", at_most=0))
    return figures


if __name__ == "__main__":
    program.main(measure, rounds=3)
