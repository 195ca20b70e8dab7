"""Queue names: a handler's name is part of its queue's, so renaming one leaves an orphan that fills up."""

from importlib import import_module
from pathlib import Path

import pytest

from contracts.events import EVENTS
from contracts.events.envelope import EventType
from contracts.events.payments import PAYMENT_CONFIRMED
from contracts.events.subscriptions import SUBSCRIPTIONS, Subscription

SERVICES = ("identity", "practices", "cart", "payments", "notices")
FROZEN = (Path(__file__).parent / "frozen" / "queues.txt").read_text().split()
SAMPLES = Path(__file__).parents[2] / "contracts" / "samples"


def handlers_of(service: str) -> set[Subscription]:
    """What the entrypoints of a service listen to, as nameko finds them."""
    service_class = getattr(import_module(f"services.{service}.service"), f"{service.capitalize()}Service")
    return {
        Subscription(f"{service}.{name}", entrypoint.described)
        for name, method in vars(service_class).items()
        for entrypoint in getattr(method, "nameko_entrypoints", ())
        if isinstance(getattr(entrypoint, "described", None), EventType)
    }


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_listens_to_exactly_what_the_contract_lists(service: str) -> None:
    listed = {one for one in SUBSCRIPTIONS if one.consumer.startswith(f"{service}.")}
    assert handlers_of(service) == listed


def test_the_queues_of_events_have_kept_their_names() -> None:
    queues = {subscription.queue_name for subscription in SUBSCRIPTIONS}
    assert FROZEN
    assert not set(FROZEN) - queues, "drain and delete the old queue in the same release, then change frozen/queues.txt"
    assert queues == set(FROZEN), "freeze the new queue in tests/contract/frozen/queues.txt"


def test_a_queue_is_named_as_nameko_names_it() -> None:
    subscription = Subscription("practices.on_payment_confirmed", PAYMENT_CONFIRMED)
    assert subscription.queue_name == "evt-payments-PaymentConfirmed.v1--practices.on_payment_confirmed"


@pytest.mark.parametrize("subscription", SUBSCRIPTIONS, ids=lambda subscription: subscription.consumer)
def test_every_handler_has_a_sample(subscription: Subscription) -> None:
    assert subscription.event_type.type in EVENTS
    assert (SAMPLES / f"{subscription.event_type.type}.json").exists()
