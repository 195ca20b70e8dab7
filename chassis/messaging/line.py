"""Connections to the broker on which a peer that went silent is noticed in less than ten seconds.

A network that swallows packets shows by TCP itself (unanswered data or keepalives), a broker or proxy that is silent
behind a living one by heartbeats, and a write or an answer waited for by the socket's own timeout.
"""

import contextlib
import socket
import ssl
from typing import Any, Final

from kombu import Connection
from kombu.transport import pyamqp

from chassis.messaging import addresses, frames, wire

# Two are missed before a line is given up, and looked for each second.
HEARTBEAT_S: Final = 4
CONNECT_WITHIN_S: Final = 3
ANSWER_WITHIN_S: Final = 6.0
READ_BYTES: Final = 16_384
_SOCKET_SETTINGS: Final = {
    socket.TCP_NODELAY: 1,
    socket.TCP_USER_TIMEOUT: 8_000,
    socket.TCP_KEEPIDLE: 3,
    socket.TCP_KEEPINTVL: 2,
    socket.TCP_KEEPCNT: 2,
}


class _TlsConnection(pyamqp.Connection):
    """py-amqp's connection, whose TLS handshake ends as its other steps do."""

    def Transport(self, host: str, connect_timeout: float, *args: Any, **options: Any) -> Any:  # noqa: N802 -- py-amqp's
        """Return the transport that `connect` opens."""
        transport = super().Transport(host, connect_timeout, *args, **options)
        shake_hands = transport._setup_transport  # noqa: SLF001 -- amqp is pinned

        def within_time() -> None:
            transport.sock.settimeout(connect_timeout)
            shake_hands()

        transport._setup_transport = within_time  # noqa: SLF001 -- as above
        return transport


class _TlsTransport(pyamqp.SSLTransport):
    """kombu's transport over it."""

    Connection = _TlsConnection


def opened(amqp_url: str, *, heartbeat_s: int = HEARTBEAT_S) -> Connection:
    """Open a connection to the broker, in one attempt at each of its addresses. Raises what the library below raises.

    With a heartbeat of 0 nobody need read from it all the time: for commands, which ask one thing after another.
    """
    return addresses.try_each(amqp_url, lambda address: _opened(address, heartbeat_s))


def _opened(address: str, heartbeat_s: int) -> Connection:
    connection = Connection(
        address,
        heartbeat=heartbeat_s,
        connect_timeout=CONNECT_WITHIN_S,
        ssl=wire.tls_options(address),
        transport_options={"socket_settings": _SOCKET_SETTINGS},
    )
    if address.startswith("amqps://"):
        connection.transport_cls = _TlsTransport
    try:
        connection.ensure_connection(max_retries=0)
        bound(connection)
    except BaseException:
        drop(connection)
        raise
    return connection


def bound(connection: Connection) -> None:
    """Make an open connection ours: no read or write waits longer than ANSWER_WITHIN_S, and both are done in few calls.

    The broker in memory has nothing of it.
    """
    raw = connection.connection
    transport: Any = getattr(raw, "transport", None)
    open_socket = getattr(transport, "sock", None)
    if open_socket is None:
        return
    open_socket.settimeout(ANSWER_WITHIN_S)
    raw.frame_writer = frames.Writer(raw)
    # py-amqp asks for seven bytes, then for a few more, then for one. Its buffer keeps what came beyond that; a TLS
    # connection has a buffer of its own, and `select` must see what is left there.
    if not isinstance(open_socket, ssl.SSLSocket):
        receive = open_socket.recv
        transport._quick_recv = lambda count: receive(max(count, READ_BYTES))  # noqa: SLF001 -- amqp is pinned


def drop(connection: Connection) -> None:
    """Let go of a connection that failed, without the closing handshake: nobody may be there to answer it."""
    with contextlib.suppress(Exception):
        if connection.connected:
            hang_up(connection.connection)
        connection.collect()


def hang_up(raw: Any) -> None:
    """Let nothing wait on a connection that is to be closed: TLS would say good-bye and wait for the answer."""
    with contextlib.suppress(Exception):
        raw.transport.sock.settimeout(0)
