"""The due date of a practice as a calendar entry (iCalendar, RFC 5545)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from uuid import UUID

import falcon

from contracts.codes import NoticeNumber
from contracts.errors import ErrorCode, Refused
from gateway.translations import marked as _
from gateway.translations import translate
from gateway.visit import visit_of
from gateway.web import addresses
from gateway.web.page import Page
from gateway.web.practice_lookup import Practice, one_practice

_LINE_MAX_BYTES: Final = 75
_TITLE: Final = _("Scadenza:")
_ESCAPES: Final = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


class DueDateEntry(Page):
    """scadenza.ics: an entry for the whole day, with a reminder the day before."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Answer the entry. Raises Refused(PRACTICE_NOT_FOUND) for a practice without a due date."""
        visit = visit_of(req)
        practice = one_practice(visit, entity, practice_id)
        if practice["due_date"] is None:
            raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
        page = self.site.settings.public_url + addresses.practice(entity, practice_id)
        resp.content_type = "text/calendar; charset=utf-8"
        resp.downloadable_as = "scadenza.ics"
        resp.text = "".join(_folded(line) for line in _entry(practice, translate(visit.language, _TITLE), page))


def _entry(practice: Practice, title: str, page: str) -> Iterator[str]:
    due = practice["due_date"]
    number = NoticeNumber(practice["notice_number"]).grouped
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Back Office Pagatore//IT", "METHOD:PUBLISH")
    yield from ("BEGIN:VEVENT", f"UID:{practice['id']}@pratiche")
    yield f"DTSTAMP:{practice['created_at']:%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{due:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{due + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{_text(title + ' ' + practice['description'])}"
    yield f"DESCRIPTION:{_text(practice['creditor_name'] + ' - ' + number)}"
    yield from (f"URL:{page}", "TRANSP:TRANSPARENT")
    yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_text(title)}", "TRIGGER:-P1D", "END:VALARM")
    yield from ("END:VEVENT", "END:VCALENDAR")


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
