"""Waiting for one's turn to call an outside service, so that its published limit is never passed.

Two things see to that. Turns are reserved in the database, evenly spaced, for all processes and over restarts. And in
this process a call leaves only when the one so many before it has been answered for as long as the window lasts:
however late calls get under way, and however long they are on it, no window at the other end sees more of them.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chassis import watchdog
from chassis.storage.database import Database
from services.payments.archive.http import Answer
from services.payments.repository import call_paces

# Turns are a little further apart than they would have to be, for the calls of several processes.
_HEADROOM: Final = 0.95
_STEP_S: Final = 0.5
_LOOK_S: Final = 0.005


@dataclass(frozen=True, slots=True)
class Limit:
    """A published limit: at most `calls_max` calls in any `window`."""

    calls_max: int
    window: timedelta
    headroom: float = _HEADROOM

    @property
    def interval(self) -> timedelta:
        """How far apart turns are."""
        return self.window / (self.calls_max * self.headroom)


class Pace:
    """The turns at one service.

    `parts` are those of this process that wait here, as the watchdog knows them: waiting for a turn is no standing
    still, and a call has an end of its own.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        limit: Limit,
        clock: Callable[[], datetime],
        stopping: threading.Event,
        parts: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.limit = limit
        self._parts = parts
        self._database = database
        self._clock = clock
        self._stopping = stopping
        self._lock = threading.Lock()
        self._started = 0
        self._answered_at: dict[int, datetime] = {}

    def reserve(self, count: int = 1) -> list[datetime]:
        """Take the next turns and return their moments."""
        interval = self.limit.interval
        with self._database.transaction() as tx:
            first = call_paces.reserve(tx.session, self.name, interval, self._clock(), count=count)
        return [first + interval * number for number in range(count)]

    def run(self, call: Callable[[], Answer], turn: datetime | None = None) -> Answer | None:
        """Make a call when its turn has come, the next one where none is given; None where the process is to stop."""
        if not self._wait_until(turn or self.reserve()[0]):
            return None
        with self._lock:
            number, self._started = self._started, self._started + 1
        if not self._wait_for_answer_of(number - self.limit.calls_max):
            self._note_answer(number)
            return None
        for part in self._parts:
            watchdog.rests(part)
        try:
            return call()
        finally:
            self._note_answer(number)
            self._move()

    def pause(self, seconds: float) -> None:
        """Let nobody call for so long: the service said so."""
        with self._database.transaction() as tx:
            call_paces.pause(tx.session, self.name, self._clock() + timedelta(seconds=seconds))

    def is_open(self, within: timedelta = timedelta()) -> bool:
        """Return whether a turn could be had so soon."""
        with self._database.reading() as session:
            next_at = call_paces.next_at(session, self.name)
        return next_at is None or next_at <= self._clock() + within

    def _wait_until(self, moment: datetime) -> bool:
        while (left_s := (moment - self._clock()).total_seconds()) > 0:
            self._move()
            if self._stopping.wait(min(left_s, _STEP_S)):
                return False
        return not self._stopping.is_set()

    def _wait_for_answer_of(self, number: int) -> bool:
        """Wait until a call of before has been answered for as long as the window lasts."""
        if number < 0:
            return True
        while (answered_at := self._answered_at.get(number)) is None:
            if self._stopping.wait(_LOOK_S):
                return False
        del self._answered_at[number]
        return self._wait_until(answered_at + self.limit.window)

    def _move(self) -> None:
        for part in self._parts:
            watchdog.moved(part)

    def _note_answer(self, number: int) -> None:
        self._answered_at[number] = self._clock()
