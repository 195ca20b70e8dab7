"""What every service that hears events answers about those it has given up on; the chassis answers for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from marshmallow.validate import Length, Range

from contracts.actors import Actor
from contracts.call import Call
from contracts.events.subscriptions import SUBSCRIPTIONS
from contracts.message import Message

LETTERS_MAX: Final = 100
SETTLED_MAX: Final = 1_000
LOOKED_AT_MAX: Final = 1_000
"""Among how many of a queue's letters those of one entity are looked for: the oldest ones."""
_TIMEOUT_S: Final = 30
_EntityCode = Annotated[str, Length(1, 35)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterQueuesRequest(Message):
    """How many there are; with `entity_code` of events that are this entity's."""

    entity_code: _EntityCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterQueue(Message):
    """How many events of a type a consumer (`practices.on_payment_confirmed`) has given up on."""

    consumer: str
    type: str
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterQueues(Message):
    """Those of every consumer of a service."""

    queues: Sequence[DeadLetterQueue]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLettersRequest(Message):
    """The first dead letters of a consumer, or the one of an id; with `entity_code` those that are this entity's."""

    consumer: str
    id: str | None = None
    limit: Annotated[int, Range(1, LETTERS_MAX)] = 20
    entity_code: _EntityCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter(Message):
    """An event a consumer has given up on; what came and is no event has neither `type` nor `subject`.

    `error` is the class of what the last attempt ended in. `event` is there where one letter was asked for: without
    debtor and beneficiary, null where it is no event of ours.
    """

    id: str | None = None
    type: str | None = None
    subject: str | None = None
    emitted_at: str | None = None
    attempts: int | None = None
    error: str | None = None
    dead_at: datetime | None = None
    size_bytes: int
    event: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetters(Message):
    """Oldest first; `waiting` is how many there are in all."""

    letters: Sequence[DeadLetter]
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayLettersRequest(Message):
    """Send dead letters to their consumer again, with all attempts before them: the one of an id, or all.

    At most SETTLED_MAX of them at once. With `entity_code` those that are this entity's, and `actor` stands in its
    audit.
    """

    consumer: str
    id: str | None = None
    entity_code: _EntityCode | None = None
    actor: Actor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DropLettersRequest(Message):
    """Take dead letters away for good, the one of an id or all, at most SETTLED_MAX. The reason stands in the log.

    With `entity_code` those that are this entity's, and `actor` and reason stand in its audit.
    """

    consumer: str
    id: str | None = None
    reason: Annotated[str, Length(1, 200)]
    entity_code: _EntityCode | None = None
    actor: Actor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledLetters(Message):
    """How many were replayed or dropped, and how many are left."""

    count: int
    waiting: int


HEARING: Final = tuple(dict.fromkeys(subscription.consumer.split(".")[0] for subscription in SUBSCRIPTIONS))
"""The services that hear events."""


def queues_call(service: str) -> Call[DeadLetterQueuesRequest, DeadLetterQueues]:
    """Return the call of a service's dead letter queues."""
    return Call(
        service, "dead_letter_queues", DeadLetterQueuesRequest, DeadLetterQueues, idempotent=True, timeout_s=_TIMEOUT_S
    )


def letters_call(service: str) -> Call[DeadLettersRequest, DeadLetters]:
    """Return the call of a consumer's dead letters. Refused(NOT_FOUND): no such consumer, no letter of that id."""
    return Call(service, "dead_letters", DeadLettersRequest, DeadLetters, idempotent=True, timeout_s=_TIMEOUT_S)


def replay_call(service: str) -> Call[ReplayLettersRequest, SettledLetters]:
    """Return the call that replays. Refused(NOT_FOUND) as above."""
    return Call(
        service, "replay_dead_letters", ReplayLettersRequest, SettledLetters, idempotent=True, timeout_s=_TIMEOUT_S
    )


def drop_call(service: str) -> Call[DropLettersRequest, SettledLetters]:
    """Return the call that drops. Refused(NOT_FOUND) as above."""
    return Call(service, "drop_dead_letters", DropLettersRequest, SettledLetters, idempotent=True, timeout_s=_TIMEOUT_S)
