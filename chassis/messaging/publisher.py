"""Publishing that is known to have arrived: the broker's confirm for every message, once per batch."""

import contextlib
from collections.abc import Sequence
from threading import RLock
from time import monotonic
from typing import Any, Final

from kombu import Exchange, Queue

from chassis import logs
from chassis.messaging import exchanges, line, wire

log = logs.get_logger(__name__)

_CONFIRM_TIMEOUT_S: Final = 6


class PublishFailed(Exception):
    """The broker did not confirm: the messages may have arrived, or not. Publish them again."""


class QueueFull(PublishFailed):
    """A queue has as many messages as it may have: publish them again later."""


class ConfirmedPublisher:
    """One connection of its own, made when first needed and made anew after any failure. Safe for several threads.

    `declare` is declared on each new connection; queues of others, `listeners`, only where they are not there yet.
    """

    def __init__(
        self, amqp_url: str, *, declare: Sequence[Exchange | Queue] = (), listeners: Sequence[Queue] = ()
    ) -> None:
        self._amqp_url = amqp_url
        self._declare = declare
        self._listeners = listeners
        self._lock = RLock()
        self._connection: Any = None
        self._channel: Any = None
        self._last_tag = 0
        self._unconfirmed: set[int] = set()
        self._refused = False
        self._returned: list[str] = []

    def publish_all(self, messages: Sequence[wire.Message]) -> list[str]:
        """Publish and wait for all confirms; return the ids of mandatory messages that no queue was bound for.

        Raises PublishFailed, and of its kinds QueueFull where the broker said no.
        """
        with self._lock:
            was_open = self._channel is not None
            try:
                return self._publish_all(messages)
            except QueueFull:
                raise
            except Exception as error:
                self._drop()
                # The broker may have closed it while it was idle. One that is silent will not answer soon.
                if was_open and not isinstance(error, TimeoutError):
                    return self.publish_all(messages)
                raise PublishFailed(type(error).__name__) from error

    def keep_alive(self) -> None:
        """Read what the broker sent and send the heartbeat; call it every few seconds. Raises PublishFailed."""
        with self._lock:
            if self._connection is None:
                return
            try:
                with contextlib.suppress(TimeoutError):
                    self._connection.drain_events(timeout=0.001)
                self._connection.heartbeat_check()
            except Exception as error:
                self._drop()
                raise PublishFailed(type(error).__name__) from error

    def close(self) -> None:
        """Close the connection; the next message opens another."""
        with self._lock:
            connection, self._connection, self._channel = self._connection, None, None
            if connection is not None:
                with contextlib.suppress(Exception):
                    connection.close()

    def _drop(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            line.drop(connection)

    def _publish_all(self, messages: Sequence[wire.Message]) -> list[str]:
        channel = self._open_channel()
        self._returned.clear()
        self._refused = False
        for message in messages:
            self._publish_one(channel, message)
        self._wait_for_confirms()
        return list(self._returned)

    def _publish_one(self, channel: Any, message: wire.Message) -> None:
        self._last_tag += 1
        self._unconfirmed.add(self._last_tag)
        wire.publish(channel, message)

    def _wait_for_confirms(self) -> None:
        ends_at = monotonic() + _CONFIRM_TIMEOUT_S
        while self._unconfirmed:
            self._connection.drain_events(timeout=max(0.001, ends_at - monotonic()))
        if self._refused:
            raise QueueFull("refused by the broker")

    def _open_channel(self) -> Any:
        if self._channel is not None:
            return self._channel
        connection = self._connection = line.opened(self._amqp_url)
        channel = connection.channel()
        for entity in self._declare:
            entity(channel).declare()
        for queue in self._listeners:
            exchanges.ensure_queue(connection, queue)
        channel.confirm_select()
        channel.events["basic_ack"].add(self._on_ack)
        channel.events["basic_nack"].add(self._on_nack)
        channel.events["basic_return"].add(self._on_return)
        self._last_tag = 0
        self._unconfirmed.clear()
        self._channel = channel
        return channel

    def _on_ack(self, delivery_tag: int, multiple: bool) -> None:  # noqa: FBT001 -- py-amqp calls it so
        if multiple:
            self._unconfirmed = {tag for tag in self._unconfirmed if tag > delivery_tag}
        else:
            self._unconfirmed.discard(delivery_tag)

    def _on_nack(self, delivery_tag: int, multiple: bool) -> None:  # noqa: FBT001 -- py-amqp calls it so
        self._refused = True
        self._on_ack(delivery_tag, multiple)

    def _on_return(self, _error: Exception, _exchange: str, _routing_key: str, message: Any) -> None:
        self._returned.append(message.properties.get("message_id", ""))
