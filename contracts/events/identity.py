"""Events about citizens. `subject` is the citizen id; no event here carries personal data."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.events.envelope import EventType
from contracts.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenRegistered(Message):
    """A citizen acknowledged the privacy notice for the first time (or again, after closing the account)."""

    citizen_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentChanged(Message):
    """A consent was granted or revoked, by the version of its text."""

    citizen_id: UUID
    purpose: str
    document_id: str
    document_version: str
    at: datetime


CITIZEN_REGISTERED = EventType("CitizenRegistered", 1, "identity", CitizenRegistered)
CONSENT_GRANTED = EventType("ConsentGranted", 1, "identity", ConsentChanged)
CONSENT_REVOKED = EventType("ConsentRevoked", 1, "identity", ConsentChanged)
