"""Several addresses of one broker: which is tried first, and what becomes of one that fails."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from chassis.messaging import addresses

NODES = ["amqp://one//", "amqp://two//", "amqp://three//"]
CLUSTER = ";".join(NODES)


class Away(Exception):
    """What a node that does not answer raises."""


@pytest.fixture(autouse=True)
def nothing_has_failed() -> Iterator[None]:
    addresses._failed_at.clear()
    yield
    addresses._failed_at.clear()


def nodes_without(*away: str) -> tuple[Callable[[str], str], list[str]]:
    """Return what connects to the nodes that are there, and the addresses that were tried."""
    tried: list[str] = []

    def connect(address: str) -> str:
        tried.append(address)
        if address in away:
            raise Away(address)
        return address

    return connect, tried


def test_one_address_is_one() -> None:
    assert addresses.each_of("amqp://one//") == ["amqp://one//"]
    assert addresses.each_of(" amqp://one//; amqp://two//;") == ["amqp://one//", "amqp://two//"]


def test_the_nodes_share_the_connections() -> None:
    first = Counter(addresses.in_order(NODES, 0.0)[0] for _ in range(600))
    assert set(first) == set(NODES)
    assert min(first.values()) > 100


def test_a_node_that_is_away_is_passed_over_and_then_left_to_the_end() -> None:
    connect, tried = nodes_without("amqp://two//")
    assert {addresses.try_each(CLUSTER, connect) for _ in range(100)} == {"amqp://one//", "amqp://three//"}
    assert tried.count("amqp://two//") == 1


def test_it_is_tried_among_the_others_again_after_thirty_seconds() -> None:
    connect, tried = nodes_without("amqp://two//")
    while not tried.count("amqp://two//"):
        addresses.try_each(CLUSTER, connect)
    failed_at = addresses._failed_at["amqp://two//"]
    assert {addresses.in_order(NODES, failed_at + 29)[-1] for _ in range(100)} == {"amqp://two//"}
    assert {addresses.in_order(NODES, failed_at + 30)[0] for _ in range(600)} == set(NODES)


def test_where_all_are_away_each_is_tried_once_and_the_error_is_the_last_ones() -> None:
    connect, tried = nodes_without(*NODES)
    with pytest.raises(Away) as raised:
        addresses.try_each(CLUSTER, connect)
    assert sorted(tried) == sorted(NODES)
    assert str(raised.value) == tried[-1]


def test_one_that_is_back_is_as_good_as_the_others() -> None:
    away, _ = nodes_without(*NODES)
    with pytest.raises(Away):
        addresses.try_each(CLUSTER, away)
    connect, tried = nodes_without()
    addresses.try_each(CLUSTER, connect)
    assert set(addresses._failed_at) == set(NODES) - set(tried)
