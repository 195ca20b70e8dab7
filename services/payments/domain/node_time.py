"""Times as the node writes them."""

from datetime import UTC, datetime

from contracts.calendar import ROME


def from_node(moment: datetime) -> datetime:
    """Read a time of the node as UTC: without an offset it is Italian wall-clock time."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ROME)
    return aware.astimezone(UTC)
