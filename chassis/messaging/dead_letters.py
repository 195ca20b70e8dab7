"""Events given up on: `python -m chassis.dead_letters list`, `… replay [QUEUE]`, `… discard QUEUE ID|all REASON`.

`list` shows each dead letter queue with what is in it, without the events' data. `replay` sends them to their
consumer again, with all attempts before them; without a queue it replays all. Nothing is lost on the way: a letter is
removed only after the broker has confirmed its copy. `discard` takes one away for good, or all of a queue: the reason
stands in the log, with the error it died of.

The same over the API, for a key with the scope `ops:dead-letters`: `GET /api/v1/dead-letters`.

Where each process has a user of its own at the broker, a service's sees and replays that service's queues; the others
are named as such.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from amqp.exceptions import AccessRefused

from chassis import logs
from chassis.messaging import line, wire
from chassis.messaging.publisher import ConfirmedPublisher
from chassis.metrics import DEAD_LETTERS_SETTLED
from chassis.settings import ChassisSettings
from contracts.events.subscriptions import SUBSCRIPTIONS

_LISTED_HEADERS: Final = ("x-error", "x-attempts", "x-dead-at")
_SHOWN_PER_QUEUE: Final = 20
_LEFT_BEHIND: Final = (wire.ATTEMPT_HEADER, wire.OUTAGE_HEADER, "x-consumer", *_LISTED_HEADERS)

ALL: Final = "all"
"""In place of an id: every letter of the queue."""
_USAGE: Final = """usage: python -m chassis.dead_letters list | replay [QUEUE] | discard QUEUE ID|all REASON
"""

log = logs.get_logger(__name__)


def count(amqp_url: str, queue_name: str) -> int:
    """Return how many letters of the consumer queue `queue_name` are dead."""
    with _channel(amqp_url) as channel:
        size: int = wire.dead_letter_queue(queue_name)(channel).queue_declare().message_count
        return size


def look(amqp_url: str, queue_name: str, at_most: int = _SHOWN_PER_QUEUE) -> list[dict[str, Any]]:
    """Return the id, attempts, error class and time of the first dead letters, leaving them where they are."""
    with waiting_letters(amqp_url, queue_name, at_most) as (letters, _):
        return [
            {"id": letter.properties.get("message_id"), **{name: letter.headers.get(name) for name in _LISTED_HEADERS}}
            for letter in letters
        ]


@contextmanager
def waiting_letters(amqp_url: str, queue_name: str, at_most: int | None = None) -> Iterator[tuple[list[Any], int]]:
    """Give the first dead letters as they came, and how many there are in all.

    Those that are not acked go back to their places.
    """
    with _channel(amqp_url) as channel:
        queue = wire.dead_letter_queue(queue_name)(channel)
        waiting: int = queue.queue_declare().message_count
        taken = (queue.get() for _ in range(waiting if at_most is None else min(waiting, at_most)))
        yield [letter for letter in taken if letter is not None], waiting


def replay(amqp_url: str, queue_name: str, message_id: str = ALL, at_most: int | None = None) -> int:
    """Send the dead letters that are there now to the consumer queue `queue_name` again; return how many.

    Only the one of an id where that is not `all`; no more than the first `at_most` where that is given.
    """
    replayed = 0
    publisher = ConfirmedPublisher(amqp_url, declare=[wire.own_queue(queue_name)])
    try:
        with waiting_letters(amqp_url, queue_name, at_most if message_id == ALL else None) as (letters, _):
            for letter in letters:
                if message_id not in {letter.properties.get("message_id"), ALL}:
                    continue
                publisher.publish_all([_fresh_copy(letter, queue_name)])
                letter.ack()
                replayed += 1
    finally:
        publisher.close()
    _count(queue_name, "replayed", replayed)
    return replayed


def discard(amqp_url: str, queue_name: str, message_id: str, reason: str, at_most: int | None = None) -> int:
    """Remove the dead letter of that id, or each where it is `all`; return how many. The others stay in their places.

    A line `dead_letter_discarded` of the log has the id, the error it died of and the reason.
    """
    discarded = 0
    with waiting_letters(amqp_url, queue_name, at_most if message_id == ALL else None) as (letters, _):
        for letter in letters:
            found = letter.properties.get("message_id")
            if message_id not in {found, ALL}:
                continue
            told = {name.removeprefix("x-").replace("-", "_"): letter.headers.get(name) for name in _LISTED_HEADERS}
            letter.ack()
            log.warning("dead_letter_discarded", queue=queue_name, message_id=found, reason=reason, **told)
            discarded += 1
    _count(queue_name, "dropped", discarded)
    return discarded


def _count(queue_name: str, how: str, letters: int) -> None:
    DEAD_LETTERS_SETTLED.labels(queue_name.rpartition("--")[2], how).inc(letters)


def _fresh_copy(letter: Any, queue_name: str) -> wire.Message:
    return wire.Message(
        exchange=wire.own_exchange(wire.service_of(queue_name)).name,
        routing_key=queue_name,
        body=letter.body,
        headers={name: value for name, value in letter.headers.items() if name not in _LEFT_BEHIND},
        message_id=letter.properties.get("message_id"),
        content_type=letter.content_type or wire.JSON,
    )


@contextmanager
def _channel(amqp_url: str) -> Iterator[Any]:
    with line.opened(amqp_url, heartbeat_s=0) as connection:
        yield connection.channel()


def consumer_queues() -> list[str]:
    """Return the queues of all event handlers of all services."""
    return [subscription.queue_name for subscription in SUBSCRIPTIONS]


def _show(amqp_url: str, queue_name: str) -> None:
    with _ours(queue_name):
        sys.stdout.write(f"{count(amqp_url, queue_name):6d}  {queue_name}\n")
        for letter in look(amqp_url, queue_name):
            sys.stdout.write(f"        {json.dumps(letter)}\n")


@contextmanager
def _ours(queue_name: str) -> Iterator[None]:
    """Say so of a queue that this user may not touch, and go on with the next."""
    try:
        yield
    except AccessRefused:
        sys.stdout.write(f"     –  {queue_name} (not of this user)\n")


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    settings = ChassisSettings.load()
    logs.configure("dead-letters", settings.log_level)
    match arguments:
        case ["list"]:
            for queue_name in consumer_queues():
                _show(settings.amqp_url, queue_name)
        case ["replay", *names] if len(names) <= 1:
            for queue_name in names or consumer_queues():
                with _ours(queue_name):
                    sys.stdout.write(f"{replay(settings.amqp_url, queue_name):6d}  {queue_name}\n")
        case ["discard", queue_name, message_id, *words] if queue_name in consumer_queues() and " ".join(words).strip():
            count_of = discard(settings.amqp_url, queue_name, message_id, " ".join(words).strip())
            sys.stdout.write(f"{count_of:6d}  {queue_name}\n")
            return 0 if count_of else 1
        case _:
            sys.stderr.write(_USAGE)
            return 2
    return 0
