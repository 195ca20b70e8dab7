"""CloudEvents 1.0 in structured JSON, as every event of the system travels."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from marshmallow import EXCLUDE, Schema, fields, validate

from contracts.fields import UtcDateTime


@dataclass(frozen=True)
class EventType:
    """A type of event: `source` is the service that emits it, `schema` the shape of its `data`."""

    name: str
    version: int
    source: str
    schema: Schema

    @property
    def type(self) -> str:
        """The CloudEvents type, also the AMQP routing key: `PaymentConfirmed.v1`."""
        return f"{self.name}.v{self.version}"

    @property
    def exchange(self) -> str:
        """The topic exchange it is published to."""
        return f"{self.source}.events"


class Envelope(Schema):
    """CloudEvents attributes. `subject` is the practice (or citizen) id; `sequence` orders events of one subject."""

    class Meta:
        """Consumers read leniently."""

        unknown = EXCLUDE

    specversion = fields.String(required=True, validate=validate.Equal("1.0"))
    id = fields.UUID(required=True)
    source = fields.String(required=True)
    type = fields.String(required=True)
    subject = fields.String(required=True)
    time = UtcDateTime(required=True)
    sequence = fields.String(required=True)
    correlationid = fields.String(load_default=None, allow_none=True)
    datacontenttype = fields.String(required=True, validate=validate.Equal("application/json"))
    data = fields.Dict(required=True)


# Making a schema costs as much as using it, and an import wraps one event per row.
_ENVELOPE: Final = Envelope()


def wrap(
    event_type: EventType,
    data: Mapping[str, Any],
    *,
    event_id: UUID,
    subject: str,
    sequence: int,
    time: datetime,
    correlation_id: str | None = None,
) -> dict[str, Any]:
    """Make the JSON-ready envelope of an event. `data` holds Python values; a missing or unknown key raises.

    `sequence` is written zero-padded (CloudEvents sequence extension: compared as text).
    """
    unknown = set(data) - set(event_type.schema.fields)
    dumped = event_type.schema.dump(data)
    problems = event_type.schema.validate(dumped)
    if unknown or problems:
        raise ValueError(f"{event_type.type}: unknown {sorted(unknown)}, invalid {problems}")
    envelope = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/services/{event_type.source}",
        "type": event_type.type,
        "subject": subject,
        "time": time,
        "sequence": f"{sequence:010d}",
        "correlationid": correlation_id,
        "datacontenttype": "application/json",
        "data": dumped,
    }
    result: dict[str, Any] = _ENVELOPE.dump(envelope)
    return result
