"""Copies each event to the exchange of the entity it is about: `python -m chassis.entity_router`. A plain process.

It has a durable queue for each service whose events entities may see, and copies what is about an entity of
ENTITY_CONSUMERS_FILE (chassis.messaging.entity_consumers) to `<entity>.events`, under the same id and routing key,
without the debtor's fiscal code and address unless the file says otherwise. A message is acked only after its copy is
confirmed: killed in between, it copies again. Any number of them may run. Entities added to the file are known after a
restart.
"""

import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from environs import EnvError
from kombu import Connection, Consumer, Queue

from chassis import logs, metrics, watchdog
from chassis.messaging import entity_consumers, exchanges, line, queue_kinds, wire
from chassis.messaging.entity_consumers import ROUTED, ROUTER, EntityConsumer, entity_exchange
from chassis.messaging.publisher import ConfirmedPublisher
from chassis.settings import ChassisSettings
from contracts.events.ownership import entity_of
from contracts.events.redaction import without_debtors_code

log = logs.get_logger(__name__)

_BATCH: Final = 100
_IDLE_S: Final = 1.0
_PAUSE_START_S: Final = 0.5
_PAUSE_MAX_S: Final = 5.0
_PART: Final = "entity router"


def source_queue(service: str) -> Queue:
    """Return the queue in which a service's events wait to be copied."""
    name = f"{ROUTER}.{service}"
    arguments = queue_kinds.of_copies()
    return Queue(name, wire.event_exchange(service), routing_key="#", durable=True, queue_arguments=arguments)


class EntityRouter:
    """Copies until it is stopped, through any outage of the broker."""

    def __init__(self, amqp_url: str, consumers: Sequence[EntityConsumer]) -> None:
        self._amqp_url = amqp_url
        self._consumers = {one.entity_code: one for one in consumers}
        self._publisher = ConfirmedPublisher(amqp_url)
        self._stopping = threading.Event()
        self._arrived: list[Any] = []

    def stop(self) -> None:
        """Let `run` return after the batch under way."""
        self._stopping.set()

    def run(self) -> None:
        """Copy until stopped."""
        pause_s = _PAUSE_START_S
        while not self._stopping.is_set():
            watchdog.moved(_PART)
            try:
                with line.opened(self._amqp_url) as connection:
                    self._consume(connection)
                    pause_s = _PAUSE_START_S
            except Exception as error:  # noqa: BLE001 -- a lost connection shows in many classes
                log.warning("entity_router_interrupted", error=type(error).__name__, pause_s=pause_s)
                self._stopping.wait(pause_s)
                pause_s = min(pause_s * 2, _PAUSE_MAX_S)
        watchdog.rests(_PART)
        self._publisher.close()

    def _consume(self, connection: Connection) -> None:
        for code in self._consumers:
            exchanges.ensure(connection, entity_exchange(code))
        queues = [source_queue(service) for service in ROUTED]
        for queue in queues:
            exchanges.ensure(connection, queue.exchange)
        self._arrived.clear()
        consumed = [exchanges.of_others(queue) for queue in queues]
        channel = connection.channel()
        with Consumer(channel, consumed, on_message=self._arrived.append, accept=None, prefetch_count=2 * _BATCH):
            while not self._stopping.is_set():
                watchdog.moved(_PART)
                self._copy_batch(connection)

    def _copy_batch(self, connection: Connection) -> None:
        """Wait for something, take what else is there, copy it, ack it."""
        wait_s = _IDLE_S
        while len(self._arrived) < _BATCH:
            try:
                connection.drain_events(timeout=wait_s)
            except TimeoutError:
                break
            wait_s = 0.001
        connection.heartbeat_check()
        taken = self._arrived[:_BATCH]
        del self._arrived[:_BATCH]
        copies = [copy for message in taken if (copy := self._copy_of(message)) is not None]
        if copies:
            self._publisher.publish_all(copies)
            metrics.EVENTS_COPIED.inc(len(copies))
        else:
            self._publisher.keep_alive()
        for message in taken:
            message.ack()

    def _copy_of(self, message: Any) -> wire.Message | None:
        """Return the copy for its entity, None where none listens."""
        event = _event_in(message)
        consumer = self._consumers.get(entity_of(event) or "") if event is not None else None
        if event is None or consumer is None:
            return None
        shown = event if consumer.with_debtor else without_debtors_code(event)
        return wire.Message(
            exchange=entity_exchange(consumer.entity_code).name,
            routing_key=event["type"],
            body=orjson.dumps(shown),
            message_id=message.properties.get("message_id"),
        )


def _event_in(message: Any) -> Mapping[str, Any] | None:
    """Return the event of a message; None for what is none, which only somebody else can have sent."""
    try:
        read = orjson.loads(message.body)
    except orjson.JSONDecodeError:
        read = None
    if isinstance(read, dict) and isinstance(read.get("type"), str):
        return read
    log.error("entity_router_unreadable", message_id=message.properties.get("message_id"))
    return None


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    if arguments:
        sys.stderr.write("usage: python -m chassis.entity_router\n")
        return 2
    settings = ChassisSettings.load()
    logs.configure("entity-router", settings.log_level)
    try:
        consumers = entity_consumers.load(entity_consumers.file_named())
        metrics.serve(settings.metrics_port)
    except EnvError as error:
        sys.stderr.write(f"entity-router: {error}\n")
        return os.EX_CONFIG
    watchdog.watch("entity-router", settings.watchdog_s)
    router = EntityRouter(settings.amqp_url, consumers)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: router.stop())
    log.info("entity_router_started", entities=[one.entity_code for one in consumers])
    router.run()
    log.info("entity_router_stopped")
    return 0
