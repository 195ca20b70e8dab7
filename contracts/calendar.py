"""Calendar days in Italy: what due dates are compared with."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

ROME: Final = ZoneInfo("Europe/Rome")
# A due date of another century is a slip of the keyboard (0206, 20266).
DUE_YEAR_MIN: Final = 2000
DUE_YEAR_MAX: Final = 2099
NO_DUE_DATE: Final = date(2099, 12, 31)
"""What pagoPA's messages say where there is no due date. Nobody else is ever told this day."""


def rome_day(moment: datetime) -> date:
    """Return the calendar day in Italy at an aware moment."""
    return moment.astimezone(ROME).date()


def due_day(day: date | None) -> date | None:
    """Return a due date; None where the day stands for none, as entities' software takes over from pagoPA."""
    return None if day == NO_DUE_DATE else day
