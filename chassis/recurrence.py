"""When something that a process does by itself, every few hours, is due."""

import random
from collections.abc import Callable
from time import monotonic
from typing import Final

FIRST_AFTER_S: Final = 60.0
"""So long after its start a process does it for the first time: a process that is started anew each day does it too."""
_APART: Final = 0.1


class Recurrence:
    """Due soon after the start and then each `interval_s`; never where that is 0.

    The processes of a service are set apart by chance, a tenth of the time, so that they do not do it all at once.
    """

    def __init__(
        self,
        interval_s: float,
        *,
        clock: Callable[[], float] = monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._interval_s = interval_s
        self._clock = clock
        self._due_at_s = clock() + min(FIRST_AFTER_S, interval_s) + _APART * interval_s * chance()

    def is_due(self) -> bool:
        """Return whether it is time; it is then not due again before the interval is over."""
        now_s = self._clock()
        if not self._interval_s or now_s < self._due_at_s:
            return False
        self._due_at_s = now_s + self._interval_s
        return True
