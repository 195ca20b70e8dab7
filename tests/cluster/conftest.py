"""A broker of three nodes under real services; quorum queues, and every process knows all three addresses."""

from collections.abc import Iterator

import pytest

from tests.rabbit_nodes import RabbitCluster, rabbit_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[RabbitCluster]:
    """Three nodes that have found each other."""
    with rabbit_cluster() as running:
        yield running


@pytest.fixture(scope="session")
def amqp_url(cluster: RabbitCluster) -> str:
    """The addresses of the cluster, in place of the broker that the other tests share."""
    return cluster.amqp_url


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    """What the processes are told: as an operator of a cluster tells them."""
    return {**environment, "QUEUE_TYPE": "quorum"}
