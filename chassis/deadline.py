"""Until when the caller waits: the deadline of the request this thread or greenlet is working on.

It is kept on this process's monotonic clock, so that no two machines' clocks are compared.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

_ends_at: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def until(ends_at_s: float | None) -> Iterator[None]:
    """Work under a deadline on the monotonic clock; None is no deadline."""
    token = _ends_at.set(ends_at_s)
    try:
        yield
    finally:
        _ends_at.reset(token)


def remaining_s(at_most_s: float) -> float:
    """Return how long a call made now may take: `at_most_s`, or less where our own caller waits less."""
    ends_at_s = _ends_at.get()
    return at_most_s if ends_at_s is None else min(at_most_s, ends_at_s - monotonic())
