"""nameko's consumer, made to stop without giving back what it is working on, and to outlive the broker.

Stock nameko 3.0.0rc11 closes the connection on SIGTERM before its workers have acked: every deploy would deliver
twice what was under way.
"""

import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from time import monotonic
from typing import Any, Final

import eventlet
from eventlet.event import Event
from kombu import Exchange, Queue
from nameko import config
from nameko.amqp.consume import Consumer

from chassis import logs, watchdog
from chassis.messaging import exchanges, line, wire

log = logs.get_logger(__name__)

_CONNECT_PAUSE_START_S: Final = 0.2
_CONNECT_PAUSE_STEP_S: Final = 0.5
_CONNECT_PAUSE_MAX_S: Final = 3.0
_RECONNECT_PAUSE_S: Final = 0.5
_READ_TIMEOUT_S: Final = 1.0
_DRAIN_STEP_S: Final = 0.2


class DrainingConsumer(Consumer):
    """A consumer that stops by taking no new messages and keeping its connection until the last worker has acked.

    `any_kind`: a queue that is there as another kind is consumed as it is.
    """

    declarations: Sequence[Queue | Exchange] = ()
    any_kind = False
    on_undecodable: Callable[[Any], None] | None = None
    on_connected: Callable[[], object] = staticmethod(lambda: None)
    on_draining: Callable[[], object] = staticmethod(lambda: None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.draining = False
        self._connected = False
        self._heartbeat_at_s = monotonic()
        # Unsettled messages of this connection, in the order they came.
        self._in_flight: dict[int, None] = {}
        self._drained = Event()

    def run(self, **_kwargs: Any) -> None:
        """Consume for ever, connecting again after whatever happens: the container must outlive the broker."""
        while not self.should_stop:
            try:
                for _ in self.consume():
                    pass
            except Exception as error:  # noqa: BLE001 -- py-amqp raises more than its documented classes
                watchdog.moved(self._part)
                log.warning("consumer_connection_lost", queues=self._queue_names, error=type(error).__name__)
                self._connected = False
                if self.draining:
                    break
                eventlet.sleep(_RECONNECT_PAUSE_S)
        self._finish()

    def stop(self) -> None:
        """Take no new messages, and return when those taken are acked or their connection is lost."""
        self.draining = True
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
            self.on_connected()
            try:
                yield from self._read_on(connection, consumers)
            except Exception:
                line.drop(connection)  # at once: leaving the context would talk to a broker that may be silent
                raise

    def _read_on(self, connection: Any, consumers: Sequence[Any]) -> Any:
        taking = True
        while not self.should_stop:
            watchdog.moved(self._part)
            if self.draining and taking:
                taking = False
                for consumer in consumers:
                    consumer.cancel()
                self.on_draining()
            if not taking and not self._in_flight:
                self.should_stop = True
                break
            self._read(connection)
            yield

    def _read(self, connection: Any) -> None:
        with contextlib.suppress(TimeoutError):
            connection.drain_events(timeout=_DRAIN_STEP_S if self.draining else _READ_TIMEOUT_S)
        if monotonic() - self._heartbeat_at_s > _READ_TIMEOUT_S:
            self._heartbeat_at_s = monotonic()
            connection.heartbeat_check()

    @contextlib.contextmanager
    def establish_connection(self) -> Any:
        """Connect to whichever node of the broker answers, with short pauses: a restarted one is noticed in seconds."""
        with self._opened() as connection:
            yield connection

    def _opened(self) -> Any:
        pause_s = _CONNECT_PAUSE_START_S
        while True:
            try:
                return line.opened(self.amqp_uri)
            except Exception as error:
                self.on_connection_error(error, pause_s)
                if self.should_stop:
                    raise
                eventlet.sleep(pause_s)
                pause_s = min(pause_s + _CONNECT_PAUSE_STEP_S, _CONNECT_PAUSE_MAX_S)

    def on_connection_error(self, exc: Exception, interval: float) -> None:
        """Say that the broker is away."""
        watchdog.moved(self._part)
        log.warning("broker_out_of_reach", queues=self._queue_names, error=type(exc).__name__, pause_s=interval)

    def get_consumers(self, consumer_cls: Any, channel: Any) -> Any:
        """Declare what this consumer also needs, then consume. Bodies come as they are: who is called reads them."""
        for queue in self.queues:
            exchanges.ensure(channel.connection.client, queue.exchange)
        for entity in self.declarations:
            entity(channel).declare()
        of_kind = partial(exchanges.as_found, channel.connection.client) if self.any_kind else exchanges.of_others
        queues = [of_kind(queue) for queue in self.queues]
        consumer = consumer_cls(queues=queues, on_message=self.on_raw, **self.consumer_options)
        consumer.qos(prefetch_count=self.prefetch_count)
        return [consumer]

    def on_raw(self, message: Any) -> None:
        """Hand a message over, remembering it until it is settled."""
        self._in_flight[id(message)] = None
        message.arrived_at_s = monotonic()
        if message.content_type != wire.JSON:
            self.on_foreign(message)
            return
        for callback in self.callbacks:
            callback(message.body, message)

    def on_foreign(self, message: Any) -> None:
        """Put aside a message that is not JSON; it would come back for ever."""
        log.error("message_undecodable", queues=self._queue_names)
        if self.on_undecodable is not None:
            self.on_undecodable(message)
        else:
            self.ack_message(message)

    def ack_message(self, message: Any) -> None:
        """Settle a message for good."""
        self._settle(message, message.ack)

    def ack_messages(self, messages: Sequence[Any]) -> None:
        """Settle messages for good.

        They go out as one frame where they are all there is to settle up to the last of them; a message of a
        connection that is gone comes again.
        """
        if not messages:
            return
        oldest = list(islice(self._in_flight, len(messages)))
        if oldest == [id(message) for message in messages]:
            *earlier, last = messages
            for message in earlier:
                del self._in_flight[id(message)]
            self._settle(last, partial(last.ack, multiple=True))
        else:
            for message in messages:
                self._settle(message, message.ack)

    def requeue_message(self, message: Any) -> None:
        """Give a message back to the broker."""
        self._settle(message, message.requeue)

    def settled(self, message: Any) -> None:
        """Note that a message was acked in the same write as its reply, or went with its connection."""
        self._in_flight.pop(id(message), None)

    def _settle(self, message: Any, how: Callable[[], None]) -> None:
        try:
            if message.channel.connection:
                how()
        except Exception as error:  # noqa: BLE001 -- a lost connection shows in many classes
            log.warning("settling_failed", queues=self._queue_names, error=type(error).__name__)
            drop_connection(message.channel)
        finally:
            self._in_flight.pop(id(message), None)

    def _finish(self) -> None:
        watchdog.rests(self._part)
        self._connected = False
        if not self._drained.ready():
            self._drained.send(None)

    @property
    def _part(self) -> str:
        return f"consumer of {', '.join(self._queue_names)}"

    @property
    def _queue_names(self) -> list[str]:
        return [queue.name for queue in self.queues]


def drop_connection(channel: Any) -> None:
    """Close the socket under `channel` after a failed write: half a frame may have gone out.

    Its consumer connects again, and the broker delivers again what was not acked.
    """
    with contextlib.suppress(Exception):
        channel.connection.transport.close()
