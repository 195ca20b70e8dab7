"""A WSGI application served in green threads, beside services in the same process."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import eventlet
import eventlet.wsgi

_GREEN_THREADS_PER_SERVER: Final = 200
_IDLE_CONNECTION_S: Final = 60


@contextmanager
def serving(listener: socket.socket, application: Any) -> Iterator[None]:
    """Serve on an open socket while the context lasts."""
    server = eventlet.spawn(
        eventlet.wsgi.server,
        listener,
        application,
        custom_pool=eventlet.GreenPool(_GREEN_THREADS_PER_SERVER),
        log=logging.getLogger("eventlet.wsgi"),
        log_output=False,
        debug=False,
        keepalive=_IDLE_CONNECTION_S,
        socket_timeout=_IDLE_CONNECTION_S,
    )
    try:
        yield
    finally:
        server.kill()
