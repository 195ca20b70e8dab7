"""When a delivery is tried again, and when an address is given up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

PAUSES_S: Final = (5, 60, 300, 1_800, 7_200, 21_600, 43_200, 86_400)
"""Between one attempt and the next; the last of them again and again."""
TRIED_FOR: Final = timedelta(days=3)
OLD_SECRET_LIVES: Final = timedelta(days=1)
HISTORY_KEPT: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt: the status, or why there is none that counts."""

    status: int | None
    problem: str | None
    duration_ms: int

    @property
    def is_good(self) -> bool:
        """Return whether the event has arrived: any 2xx, as Standard Webhooks has it."""
        return self.problem is None and self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Return whether nobody is there any more, and nothing is to be sent again."""
        return self.status == HTTPStatus.GONE


def next_try(attempts: int, first_try_at: datetime, now: datetime) -> datetime | None:
    """Return when to try again after so many attempts (at least one), None once three days are over."""
    pause = timedelta(seconds=PAUSES_S[min(attempts, len(PAUSES_S)) - 1])
    return now + pause if now + pause - first_try_at <= TRIED_FOR else None


def host_of(url: str) -> str:
    """Return the host of an address, empty where it is no address that can be read."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # `https://[::1`
        return ""
