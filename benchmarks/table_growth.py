"""Disk that a practice and its payment take, table by table with indexes, beside the processor time in one process.

Debts are put, told to payments, paid by receipts of the node, and the payments are told to practices, cart and notices:
the use cases and handlers themselves, in this process. Each size is that of the table after so many, divided.
"""

import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from importlib import import_module
from types import SimpleNamespace
from typing import Any, Final

import sqlalchemy as sa

from benchmarks.harness import filled, node, program, world
from benchmarks.harness.figures import Figure
from benchmarks.harness.turns import here
from chassis import clock
from chassis.runtime.event_handler import Batch, Disposition, EventDelivery
from chassis.settings import database_of
from chassis.storage import answer_limit
from chassis.storage.database import Database
from contracts.codes import AmountCents, FiscalCode
from contracts.rpc.payments import NodeRequest
from contracts.rpc.practices import DebtRequest
from services.cart.service import CartService
from services.notices.service import NoticesService
from services.payments.service import PaymentsService
from services.payments.usecases.node.answer import answer_node
from services.payments.usecases.node.context import NodeContext
from services.practices.service import PracticesService
from services.practices.usecases import debts

Handler = Callable[[Any, Any], Any]
SERVICES: Final = ("practices", "cart", "payments", "notices")
PAYMENTS: Final = 1_000
_BATCH: Final = 100
_SIZES: Final = """
SELECT relname, pg_total_relation_size(oid) FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
"""


def put(practices: Database, number: int) -> int:
    """Put a debt; return the number in its notice number."""
    request = DebtRequest(
        entity_code=filled.ENTITY,
        external_id=f"growth-{number}",
        service_code="TARI",
        fiscal_code=FiscalCode(filled.DEBTOR),
        full_name="Mario Rossi",
        description=f"TARI 2026; acconto {number}",
        amount_cents=AmountCents(1_234),
        due_date=date(2027, 12, 2),
    )
    return int(debts.put_debt(practices, request, clock.now()).notice_number[1:])


def pay(payments: Database, notice: int) -> None:
    """Let the node send the receipt of a notice."""
    context = NodeContext(payments, node.NobodyAtHome(), clock.now())
    answer = answer_node(context, NodeRequest(envelope=node.receipt(notice).decode()))
    if node.OK not in answer.envelope:
        raise RuntimeError(answer.envelope[:500])


def told(emitter: Database, event_type: str, handle: Handler, listener: Database, consumer: str) -> None:
    """Hand the events of an outbox to a listener's handler."""
    with emitter.reading() as session:
        bodies = session.scalars(sa.text("SELECT body FROM outbox WHERE type = :type"), {"type": event_type}).all()
    service = SimpleNamespace(database=listener)
    for first in range(0, len(bodies), _BATCH):
        deliveries = deque(EventDelivery(body, consumer, 0) for body in bodies[first : first + _BATCH])
        outcomes = handle(service, Batch(deliveries))
        if any(outcome.disposition is not Disposition.DONE for outcome in outcomes):
            raise RuntimeError(f"{consumer}: {outcomes[0]}")


def sizes(databases: Mapping[str, Database]) -> dict[str, int]:
    """Return the bytes of every table with its indexes, as `service.table`."""
    found: dict[str, int] = {}
    for service, database in databases.items():
        with database.reading() as session:
            found |= {f"{service}.{name}": size for name, size in session.execute(sa.text(_SIZES))}
    return found


def opened(env: Mapping[str, str], running: ExitStack) -> dict[str, Database]:
    """Open the databases of the services."""
    databases = {}
    for service in SERVICES:
        models = import_module(f"services.{service}.models")
        databases[service] = Database(database_of(service, env["DATABASE_URL"]), models)
        running.callback(databases[service].close)
    return databases


def everything(databases: Mapping[str, Database]) -> None:
    """Put, tell, pay, tell."""
    practices, payments = databases["practices"], databases["payments"]
    notices: Sequence[int] = [put(practices, number) for number in range(PAYMENTS)]
    for service, learns in (("payments", PaymentsService), ("notices", NoticesService)):
        handle: Any = learns.on_practice_created
        told(practices, "PracticeCreated.v1", handle, databases[service], f"{service}.on_practice_created")
    for notice in notices:
        pay(payments, notice)
    for service, hears in (("practices", PracticesService), ("cart", CartService), ("notices", NoticesService)):
        handle = hears.on_payment_confirmed
        told(payments, "PaymentConfirmed.v1", handle, databases[service], f"{service}.on_payment_confirmed")


def measure(_rounds: int) -> list[Figure]:
    """Measure once."""
    answer_limit.install_plain()
    with ExitStack() as running:
        env = running.enter_context(world.environment())
        os.environ.update(env)
        world.databases_made_anew(env, SERVICES)
        databases = opened(env, running)
        before = sizes(databases)
        turn = here(lambda: everything(databases), PAYMENTS)
        grown = {name: (size - before[name]) / PAYMENTS for name, size in sizes(databases).items()}
    tables = {name: size for name, size in sorted(grown.items()) if size >= 1}
    return [
        Figure(name="all tables", value=sum(tables.values()), unit="bytes/payment"),
        *(Figure(name=name, value=size, unit="bytes/payment") for name, size in tables.items()),
        Figure(name="processor", value=turn.processor_s / turn.units * 1_000, unit="ms/payment"),
    ]


if __name__ == "__main__":
    program.main(measure, rounds=1)
