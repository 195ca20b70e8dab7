"""Imported first by every process that runs nameko: makes the standard library green, psycopg2 included."""

import os
import socket
from math import inf
from typing import Any, Final

# eventlet's own resolver is 16 MB of a process and a third of its start (dnspython, cryptography).
os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")

import eventlet
from eventlet import tpool
from eventlet.green import socket as green_socket
from eventlet.hubs import trampoline

eventlet.monkey_patch()

from chassis.storage import answer_limit  # noqa: E402 -- green only after the patch

_RESOLVING_THREADS: Final = 2

resolve = socket.getaddrinfo
"""The system's resolver, which blocks."""


def _getaddrinfo(*args: Any, **kwargs: Any) -> Any:
    """Resolve a name in a thread beside the loop, which goes on meanwhile."""
    return tpool.execute(lambda: resolve(*args, **kwargs))


tpool.set_num_threads(_RESOLVING_THREADS)
socket.getaddrinfo = _getaddrinfo
green_socket.getaddrinfo = _getaddrinfo  # which `create_connection` calls


def _wait(file_number: int, reads: bool, timeout_s: float) -> bool:  # noqa: FBT001 -- the shape of answer_limit.Wait
    try:
        trampoline(
            file_number,
            read=reads,
            write=not reads,
            timeout=None if timeout_s == inf else timeout_s,
            timeout_exc=TimeoutError,
        )
    except TimeoutError:
        return False
    return True


answer_limit.install(_wait)
