"""Events published again, under their own ids, out of the outboxes: for a queue that was purged or lost.

    python -m chassis.outbox republish --since 2026-11-01T00:00:00+01:00 [--service practices] [--type NAME.v1]
                                       [--subject ID] [--to-consumer QUEUE]

What a consumer has had before is dropped by its inbox: it has the effect of each event exactly once, however often this
is done. Without `--to-consumer` events go to the exchange and so to every consumer, those outside the portal included.
What was emitted more than 90 days ago is not sent again to consumers of ours, whose inboxes forget: outboxes have it
for 400 days, for outside consumers (`python -m chassis.replay`). Events of practices whose debtor was taken out, 30
days after they were relayed, are not sent again.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from chassis import clock, logs
from chassis.messaging import wire
from chassis.messaging.publisher import ConfirmedPublisher, PublishFailed
from chassis.settings import ChassisSettings
from chassis.storage import outbox
from chassis.storage.database import Database
from contracts.events.redaction import DEBTOR_TYPES, REDACTED
from contracts.events.subscriptions import SUBSCRIPTIONS, Subscription

log = logs.get_logger(__name__)

BATCH_SIZE: Final = 1_000


@dataclass(frozen=True)
class Wanted:
    """Which published events: all where nothing is said. Emitted in [since, until), of `type` or one of `types`."""

    since: datetime | None = None
    type: str | None = None
    subject: str | None = None
    until: datetime | None = None
    types: tuple[str, ...] = ()

    def within_inboxes(self, now: datetime) -> "Wanted":
        """Return those of them that our consumers' inboxes remember for certain."""
        remembered = now - timedelta(days=outbox.REPLAYED_DAYS)
        return replace(self, since=max(self.since or remembered, remembered))


def published(database: Database, wanted: Wanted) -> Iterator[Sequence[Any]]:
    """Yield published events in batches, in the order they were emitted, as rows of `event_id, type, body`."""
    model = database.models.OutboxMessage
    lost_its_debtor = sa.and_(model.type.in_(DEBTOR_TYPES), model.body.has_key(REDACTED))
    conditions = [model.relayed_at.is_not(None), sa.not_(lost_its_debtor)]
    if wanted.since is not None:
        conditions.append(model.created_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(model.created_at < wanted.until)
    if wanted.types:
        conditions.append(model.type.in_(wanted.types))
    if wanted.type is not None:
        conditions.append(model.type == wanted.type)
    if wanted.subject is not None:
        conditions.append(model.subject == wanted.subject)
    statement = sa.select(model.id, model.event_id, model.type, model.body).where(*conditions).order_by(model.id)
    last_id = 0
    while True:
        with database.reading() as session:
            batch = session.execute(statement.where(model.id > last_id).limit(BATCH_SIZE)).all()
        if not batch:
            return
        last_id = batch[-1].id
        yield batch


def addressed_to(subscription: Subscription, row: Any) -> wire.Message:
    """Return an event as a message to one consumer alone."""
    return wire.event_message(row.body, row.event_id, exchange="", routing_key=subscription.queue_name)


def republish(
    service: str,
    database: Database,
    wanted: Wanted,
    *,
    amqp_url: str,
    listeners: Sequence[Subscription],
    only: Subscription | None = None,
) -> int:
    """Publish events of one service's outbox again, to everybody or to `only` one; return how many.

    The queues of `listeners` are declared first. Raises PublishFailed; what was published until then stays so, and
    doing it all again is harmless.
    """
    wanted = wanted.within_inboxes(clock.now())
    exchange = wire.event_exchange(service)
    queues = [wire.event_queue(listener) for listener in listeners]
    publisher = ConfirmedPublisher(amqp_url, declare=[exchange], listeners=queues)

    def message(row: Any) -> wire.Message:
        if only is not None:
            return addressed_to(only, row)
        return wire.event_message(row.body, row.event_id, exchange=exchange.name, routing_key=row.type)

    sent = 0
    try:
        for batch in published(database, wanted):
            publisher.publish_all([message(row) for row in batch])
            sent += len(batch)
    finally:
        publisher.close()
    return sent


def _republish_service(service: str, wanted: Wanted, only: Subscription | None, amqp_url: str) -> int:
    models = import_module(f"services.{service}.models")
    listeners = [listener for listener in SUBSCRIPTIONS if listener.event_type.source == service]
    database = Database.of_service(service, models, pool_size=1)
    try:
        return republish(service, database, wanted, amqp_url=amqp_url, listeners=listeners, only=only)
    finally:
        database.close()


def moment(text: str) -> datetime:
    """Read a moment of the command line. Raises argparse.ArgumentTypeError where its offset is missing."""
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise argparse.ArgumentTypeError("say the offset too: 2026-11-01T00:00:00+01:00, or Z")
    return read


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chassis.outbox", description=__doc__, allow_abbrev=False)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    command = parser.add_subparsers(required=True, metavar="republish").add_parser("republish", allow_abbrev=False)
    command.add_argument("--since", type=moment, required=True, help="emitted since then, ISO 8601 with offset")
    command.add_argument("--service", help="of this service's outbox alone")
    command.add_argument("--type", help="of this type alone, as in docs/events.md")
    command.add_argument("--subject", help="about this subject alone")
    command.add_argument("--to-consumer", metavar="QUEUE", help="to this queue alone")
    return parser


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    by_queue = {subscription.queue_name: subscription for subscription in SUBSCRIPTIONS}
    only = by_queue.get(options.to_consumer)
    if options.to_consumer and only is None:
        parser.error(f"no consumer has the queue {options.to_consumer}; there are {', '.join(sorted(by_queue))}")
    if only is not None and options.type not in (None, only.event_type.type):
        parser.error(f"{options.to_consumer} takes {only.event_type.type} alone")
    emitting = outbox.emitting_services()
    source = only.event_type.source if only else options.service
    if source is not None and source not in emitting:
        parser.error(f"{source} has no outbox; there are {', '.join(emitting)}")
    settings = ChassisSettings.load()
    logs.configure("outbox", settings.log_level)
    wanted = Wanted(options.since, only.event_type.type if only else options.type, options.subject)
    try:
        for service in [source] if source else emitting:
            sys.stdout.write(f"{_republish_service(service, wanted, only, settings.amqp_url):6d}  {service}\n")
    except PublishFailed as error:
        sys.stderr.write(f"the broker did not take them all ({error}); run this again\n")
        return 1
    except SQLAlchemyError as error:
        sys.stderr.write(f"an outbox cannot be read ({type(error).__name__}); see DATABASE_URL\n")
        return 1
    return 0
