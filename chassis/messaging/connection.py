"""A connection to the broker on which one thread reads while others write.

Which kind it is goes by the address's scheme. A broker of another kind (chassis.embedded) makes itself known by
`register`; nothing here knows of it.
"""

import contextlib
import select
import ssl
import threading
from collections.abc import Callable
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from kombu import Consumer, Queue

from chassis.messaging import exchanges, line, wire

# Reads end after this to see to the heartbeat; writes that do not get through by then lose the connection.
_SOCKET_TIMEOUT_S: Final = 1.0
_TLS_READ_S: Final = 0.05

OnMessage = Callable[[Any], None]
OnReturn = Callable[[Exception, str, str, Any], None]


class BrokerConnection(Protocol):
    """What the RPC client needs of a connection. Any method may raise when the connection is lost."""

    def listen(self, queue: Queue, on_message: OnMessage, on_return: OnReturn) -> None:
        """Consume a queue without acks; `on_return` is told of mandatory messages that reached no queue."""

    def write(self, message: wire.Message) -> None:
        """Publish, from any thread."""

    def read_some(self) -> None:
        """Hand over what has come, in the one reading thread. Raises TimeoutError when nothing came for a while."""

    def drop(self) -> None:
        """Let go of the connection without the closing handshake: another thread may be reading from it."""


class AmqpConnection:
    """A connection to RabbitMQ."""

    def __init__(self, amqp_url: str) -> None:
        self._connection = line.opened(amqp_url)
        try:
            self._raw = self._connection.connection
            self._channel = self._connection.channel()
        except BaseException:
            line.drop(self._connection)
            raise
        self._transport = self._connection.transport
        self._socket = self._raw.transport.sock
        # OpenSSL must not read and write one connection at once; a plain socket may.
        self._tls_lock = threading.Lock() if isinstance(self._socket, ssl.SSLSocket) else None

    def listen(self, queue: Queue, on_message: OnMessage, on_return: OnReturn) -> None:
        """Consume a queue; from then on one thread reads."""
        exchanges.ensure(self._connection, queue.exchange)
        Consumer(self._channel, [queue], no_ack=True, accept=["json"], on_message=on_message).consume()
        self._channel.events["basic_return"].add(on_return)
        # Set once for both directions: changing it per read would change it under a writing thread.
        self._socket.settimeout(_SOCKET_TIMEOUT_S)

    def write(self, message: wire.Message) -> None:
        """Publish."""
        with self._tls_lock or contextlib.nullcontext():
            wire.publish(self._channel, message)

    def read_some(self) -> None:
        """Read, and send the heartbeat. Not through kombu's Connection, which would open another."""
        try:
            if self._tls_lock is None:
                self._transport.drain_events(self._raw)
            elif self._socket.pending() or select.select([self._socket], [], [], _SOCKET_TIMEOUT_S)[0]:
                with self._tls_lock:
                    self._transport.drain_events(self._raw, timeout=_TLS_READ_S)
        finally:
            self._transport.heartbeat_check(self._raw)

    def drop(self) -> None:
        """Let go of the socket."""
        line.hang_up(self._raw)
        with contextlib.suppress(Exception):
            self._raw.collect()


_kinds: dict[str, Callable[[str], BrokerConnection]] = {}


def register(scheme: str, kind: Callable[[str], BrokerConnection]) -> None:
    """Make addresses of a scheme open connections of another kind."""
    _kinds[scheme] = kind


def connect(amqp_url: str) -> BrokerConnection:
    """Open a connection. Raises what the library below raises when the broker is out of reach."""
    return _kinds.get(urlsplit(amqp_url).scheme, AmqpConnection)(amqp_url)
