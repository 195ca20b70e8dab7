"""kombu's transport `inproc://` to the broker of this process."""

import threading
from collections.abc import Callable
from time import monotonic
from types import SimpleNamespace
from typing import Any, Final

from amqp.exceptions import AMQPNotImplementedError, ChannelError, InternalError
from kombu.transport import virtual

from chassis.embedded import broker
from chassis.embedded.broker import Frame

_EVENTS: Final = ("basic_ack", "basic_nack", "basic_return")
_NOT_MULTIPLE: Final = (False,)


class Channel(virtual.Channel):
    """A channel to the process's broker."""

    do_restore = True
    body_encoding = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # As py-amqp's channel has them, for who publishes with confirms.
        self.events: dict[str, set[Callable[..., None]]] = {name: set() for name in _EVENTS}
        self._confirms = False
        self._published = 0

    @property
    def _broker(self) -> broker.Broker:
        found: broker.Broker = self.connection.broker
        return found

    def prepare_message(self, body: Any, *args: Any, **kwargs: Any) -> Frame:
        """Make the message; nameko looks for the content type among its properties."""
        message: Frame = super().prepare_message(body, *args, **kwargs)
        message["properties"]["content_type"] = message["content-type"]
        return message

    def confirm_select(self) -> None:
        """Confirm each message from now on, as it is published: here a queue has it at once."""
        self._confirms = True
        self._published = 0

    def send_method(self, _method: Any, _format: str, arguments: tuple[Any, ...], message: Frame) -> None:
        """Publish as py-amqp's channel does: what reached no queue comes back as an event."""
        _ticket, exchange, routing_key, mandatory, _immediate = arguments
        try:
            self.basic_publish(message, exchange, routing_key, mandatory=mandatory)
        except ChannelError as error:
            returned = SimpleNamespace(properties=message["properties"])
            self._tell("basic_return", error, exchange, routing_key, returned)
        if self._confirms:
            self._published += 1
            self._tell("basic_ack", self._published, *_NOT_MULTIPLE)

    def _tell(self, event: str, *told: Any) -> None:
        for listener in list(self.events[event]):
            listener(*told)

    def basic_publish(
        self, message: Frame, exchange: str, routing_key: str, *, mandatory: bool = False, **_kwargs: Any
    ) -> None:
        """Put a copy of the message into each queue it is routed to."""
        names = self._broker.route(exchange, routing_key)
        if not names and mandatory:
            raise ChannelError("NO_ROUTE", (60, 40), "312")
        for name in names:
            copy = broker.copied(message, exchange, routing_key)
            if message["properties"].get("expiration") is not None:
                copy["properties"]["expiration"] = message["properties"]["expiration"]
            copy["properties"]["delivery_tag"] = self._next_delivery_tag()
            self._broker.put(name, copy)

    def basic_consume(
        self,
        queue: str,
        no_ack: bool,  # noqa: FBT001 -- kombu's signature
        callback: Callable[[Any], None],
        consumer_tag: str,
        **_kwargs: Any,
    ) -> None:
        """Consume from a queue."""
        super().basic_consume(queue, no_ack, callback, consumer_tag)
        self._broker.consume(queue, self.connection)
        self.connection.wake.set()

    def basic_cancel(self, consumer_tag: str) -> None:
        """Stop consuming."""
        queue = self._tag_to_queue.get(consumer_tag)
        super().basic_cancel(consumer_tag)
        if queue is not None:
            self._broker.cancel(queue, self.connection)

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:  # noqa: FBT001, FBT002 -- kombu's signature
        """Settle a message, which makes room for another."""
        delivered = list(self.qos._delivered)  # noqa: SLF001 -- kombu's own acks only one at a time
        settled = delivered[: delivered.index(delivery_tag) + 1] if multiple else [delivery_tag]
        for tag in settled:
            super().basic_ack(tag)
        self.qos._flush()  # noqa: SLF001 -- only acks of other threads need to wait for the consuming one
        if self.connection is not None:
            self.connection.wake.set()

    def take_next(self) -> tuple[Frame, str] | None:
        """Take the next message of the queues this channel consumes, in turns."""
        if not self._active_queues or not self.qos.can_consume():
            return None
        for _ in range(len(self._active_queues)):
            queue = self._active_queues.pop(0)
            self._active_queues.append(queue)
            message = self._broker.take(queue)
            if message is not None:
                message["properties"]["delivery_info"]["queue"] = queue
                return message, queue
        return None

    def _restore(self, message: Any) -> None:
        raw = message.serializable()
        raw["expires_at_s"] = message._raw["expires_at_s"]  # noqa: SLF001 -- kombu keeps it for this
        raw["properties"]["delivery_info"]["redelivered"] = True
        self._broker.put(message.delivery_info["queue"], raw, first=True)

    def _restore_at_beginning(self, message: Any) -> None:
        self._restore(message)

    def basic_qos(self, prefetch_size: int = 0, prefetch_count: int = 0, apply_global: bool = False) -> None:  # noqa: FBT001, FBT002 -- kombu's signature
        """Take so many messages at once. Raises what RabbitMQ 4.3 raises where it is for all consumers of a channel."""
        if apply_global:
            raise AMQPNotImplementedError("NOT_IMPLEMENTED - global_qos is deprecated", (60, 10))
        super().basic_qos(prefetch_size, prefetch_count, apply_global)

    def _new_queue(self, queue: str, **kwargs: Any) -> None:
        # RabbitMQ 4.3 refuses such queues: what works here must work there.
        if not (queue in self._broker.queues or kwargs.get("durable") or kwargs.get("exclusive")):
            raise InternalError("INTERNAL_ERROR - transient_nonexcl_queues is deprecated", (50, 10))
        self._broker.declare(queue, kwargs.get("arguments"), auto_delete=bool(kwargs.get("auto_delete")))

    def _has_queue(self, queue: str, **_kwargs: Any) -> bool:
        return queue in self._broker.queues

    def _size(self, queue: str) -> int:
        return len(self._broker.queues[queue].messages) if queue in self._broker.queues else 0

    def _get(self, queue: str, timeout: float | None = None) -> Frame:  # noqa: ARG002 -- kombu's signature
        message = self._broker.take(queue)
        if message is None:
            raise virtual.base.Empty
        message["properties"]["delivery_info"]["queue"] = queue
        return message

    def _purge(self, queue: str) -> int:
        size = self._size(queue)
        if size:
            self._broker.queues[queue].messages.clear()
        return size

    def _delete(self, queue: str, *_args: Any, **_kwargs: Any) -> None:
        self._broker.delete(queue)

    def queue_delete(self, queue: str, *_args: Any, **_kwargs: Any) -> None:
        """Delete a queue."""
        self._broker.delete(queue)


class Transport(virtual.Transport):
    """A connection to the process's broker. Its state is the broker's, and `wake` is set when there is news for it."""

    Channel = Channel
    driver_type = "inproc"
    driver_name = "inproc"
    implements = virtual.Transport.implements.extend(asynchronous=False, exchange_type=frozenset(["direct", "topic"]))

    def __init__(self, client: Any, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        self.broker = broker.of_process()
        self.state = self.broker.state
        self.wake = threading.Event()

    def drain_events(self, _connection: Any, timeout: float | None = None) -> None:
        """Deliver one message; raises TimeoutError when none comes within `timeout` seconds."""
        ends_at = None if timeout is None else monotonic() + timeout
        while True:
            self.wake.clear()
            for channel in list(self.channels):
                taken = channel.take_next()
                if taken is not None:
                    self._deliver(*taken)
                    return
            remaining_s = None if ends_at is None else ends_at - monotonic()
            if remaining_s is not None and remaining_s <= 0:
                raise TimeoutError
            self.wake.wait(remaining_s)

    def driver_version(self) -> str:
        """There is no driver."""
        return "N/A"
