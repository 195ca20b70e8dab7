"""Events about what is owed. `subject` is the practice id."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from contracts.codes import CreditorFiscalCode, Iuv, NoticeNumber
from contracts.events.envelope import EventType
from contracts.message import Message
from contracts.rpc.practices import Position

PAID_ELSEWHERE: Final = "paid_elsewhere"
OTHER_OPTION: Final = "other_option"


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeEnded(Message):
    """A practice that is no longer payable, and why. No personal data.

    `reason` is PAID_ELSEWHERE where it was paid, but not through pagoPA; OTHER_OPTION where its debt position is paid
    in another way.
    """

    practice_id: UUID
    sequence: int
    entity_code: str
    creditor_fiscal_code: CreditorFiscalCode
    notice_number: NoticeNumber
    iuv: Iuv
    reason: str
    at: datetime


# Created and Amended carry the debtor: payments must answer the node while practices is down.
PRACTICE_CREATED = EventType("PracticeCreated", 1, "practices", Position)
PRACTICE_AMENDED = EventType("PracticeAmended", 1, "practices", Position)
PRACTICE_CANCELLED = EventType("PracticeCancelled", 1, "practices", PracticeEnded)
PRACTICE_EXPIRED = EventType("PracticeExpired", 1, "practices", PracticeEnded)
