"""Waiting for one's turn to call an outside service, so that its published limit is never passed."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from chassis.storage.database import Database
from services.payments.repository import call_paces

# Calls leave a little slower than is allowed: on their way they may come closer together.
_HEADROOM: Final = 0.95
_STEP_S: Final = 0.5


def interval_of(calls_max: int, window_s: float, *, headroom: float = _HEADROOM) -> timedelta:
    """Return how far apart calls must be for at most `calls_max` in any `window_s`."""
    return timedelta(seconds=window_s / (calls_max * headroom))


class Pace:
    """The turns at one service. All processes share them, through the database."""

    def __init__(
        self,
        database: Database,
        name: str,
        interval: timedelta,
        clock: Callable[[], datetime],
        stopping: threading.Event,
    ) -> None:
        self.name = name
        self.interval = interval
        self._database = database
        self._clock = clock
        self._stopping = stopping

    def reserve(self, count: int = 1) -> list[datetime]:
        """Take the next turns and return their moments."""
        with self._database.transaction() as tx:
            first = call_paces.reserve(tx.session, self.name, self.interval, self._clock(), count=count)
        return [first + self.interval * number for number in range(count)]

    def wait_for(self, turn: datetime) -> bool:
        """Wait until a turn has come; False where the process is to stop first."""
        while (left_s := (turn - self._clock()).total_seconds()) > 0:
            if self._stopping.wait(min(left_s, _STEP_S)):
                return False
        return not self._stopping.is_set()

    def take(self) -> bool:
        """Wait for the next turn; False where the process is to stop first."""
        return self.wait_for(self.reserve()[0])

    def pause(self, seconds: float) -> None:
        """Let nobody call for so long: the service said so."""
        with self._database.transaction() as tx:
            call_paces.pause(tx.session, self.name, self._clock() + timedelta(seconds=seconds))

    def is_open(self) -> bool:
        """Return whether a turn could be had at once."""
        with self._database.reading() as session:
            next_at = call_paces.next_at(session, self.name)
        return next_at is None or next_at <= self._clock()
