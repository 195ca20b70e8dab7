"""What an event of practices costs payments' consumer: milliseconds of its processor per event.

    python benchmarks/events_payments.py [--events 2000] [--rounds 5]

The consumer's own handler is called in this process with the events as they stand in messages: reading them, inbox and
projection are in the figure, broker and PostgreSQL's own processor time are not. One by one (a batch of one, which is
what comes at a quiet time) and in batches of 100 alternate; the median of each is told, with their ratio.
"""

import argparse
import os
import statistics
import time
from collections import deque
from types import SimpleNamespace
from uuid import UUID, uuid4

from chassis import clock, logs
from chassis.messaging.events import wrap
from chassis.runtime.event_handler import Batch, Disposition, EventDelivery
from chassis.storage.database import Database
from chassis.storage.migrations import upgrade
from contracts.codes import AmountCents, CreditorFiscalCode, Iuv, NoticeNumber
from contracts.events.practices import PRACTICE_CREATED
from contracts.rpc.practices import Position
from contracts.shapes import Creditor, Subject, Transfer
from services.payments import models
from services.payments.service import PaymentsService

CODE = CreditorFiscalCode("80012345676")
CREDITOR = Creditor(
    code="PM108", fiscal_code=CODE, company_name="Conservatorio", broker_fiscal_code=CODE, station_id="80012345676_01"
)


def delivery(number: int) -> EventDelivery:
    """Return PracticeCreated as it stands in a message."""
    transfer = Transfer(
        id_transfer=1,
        amount_cents=AmountCents(1000),
        fiscal_code=CODE,
        company_name="Conservatorio",
        iban="IT60X0542811101000000123456",
        remittance_information="TARI",
        category="9/0601112AP/",
    )
    position = Position(
        practice_id=UUID(int=uuid4().int ^ number),
        sequence=1,
        creditor=CREDITOR,
        service_code="TARI",
        origin="issued",
        notice_number=NoticeNumber(f"3{number:017d}"),
        iuv=Iuv(f"{number:017d}"),
        amount_cents=AmountCents(1000),
        description="TARI",
        debtor=Subject(entity_type="F", fiscal_code="RSSMRA85T10A562S", full_name="Mario Rossi"),
        transfers=[transfer],
        created_at=clock.now(),
    )
    subject = str(position.practice_id)
    body = wrap(PRACTICE_CREATED, position, event_id=uuid4(), subject=subject, sequence=1, time=clock.now())
    return EventDelivery(body, "payments.on_practice_created", 0)


def consume(service: SimpleNamespace, deliveries: list[EventDelivery], size: int) -> float:
    """Return the milliseconds of this process's processor per event."""
    started = time.process_time()
    for first in range(0, len(deliveries), size):
        outcomes = PaymentsService.on_practice_created(service, Batch(deque(deliveries[first : first + size])))
        if any(outcome.disposition is not Disposition.DONE for outcome in outcomes):
            raise RuntimeError("an event was not handled")
    return (time.process_time() - started) * 1000 / len(deliveries)


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    logs.configure("bench", "WARNING")
    upgrade("payments")
    database = Database.of_service("payments", models)
    service = SimpleNamespace(database=database)
    numbers = iter(range(time.time_ns() % 10**12, 10**17))
    costs: dict[int, list[float]] = {1: [], 100: []}
    consume(service, [delivery(next(numbers)) for _ in range(100)], 100)
    for _ in range(asked.rounds):
        for size, told in costs.items():
            events = asked.events if size > 1 else asked.events // 10
            told.append(consume(service, [delivery(next(numbers)) for _ in range(events)], size))
    one, many = (statistics.median(costs[size]) for size in (1, 100))
    print(f"one by one: {one:.3f} ms an event; batches of 100: {many:.3f} ms an event; ratio {one / many:.1f}")
    database.close()


if __name__ == "__main__":
    os.environ.setdefault("DATABASE_URL", "postgresql+psycopg2://postgres@127.0.0.1:5432/bench")
    main()
