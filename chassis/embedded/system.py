"""The whole system in one process: service containers and relays as greenlets, over the broker inside the process.

Import chassis.runtime.green before anything else. `start` returns when every service answers; what the last process's
memory lost is then on its way again, out of the outboxes.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, Protocol

import sqlalchemy as sa

from chassis import clock, logs
from chassis.embedded.connection import INPROC_URL
from chassis.messaging import outbox_replay, rpc_client
from chassis.messaging.outbox_replay import Wanted
from chassis.messaging.publisher import ConfirmedPublisher
from chassis.messaging.relay import Relay, relay_of
from chassis.runtime.container import Containers, load_service, start_containers
from chassis.runtime.topology import subscriptions
from chassis.settings import ChassisSettings
from chassis.storage.database import Database
from contracts.call import Call
from contracts.errors import RpcError
from contracts.events.subscriptions import Subscription
from contracts.shapes import Empty

log = logs.get_logger(__name__)

_STARTS_WITHIN_S: Final = 30.0
_PING_PAUSE_S: Final = 0.05


class Outbound(Protocol):
    """What a service sends to outside parties at its own pace, in a process of its own or here."""

    def run(self) -> None:
        """Send until stopped."""

    def stop(self) -> None:
        """Let `run` return soon."""


@dataclass
class Running:
    """The services and relays of this process. `amqp_url` is for the process's own RpcClient."""

    amqp_url: str
    services: Containers
    relays: list[Relay] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)
    outbounds: list["Outbound"] = field(default_factory=list)

    def stop(self) -> None:
        """Let the work under way finish, then stop everything."""
        for background in (*self.relays, *self.outbounds):
            background.stop()
        self.services.stop()
        for thread in self.threads:
            thread.join(timeout=5)
        rpc_client.shared(self.amqp_url).close()


def start(services: Sequence[str], *, amqp_url: str = INPROC_URL) -> Running:
    """Start services by name, each on the database the environment names for it, and the relays of those that emit.

    Raises RuntimeError where the process is not green, or a service does not answer within 30 s; environs.EnvError
    where a setting is missing or wrong.
    """
    running = start_services([load_service(name) for name in services], amqp_url=amqp_url)
    replay_missed(services, amqp_url=amqp_url)
    relays = [relay_of(name, amqp_url=amqp_url) for name in services]
    start_relays(running, [relay for relay in relays if relay is not None])
    start_outbounds(running, services)
    return running


def start_services(service_classes: Sequence[type], *, amqp_url: str = INPROC_URL) -> Running:
    """Start service classes and return when every one of them answers `ping`."""
    containers = start_containers(service_classes, replace(ChassisSettings.load(), amqp_url=amqp_url))
    _wait_for_answers(containers.service_names, amqp_url)
    return Running(amqp_url, containers)


def start_relays(running: Running, relays: Sequence[Relay]) -> None:
    """Run relays beside the services."""
    for relay in relays:
        thread = threading.Thread(target=relay.run, name=f"{relay.service}-relay", daemon=True)
        thread.start()
        running.relays.append(relay)
        running.threads.append(thread)


def start_outbounds(running: Running, services: Sequence[str]) -> None:
    """Run what services send outside, `outbound.make` of each that has it, beside them."""
    for name in services:
        if find_spec(f"services.{name}.outbound") is None:
            continue
        outbound: Outbound = import_module(f"services.{name}.outbound").make(running.amqp_url)
        thread = threading.Thread(target=outbound.run, name=f"{name}-outbound", daemon=True)
        thread.start()
        running.outbounds.append(outbound)
        running.threads.append(thread)


def replay_missed(services: Sequence[str], *, amqp_url: str = INPROC_URL) -> int:
    """Send published events again to those subscribers whose inbox lacks them; return how many were sent.

    They were in the memory of a process that is gone: in a queue, waiting for a retry, or dead letters.
    """
    known = {name: import_module(f"services.{name}.models") for name in services}
    sent = 0
    for name in services:
        for subscription in subscriptions(load_service(name)):
            source = subscription.event_type.source
            if source in known and name in known:
                sent += replay_to(
                    subscription,
                    outbox=Database.of_service(source, known[source], pool_size=1),
                    inbox=Database.of_service(name, known[name], pool_size=1),
                    amqp_url=amqp_url,
                )
    return sent


def replay_to(subscription: Subscription, *, outbox: Database, inbox: Database, amqp_url: str) -> int:
    """Send one subscriber the events its inbox lacks; return how many. Closes both databases."""
    publisher = ConfirmedPublisher(amqp_url)
    wanted = Wanted(type=subscription.event_type.type).within_inboxes(clock.now())
    sent = 0
    try:
        for batch in outbox_replay.published(outbox, wanted):
            missed = _missing(inbox, subscription, batch)
            publisher.publish_all([outbox_replay.addressed_to(subscription, row) for row in missed])
            sent += len(missed)
    finally:
        publisher.close()
        outbox.close()
        inbox.close()
    if sent:
        log.info("events_replayed", consumer=subscription.consumer, events=sent)
    return sent


def _missing(inbox: Database, subscription: Subscription, batch: Sequence[Any]) -> list[Any]:
    model = inbox.models.InboxMessage
    ids = [row.event_id for row in batch]
    with inbox.reading() as session:
        had = set(
            session.scalars(
                sa.select(model.message_id).where(model.consumer == subscription.consumer, model.message_id.in_(ids))
            )
        )
    return [row for row in batch if row.event_id not in had]


def _wait_for_answers(names: Sequence[str], amqp_url: str) -> None:
    client = rpc_client.shared(amqp_url)
    ends_at = time.monotonic() + _STARTS_WITHIN_S
    for name in names:
        ping = Call(name, "ping", Empty, Empty, idempotent=True, timeout_s=1)
        while not _is_answered(client, ping):
            if time.monotonic() > ends_at:
                raise RuntimeError(f"{name} did not answer within {_STARTS_WITHIN_S:.0f} s")
            time.sleep(_PING_PAUSE_S)


def _is_answered(client: rpc_client.RpcClient, ping: Call[Empty, Empty]) -> bool:
    try:
        client.call(ping, Empty())
    except RpcError:
        return False
    return True
