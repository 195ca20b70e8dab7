"""Names and frames on the broker: nameko's RPC protocol, the events' exchanges and queues, the retry queues.

Publishing here never reads from the connection. py-amqp's own `basic_publish` drains events first, and two readers on
one socket tear its frames apart; our frames and `send_method` only write (amqp is pinned for that).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import orjson
from amqp import spec
from kombu import Exchange, Queue

from chassis import correlation
from chassis.messaging import frames, queue_kinds
from chassis.settings import amqp_ca_file
from contracts.events.subscriptions import Subscription

RPC_EXCHANGE: Final = Exchange("nameko-rpc", type="topic", durable=True)
JSON: Final = "application/json"
ATTEMPT_HEADER: Final = "x-attempt"
OUTAGE_HEADER: Final = "x-outage"
PERSISTENT: Final = 2
TRANSIENT: Final = 1


@dataclass(frozen=True)
class Message:
    """A message to publish. Transient ones do not survive the broker; `expiration_s` is its life in a queue."""

    exchange: str
    routing_key: str
    body: bytes | str
    headers: Mapping[str, Any] = field(default_factory=dict)
    message_id: str | None = None
    correlation_id: str | None = None
    reply_to: str | None = None
    expiration_s: float | None = None
    content_type: str = JSON
    persistent: bool = True
    mandatory: bool = False


def tls_options(amqp_url: str) -> dict[str, Any] | None:
    """Return kombu's `ssl` argument for an address: on `amqps://` the certificate must be of the host it names.

    It is proven by AMQP_CA_FILE, else by the certificates of the system.
    """
    return {"server_hostname": None, "ca_certs": amqp_ca_file()} if amqp_url.startswith("amqps://") else None


def publish(channel: Any, message: Message, *, then_ack: int | None = None) -> None:
    """Write `message` to `channel` without reading from it; then ack the delivery `then_ack`, in the same write.

    A mandatory message that no queue is bound for comes back as a basic.return event.
    """
    writer = getattr(channel.connection, "frame_writer", None)
    if isinstance(writer, frames.Writer):
        writer.send(_frames(channel.channel_id, message, then_ack, writer.body_max))
        return
    content = channel.prepare_message(
        message.body,
        content_type=message.content_type,
        content_encoding="utf-8",
        headers=dict(message.headers),
        properties=_properties(message),
    )
    arguments = (0, message.exchange, message.routing_key, message.mandatory, False)
    channel.send_method(spec.Basic.Publish, "Bssbb", arguments, content)
    if then_ack is not None:
        channel.basic_ack(then_ack)


def _frames(channel_id: int, message: Message, then_ack: int | None, body_max: int) -> bytes:
    published = frames.publication(channel_id, message, _properties(message), body_max)
    return published if then_ack is None else published + frames.ack(channel_id, then_ack)


def _properties(message: Message) -> dict[str, Any]:
    properties = {
        "delivery_mode": PERSISTENT if message.persistent else TRANSIENT,
        "message_id": message.message_id,
        "correlation_id": message.correlation_id,
        "reply_to": message.reply_to,
        "expiration": None if message.expiration_s is None else str(max(1, int(message.expiration_s * 1000))),
    }
    return {name: value for name, value in properties.items() if value is not None}


def request_queue(service: str) -> Queue:
    """Return the queue of what a service is asked, as nameko names it."""
    arguments = queue_kinds.of_requests()
    return Queue(f"rpc-{service}", RPC_EXCHANGE, f"{service}.*", durable=True, queue_arguments=arguments)


def event_exchange(service: str) -> Exchange:
    """Return the topic exchange a service's events are published to."""
    return Exchange(f"{service}.events", type="topic", durable=True)


def event_queue(subscription: Subscription) -> Queue:
    """Return the queue of one consumer of one type of event."""
    event_type = subscription.event_type
    return _handlers_queue(subscription.queue_name, event_exchange(event_type.source), event_type.type)


def event_message(
    body: Mapping[str, Any], event_id: UUID, *, exchange: str, routing_key: str, must_arrive: bool = False
) -> Message:
    """Return an event's envelope as a message.

    One sent to an exchange comes back where no queue is bound for it, one to a queue by name where it `must_arrive`.
    """
    carried = body.get("correlationid")
    return Message(
        exchange=exchange,
        routing_key=routing_key,
        body=orjson.dumps(body),
        headers={correlation.HEADER: carried} if carried else {},
        message_id=str(event_id),
        mandatory=must_arrive or bool(exchange),
    )


def own_exchange(service: str) -> Exchange:
    """Return the exchange that reaches each queue of a service's event handlers by the queue's name, and no other.

    The broker's default exchange would do so too, and reach everybody's: who may publish there may publish anything to
    anyone.
    """
    return Exchange(f"{service}.queues", type="topic", durable=True)


def own_queue(queue_name: str) -> Queue:
    """Return a handler's queue as its service reaches it by name."""
    return _handlers_queue(queue_name, own_exchange(service_of(queue_name)), queue_name)


def _handlers_queue(queue_name: str, exchange: Exchange, routing_key: str) -> Queue:
    dead = dead_letter_queue(queue_name)
    arguments = queue_kinds.of_events(dead.exchange.name, dead.name)
    return Queue(queue_name, exchange=exchange, routing_key=routing_key, durable=True, queue_arguments=arguments)


def dead_letter_queue(queue_name: str) -> Queue:
    """Return the queue where messages of `queue_name` wait for a human after the last attempt."""
    name, exchange = f"{queue_name}.dead", own_exchange(service_of(queue_name))
    arguments = queue_kinds.of_dead_letters()
    return Queue(name, exchange=exchange, routing_key=name, durable=True, queue_arguments=arguments)


def service_of(queue_name: str) -> str:
    """Return the service whose handler has a queue: `practices` of `evt-payments-X.v1--practices.on_x`."""
    return queue_name.rpartition("--")[2].split(".")[0]


def retry_queue(service: str, delay_s: float) -> Queue:
    """Return the queue where messages of a service's event handlers wait `delay_s`.

    Its exchange is given the name of the queue to come back to as routing key, which the dead-lettering keeps.
    """
    name = f"{service}.retry.{int(delay_s * 1000)}ms"
    arguments = queue_kinds.of_retries(delay_s, own_exchange(service).name)
    exchange = Exchange(name, type="topic", durable=True)
    return Queue(name, exchange=exchange, routing_key="#", durable=True, queue_arguments=arguments)
