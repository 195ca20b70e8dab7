"""What RabbitMQ 4.3 refuses, the broker inside the process refuses too; and of all we declare it refuses nothing."""

from collections.abc import Iterator

import pytest
from amqp.exceptions import AMQPNotImplementedError, InternalError
from kombu import Connection, Queue

from chassis.embedded import broker
from chassis.embedded.connection import INPROC_URL
from chassis.messaging import wire
from chassis.messaging.entity_router import source_queue
from chassis.messaging.rpc_client import _Link
from contracts.callers import SERVICES
from contracts.events.subscriptions import SUBSCRIPTIONS


@pytest.fixture(name="channel")
def open_channel() -> Iterator[object]:
    broker.reset()
    with Connection(INPROC_URL) as connection:
        yield connection.channel()
    broker.reset()


def declared() -> Iterator[Queue]:
    """Every queue that a process of ours declares, but the one of replies."""
    for one in SUBSCRIPTIONS:
        yield wire.event_queue(one)
        yield wire.own_queue(one.queue_name)
        yield wire.dead_letter_queue(one.queue_name)
    for service in SERVICES:
        yield wire.request_queue(service)
        yield wire.retry_queue(service, 5.0)
        yield source_queue(service)


@pytest.mark.parametrize("kind", ["classic", "quorum"])
def test_all_we_declare_is_durable_or_exclusive(channel: object, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setenv("QUEUE_TYPE", kind)
    names = set()
    for queue in declared():
        queue(channel).declare()
        names.add(queue.name)
    assert len(names) == 2 * len(SUBSCRIPTIONS) + 3 * len(SERVICES)
    link = _Link(INPROC_URL)
    try:
        assert set(broker.of_process().queues) - names == {link._reply_queue().name}
    finally:
        link.close()


def test_a_queue_that_ends_with_the_broker_and_is_anybodys_is_refused(channel: object) -> None:
    with pytest.raises(InternalError, match="transient_nonexcl_queues"):
        Queue("one", durable=False)(channel).declare()
    Queue("two", durable=False, exclusive=True)(channel).declare()
    assert set(broker.of_process().queues) == {"two"}


def test_a_prefetch_for_a_whole_channel_is_refused(channel: object) -> None:
    with pytest.raises(AMQPNotImplementedError, match="global_qos"):
        channel.basic_qos(0, 10, True)  # type: ignore[attr-defined]  # noqa: FBT003 -- kombu's signature
    channel.basic_qos(0, 10, False)  # type: ignore[attr-defined]  # noqa: FBT003 -- kombu's signature
