"""Creditors whose turn is over for a while, because pagoPA refused what was asked for them: the others go on."""

from datetime import datetime, timedelta
from typing import Final

from services.payments.archive.http import NO_ANSWER

REST_S: Final = 600.0
# No answer, a key that is refused, too much asked.
_OF_ALL: Final = (NO_ANSWER, 401, 429)
_OUTAGE_FROM: Final = 500


class Rests:
    """Stands in memory: a process that starts anew asks once more."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}

    def let_rest(self, creditor: str, now: datetime, seconds: float = REST_S) -> None:
        """Ask nothing for a creditor for a while."""
        self._until[creditor] = now + timedelta(seconds=seconds)

    def may_ask(self, creditor: str, now: datetime) -> bool:
        """Return whether a creditor is not resting."""
        return self._until.get(creditor, now) <= now


def is_about_everybody(status: int) -> bool:
    """Return whether an answer says something of pagoPA, and nothing of the creditor it was about."""
    return status in _OF_ALL or status >= _OUTAGE_FROM
