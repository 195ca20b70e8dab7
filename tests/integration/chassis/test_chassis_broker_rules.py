"""What all processes declare on a real broker, against the rules of RabbitMQ 4.3: it tells so itself.

Where RabbitMQ is new enough to refuse what 4.3 refuses, it is told to (tests/rabbit_nodes.py).
"""

import json
from collections.abc import Callable, Iterator

import pytest

from chassis.messaging.rpc_client import RpcClient
from chassis.storage.database import Database
from contracts.events.subscriptions import SUBSCRIPTIONS
from tests.conftest import ProcessStarter, wait_until, wait_until_answering
from tests.rabbit_nodes import Node, rabbit_cluster

SERVICES = ("cart", "notices", "payments", "practices")
HEARD = {one.queue_name for one in SUBSCRIPTIONS}


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with rabbit_cluster(1) as alone:
        yield alone.nodes[0]


@pytest.fixture(scope="module")
def amqp_url(node: Node) -> str:
    """An own broker, in place of the one that the other tests share."""
    return node.url


def listed(node: Node, what: str, *columns: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(node.control("--formatter=json", what, *columns) or "[]")
    return rows


def test_no_queue_is_transient_and_anybodys_and_no_prefetch_is_a_channels(
    node: Node,
    service_database: Callable[[str], Database],
    start_process: ProcessStarter,
    rpc: RpcClient,
) -> None:
    for service in SERVICES:
        service_database(service)
    for service in SERVICES:
        start_process("-m", "chassis.relay", service)
        wait_until_answering(rpc, service, start_process("-m", "chassis.run", service))

    def queues() -> list[dict[str, object]]:
        return listed(node, "list_queues", "name", "durable", "exclusive", "auto_delete")

    wait_until(lambda: {queue["name"] for queue in queues()} >= HEARD)
    found = queues()
    names = {str(queue["name"]) for queue in found}
    assert {f"rpc-{service}" for service in SERVICES} <= names
    assert any(name.startswith("rpc.reply-") for name in names)
    assert any(".retry." in name for name in names)
    assert any(name.endswith(".dead") for name in names)
    assert [queue for queue in found if not queue["durable"] and not queue["exclusive"]] == []
    channels = listed(node, "list_channels", "global_prefetch_count", "consumer_count")
    assert sum(int(str(channel["consumer_count"])) for channel in channels) >= len(HEARD)
    assert {channel["global_prefetch_count"] for channel in channels} == {0}
