"""What a service answers about its dead letters: shown without the persons in them, replayed, dropped."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

import orjson

from chassis.audit import entries
from chassis.audit.entries import Change
from chassis.messaging import dead_letters
from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from contracts.events import EVENTS
from contracts.events.redaction import PERSONAL_TYPES, without_person
from contracts.events.subscriptions import SUBSCRIPTIONS, Subscription
from contracts.rpc.dead_letters import (
    LOOKED_AT_MAX,
    SETTLED_MAX,
    DeadLetter,
    DeadLetterQueue,
    DeadLetterQueues,
    DeadLetterQueuesRequest,
    DeadLetters,
    DeadLettersRequest,
    DropLettersRequest,
    ReplayLettersRequest,
    SettledLetters,
)

REPLAYED: Final = "dead_letters.replay"
DROPPED: Final = "dead_letters.drop"
_ENVELOPE: Final = ("type", "subject", "time")
_Settling = ReplayLettersRequest | DropLettersRequest
Note = Callable[[str, _Settling, str | None], None]
"""Notes what is about to be done (`operation`, the request, its reason)."""


def queues(amqp_url: str, service: str, request: DeadLetterQueuesRequest) -> DeadLetterQueues:
    """Return how many dead letters each consumer of a service has, all or of one entity."""
    own = [one for one in SUBSCRIPTIONS if one.consumer.split(".")[0] == service]
    return DeadLetterQueues(
        queues=[
            DeadLetterQueue(
                consumer=one.consumer,
                type=one.event_type.type,
                waiting=_count(amqp_url, one.queue_name, request.entity_code),
            )
            for one in own
        ]
    )


def letters(amqp_url: str, service: str, request: DeadLettersRequest) -> DeadLetters:
    """Return the first dead letters of a consumer, or one with its event. Raises Refused(NOT_FOUND)."""
    subscription = _of(service, request.consumer)
    at_most = None if request.id else LOOKED_AT_MAX if request.entity_code else request.limit
    with dead_letters.waiting_letters(amqp_url, subscription.queue_name, at_most) as (taken, waiting):
        found = [letter for letter in taken if _is_of(letter, request.entity_code)]
        if request.id is None:
            told = len(found) if request.entity_code else waiting
            return DeadLetters(letters=[_shown(letter) for letter in found[: request.limit]], waiting=told)
        one = next((letter for letter in found if letter.properties.get("message_id") == request.id), None)
        if one is None:
            raise Refused(ErrorCode.NOT_FOUND)
        return DeadLetters(letters=[_shown(one, with_event=True)], waiting=waiting)


def _unnoted(_operation: str, _request: _Settling, _reason: str | None) -> None:
    """Note nothing: the log does."""


def replay(amqp_url: str, service: str, request: ReplayLettersRequest, note: Note = _unnoted) -> SettledLetters:
    """Replay one or all, noted before. Raises Refused(NOT_FOUND)."""
    _check(amqp_url, service, request)
    note(REPLAYED, request, None)
    queue_name = _of(service, request.consumer).queue_name
    wanted = partial(_is_of, entity_code=request.entity_code)
    count = dead_letters.replay(amqp_url, queue_name, request.id or dead_letters.ALL, SETTLED_MAX, wanted)
    return _settled(amqp_url, queue_name, request, count)


def drop(amqp_url: str, service: str, request: DropLettersRequest, note: Note = _unnoted) -> SettledLetters:
    """Drop one or all, with the reason, noted before. Raises Refused(NOT_FOUND)."""
    _check(amqp_url, service, request)
    note(DROPPED, request, request.reason)
    queue_name = _of(service, request.consumer).queue_name
    wanted = partial(_is_of, entity_code=request.entity_code)
    count = dead_letters.discard(
        amqp_url, queue_name, request.id or dead_letters.ALL, request.reason, SETTLED_MAX, wanted
    )
    return _settled(amqp_url, queue_name, request, count)


def note_in(database: Database, operation: str, request: _Settling, reason: str | None, now: datetime) -> None:
    """Append to the audit of the entity who settles which letters.

    In a transaction before: the broker is in none, and who did nothing is better in it than who did something not.
    """
    if request.actor is None or request.entity_code is None:
        return
    change = Change(
        entity_code=request.entity_code,
        actor=request.actor,
        operation=operation,
        subject=request.id or dead_letters.ALL,
        reason=reason,
        after={"consumer": request.consumer},
    )
    with database.transaction() as tx:
        entries.append(tx, change, now)


def _check(amqp_url: str, service: str, request: _Settling) -> None:
    """Raise Refused(NOT_FOUND) where there is no letter that could be settled: nothing is to be noted then."""
    if request.actor is None:
        return
    asked = DeadLettersRequest(consumer=request.consumer, id=request.id, limit=1, entity_code=request.entity_code)
    letters(amqp_url, service, asked)


def _count(amqp_url: str, queue_name: str, entity_code: str | None) -> int:
    waiting = dead_letters.count(amqp_url, queue_name)
    if not waiting or entity_code is None:
        return waiting
    with dead_letters.waiting_letters(amqp_url, queue_name, LOOKED_AT_MAX) as (found, _):
        return sum(_is_of(letter, entity_code) for letter in found)


def _is_of(letter: Any, entity_code: str | None) -> bool:
    """Return whether an event is an entity's; what is no event of ours is nobody's."""
    if entity_code is None:
        return True
    body = _json(letter.body)
    data = body.get("data")
    return body.get("type") in EVENTS and isinstance(data, dict) and data.get("entity_code") == entity_code


def _settled(amqp_url: str, queue_name: str, request: _Settling, count: int) -> SettledLetters:
    if request.id is not None and not count:
        raise Refused(ErrorCode.NOT_FOUND)
    return SettledLetters(count=count, waiting=_count(amqp_url, queue_name, request.entity_code))


def _of(service: str, consumer: str) -> Subscription:
    for one in SUBSCRIPTIONS:
        if one.consumer == consumer and consumer.startswith(f"{service}."):
            return one
    raise Refused(ErrorCode.NOT_FOUND)


def _shown(letter: Any, *, with_event: bool = False) -> DeadLetter:
    """Return a letter; anybody may have sent it, with anything in it."""
    body = _json(letter.body)
    told = {name: value if isinstance(value := body.get(name), str) else None for name in _ENVELOPE}
    headers = letter.headers
    return DeadLetter(
        id=letter.properties.get("message_id"),
        type=told["type"],
        subject=told["subject"],
        emitted_at=told["time"],
        attempts=headers.get("x-attempts"),
        error=headers.get("x-error") or _brokers_reason(headers),
        dead_at=datetime.fromisoformat(headers["x-dead-at"]) if "x-dead-at" in headers else None,
        size_bytes=len(letter.body),
        event=_masked(body) if with_event else None,
    )


def _brokers_reason(headers: Mapping[str, Any]) -> str | None:
    """Return why the broker itself has put a letter here: `delivery_limit`, as whoever was given it died each time."""
    deaths = headers.get("x-death") or [{}]
    reason: str | None = deaths[0].get("reason")
    return reason


def _json(body: bytes | str) -> Mapping[str, Any]:
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return read if isinstance(read, dict) else {}


def _masked(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return an event without the persons in it; None for what is no event of ours, which may hold anything."""
    if body.get("type") not in EVENTS:
        return None
    try:
        return without_person(body) if body["type"] in PERSONAL_TYPES else body
    except (KeyError, TypeError, AttributeError):
        return None
