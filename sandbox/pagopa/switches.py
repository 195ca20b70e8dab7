"""What a tester may switch: the clock, the limits, how the next calls are answered, whether our station is reached."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final


class Api(StrEnum):
    """A service with a limit of its own."""

    ACA = "aca"
    BULK = "bulk"
    BIZ_EVENTS = "biz_events"


# Calls, and in how many seconds: what is published (pagopa-obligations.md sections 1.2, 1.9 and 3.3).
LIMITS: Final = {Api.ACA: (300, 10.0), Api.BULK: (10, 1.0), Api.BIZ_EVENTS: (10, 3_600.0)}
# The answer that never comes.
TIME_OUT: Final = 0


@dataclass(frozen=True, slots=True)
class Called:
    """What a call is answered before it is looked at: None where it is looked at."""

    status: int | None
    retry_after_s: int = 1


@dataclass
class Switches:
    """The switches. `counts` says how often each service was called, `refused` how often it was called too fast."""

    limits: dict[Api, tuple[int, float]] = field(default_factory=lambda: dict(LIMITS))
    counts: dict[Api, int] = field(default_factory=lambda: dict.fromkeys(Api, 0))
    refused: dict[Api, int] = field(default_factory=lambda: dict.fromkeys(Api, 0))
    ahead: timedelta = timedelta()
    station_down_until: float = 0.0

    def __post_init__(self) -> None:
        """Start with nothing called."""
        self._lock = threading.Lock()
        self._calls: dict[Api, deque[float]] = {api: deque() for api in Api}
        self._next: dict[Api, deque[int]] = {api: deque() for api in Api}

    def now(self) -> datetime:
        """Return the moment here, which may be ahead."""
        return datetime.now(UTC) + self.ahead

    def answer_next(self, api: Api, status: int, calls: int) -> None:
        """Let the next calls of a service be answered so; TIME_OUT lets them wait for nothing."""
        with self._lock:
            self._next[api] = deque([status] * calls)

    def turn_station_off(self, seconds: float) -> None:
        """Let the node not reach the creditor's station for so long; 0 turns it on again."""
        self.station_down_until = time.time() + seconds

    @property
    def is_station_down(self) -> bool:
        """Return whether the node does not reach the station now."""
        return time.time() < self.station_down_until

    def called(self, api: Api) -> Called:
        """Count a call, and say how it is answered."""
        limit, window_s = self.limits[api]
        now_s = time.monotonic()
        with self._lock:
            self.counts[api] += 1
            calls = self._calls[api]
            while calls and calls[0] <= now_s - window_s:
                calls.popleft()
            if len(calls) >= limit:
                self.refused[api] += 1
                return Called(429, max(1, round(calls[0] + window_s - now_s)))
            calls.append(now_s)
            return Called(self._next[api].popleft() if self._next[api] else None)
