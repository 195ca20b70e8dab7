"""Connections to the broker on which a peer that went silent is noticed in less than ten seconds.

A network that swallows packets shows by TCP itself (unanswered data or keepalives), a broker or proxy that is silent
behind a living one by heartbeats, and a write or an answer waited for by the socket's own timeout.
"""

import contextlib
import socket
from typing import Final

from kombu import Connection

from chassis.messaging import wire

# Two are missed before a line is given up, and looked for each second.
HEARTBEAT_S: Final = 4
CONNECT_WITHIN_S: Final = 3
ANSWER_WITHIN_S: Final = 6.0
_SOCKET_SETTINGS: Final = {
    socket.TCP_NODELAY: 1,
    socket.TCP_USER_TIMEOUT: 8_000,
    socket.TCP_KEEPIDLE: 3,
    socket.TCP_KEEPINTVL: 2,
    socket.TCP_KEEPCNT: 2,
}


def to(amqp_url: str) -> Connection:
    """Return a connection to the broker, not opened yet; `bound` it once it is."""
    return Connection(
        amqp_url,
        heartbeat=HEARTBEAT_S,
        connect_timeout=CONNECT_WITHIN_S,
        ssl=wire.tls_options(amqp_url),
        transport_options={"socket_settings": _SOCKET_SETTINGS},
    )


def opened(amqp_url: str) -> Connection:
    """Open a connection to the broker, in one attempt. Raises what the library below raises."""
    connection = to(amqp_url)
    try:
        connection.ensure_connection(max_retries=0)
        bound(connection)
    except BaseException:
        drop(connection)
        raise
    return connection


def bound(connection: Connection) -> None:
    """Let no read or write of an open connection wait longer than ANSWER_WITHIN_S; the broker in memory has none."""
    open_socket = getattr(getattr(connection.connection, "transport", None), "sock", None)
    if open_socket is not None:
        open_socket.settimeout(ANSWER_WITHIN_S)


def drop(connection: Connection) -> None:
    """Let go of a connection that failed, without the closing handshake: nobody may be there to answer it."""
    with contextlib.suppress(Exception):
        connection.collect()
