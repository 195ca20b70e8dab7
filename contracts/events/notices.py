"""Events about documents. `subject` is the practice id."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.codes import NoticeNumber
from contracts.events.envelope import EventType
from contracts.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeIssued(Message):
    """A notice was rendered for the first time with this content."""

    practice_id: UUID
    notice_number: NoticeNumber
    content_sha256: str
    language: str
    at: datetime


NOTICE_ISSUED = EventType("NoticeIssued", 1, "notices", NoticeIssued)
