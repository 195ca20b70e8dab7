"""Waiting for PostgreSQL with an end: a server that went silent must not hold whoever asked it.

psycopg2 hands each of its waits to one callback of the process. Ours gives every connection of `make_engine` a time to
answer in. When that has passed, psycopg2 closes the connection and SQLAlchemy throws it and its like out of the pool.

Without `install` nothing waits with an end, as in commands and jobs that people watch. COPY needs a process without it.
"""

import logging
import select
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Any, Final

import psycopg2
import sqlalchemy as sa
from psycopg2 import extensions

log = logging.getLogger(__name__)

REST_ANSWER_S: Final = 3.0

Wait = Callable[[int, bool, float], bool]
"""Wait at most some seconds until a file number can be read (else written); return whether it can."""


class NoAnswer(psycopg2.OperationalError):
    """The server did not answer in time. Whether it did what it was asked is not known."""


class BoundConnection(extensions.connection):
    """A connection with a time to answer in: short while it connects and while the pool tries whether it lives."""

    answer_within_s: float = REST_ANSWER_S


def install(wait: Wait) -> None:
    """Make every wait of this process for PostgreSQL go through `wait`, with an end."""

    def until_answered(connection: Any, _timeout: object = None) -> None:
        within_s = getattr(connection, "answer_within_s", inf)
        ends_at = monotonic() + within_s
        while (state := connection.poll()) != extensions.POLL_OK:
            remaining_s = ends_at - monotonic()
            if remaining_s <= 0 or not wait(connection.fileno(), state == extensions.POLL_READ, remaining_s):
                log.warning("database_silent")
                raise NoAnswer(f"no answer within {within_s:g} s")

    extensions.set_wait_callback(until_answered)


def install_plain() -> None:
    """Do so in a process without green threads."""
    install(_wait)


def _wait(file_number: int, reads: bool, timeout_s: float) -> bool:  # noqa: FBT001 -- the shape of Wait
    poller = select.poll()
    poller.register(file_number, select.POLLIN if reads else select.POLLOUT)
    milliseconds = None if timeout_s == inf else max(1, int(timeout_s * 1000))
    return bool(poller.poll(milliseconds))


def bound(engine: sa.Engine, answer_within_s: float) -> None:
    """Give the engine's connections their time to answer while somebody has them."""

    def checkout(connection: BoundConnection, *_: object) -> None:
        connection.answer_within_s = answer_within_s

    def checkin(connection: BoundConnection | None, *_: object) -> None:
        if connection is not None:
            connection.answer_within_s = REST_ANSWER_S

    sa.event.listen(engine, "checkout", checkout)
    sa.event.listen(engine, "checkin", checkin)
