"""Events about what is owed. `subject` is the practice id."""

from marshmallow import Schema, fields

from contracts.events.envelope import EventType
from contracts.fields import CreditorFiscalCode, NoticeDigits, UtcDateTime
from contracts.rpc.practices import Position


class PracticeEnded(Schema):
    """A practice that is no longer payable, and why. No personal data."""

    practice_id = fields.UUID(required=True)
    sequence = fields.Integer(required=True)
    entity_code = fields.String(required=True)
    creditor_fiscal_code = CreditorFiscalCode(required=True)
    notice_number = NoticeDigits(required=True)
    iuv = fields.String(required=True)
    reason = fields.String(required=True)
    at = UtcDateTime(required=True)


# Created and Amended carry the debtor: payments must answer the node while practices is down.
PRACTICE_CREATED = EventType("PracticeCreated", 1, "practices", Position())
PRACTICE_AMENDED = EventType("PracticeAmended", 1, "practices", Position())
PRACTICE_CANCELLED = EventType("PracticeCancelled", 1, "practices", PracticeEnded())
PRACTICE_EXPIRED = EventType("PracticeExpired", 1, "practices", PracticeEnded())
