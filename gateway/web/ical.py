"""Writing due dates as iCalendar (RFC 5545): all-day events that take up no time, with a reminder the day before."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

_LINE_MAX_BYTES: Final = 75
_ESCAPES: Final = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


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
    return "".join(_folded(line) for line in _calendar(due_dates, name))


def _calendar(due_dates: Iterable[DueDate], name: str | None) -> Iterator[str]:
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Back Office Pagatore//IT", "METHOD:PUBLISH")
    if name is not None:
        yield from (f"NAME:{_text(name)}", f"X-WR-CALNAME:{_text(name)}")
        yield from ("REFRESH-INTERVAL;VALUE=DURATION:PT12H", "X-PUBLISHED-TTL:PT12H")
    for due in due_dates:
        yield from _event(due)
    yield "END:VCALENDAR"


def _event(due: DueDate) -> Iterator[str]:
    yield from ("BEGIN:VEVENT", f"UID:{due.practice_id}@pratiche", f"SEQUENCE:{due.revision}")
    yield f"DTSTAMP:{due.changed_at:%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{due.due_date:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{due.due_date + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{_text(due.summary)}"
    yield f"DESCRIPTION:{_text(due.description)}"
    yield from (f"URL:{due.url}", "TRANSP:TRANSPARENT", f"STATUS:{'CANCELLED' if due.is_over else 'CONFIRMED'}")
    if not due.is_over:
        yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_text(due.summary)}")
        yield from ("TRIGGER:-P1D", "END:VALARM")
    yield "END:VEVENT"


def _text(text: str) -> str:
    return text.translate(_ESCAPES)


def _folded(line: str) -> str:
    """Break a line after 75 bytes, never within a character; further parts begin with a space."""
    parts, part = [], ""
    for character in line:
        if len((part + character).encode()) > _LINE_MAX_BYTES:
            parts.append(part)
            part = " "
        part += character
    return "\r\n".join((*parts, part)) + "\r\n"
