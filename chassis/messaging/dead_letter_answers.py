"""What a service answers about its dead letters: shown without the persons in them, replayed, dropped."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from chassis.messaging import dead_letters
from contracts.errors import ErrorCode, Refused
from contracts.events import EVENTS
from contracts.events.redaction import PERSONAL_TYPES, without_person
from contracts.events.subscriptions import SUBSCRIPTIONS, Subscription
from contracts.rpc.dead_letters import (
    SETTLED_MAX,
    DeadLetter,
    DeadLetterQueue,
    DeadLetterQueues,
    DeadLetters,
    DeadLettersRequest,
    DropLettersRequest,
    ReplayLettersRequest,
    SettledLetters,
)

_ENVELOPE: Final = ("type", "subject", "time")


def queues(amqp_url: str, service: str) -> DeadLetterQueues:
    """Return how many dead letters each consumer of a service has."""
    own = [one for one in SUBSCRIPTIONS if one.consumer.split(".")[0] == service]
    return DeadLetterQueues(
        queues=[
            DeadLetterQueue(
                consumer=one.consumer,
                type=one.event_type.type,
                waiting=dead_letters.count(amqp_url, one.queue_name),
            )
            for one in own
        ]
    )


def letters(amqp_url: str, service: str, request: DeadLettersRequest) -> DeadLetters:
    """Return the first dead letters of a consumer, or one with its event. Raises Refused(NOT_FOUND)."""
    subscription = _of(service, request.consumer)
    at_most = request.limit if request.id is None else None
    with dead_letters.waiting_letters(amqp_url, subscription.queue_name, at_most) as (found, waiting):
        if request.id is None:
            return DeadLetters(letters=[_shown(letter) for letter in found], waiting=waiting)
        one = next((letter for letter in found if letter.properties.get("message_id") == request.id), None)
        if one is None:
            raise Refused(ErrorCode.NOT_FOUND)
        return DeadLetters(letters=[_shown(one, with_event=True)], waiting=waiting)


def replay(amqp_url: str, service: str, request: ReplayLettersRequest) -> SettledLetters:
    """Replay one or all. Raises Refused(NOT_FOUND)."""
    queue_name = _of(service, request.consumer).queue_name
    count = dead_letters.replay(amqp_url, queue_name, request.id or dead_letters.ALL, SETTLED_MAX)
    return _settled(amqp_url, queue_name, request.id, count)


def drop(amqp_url: str, service: str, request: DropLettersRequest) -> SettledLetters:
    """Drop one or all, with the reason. Raises Refused(NOT_FOUND)."""
    queue_name = _of(service, request.consumer).queue_name
    count = dead_letters.discard(amqp_url, queue_name, request.id or dead_letters.ALL, request.reason, SETTLED_MAX)
    return _settled(amqp_url, queue_name, request.id, count)


def _settled(amqp_url: str, queue_name: str, asked: str | None, count: int) -> SettledLetters:
    if asked is not None and not count:
        raise Refused(ErrorCode.NOT_FOUND)
    return SettledLetters(count=count, waiting=dead_letters.count(amqp_url, queue_name))


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
