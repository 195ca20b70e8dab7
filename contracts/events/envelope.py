"""CloudEvents 1.0 in structured JSON, as every event of the system travels."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from marshmallow.validate import Equal

from contracts.message import Message, MessageSchema, schema_of

Data = TypeVar("Data", bound=Message)


@dataclass(frozen=True)
class EventType(Generic[Data]):
    """A type of event: `source` is the service that emits it, `data_type` the shape of its `data`."""

    name: str
    version: int
    source: str
    data_type: type[Data]

    @property
    def type(self) -> str:
        """The CloudEvents type, also the AMQP routing key: `PaymentConfirmed.v1`."""
        return f"{self.name}.v{self.version}"

    @property
    def exchange(self) -> str:
        """The topic exchange it is published to."""
        return f"{self.source}.events"

    @property
    def schema(self) -> MessageSchema[Data]:
        """The schema of its `data`."""
        return schema_of(self.data_type)


AnyEventType = EventType[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Message, Generic[Data]):
    """CloudEvents attributes, and `data`.

    `subject` is the practice (or citizen) id; `sequence` orders events of one subject, zero-padded and compared as
    text (CloudEvents sequence extension).
    """

    specversion: Annotated[str, Equal("1.0")]
    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    sequence: str
    correlationid: str | None = None
    datacontenttype: Annotated[str, Equal("application/json")]
    data: Data
