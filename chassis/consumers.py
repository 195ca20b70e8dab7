"""nameko's consumers, made to lose nothing.

Stock nameko 3.0.0rc11 closes the connection on SIGTERM before its workers have acked, dies of a poison RPC message
or of a reply that cannot be sent, and acks an event whose handler raised. The classes here change just that.
"""

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from time import monotonic
from typing import Any, Final

import eventlet
from eventlet.event import Event
from kombu import Exchange, Queue
from nameko import config
from nameko.amqp.consume import Consumer
from nameko.events import EventHandler
from nameko.rpc import Rpc, RpcConsumer

from chassis import clock, correlation, logs, rpc_errors, wire
from chassis.metrics import DEAD_LETTERS, EVENT_RETRIES
from chassis.publishing import ConfirmedPublisher, PublishFailed
from contracts.errors import Broken, ErrorCode
from contracts.events.envelope import EventType

log = logs.get_logger(__name__)

EVENT_PREFETCH: Final = 4
_CONNECT_PAUSE_START_S: Final = 0.2
_CONNECT_PAUSE_STEP_S: Final = 0.5
_CONNECT_PAUSE_MAX_S: Final = 3.0
_RECONNECT_PAUSE_S: Final = 0.5
_DRAIN_STEP_S: Final = 0.2
_REQUEUE_PAUSE_S: Final = 1.0
_OUTAGE_DELAY_MAX_S: Final = 300.0


class DrainingConsumer(Consumer):
    """A consumer that stops by taking no new messages and keeping its connection until the last worker has acked."""

    declarations: Sequence[Queue | Exchange] = ()
    on_undecodable: Callable[[Any], None] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._draining = False
        self._connected = False
        self._in_flight: set[int] = set()
        self._drained = Event()

    def run(self, **_kwargs: Any) -> None:
        """Consume for ever, connecting again after whatever happens: the container must outlive the broker."""
        while not self.should_stop:
            try:
                for _ in self.consume():
                    pass
            except Exception as error:  # noqa: BLE001 -- py-amqp raises more than its documented classes
                log.warning("consumer_connection_lost", queues=self._queue_names, error=type(error).__name__)
                self._connected = False
                if self._draining:
                    break
                eventlet.sleep(_RECONNECT_PAUSE_S)
        self._finish()

    def stop(self) -> None:
        """Take no new messages, and return when those taken are acked or their connection is lost."""
        self._draining = True
        if not self._connected:
            self.should_stop = True
            return
        with eventlet.Timeout(config.get("STOP_GRACE_S", 20.0), exception=False):
            self._drained.wait()
        self.should_stop = True

    def consume(self, *_args: Any, **_kwargs: Any) -> Any:
        """Read from the broker; yields after each message or event."""
        with self.consumer_context() as (connection, _channel, consumers):
            self._in_flight.clear()
            self._connected = True
            cancelled = False
            while not self.should_stop:
                if self._draining and not cancelled:
                    cancelled = True
                    for consumer in consumers:
                        consumer.cancel()
                if cancelled and not self._in_flight:
                    self.should_stop = True
                    break
                try:
                    connection.drain_events(timeout=_DRAIN_STEP_S if self._draining else 1)
                except TimeoutError:
                    connection.heartbeat_check()
                yield

    @contextlib.contextmanager
    def establish_connection(self) -> Any:
        """Connect with short pauses: a restarted broker should be noticed in seconds."""
        with self.create_connection() as connection:
            connection.ensure_connection(
                self.on_connection_error,
                None,
                interval_start=_CONNECT_PAUSE_START_S,
                interval_step=_CONNECT_PAUSE_STEP_S,
                interval_max=_CONNECT_PAUSE_MAX_S,
            )
            yield connection

    def on_connection_error(self, exc: Exception, interval: float) -> None:
        """Say that the broker is away."""
        log.warning("broker_out_of_reach", queues=self._queue_names, error=type(exc).__name__, pause_s=interval)

    def get_consumers(self, consumer_cls: Any, channel: Any) -> Any:
        """Declare what this consumer also needs, then consume."""
        for entity in self.declarations:
            entity(channel).declare()
        return super().get_consumers(consumer_cls, channel)

    def on_message(self, body: Any, message: Any) -> None:
        """Hand a message over, remembering it until it is settled."""
        self._in_flight.add(id(message))
        message.arrived_at_s = monotonic()
        for callback in self.callbacks:
            callback(body, message)

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Put aside a message whose body cannot be read; it would come back for ever."""
        log.error("message_undecodable", queues=self._queue_names, error=type(exc).__name__)
        if self.on_undecodable is not None:
            self.on_undecodable(message)
        else:
            message.ack()

    def ack_message(self, message: Any) -> None:
        """Settle a message for good."""
        self._settle(message, message.ack)

    def requeue_message(self, message: Any) -> None:
        """Give a message back to the broker."""
        self._settle(message, message.requeue)

    def _settle(self, message: Any, how: Callable[[], None]) -> None:
        try:
            if message.channel.connection:
                how()
        except Exception as error:  # noqa: BLE001 -- a lost connection shows in many classes
            log.warning("settling_failed", queues=self._queue_names, error=type(error).__name__)
            drop_connection(message.channel)
        finally:
            self._in_flight.discard(id(message))

    def _finish(self) -> None:
        self._connected = False
        if not self._drained.ready():
            self._drained.send(None)

    @property
    def _queue_names(self) -> list[str]:
        return [queue.name for queue in self.queues]


def drop_connection(channel: Any) -> None:
    """Close the socket under `channel` after a failed write: half a frame may have gone out.

    Its consumer connects again, and the broker delivers again what was not acked.
    """
    with contextlib.suppress(Exception):
        channel.connection.transport.close()


@dataclass(frozen=True)
class RpcDelivery:
    """A request as it came. `ends_at_s` is the caller's deadline on this process's monotonic clock."""

    request: Any
    correlation_id: str | None
    ends_at_s: float | None
    redelivered: bool


DROPPED: Final = object()
"""What an entrypoint returns when nobody waits for the answer any more."""


class FastRpcConsumer(RpcConsumer):
    """Replies and acks on the request's own channel, and survives any message.

    A worker returns the ready payload `{"result": …, "error": …}` or DROPPED; it never raises.
    """

    consumer_cls = DrainingConsumer

    def start(self) -> None:
        """Start consuming; the broker may come later."""
        self.container.spawn_managed_thread(self.consumer.run)

    def handle_message(self, body: Any, message: Any) -> None:
        """Start the worker of the method that `message` names, or answer or drop what cannot be worked on."""
        if not message.properties.get("reply_to"):
            log.error("rpc_message_dropped", reason="nobody to reply to")
            self.consumer.ack_message(message)
            return
        try:
            provider = self.get_provider_for_method(message.delivery_info["routing_key"])
            provider.handle_message(body, message)
        except Exception as error:  # noqa: BLE001 -- any request, however wrong, gets an answer
            log.error("rpc_message_refused", reason=type(error).__name__)
            self.reply(message, {"result": None, "error": rpc_errors.to_wire(Broken(ErrorCode.INTERNAL_ERROR))})

    def handle_result(self, message: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
        """Reply with what the worker returned."""
        if exc_info is not None:
            log.error("rpc_worker_raised", exc_info=exc_info)
            result = {"result": None, "error": rpc_errors.to_wire(Broken(ErrorCode.INTERNAL_ERROR))}
        if result is DROPPED:
            self.consumer.ack_message(message)
        else:
            self.reply(message, result)
        return result, None

    def reply(self, message: Any, payload: dict[str, Any]) -> None:
        """Publish the reply, then ack the request. When the connection is lost the request comes again."""
        reply = wire.Message(
            exchange=wire.RPC_EXCHANGE.name,
            routing_key=message.properties["reply_to"],
            correlation_id=message.properties.get("correlation_id"),
            body=json.dumps(payload),
            persistent=False,
        )
        try:
            wire.publish(message.channel, reply)
        except Exception as error:  # noqa: BLE001 -- a lost connection shows in many classes
            log.warning("rpc_reply_lost", error=type(error).__name__)
            drop_connection(message.channel)
        self.consumer.ack_message(message)


class FastRpc(Rpc):
    """The entrypoint of one RPC method; its worker is called with an RpcDelivery."""

    rpc_consumer = FastRpcConsumer()

    def handle_message(self, body: Any, message: Any) -> None:
        """Start a worker. Raises where the body is no request."""
        kwargs = body["kwargs"]
        expiration_ms = message.properties.get("expiration")
        delivery = RpcDelivery(
            request=kwargs.get("request", {}),
            correlation_id=message.headers.get(correlation.HEADER),
            ends_at_s=None if expiration_ms is None else message.arrived_at_s + int(expiration_ms) / 1000,
            redelivered=bool(message.delivery_info.get("redelivered")),
        )
        super().handle_message({"args": [delivery], "kwargs": {}}, message)


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


@dataclass(frozen=True)
class EventDelivery:
    """An event as it came."""

    body: Any
    consumer: str
    attempt: int


class ReliableEventHandler(EventHandler):
    """Retries a failed event by a written table through queues with a time to live, then puts it aside for a human.

    The message is acked only after the broker has confirmed its copy in the next queue: it is never lost, and may
    come twice. An outage (database, other service) is not the event's fault: it is retried at most every 300 s and
    never given up on.
    """

    consumer_cls = DrainingConsumer

    def __init__(self, event_type: EventType) -> None:
        self.described = event_type
        super().__init__(event_type.source, event_type.type, prefetch_count=EVENT_PREFETCH)

    @property
    def consumer_name(self) -> str:
        """`service.method`, the name in inbox, queue, logs and metrics."""
        return f"{self.container.service_name}.{self.method_name}"

    def setup(self) -> None:
        """Prepare the queue, its retry queues and its dead letter queue."""
        super().setup()
        self.delays_s = tuple(config["EVENT_RETRY_DELAYS_S"])
        self.queue = wire.event_queue(self.described.source, self.described.type, self.consumer_name)
        self.consumer.queues = [self.queue]
        self.consumer.declarations = [
            *(wire.retry_queue(delay_s) for delay_s in self.delays_s),
            wire.dead_letter_queue(self.queue.name),
        ]
        self.consumer.on_undecodable = self._put_aside_undecodable
        self.publisher = ConfirmedPublisher(config["AMQP_URI"], declare=self.consumer.declarations)

    def start(self) -> None:
        """Start consuming; the broker may come later."""
        self.container.spawn_managed_thread(self.consumer.run)

    def handle_message(self, body: Any, message: Any) -> None:
        """Start a worker."""
        delivery = EventDelivery(body, self.consumer_name, int(message.headers.get(wire.ATTEMPT_HEADER, 0)))
        super().handle_message(delivery, message)

    def handle_result(
        self, message: Any, _worker_ctx: Any, result: Any = None, exc_info: Any = None
    ) -> tuple[Any, Any]:
        """Settle the message as its handler ended."""
        if exc_info is not None:
            log.error("event_worker_raised", consumer=self.consumer_name, exc_info=exc_info)
            result = EventOutcome(Disposition.RETRY, exc_info[0].__name__)
        self._settle(message, result)
        return result, None

    def _settle(self, message: Any, outcome: EventOutcome) -> None:
        try:
            if outcome.disposition is not Disposition.DONE:
                self.publisher.publish_all([self._next_copy(message, outcome)])
        except PublishFailed as error:
            log.warning("event_not_put_off", consumer=self.consumer_name, error=str(error))
            eventlet.sleep(_REQUEUE_PAUSE_S)
            self.consumer.requeue_message(message)
        else:
            self.consumer.ack_message(message)

    def _next_copy(self, message: Any, outcome: EventOutcome) -> wire.Message:
        """Return the copy of `message` for the retry queue or the dead letter queue."""
        attempt = int(message.headers.get(wire.ATTEMPT_HEADER, 0))
        outages = int(message.headers.get(wire.OUTAGE_HEADER, 0))
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
        return _copy(message, wire.retry_queue(delay_s).exchange.name, self.queue.name, headers)

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
        return _copy(message, "", wire.dead_letter_queue(self.queue.name).name, headers)

    def _put_aside_undecodable(self, message: Any) -> None:
        self._settle(message, EventOutcome(Disposition.DEAD, "Undecodable"))


def _copy(message: Any, exchange: str, routing_key: str, headers: dict[str, Any]) -> wire.Message:
    # RabbitMQ refuses to dead-letter round in a circle by its own x-death count only without a TTL; ours is in x-attempt.
    kept = {name: value for name, value in headers.items() if not name.startswith(("x-death", "x-first-death", "x-last"))}
    return wire.Message(
        exchange=exchange,
        routing_key=routing_key,
        body=message.body,
        headers=kept,
        message_id=message.properties.get("message_id"),
        content_type=message.content_type or wire.JSON,
    )
