"""Events in their envelope: written into the outbox, read by consumers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.messaging import codec
from contracts.checks import problems_of
from contracts.events.envelope import Data, Event, EventType


class UnreadableEvent(Exception):
    """An event that does not fit its definition; trying again changes nothing before another release."""


def wrap(
    event_type: EventType[Data],
    data: Data,
    *,
    event_id: UUID,
    subject: str,
    sequence: int,
    time: datetime,
    correlation_id: str | None = None,
) -> dict[str, Any]:
    """Return an event in its envelope, as the JSON values that travel; `envelope` says what of it is what."""
    event = envelope(
        event_type,
        data,
        event_id=event_id,
        subject=subject,
        sequence=sequence,
        time=time,
        correlation_id=correlation_id,
    )
    return codec.to_json(event)


def envelope(
    event_type: EventType[Data],
    data: Data,
    *,
    event_id: UUID,
    subject: str,
    sequence: int,
    time: datetime,
    correlation_id: str | None = None,
) -> Event[Data]:
    """Return an event in its envelope. `sequence` is written zero-padded.

    Raises TypeError for data of another type, codec.BrokenContract where producers are checked.
    """
    if not isinstance(data, event_type.data_type):
        raise TypeError(f"{event_type.type} does not carry {type(data).__name__}")
    return Event(
        specversion="1.0",
        id=event_id,
        source=f"/services/{event_type.source}",
        type=event_type.type,
        subject=subject,
        time=time,
        sequence=f"{sequence:010d}",
        correlationid=correlation_id,
        datacontenttype="application/json",
        data=codec.checked(data),
    )


def read_event(event_type: EventType[Data], body: object) -> Event[Data]:
    """Return an event that came, as JSON or as values read from it, leaving out what a newer producer may have added.

    Raises UnreadableEvent.
    """
    kind: Any = Event[event_type.data_type]  # type: ignore[name-defined]  # -- made at run time
    try:
        event: Event[Data] = codec.read(body, kind) if isinstance(body, bytes | str) else codec.convert(body, kind)
    except codec.Unreadable as error:
        raise UnreadableEvent(str(error)) from error
    if event.type != event_type.type:
        raise UnreadableEvent(f"{event_type.type} is expected here")
    if problems := {**problems_of(event), **problems_of(event.data)}:
        raise UnreadableEvent(str(problems))
    return event
