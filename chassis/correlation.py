"""The correlation id: one per visit to the system, carried gateway -> RPC header -> outbox event -> consumer."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from uuid import uuid4

HEADER: Final = "nameko.correlation_id"

_current: ContextVar[str | None] = ContextVar("correlation_id", default=None)


def new() -> str:
    """Make a correlation id."""
    return uuid4().hex


def get() -> str | None:
    """Return the correlation id of what this thread or greenlet is doing, if any."""
    return _current.get()


def set(correlation_id: str | None) -> None:  # noqa: A001 -- correlation.set reads as what it does
    """Make `correlation_id` that of this thread or greenlet."""
    _current.set(correlation_id)


@contextmanager
def carrying(correlation_id: str | None) -> Iterator[str]:
    """Work under `correlation_id` (a new one where None), then put back what was there."""
    value = correlation_id or new()
    token = _current.set(value)
    try:
        yield value
    finally:
        _current.reset(token)
