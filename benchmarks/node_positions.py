"""What a question and a receipt of the node cost with 10,000 and with 1,000,000 practices in the projection.

    python benchmarks/node_positions.py [--few 10000] [--many 1000000] [--calls 400]

The use case is called in this process, in rounds that alternate between the two databases. The ratio is the figure (at
most 1.5); the query plans are printed, so that it can be seen that they use indexes.
"""

import argparse
import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterator

import sqlalchemy as sa
from node_soap import CREDITOR, NobodyAtHome, prepare, receipt, verify

from chassis import clock, settings
from chassis.storage.database import Database
from contracts.rpc.payments import NodeRequest
from services.payments import models
from services.payments.usecases.node.answer import answer_node
from services.payments.usecases.node.context import NodeContext

ROUNDS = 5
PLANS = {
    "notice": "SELECT 1 FROM positions WHERE creditor_fiscal_code = :body AND notice_number = :number FOR UPDATE",
    "iuv": "SELECT 1 FROM positions WHERE creditor_fiscal_code = :body AND iuv IN (:number)",
    "receipt": "SELECT 1 FROM receipts WHERE creditor_fiscal_code = :body AND receipt_id = :number",
}


def time_per_call(database: Database, make: Callable[[], bytes], calls: int) -> float:
    """Return the median time of an OK, in seconds."""
    times = []
    for _ in range(calls):
        request = NodeRequest(envelope=make().decode())
        started = time.perf_counter()
        reply = answer_node(NodeContext(database, NobodyAtHome(), clock.now()), request)
        times.append(time.perf_counter() - started)
        if "<outcome>OK</outcome>" not in reply.envelope:
            raise RuntimeError(reply.envelope[:500])
    return statistics.median(times)


def open_database(positions: int) -> Database:
    """Make a database with so many notices."""
    base, question, more = os.environ.get("DATABASE_URL", settings.DEFAULT_DATABASE_URL).partition("?")
    environment = {**os.environ, "DATABASE_URL": f"{base}_bench_{positions}{question}{more}"}
    prepare(environment, positions)
    return Database(settings.database_of("payments", environment["DATABASE_URL"]), models)


def drop(database: Database) -> None:
    """Leave nothing behind: a million notices take half a gigabyte."""
    name = database.engine.url.database
    address = database.engine.url.set(database="postgres")
    database.close()
    server = sa.create_engine(address, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    server.dispose()


def show_plans(database: Database) -> None:
    """Print how each look-up finds its row."""
    with database.reading() as session:
        for name, query in PLANS.items():
            values = {"body": CREDITOR, "number": f"3{7:017d}"}
            plan = session.scalars(sa.text(f"EXPLAIN {query}"), values).all()
            print(f"{name:10} {next(line.strip(' ->') for line in plan if 'Scan' in line)}")


def unpaid(positions: int) -> Iterator[int]:
    """Return notices nobody has paid, spread over the table."""
    step = max(1, positions // 9_973)
    return (number % (positions - 1) + 1 for number in itertools.count(step, step))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--calls", type=int, default=400)
    options = parser.parse_args()
    sizes = (options.few, options.many)
    databases = {size: open_database(size) for size in sizes}
    asked, paid = {size: unpaid(size) for size in sizes}, {size: unpaid(size) for size in sizes}
    for name in ("paVerifyPaymentNotice", "paSendRTV2"):
        times: dict[int, list[float]] = {size: [] for size in sizes}
        for _ in range(ROUNDS):
            for size in sizes:
                notices = asked[size] if name == "paVerifyPaymentNotice" else paid[size]
                write = verify if name == "paVerifyPaymentNotice" else receipt
                times[size].append(time_per_call(databases[size], lambda: write(next(notices)), options.calls))  # noqa: B023 -- called at once
        few, many = (statistics.median(times[size]) * 1000 for size in sizes)
        print(f"{name:24} {few:.2f} ms with {options.few:,}, {many:.2f} ms with {options.many:,}: {many / few:.2f}x")
    show_plans(databases[options.many])
    for database in databases.values():
        drop(database)


if __name__ == "__main__":
    main()
