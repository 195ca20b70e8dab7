"""Whether a service is behind with its events."""

from collections.abc import Sequence
from typing import Final

from amqp.exceptions import AMQPError, ChannelError
from kombu import Connection
from kombu.exceptions import KombuError

from chassis.messaging import line
from contracts.errors import ErrorCode, Unavailable
from contracts.events.subscriptions import SUBSCRIPTIONS

_NOT_FOUND: Final = "404"


def queues_of(service: str) -> list[str]:
    """Return the queues of a service's handlers."""
    return [one.queue_name for one in SUBSCRIPTIONS if one.consumer.partition(".")[0] == service]


def is_behind(amqp_url: str, queue_names: Sequence[str]) -> bool:
    """Return whether events wait in any of these queues. Raises Unavailable."""
    try:
        with line.opened(amqp_url, heartbeat_s=0) as connection:
            return any(_waiting(connection, name) for name in queue_names)
    except (AMQPError, KombuError, OSError) as error:
        raise Unavailable(ErrorCode.SERVICE_UNAVAILABLE) from error


def _waiting(connection: Connection, queue_name: str) -> int:
    # On a channel of its own: one on which a queue was not found is closed.
    channel = connection.channel()
    try:
        count: int = channel.queue_declare(queue_name, passive=True).message_count
    except ChannelError as error:
        if str(error.reply_code) != _NOT_FOUND:
            raise
        return 0
    channel.close()
    return count
