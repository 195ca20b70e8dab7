"""Which queues the services listen on: `python -m chassis.topology declare practices|all`, `… migrate practices|all`.

`declare` is a one-shot job beside the migrations, so that a wrong broker address shows before anything starts. Relays
declare what they publish to by themselves where it is not there yet (contracts.events.subscriptions). `migrate` makes
the queues of a stopped service what QUEUE_TYPE and QUEUE_MAX_MESSAGES say now, with all their messages
(chassis.runtime.queue_migration); doing it again changes nothing.
"""

import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final

from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR

from chassis import logs
from chassis.messaging import exchanges, line, wire
from chassis.messaging.publisher import PublishFailed
from chassis.runtime import queue_migration
from chassis.runtime.container import load_service
from chassis.runtime.event_handler import ReliableEventHandler
from chassis.settings import ChassisSettings
from contracts.events.subscriptions import Subscription

SERVICES_FOLDER: Final = Path(__file__).parents[2] / "services"

log = logs.get_logger(__name__)


def service_names() -> list[str]:
    """Return the names of all services in this image, in alphabetical order."""
    return sorted(path.parent.name for path in SERVICES_FOLDER.glob("*/service.py"))


def subscriptions(service_cls: Any) -> Iterator[Subscription]:
    """Yield what a service class listens to."""
    name = service_cls.name
    for attribute in sorted(dir(service_cls)):
        for entrypoint in getattr(getattr(service_cls, attribute), ENTRYPOINT_EXTENSIONS_ATTR, ()):
            if isinstance(entrypoint, ReliableEventHandler):
                yield Subscription(f"{name}.{attribute}", entrypoint.described)


def declare(service_cls: Any, amqp_url: str) -> list[str]:
    """Declare the queues a service listens on, and their dead letter queues; return the queues' names."""
    names = []
    with line.opened(amqp_url, heartbeat_s=0) as connection:
        channel = connection.channel()
        for subscription in subscriptions(service_cls):
            queue = wire.event_queue(subscription)
            exchanges.ensure(connection, queue.exchange)
            exchanges.of_others(queue)(channel).declare()
            wire.own_queue(subscription.queue_name)(channel).declare()
            wire.dead_letter_queue(subscription.queue_name)(channel).declare()
            names.append(subscription.queue_name)
    return names


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    if len(arguments) != 2 or arguments[0] not in {"declare", "migrate"}:
        sys.stderr.write("usage: python -m chassis.topology declare|migrate SERVICE|all\n")
        return 2
    settings = ChassisSettings.load()
    logs.configure("topology", settings.log_level)
    names = service_names() if arguments[1] == "all" else [arguments[1]]
    if arguments[0] == "migrate":
        return _migrate(names, settings)
    for name in names:
        log.info("queues_declared", service=name, queues=declare(load_service(name), settings.amqp_url))
    return 0


def _migrate(names: Sequence[str], settings: ChassisSettings) -> int:
    heard = [subscription for name in names for subscription in subscriptions(load_service(name))]
    of_events = queue_migration.migrate(heard, settings.event_retry_delays_s, settings.amqp_url)
    try:
        for change in chain(of_events, queue_migration.migrate_requests(names, settings.amqp_url)):
            done = f"made anew, {change.moved} messages moved" if change.is_new else "as it should be"
            sys.stdout.write(f"{change.queue_name}: {done}\n")
    except queue_migration.StillConsumed as error:
        sys.stderr.write(f"{error} is consumed: stop its service, then run this again\n")
        return 1
    except PublishFailed as error:
        sys.stderr.write(f"the broker did not take a message ({error}); nothing is lost, run this again\n")
        return 1
    return 0
