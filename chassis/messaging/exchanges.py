"""Exchanges and queues of others, which a process uses and need not be allowed to make.

On a broker where each service has a user of its own (chassis.messaging.broker_users) an exchange is made by the deploy
or by who publishes to it. On a fresh one without such users whoever comes first makes it.
"""

from copy import copy
from typing import Any

from amqp.exceptions import ChannelError, PreconditionFailed
from kombu import Exchange, Queue

from chassis import logs

log = logs.get_logger(__name__)


def of_others(queue: Queue) -> Queue:
    """Return a queue that is bound to its exchange as it is found: declaring the queue does not declare that."""
    bound = copy(queue)
    bound.exchange = copy(queue.exchange)
    bound.exchange.no_declare = True
    return bound


def as_found(connection: Any, queue: Queue) -> Queue:
    """Return a queue as it can be consumed: one that is there as another kind is taken as it is.

    For queues whose messages live for seconds: chassis.topology makes them anew whenever their service stands still.
    """
    declared = of_others(queue)
    try:
        with connection.channel() as channel:
            declared(channel).declare()
    except PreconditionFailed:
        log.warning("queue_of_another_kind", queue=queue.name)
        declared.no_declare = True
    return declared


def ensure_queue(connection: Any, queue: Queue) -> None:
    """See that a queue is there and bound to its exchange, of whatever kind it is: that is its consumer's matter."""
    try:
        with connection.channel() as channel:
            channel.queue_declare(queue.name, passive=True)
    except ChannelError as error:
        if "NOT_FOUND" not in str(error):
            raise
        with connection.channel() as channel:
            queue(channel).declare()
            return
    with connection.channel() as channel:
        queue(channel).exchange.declare()
        queue(channel).queue_bind()


def ensure(connection: Any, exchange: Exchange) -> None:
    """See that an exchange is there, on channels of its own: asking for one that is not closes the channel."""
    there = Exchange(exchange.name, type=exchange.type, durable=exchange.durable)
    try:
        with connection.channel() as channel:
            there(channel).declare(passive=True)
    except ChannelError as error:
        if "NOT_FOUND" not in str(error):  # in both brokers' words; kombu's own has the number elsewhere
            raise
        with connection.channel() as channel:
            there(channel).declare()
