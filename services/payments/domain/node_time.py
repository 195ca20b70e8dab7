"""Times as the node writes them."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from contracts.calendar import ROME


def from_node(moment: datetime) -> datetime:
    """Read a time of the node as UTC: without an offset it is Italian wall-clock time."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ROME)
    return aware.astimezone(UTC)


_MIDNIGHT_AFTER: Final = re.compile(r"T24:00:00(\.0+)?")


def read_moment(text: str) -> datetime:
    """Read an xsd:dateTime as UTC; 24:00:00 is the midnight after.

    Raises ValueError or OverflowError for what Python cannot hold.
    """
    begin, midnights = _MIDNIGHT_AFTER.subn("T00:00:00", text.strip())
    return from_node(datetime.fromisoformat(begin) + timedelta(days=midnights))


def read_day(text: str) -> date:
    """Read an xsd:date, whose offset says nothing to us. Raises ValueError."""
    return date.fromisoformat(text.strip()[:10])
