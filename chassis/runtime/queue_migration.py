"""Queues made anew as another kind (QUEUE_TYPE, QUEUE_MAX_MESSAGES) with all their messages.

The broker does not change a queue. So a second one is bound where the first is, the first is unbound and emptied into
the second, deleted and made anew, and the same the other way round. Every message is confirmed where it goes before it
is acked where it was, and every step bears being done again: whoever breaks off runs it once more. A message may come
twice, which inboxes bear. Relays may go on publishing meanwhile; the service whose queues they are must be stopped.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import sleep
from typing import Any, Final

from amqp.exceptions import NotFound, PreconditionFailed
from kombu import Connection, Exchange, Queue

from chassis import logs
from chassis.messaging import exchanges, line, queue_kinds, wire
from chassis.messaging.publisher import ConfirmedPublisher
from contracts.events.subscriptions import Subscription

log = logs.get_logger(__name__)

_BATCH: Final = 100
_ON_ITS_WAY_S: Final = 0.3


class StillConsumed(Exception):
    """Somebody consumes the queue: its service has to be stopped first."""


@dataclass(frozen=True)
class Change:
    """What was done with a queue: how many messages went over, and whether it had to be made anew."""

    queue_name: str
    is_new: bool
    moved: int


@dataclass(frozen=True)
class _Binding:
    exchange: Exchange
    routing_key: str


def migrate(subscriptions: Sequence[Subscription], delays_s: Sequence[float], amqp_url: str) -> Iterator[Change]:
    """Make each queue of a service what it is declared as now. Raises StillConsumed, PublishFailed."""
    with line.opened(amqp_url, heartbeat_s=0) as connection:
        publisher = ConfirmedPublisher(amqp_url)
        try:
            work = _Migration(connection, publisher)
            for subscription in subscriptions:
                yield from work.of_handler(subscription)
            services = {wire.service_of(subscription.queue_name) for subscription in subscriptions}
            for service in sorted(services):
                for delay_s in delays_s:
                    yield work.of_retries(wire.retry_queue(service, delay_s))
        finally:
            publisher.close()


def migrate_requests(services: Sequence[str], amqp_url: str) -> Iterator[Change]:
    """Make the queue of what each service is asked what it is declared as now. Raises StillConsumed."""
    with line.opened(amqp_url, heartbeat_s=0) as connection:
        work = _Migration(connection, ConfirmedPublisher(amqp_url))
        for service in services:
            yield work.of_requests(wire.request_queue(service))


class _Migration:
    """One connection to ask and take on, one to publish on."""

    def __init__(self, connection: Connection, publisher: ConfirmedPublisher) -> None:
        self._connection = connection
        self._publisher = publisher

    def of_handler(self, subscription: Subscription) -> Iterator[Change]:
        """Make the queue of a handler anew, and before it the one of its dead letters, where it gives some to."""
        name = subscription.queue_name
        own, dead, heard = wire.own_queue(name), wire.dead_letter_queue(name), wire.event_queue(subscription)
        exchanges.ensure(self._connection, heard.exchange)
        yield self._replace(dead, [_Binding(dead.exchange, dead.name)])
        yield self._replace(own, [_Binding(heard.exchange, heard.routing_key), _Binding(own.exchange, name)])

    def of_requests(self, queue: Queue) -> Change:
        """Make a queue of requests anew; what waits in it nobody waits for any more."""
        exchanges.ensure(self._connection, queue.exchange)
        if self._is_as_declared(exchanges.of_others(queue)):
            return Change(queue.name, is_new=False, moved=0)
        self._check_unused(queue.name)
        self._delete(queue.name)
        self._declare(exchanges.of_others(queue))
        return Change(queue.name, is_new=True, moved=0)

    def of_retries(self, queue: Queue) -> Change:
        """Make a queue of retries anew; what waits in it is tried at once."""
        if self._is_as_declared(queue):
            return Change(queue.name, is_new=False, moved=0)
        back = queue.queue_arguments["x-dead-letter-exchange"]
        moved = self._empty(queue.name, back, None)
        self._delete(queue.name)
        self._declare(queue)
        return Change(queue.name, is_new=True, moved=moved)

    def _replace(self, queue: Queue, bindings: Sequence[_Binding]) -> Change:
        spare = f"{queue.name}.migrating"
        moved, is_new = 0, False
        if not self._is_as_declared(queue):
            self._check_unused(queue.name)
            self._make(spare, queue_kinds.of_migrations(), [*bindings, _Binding(queue.exchange, spare)])
            self._unbind(queue.name, bindings)
            moved, is_new = self._empty(queue.name, queue.exchange.name, spare), True
            self._delete(queue.name)
        self._make(queue.name, queue.queue_arguments, bindings)
        if self._exists(spare):
            self._unbind(spare, bindings)
            # What came from the queue above is counted there.
            self._empty(spare, queue.exchange.name, queue.name)
            self._delete(spare)
        return Change(queue.name, is_new=is_new, moved=moved)

    def _is_as_declared(self, queue: Queue) -> bool:
        """Return whether it is what it is declared as, having made it where it was not there."""
        try:
            self._declare(queue)
        except PreconditionFailed:
            return False
        return True

    def _declare(self, queue: Queue) -> None:
        with self._connection.channel() as channel:
            queue(channel).declare()

    def _make(self, name: str, arguments: dict[str, Any] | None, bindings: Sequence[_Binding]) -> None:
        with self._connection.channel() as channel:
            for bound in bindings:
                made = Queue(name, bound.exchange, bound.routing_key, durable=True, queue_arguments=arguments)
                exchanges.of_others(made)(channel).declare()

    def _unbind(self, name: str, bindings: Sequence[_Binding]) -> None:
        with self._connection.channel() as channel:
            for bound in bindings:
                channel.queue_unbind(name, bound.exchange.name, bound.routing_key)

    def _exists(self, name: str) -> bool:
        try:
            with self._connection.channel() as channel:
                channel.queue_declare(name, passive=True)
        except NotFound:
            return False
        return True

    def _check_unused(self, name: str) -> None:
        with self._connection.channel() as channel:
            if channel.queue_declare(name, passive=True).consumer_count:
                raise StillConsumed(name)

    def _empty(self, name: str, exchange: str, routing_key: str | None) -> int:
        """Take all messages out of a queue to an exchange, by this key or the one they came by; return how many.

        It is no longer bound; what was on its way to it meanwhile has come after a moment, and is taken too.
        """
        moved = 0
        while True:
            moved += self._take_all(name, exchange, routing_key)
            sleep(_ON_ITS_WAY_S)
            if not self._waiting(name):
                return moved

    def _take_all(self, name: str, exchange: str, routing_key: str | None) -> int:
        moved = 0
        with self._connection.channel() as channel:
            queue = Queue(name, no_declare=True)(channel)
            while taken := [message for message in (queue.get() for _ in range(_BATCH)) if message is not None]:
                self._publisher.publish_all([_moved(message, exchange, routing_key) for message in taken])
                for message in taken:
                    message.ack()
                moved += len(taken)
        return moved

    def _waiting(self, name: str) -> int:
        with self._connection.channel() as channel:
            count: int = channel.queue_declare(name, passive=True).message_count
        return count

    def _delete(self, name: str) -> None:
        """Delete a queue that `_empty` has emptied. Quorum queues do not know the broker's own conditions for it."""
        with self._connection.channel() as channel:
            channel.queue_delete(name)


def _moved(message: Any, exchange: str, routing_key: str | None) -> wire.Message:
    return wire.Message(
        exchange=exchange,
        routing_key=routing_key or message.delivery_info["routing_key"],
        body=message.body,
        headers=message.headers,
        message_id=message.properties.get("message_id"),
        correlation_id=message.properties.get("correlation_id"),
        content_type=message.content_type or wire.JSON,
    )
