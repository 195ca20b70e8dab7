"""Events about documents. `subject` is the practice id."""

from marshmallow import Schema, fields

from contracts.events.envelope import EventType
from contracts.fields import NoticeDigits, UtcDateTime


class NoticeIssued(Schema):
    """A notice was rendered for the first time with this content."""

    practice_id = fields.UUID(required=True)
    notice_number = NoticeDigits(required=True)
    content_sha256 = fields.String(required=True)
    language = fields.String(required=True)
    at = UtcDateTime(required=True)


NOTICE_ISSUED = EventType("NoticeIssued", 1, "notices", NoticeIssued())
