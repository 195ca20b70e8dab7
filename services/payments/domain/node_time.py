"""Due dates are Europe/Rome calendar days; a practice due today is not overdue until midnight in Rome."""

from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

ROME: Final = ZoneInfo("Europe/Rome")


def rome_day(moment: datetime) -> date:
    """Return the Europe/Rome calendar day of an aware `moment`."""
    return moment.astimezone(ROME).date()


def from_node(moment: datetime) -> datetime:
    """Read a time of the node as UTC: without an offset it is Italian wall-clock time."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ROME)
    return aware.astimezone(UTC)
