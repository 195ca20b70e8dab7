"""What branches for the broker inside the process: its address, and the RPC client's connection to it.

Importing this makes `inproc://` known to kombu and to the chassis.
"""

import contextlib
from typing import Final

from kombu import Connection, Consumer, Queue
from kombu.transport import TRANSPORT_ALIASES

from chassis.messaging import connection, exchanges, wire
from chassis.messaging.connection import OnMessage, OnReturn

INPROC_URL: Final = "inproc://localhost"
_READ_TIMEOUT_S: Final = 2.0


class EmbeddedConnection:
    """A connection to the broker of this process: there is no socket, and nothing to keep alive."""

    def __init__(self, amqp_url: str) -> None:
        self._connection = Connection(amqp_url)
        self._raw = self._connection.connect()
        self._channel = self._connection.channel()
        self._transport = self._connection.transport

    def listen(self, queue: Queue, on_message: OnMessage, on_return: OnReturn) -> None:
        """Consume a queue."""
        exchanges.ensure(self._connection, queue.exchange)
        Consumer(self._channel, [queue], no_ack=True, accept=["json"], on_message=on_message).consume()
        self._channel.events["basic_return"].add(on_return)

    def write(self, message: wire.Message) -> None:
        """Publish."""
        wire.publish(self._channel, message)

    def read_some(self) -> None:
        """Hand over one message."""
        self._transport.drain_events(self._raw, timeout=_READ_TIMEOUT_S)

    def drop(self) -> None:
        """Let go of it."""
        with contextlib.suppress(Exception):
            self._connection.release()


TRANSPORT_ALIASES["inproc"] = "chassis.embedded.transport:Transport"
connection.register("inproc", EmbeddedConnection)
