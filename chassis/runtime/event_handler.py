"""nameko's event handler, made to lose nothing.

Stock nameko 3.0.0rc11 acks an event whose handler raised (lost), or gives it back at once and for ever.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any, Final

import eventlet
from nameko import config
from nameko.events import EventHandler
from nameko.exceptions import ContainerBeingKilled

from chassis import clock, correlation, logs
from chassis.messaging import wire
from chassis.messaging.publisher import ConfirmedPublisher, PublishFailed
from chassis.metrics import DEAD_LETTERS, EVENT_RETRIES
from chassis.runtime.consumer import DrainingConsumer
from contracts.events.envelope import AnyEventType
from contracts.events.subscriptions import Subscription

log = logs.get_logger(__name__)

BATCH_SIZE: Final = 100
# The next batch is here while one is worked on.
EVENT_PREFETCH: Final = 2 * BATCH_SIZE
_REQUEUE_PAUSE_S: Final = 1.0
_OUTAGE_DELAY_MAX_S: Final = 300.0
_BROKER_HEADERS: Final = ("x-death", "x-first-death", "x-last-death")


class Disposition(Enum):
    """What becomes of an event after its handler ran."""

    DONE = "done"
    RETRY = "retry"
    RETRY_OUTAGE = "retry_outage"
    DEAD = "dead"


@dataclass(frozen=True)
class EventOutcome:
    """How a handler ended. `error` is the class of what it raised; its text may hold personal data."""

    disposition: Disposition
    error: str = ""
    database_is_gone: bool = False


@dataclass(frozen=True)
class EventDelivery:
    """An event as it came, and the message it came in."""

    body: Any
    consumer: str
    attempt: int
    message: Any = None
    correlation_id: str | None = None


@dataclass
class Batch:
    """What a worker is given: it takes the events that are there when it begins."""

    arrived: deque[EventDelivery]
    taken: list[EventDelivery] = field(default_factory=list)

    def take(self) -> list[EventDelivery]:
        """Take at most BATCH_SIZE events, in the order they came."""
        while self.arrived and len(self.taken) < BATCH_SIZE:
            self.taken.append(self.arrived.popleft())
        return self.taken


class ReliableEventHandler(EventHandler):
    """Hands events over in batches, one worker at a time, and settles each as its handler ended.

    A failed event is retried by a written table through queues with a time to live, then put aside for a human. The
    message is acked only after the broker has confirmed its copy in the next queue: it is never lost, and may come
    twice. An outage (database, other service) is not the event's fault: it is retried at most every 300 s and never
    given up on.
    """

    consumer_cls = DrainingConsumer

    def __init__(self, event_type: AnyEventType) -> None:
        self.described = event_type
        self._arrived: deque[EventDelivery] = deque()
        self._working = False
        super().__init__(event_type.source, event_type.type, prefetch_count=EVENT_PREFETCH)

    @property
    def consumer_name(self) -> str:
        """`service.method`, the name in inbox, queue, logs and metrics."""
        return f"{self.container.service_name}.{self.method_name}"

    def setup(self) -> None:
        """Prepare the queue, its retry queues and its dead letter queue."""
        super().setup()
        self.delays_s = tuple(config["EVENT_RETRY_DELAYS_S"])
        self.queue = wire.event_queue(Subscription(self.consumer_name, self.described))
        self.consumer.queues = [self.queue]
        self.consumer.declarations = [
            *(wire.retry_queue(self.container.service_name, delay_s) for delay_s in self.delays_s),
            wire.own_queue(self.queue.name),
            wire.dead_letter_queue(self.queue.name),
        ]
        self.consumer.on_undecodable = self._put_aside_undecodable
        self.consumer.on_connected = self._arrived.clear  # the broker delivers again what was not acked
        self.consumer.on_draining = self._give_back
        self.publisher = ConfirmedPublisher(config["AMQP_URI"], declare=self.consumer.declarations)

    def start(self) -> None:
        """Start consuming; the broker may come later."""
        self.container.spawn_managed_thread(self.consumer.run)

    def handle_message(self, body: Any, message: Any) -> None:
        """Note an event; a worker takes what is there when it begins, without waiting for more."""
        if self.consumer.draining:
            self.consumer.requeue_message(message)
            return
        attempt = _count(message, wire.ATTEMPT_HEADER)
        carried = message.headers.get(correlation.HEADER)
        carried = carried if isinstance(carried, str) else None
        self._arrived.append(EventDelivery(body, self.consumer_name, attempt, message, carried))
        self._spawn_worker()

    def _give_back(self) -> None:
        """Leave what no worker has begun to the other processes: this one is to stop."""
        while self._arrived:
            self.consumer.requeue_message(self._arrived.popleft().message)

    def _spawn_worker(self) -> None:
        """Start the next worker, where none is at it; in a thread, since the pool may be exhausted."""
        if self._arrived and not self._working:
            self._working = True
            self.container.spawn_managed_thread(self._work)

    def _work(self) -> None:
        batch = Batch(self._arrived)
        try:
            self.container.spawn_worker(self, (batch,), {}, handle_result=partial(self._end_worker, batch))
        except ContainerBeingKilled:
            for delivery in batch.take():
                self.consumer.requeue_message(delivery.message)

    def _end_worker(self, batch: Batch, _worker_ctx: Any, result: Any = None, exc_info: Any = None) -> tuple[Any, Any]:
        """Settle the events of a batch as their handler ended, and go on with what has come since."""
        if exc_info is not None:
            log.error("event_worker_raised", consumer=self.consumer_name, exc_info=exc_info)
            result = [EventOutcome(Disposition.RETRY, exc_info[0].__name__)] * len(batch.taken)
        try:
            self._settle([delivery.message for delivery in batch.taken], result)
        finally:
            self._working = False
            self._spawn_worker()
        return result, None

    def _settle(self, messages: Sequence[Any], outcomes: Sequence[EventOutcome]) -> None:
        settled = list(zip(messages, outcomes, strict=True))
        unfinished = [(message, one) for message, one in settled if one.disposition is not Disposition.DONE]
        try:
            if unfinished:
                self.publisher.publish_all([self._next_copy(message, outcome) for message, outcome in unfinished])
        except PublishFailed as error:
            log.warning("event_not_put_off", consumer=self.consumer_name, error=str(error))
            eventlet.sleep(_REQUEUE_PAUSE_S)
            self.consumer.ack_messages([message for message, one in settled if one.disposition is Disposition.DONE])
            for message, _ in unfinished:
                self.consumer.requeue_message(message)
        else:
            self.consumer.ack_messages(messages)

    def _next_copy(self, message: Any, outcome: EventOutcome) -> wire.Message:
        """Return the copy of `message` for the retry queue or the dead letter queue."""
        attempt = _count(message, wire.ATTEMPT_HEADER)
        outages = _count(message, wire.OUTAGE_HEADER)
        if outcome.disposition is Disposition.RETRY_OUTAGE:
            bearable = [delay_s for delay_s in self.delays_s if delay_s <= _OUTAGE_DELAY_MAX_S] or self.delays_s[:1]
            delay_s = bearable[min(outages, len(bearable) - 1)]
            return self._put_off(message, delay_s, attempt=attempt, outages=outages + 1)
        if outcome.disposition is Disposition.RETRY and attempt < len(self.delays_s):
            return self._put_off(message, self.delays_s[attempt], attempt=attempt + 1, outages=outages)
        return self._put_aside(message, outcome.error, attempts=attempt + 1)

    def _put_off(self, message: Any, delay_s: float, *, attempt: int, outages: int) -> wire.Message:
        EVENT_RETRIES.labels(self.consumer_name).inc()
        log.warning("event_put_off", consumer=self.consumer_name, attempt=attempt, delay_s=delay_s)
        headers = {**message.headers, wire.ATTEMPT_HEADER: attempt, wire.OUTAGE_HEADER: outages}
        waiting = wire.retry_queue(self.container.service_name, delay_s)
        return _copy(message, waiting.exchange.name, self.queue.name, headers)

    def _put_aside(self, message: Any, error: str, *, attempts: int) -> wire.Message:
        DEAD_LETTERS.labels(self.consumer_name).inc()
        log.error("event_dead_lettered", consumer=self.consumer_name, attempts=attempts, error=error)
        headers = {
            **message.headers,
            "x-consumer": self.consumer_name,
            "x-error": error,
            "x-attempts": attempts,
            "x-dead-at": clock.now().isoformat(),
        }
        dead = wire.dead_letter_queue(self.queue.name)
        return _copy(message, dead.exchange.name, dead.name, headers)

    def _put_aside_undecodable(self, message: Any) -> None:
        self._settle([message], [EventOutcome(Disposition.DEAD, "Undecodable")])


def _count(message: Any, header: str) -> int:
    """Return what a header of ours counts; anybody may have sent the message, with anything in its place."""
    value = message.headers.get(header)
    return max(0, value) if isinstance(value, int) and not isinstance(value, bool) else 0


def _copy(message: Any, exchange: str, routing_key: str, headers: dict[str, Any]) -> wire.Message:
    """Return a new message with the same body; the broker's own account of its dead-lettering is left behind."""
    kept = {name: value for name, value in headers.items() if not name.startswith(_BROKER_HEADERS)}
    return wire.Message(
        exchange=exchange,
        routing_key=routing_key,
        body=message.body,
        headers=kept,
        message_id=message.properties.get("message_id"),
        content_type=message.content_type or wire.JSON,
    )
