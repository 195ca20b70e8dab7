"""Waiting with an end."""

from collections.abc import Iterator
from time import monotonic, sleep


def ticks(within_s: float, *, every_s: float = 0.1) -> Iterator[None]:
    """Yield at once and then each `every_s`, until `within_s` are over: the body breaks or returns when it has it."""
    end = monotonic() + within_s
    while True:
        yield
        if monotonic() >= end:
            return
        sleep(every_s)
