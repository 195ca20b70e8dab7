"""A node of the broker's cluster is killed, and another one cut off, while people pay: nothing is lost or doubled.

Each payment is a debt that practices is asked to put and a receipt that payments is handed, over the cluster; the
events of both go on to practices, payments and notices. Whoever is told that it did not work asks again, as the
node does.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from chassis.messaging import dead_letters
from chassis.messaging.rpc_client import RpcClient
from chassis.storage.database import Database
from contracts.errors import Unavailable
from contracts.events.subscriptions import SUBSCRIPTIONS, Subscription
from contracts.rpc import payments, practices
from services.practices.usecases import catalogue
from tests.conftest import ProcessStarter, wait_until, wait_until_answering
from tests.integration.payments.node_messages import HEAD, envelope, outcome_of, receipt
from tests.integration.practices.conftest import CATALOGUE
from tests.rabbit_nodes import Node, RabbitCluster
from tests.shares import share

PAYMENTS = share(in_ci=600, nightly=10_000)
PAYERS = 8
SERVICES = ("practices", "payments", "notices")
LISTENERS = [
    one
    for one in SUBSCRIPTIONS
    if one.event_type.source in {"practices", "payments"} and one.consumer.split(".")[0] in SERVICES
]
LASTS_S = 20
"""How long a node is away, or cut off."""
NEVER_S = 600
_PRACTICES = """
    SELECT count(*) FILTER (WHERE state = 'paid'), count(*) FILTER (WHERE needs_attention),
        (SELECT count(*) FROM practices AS paid, jsonb_each(paid.facts -> 'receipts'))
    FROM practices
"""

T = TypeVar("T")
Fault = Callable[[RabbitCluster], None]
pytestmark = pytest.mark.timeout(3_600)


@dataclass
class Payers:
    """People who pay, each until it is taken: how often they had to try again, and how long the longest took."""

    rpc: RpcClient
    taken: int = 0
    tried_again: int = 0
    longest_s: float = 0.0

    def pay(self, _number: int) -> None:
        """Put a debt and pay it."""
        began_at = time.monotonic()
        debt = practices.DebtRequest(
            entity_code="PM108",
            external_id=uuid4().hex,
            service_code="TARI",
            fiscal_code="RSSMRA85T10A562S",
            full_name="Mario Rossi",
            amount_cents=1_234,
            description="TARI 2026",
        )
        practice = self._insist(lambda: self.rpc.call(practices.PUT_DEBT, debt))
        told = envelope("paSendRTV2", HEAD + receipt(practice.notice_number))
        self._insist(lambda: self._hand_over(told))
        self.taken += 1
        self.longest_s = max(self.longest_s, time.monotonic() - began_at)

    def _hand_over(self, told: str) -> bool:
        answer = self.rpc.call(payments.PA_FOR_NODE, payments.NodeRequest(soap_action="paSendRTV2", envelope=told))
        return outcome_of(answer.envelope) == "OK"

    def _insist(self, ask: Callable[[], T]) -> T:
        ends_at = time.monotonic() + NEVER_S
        while time.monotonic() < ends_at:
            try:
                if answer := ask():
                    return answer
            except Unavailable:
                pass
            self.tried_again += 1
            time.sleep(0.5)  # whoever is refused at a counter does not try again at once
        pytest.fail(f"not taken within {NEVER_S} s")


@dataclass
class Books:
    """What the services' databases say in the end."""

    database_of: Callable[[str], Database]
    amqp_url: str

    def unheard(self) -> int:
        """Return how many events have not reached one of those who listen to them."""
        return sum(len(self._told(one) - set(self._heard(one))) for one in LISTENERS)

    def heard_twice(self) -> int:
        """Return how often a listener has noted an event more than once."""
        return sum(len(heard) - len(set(heard)) for heard in map(self._heard, LISTENERS))

    def practices(self) -> tuple[int, int, int]:
        """Return how many are paid, how many of them wait for a human, and how many receipts all of them have."""
        with self.database_of("practices").reading() as session:
            paid, odd, receipts = session.execute(sa.text(_PRACTICES)).one()
        return paid, odd, receipts

    def emitted(self, event_type: str) -> int:
        """Return how many events of a type payments has emitted."""
        with self.database_of("payments").reading() as session:
            counted = sa.text("SELECT count(*) FROM outbox WHERE type = :type")
            return session.scalar(counted, {"type": event_type}) or 0

    def dead(self) -> int:
        """Return how many events were given up on."""
        return sum(dead_letters.count(self.amqp_url, one.queue_name) for one in LISTENERS)

    def _told(self, listener: Subscription) -> set[UUID]:
        with self.database_of(listener.event_type.source).reading() as session:
            named = sa.text("SELECT event_id FROM outbox WHERE type = :type")
            return set(session.scalars(named, {"type": listener.event_type.type}))

    def _heard(self, listener: Subscription) -> list[UUID]:
        with self.database_of(listener.consumer.split(".")[0]).reading() as session:
            named = sa.text("SELECT message_id FROM inbox WHERE consumer = :consumer")
            return list(session.scalars(named, {"consumer": listener.consumer}))


@pytest.fixture(name="books")
def running_services(
    cluster: RabbitCluster,
    service_database: Callable[[str], Database],
    start_process: ProcessStarter,
    rpc: RpcClient,
    monkeypatch: pytest.MonkeyPatch,
) -> Books:
    """Run the three services and their relays on the cluster."""
    monkeypatch.setenv("QUEUE_TYPE", "quorum")
    for service in SERVICES:
        service_database(service)
    catalogue.load_catalogue(service_database("practices"), CATALOGUE)
    for service in SERVICES:
        running = start_process("-m", "chassis.run", service)
        start_process("-m", "chassis.relay", service)
        wait_until_answering(rpc, service, running)
    return Books(service_database, cluster.amqp_url)


def busiest(cluster: RabbitCluster) -> Node:
    """Return the node that leads most queues: what is lost with it is lost to most."""
    leaders = cluster.leaders()
    assert sum(leaders.values()) >= len(LISTENERS), leaders
    return max(cluster.nodes, key=lambda node: leaders[node.name])


def killed(cluster: RabbitCluster) -> None:
    victim = busiest(cluster)
    victim.kill()
    time.sleep(LASTS_S)  # how long it is away
    victim.start()
    victim.wait_until_running(len(cluster.nodes))


def cut_off(cluster: RabbitCluster) -> None:
    victim = busiest(cluster)
    cluster.cut_off(victim)
    time.sleep(LASTS_S)  # how long it sees nobody
    others = [node for node in cluster.nodes if node is not victim]
    others[0].wait_until_running(len(others))
    cluster.join_again(victim)
    victim.wait_until_running(len(cluster.nodes))


def pay_under(fault: Callable[[], None], rpc: RpcClient, count: int) -> Payers:
    """Let people pay, and break something when a third of them have."""
    payers = Payers(rpc)
    with ThreadPoolExecutor(PAYERS) as pool:
        paying = [pool.submit(payers.pay, number) for number in range(count)]
        wait_until(lambda: payers.taken >= count / 3, timeout_s=NEVER_S)
        fault()
        for one in paying:
            one.result()
    return payers


def test_a_node_killed_and_a_node_cut_off_lose_and_double_no_payment(
    cluster: RabbitCluster, books: Books, rpc: RpcClient, capfd: pytest.CaptureFixture[str]
) -> None:
    faults: dict[str, Fault] = {"the busiest node killed": killed, "the busiest node cut off": cut_off}
    lines = ["| fault | payments | seconds | tried again | the longest |", "| --- | --- | --- | --- | --- |"]
    for name, fault in faults.items():
        began_at = time.monotonic()
        payers = pay_under(partial(fault, cluster), rpc, PAYMENTS // len(faults))
        seconds = time.monotonic() - began_at
        lines.append(f"| {name} | {payers.taken} | {seconds:.0f} | {payers.tried_again} | {payers.longest_s:.1f} s |")
    ended_at = time.monotonic()
    wait_until(lambda: books.practices()[0] >= PAYMENTS and not books.unheard(), timeout_s=NEVER_S, pause_s=1.0)
    paid, odd, receipts = books.practices()
    confirmed, duplicated = books.emitted("PaymentConfirmed.v1"), books.emitted("PaymentDuplicated.v1")
    doubled = odd + duplicated + (receipts - paid) + (confirmed - paid) + books.heard_twice()
    told = f"all told {time.monotonic() - ended_at:.1f} s after the last payment"
    with capfd.disabled():
        print("", *lines, f"{PAYMENTS - paid} lost, {doubled} doubled; {told}", sep="\n", flush=True)
    assert (paid, doubled, books.dead()) == (PAYMENTS, 0, 0)
