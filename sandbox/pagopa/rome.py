"""The clock of pagoPA's days: the stand-in shares no code with the portal that is tried against it."""

from typing import Final
from zoneinfo import ZoneInfo

ROME: Final = ZoneInfo("Europe/Rome")
