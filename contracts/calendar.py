"""Calendar days in Italy: what due dates are compared with."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

ROME: Final = ZoneInfo("Europe/Rome")
# A due date of another century is a slip of the keyboard (0206, 20266).
DUE_YEAR_MIN: Final = 2000
DUE_YEAR_MAX: Final = 2099


def rome_day(moment: datetime) -> date:
    """Return the calendar day in Italy at an aware moment."""
    return moment.astimezone(ROME).date()
