"""Due dates as iCalendar (RFC 5545): all-day events that take up no time, with an alarm on the day before."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from icalendar import Alarm, Calendar, Event

from contracts.calendar import ROME

_PRODUCT: Final = "-//Back Office Pagatore//IT"
_READ_AGAIN: Final = timedelta(hours=12)
_ALARM_AT: Final = time(9)


class DueDate(NamedTuple):
    """One due date. `revision` grows with every change; `is_over`: there is nothing to be done any more."""

    practice_id: UUID
    due_date: date
    summary: str
    description: str
    url: str
    changed_at: datetime
    revision: int = 0
    is_over: bool = False


def calendar(due_dates: Iterable[DueDate], *, name: str | None = None) -> str:
    """Write a calendar. With a `name` it is one to subscribe to: calendars read it again twice a day."""
    written = Calendar()
    written.add("VERSION", "2.0")
    written.add("PRODID", _PRODUCT)
    written.add("METHOD", "PUBLISH")
    if name is not None:
        written.add("NAME", name)
        written.add("X-WR-CALNAME", name)
        written.add("REFRESH-INTERVAL", _READ_AGAIN, parameters={"VALUE": "DURATION"})
        written.add("X-PUBLISHED-TTL", _READ_AGAIN)
    for due in due_dates:
        written.add_component(_event(due))
    text: str = written.to_ical().decode()
    return text


def alarm_at(due_date: date) -> datetime:
    """Return when to be reminded, in UTC: 9 o'clock of the day before, as the clocks of Rome show it."""
    return datetime.combine(due_date - timedelta(days=1), _ALARM_AT, ROME).astimezone(UTC)


def _event(due: DueDate) -> Event:
    event = Event()
    event.add("UID", f"{due.practice_id}@pratiche")
    event.add("SEQUENCE", due.revision)
    event.add("DTSTAMP", due.changed_at.astimezone(UTC))
    event.add("DTSTART", due.due_date)
    event.add("DTEND", due.due_date + timedelta(days=1))
    event.add("SUMMARY", due.summary)
    event.add("DESCRIPTION", due.description)
    event.add("URL", due.url)
    event.add("TRANSP", "TRANSPARENT")
    event.add("STATUS", "CANCELLED" if due.is_over else "CONFIRMED")
    if not due.is_over:
        event.add_component(_alarm(due))
    return event


def _alarm(due: DueDate) -> Alarm:
    alarm = Alarm()
    alarm.add("ACTION", "DISPLAY")
    alarm.add("DESCRIPTION", due.summary)
    alarm.add("TRIGGER", alarm_at(due.due_date), parameters={"VALUE": "DATE-TIME"})
    return alarm
