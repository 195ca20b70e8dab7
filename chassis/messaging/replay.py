"""Past events for one consumer, published to its queue and to no other.

    python -m chassis.replay --consumer QUEUE --from 2026-01-01T00:00:00+01:00 [--to MOMENT] [--type NAME.v1 …]
                             [--subject ID]

For an outside consumer that was away, lost its books, or asks for a type it never had: `--type` says which. Its queue
must be there already. The events come as they were published, under their own ids, from the outboxes, which have them
for 400 days; those of practices lost their debtor after 30 days and are not sent. A consumer of ours is named by its
queue too: it takes its own type alone, drops by its inbox what it had, and gets nothing older than its inbox remembers,
90 days.

The last line says how many were sent. Broken off, it is run again: consumers deduplicate by `id`.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from chassis import clock, logs
from chassis.messaging import wire
from chassis.messaging.outbox_replay import Wanted, moment, published
from chassis.messaging.publisher import ConfirmedPublisher, PublishFailed
from chassis.settings import ChassisSettings
from chassis.storage.database import Database
from contracts.events import EVENTS
from contracts.events.subscriptions import SUBSCRIPTIONS

_TOLD_EVERY: Final = 10_000


class NoQueue(Exception):
    """There is no queue of that name: nothing was sent."""


@dataclass(frozen=True)
class Consumer:
    """A queue, and the types of events that may be put into it."""

    queue_name: str
    types: tuple[str, ...]

    @property
    def is_ours(self) -> bool:
        """Return whether it is the queue of a handler of ours, which has an inbox."""
        return self.queue_name in {subscription.queue_name for subscription in SUBSCRIPTIONS}

    @property
    def sources(self) -> list[str]:
        """Return the services that emit these types."""
        return sorted({EVENTS[name].source for name in self.types})


def replay(database: Database, consumer: Consumer, wanted: Wanted, *, amqp_url: str) -> Iterator[int]:
    """Publish past events of one service's outbox to a consumer's queue; yield how many were sent after each batch.

    Raises NoQueue, PublishFailed.
    """
    if consumer.is_ours:
        wanted = wanted.within_inboxes(clock.now())
    publisher = ConfirmedPublisher(amqp_url)
    sent = 0
    try:
        for batch in published(database, wanted):
            messages = [
                wire.event_message(
                    row.body, row.event_id, exchange="", routing_key=consumer.queue_name, must_arrive=True
                )
                for row in batch
            ]
            if publisher.publish_all(messages):
                raise NoQueue(consumer.queue_name)
            sent += len(batch)
            yield sent
    finally:
        publisher.close()


@contextmanager
def _outbox_of(service: str) -> Iterator[Database]:
    database = Database.of_service(service, import_module(f"services.{service}.models"), pool_size=1)
    try:
        yield database
    finally:
        database.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chassis.replay", description=__doc__, allow_abbrev=False)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--consumer", metavar="QUEUE", required=True, help="the queue they go to")
    parser.add_argument("--from", dest="since", type=moment, required=True, help="emitted since then, with offset")
    parser.add_argument("--to", dest="until", type=moment, help="emitted before then")
    parser.add_argument("--type", dest="types", action="append", default=[], choices=sorted(EVENTS), metavar="NAME.v1")
    parser.add_argument("--subject", help="about this subject alone")
    return parser


def _consumer(parser: argparse.ArgumentParser, queue_name: str, types: list[str]) -> Consumer:
    own = next((one.event_type.type for one in SUBSCRIPTIONS if one.queue_name == queue_name), None)
    if own is not None and set(types) - {own}:
        parser.error(f"{queue_name} takes {own} alone")
    if own is None and not types:
        parser.error(f"say with --type what {queue_name} takes; there are {', '.join(sorted(EVENTS))}")
    return Consumer(queue_name, (own,) if own is not None else tuple(dict.fromkeys(types)))


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    consumer = _consumer(parser, options.consumer, options.types)
    settings = ChassisSettings.load()
    logs.configure("replay", settings.log_level)
    wanted = Wanted(options.since, None, options.subject, options.until, consumer.types)
    total = 0
    try:
        for service in consumer.sources:
            sent = 0
            with _outbox_of(service) as database:
                for sent in replay(database, consumer, wanted, amqp_url=settings.amqp_url):
                    if sent % _TOLD_EVERY == 0:
                        sys.stderr.write(f"{sent} of {service}\n")
            total += sent
    except NoQueue:
        sys.stderr.write(f"there is no queue {consumer.queue_name}: let its consumer declare it, then run this again\n")
        return 1
    except PublishFailed as error:
        sys.stderr.write(f"the broker did not take them all ({error}); run this again\n")
        return 1
    except SQLAlchemyError as error:
        sys.stderr.write(f"an outbox cannot be read ({type(error).__name__}); see DATABASE_URL\n")
        return 1
    sys.stdout.write(f"{total} events to {consumer.queue_name}\n")
    return 0
