"""Calendar days in Italy: what due dates are compared with."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

ROME: Final = ZoneInfo("Europe/Rome")


def rome_day(moment: datetime) -> date:
    """Return the calendar day in Italy at an aware moment."""
    return moment.astimezone(ROME).date()
