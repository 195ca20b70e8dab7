"""Queue names: a handler's name is part of its queue's, so renaming one leaves an orphan that fills up."""

from importlib import import_module
from pathlib import Path

import pytest

from chassis import wire
from contracts.events import EVENTS
from contracts.events.envelope import EventType

SERVICES = ("identity", "practices", "cart", "payments", "notices")
FROZEN = (Path(__file__).parent / "frozen" / "queues.txt").read_text().split()
SAMPLES = Path(__file__).parents[2] / "contracts" / "samples"


def handlers() -> dict[str, str]:
    """Queue name to event type, for every event handler of every service."""
    found = {}
    for service in SERVICES:
        service_class = getattr(import_module(f"services.{service}.service"), f"{service.capitalize()}Service")
        for name, method in vars(service_class).items():
            for entrypoint in getattr(method, "nameko_entrypoints", ()):
                event_type = getattr(entrypoint, "described", None)
                if isinstance(event_type, EventType):
                    queue = wire.event_queue(event_type.source, event_type.type, f"{service}.{name}")
                    found[queue.name] = event_type.type
    return found


def test_the_queues_of_events_have_kept_their_names() -> None:
    assert FROZEN
    renamed = set(FROZEN) - set(handlers())
    assert not renamed, "drain and delete the old queue in the same release, then change frozen/queues.txt"
    assert set(handlers()) == set(FROZEN), "freeze the new queue in tests/contract/frozen/queues.txt"


def test_every_handler_has_a_sample() -> None:
    for queue, event_type in handlers().items():
        assert event_type in EVENTS, queue
        assert (SAMPLES / f"{event_type}.json").exists(), queue


@pytest.mark.parametrize(
    ("queue", "consumer"),
    [
        ("evt-practices-PracticeCreated.v1--payments.on_practice_created", "payments.on_practice_created"),
        ("evt-payments-PaymentConfirmed.v1--practices.on_payment_confirmed", "practices.on_payment_confirmed"),
    ],
)
def test_a_queue_is_named_as_nameko_names_it(queue: str, consumer: str) -> None:
    source, event_type = queue.split("-")[1:3]
    assert wire.event_queue(source, event_type, consumer).name == queue
    assert wire.dead_letter_queue(queue).name == f"{queue}.dead"
