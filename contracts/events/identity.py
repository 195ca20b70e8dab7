"""Events about citizens. `subject` is the citizen id; no event here carries personal data."""

from marshmallow import Schema, fields

from contracts.events.envelope import EventType
from contracts.fields import UtcDateTime


class CitizenRegistered(Schema):
    """A citizen acknowledged the privacy notice for the first time (or again, after closing the account)."""

    citizen_id = fields.UUID(required=True)
    at = UtcDateTime(required=True)


class ConsentChanged(Schema):
    """A consent was granted or revoked, by the version of its text."""

    citizen_id = fields.UUID(required=True)
    purpose = fields.String(required=True)
    document_id = fields.String(required=True)
    document_version = fields.String(required=True)
    at = UtcDateTime(required=True)


CITIZEN_REGISTERED = EventType("CitizenRegistered", 1, "identity", CitizenRegistered())
CONSENT_GRANTED = EventType("ConsentGranted", 1, "identity", ConsentChanged())
CONSENT_REVOKED = EventType("ConsentRevoked", 1, "identity", ConsentChanged())
