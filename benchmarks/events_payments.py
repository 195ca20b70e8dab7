"""What an event of practices costs payments' handler alone: batches of 100 against one by one.

The handler is called in this process with the events as they stand in messages: reading them, inbox and projection are
in the figure, broker and PostgreSQL's own processor time are not. A batch of one is what comes at a quiet time.
"""

import itertools
import time
from collections import deque
from functools import partial
from types import SimpleNamespace
from typing import Any, Final

from benchmarks.harness import filled, program, world
from benchmarks.harness.figures import Figure, compared
from benchmarks.harness.turns import Turn, here, taken
from chassis.runtime.event_handler import Batch, Disposition, EventDelivery
from chassis.settings import database_of
from chassis.storage import answer_limit
from chassis.storage.database import Database
from services.payments import models
from services.payments.service import PaymentsService

CONSUMER: Final = "payments.on_practice_created"
EVENTS: Final = {1: 100, 100: 1_000}
_numbers = itertools.count(time.time_ns() % 10**12)


def consumed(service: Any, size: int) -> Turn:
    """Handle events in batches of a size; making them is left out."""
    deliveries = [EventDelivery(filled.created(next(_numbers)), CONSUMER, 0) for _ in range(EVENTS[size])]

    def handle() -> None:
        for first in range(0, len(deliveries), size):
            batch = Batch(deque(deliveries[first : first + size]))
            outcomes: Any = PaymentsService.on_practice_created(service, batch)  # type: ignore[arg-type, call-arg]  # -- as nameko calls it
            assert all(outcome.disposition is Disposition.DONE for outcome in outcomes)

    return here(handle, len(deliveries))


def measure(rounds: int) -> list[Figure]:
    """Measure."""
    answer_limit.install_plain()
    with world.environment() as env:
        world.databases_made_anew(env, ("payments",))
        database = Database(database_of("payments", env["DATABASE_URL"]), models)
        service = SimpleNamespace(database=database)
        sides = taken({str(size): partial(consumed, service, size) for size in EVENTS}, rounds)
        database.close()
    return compared(sides["100"], sides["1"], "event", processor_ms=0.8, by_processor=True)


if __name__ == "__main__":
    program.main(measure)
