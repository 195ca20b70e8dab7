"""How what leaves as CSV is written, so that a spreadsheet in Italy reads it and none takes a text for a formula."""

from datetime import datetime
from typing import Final

from contracts.calendar import ROME

DELIMITER: Final = ";"
LINE_END: Final = "\r\n"
# A spreadsheet would take these for the beginning of a formula.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """Return a text as a cell that is shown and never worked out."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def euro(cents: int) -> str:
    """Return an amount with two decimals behind a comma: `-1234,05`."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100},{abs(cents) % 100:02d}"


def rome_time(moment: datetime) -> str:
    """Return a moment by the clock in Italy: `2026-11-02 09:25:00`."""
    return f"{moment.astimezone(ROME):%Y-%m-%d %H:%M:%S}"
