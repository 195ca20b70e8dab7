"""What the queues of events are declared with, by QUEUE_TYPE.

A quorum queue is on a majority of the broker's nodes. What it has confirmed is there after any one of them is lost, and
what it passes on, into a retry or to the dead letters, leaves it only once it has arrived (at-least-once). It takes a
bounded number of messages and refuses more: they wait in the outbox. A classic queue is on one node, passes on at most
once, and takes what comes.
"""

from typing import Any, Final

from chassis.settings import QueueSettings

# Whoever is given a message so often and never settles it dies of it.
DELIVERY_LIMIT: Final = 50
# Looking at a dead letter counts as a delivery: RabbitMQ 4 would throw it away after 20.
_LOOKED_AT_LIMIT: Final = 1_000_000
_PASSED_ON_SURELY: Final = {"x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish"}

Arguments = dict[str, Any]


def of_events(dead_letter_exchange: str, dead_letter_key: str) -> Arguments | None:
    """Return the arguments of a handler's queue: whoever dies of its messages gives them to the dead letters."""
    return _quorum(
        {
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-dead-letter-exchange": dead_letter_exchange,
            "x-dead-letter-routing-key": dead_letter_key,
            **_PASSED_ON_SURELY,
        }
    )


def of_dead_letters() -> Arguments | None:
    """Return the arguments of a queue of dead letters: only humans take them out."""
    return _quorum({"x-delivery-limit": _LOOKED_AT_LIMIT, "x-overflow": "reject-publish"})


def of_retries(delay_s: float, comes_back_through: str) -> Arguments:
    """Return the arguments of a queue whose messages come back, under the key they came with, after `delay_s`."""
    arguments = {"x-message-ttl": int(delay_s * 1000), "x-dead-letter-exchange": comes_back_through}
    return _quorum({**arguments, **_PASSED_ON_SURELY}) or arguments


def of_copies() -> Arguments | None:
    """Return the arguments of a queue whose messages are copied on: one that stays refuses what it cannot take."""
    return _quorum({"x-delivery-limit": _LOOKED_AT_LIMIT, "x-overflow": "reject-publish"})


def of_requests() -> Arguments | None:
    """Return the arguments of a queue of requests: a service must be asked while the node of its queue is away."""
    return _quorum({"x-delivery-limit": _LOOKED_AT_LIMIT})


def of_migrations() -> Arguments | None:
    """Return the arguments of a queue that holds another's messages while that is made anew."""
    return _quorum({"x-delivery-limit": _LOOKED_AT_LIMIT})


def _quorum(arguments: Arguments) -> Arguments | None:
    settings = QueueSettings.load()
    if settings.type == "classic":
        return None
    bounded = {"x-max-length": settings.max_messages} if "x-overflow" in arguments else {}
    return {"x-queue-type": "quorum", **arguments, **bounded}
