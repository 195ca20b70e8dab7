"""The addresses of one broker: a cluster has one for each of its nodes, and any of them will do.

AMQP_URL names them with `;` in between. Who connects begins at one drawn by chance, so that the nodes share the work,
and leaves to the end those that failed a moment ago: a node that is silent costs each of them three seconds.
"""

import random
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final, TypeVar

T = TypeVar("T")

SEPARATOR: Final = ";"
AVOIDED_S: Final = 30.0
_failed_at: dict[str, float] = {}


def each_of(amqp_url: str) -> list[str]:
    """Return the addresses in the order they are named."""
    return [one.strip() for one in amqp_url.split(SEPARATOR) if one.strip()]


def try_each(amqp_url: str, connect: Callable[[str], T]) -> T:
    """Return what `connect` makes of the first address that works. Raises what it raised of the last one."""
    *others, last = in_order(each_of(amqp_url), monotonic())
    for address in others:
        try:
            return _tried(address, connect)
        except Exception:  # noqa: BLE001, S112 -- a node that is away shows in many classes; the next one may be there
            continue
    return _tried(last, connect)


def in_order(addresses: Sequence[str], now_s: float) -> list[str]:
    """Return addresses as they are to be tried: by chance, those that failed within AVOIDED_S last."""
    drawn = random.sample(addresses, len(addresses))
    return sorted(drawn, key=lambda one: now_s - _failed_at.get(one, float("-inf")) < AVOIDED_S)


def _tried(address: str, connect: Callable[[str], T]) -> T:
    try:
        made = connect(address)
    except Exception:
        _failed_at[address] = monotonic()
        raise
    _failed_at.pop(address, None)
    return made
