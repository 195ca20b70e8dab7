"""Quorum queues on a real broker: the way there with messages inside, and what they promise."""

import contextlib
import itertools
import threading
from uuid import uuid4

import pytest
from amqp.exceptions import PreconditionFailed
from kombu import Connection, Consumer, Queue

from chassis.clock import now
from chassis.messaging import dead_letters, queue_kinds, wire
from chassis.messaging.dead_letter_answers import letters
from chassis.messaging.publisher import ConfirmedPublisher, PublishFailed
from chassis.messaging.relay import Relay
from chassis.metrics import OUTBOX_REFUSED
from chassis.runtime import queue_migration
from chassis.runtime.queue_migration import _Migration, migrate
from contracts.events.subscriptions import SUBSCRIPTIONS
from contracts.rpc.dead_letters import DeadLettersRequest
from dev.ticks import ticks
from tests.conftest import wait_until_answering
from tests.integration.chassis import probe
from tests.integration.chassis.conftest import EVENT_QUEUE, QUEUES
from tests.integration.chassis.test_chassis_commands import command
from tests.integration.chassis.test_chassis_processes import emit, positions
from tests.integration.chassis.test_chassis_republish import taken_from

HEARD = next(one for one in SUBSCRIPTIONS if one.consumer == "cart.on_payment_confirmed")
NAME = HEARD.queue_name
DELAY_S = 60
RETRIES = f"cart.retry.{DELAY_S * 1000}ms"
CREATED = {NAME, f"{NAME}.dead", RETRIES, "rpc-cart"}
DONE_WITHIN_S = 60


@pytest.fixture(autouse=True)
def no_queues(amqp_url, clean_broker):
    """Leave no queue of these tests behind: other tests declare classic ones by the same names."""
    delete_all(amqp_url)
    yield
    delete_all(amqp_url)


def delete_all(amqp_url):
    with Connection(amqp_url) as connection:
        for name in (*CREATED, *QUEUES, "rpc-probe"):
            for queue_name in (name, f"{name}.migrating"):
                connection.channel().queue_delete(queue_name)


@pytest.fixture
def as_quorum(monkeypatch):
    monkeypatch.setenv("QUEUE_TYPE", "quorum")


@pytest.fixture(name="environment_of")
def make_environment_of(environment):
    """Return the environment of a command that wants queues of a type."""
    return lambda kind: {**environment, "QUEUE_TYPE": kind, "EVENT_RETRY_DELAYS_S": str(DELAY_S)}


def is_of_type(amqp_url, kind, monkeypatch):
    """Whether all three queues are declared as that type."""
    monkeypatch.setenv("QUEUE_TYPE", kind)
    try:
        with Connection(amqp_url) as connection:
            for queue in (wire.own_queue(NAME), wire.dead_letter_queue(NAME), wire.retry_queue("cart", DELAY_S)):
                queue(connection.channel()).declare()
    except PreconditionFailed:
        return False
    return True


def publish(amqp_url, exchange, key, count):
    """Publish so many messages with ids of their own, and return the ids."""
    ids = [uuid4().hex for _ in range(count)]
    publisher = ConfirmedPublisher(amqp_url)
    try:
        publisher.publish_all(
            [
                wire.Message(exchange=exchange, routing_key=key, body=b"{}", message_id=one, headers={"x-of": "a test"})
                for one in ids
            ]
        )
    finally:
        publisher.close()
    return ids


def fill(amqp_url):
    """Put messages into all three queues as services and relays do."""
    events = publish(amqp_url, "payments.events", HEARD.event_type.type, 250)
    dead = publish(amqp_url, "cart.queues", f"{NAME}.dead", 20)
    retried = publish(amqp_url, RETRIES, NAME, 10)
    return events, dead, retried


def ids_in(amqp_url, queue_name):
    taken = taken_from(amqp_url, queue_name)
    assert {letter.headers.get("x-of") for letter in taken} <= {"a test"}
    return [letter.properties["message_id"] for letter in taken]


@pytest.mark.parametrize(("before", "after"), [("classic", "quorum"), ("quorum", "classic")])
def test_queues_become_another_type_with_every_message_in_them(amqp_url, environment_of, monkeypatch, before, after):
    assert command(environment_of(before), "chassis.topology", "migrate", "cart").returncode == 0
    events, dead, retried = fill(amqp_url)
    done = command(environment_of(after), "chassis.topology", "migrate", "cart")
    assert done.returncode == 0, done.stderr
    assert f"{NAME}: made anew, 250 messages moved" in done.stdout
    assert "rpc-cart: made anew, 0 messages moved" in done.stdout
    assert is_of_type(amqp_url, after, monkeypatch)
    assert ids_in(amqp_url, NAME) == events + retried
    assert ids_in(amqp_url, f"{NAME}.dead") == dead
    again = command(environment_of(after), "chassis.topology", "migrate", "cart")
    assert again.stdout.count("as it should be") == 4


def test_what_is_published_meanwhile_is_not_lost(amqp_url, environment_of, monkeypatch):
    assert command(environment_of("classic"), "chassis.topology", "migrate", "cart").returncode == 0
    sent, over = [], threading.Event()

    def go_on_publishing():
        while not over.wait(0.1):
            sent.extend(publish(amqp_url, "payments.events", HEARD.event_type.type, 5))

    publishing = threading.Thread(target=go_on_publishing)
    publishing.start()
    try:
        kinds = ["quorum", "classic", "quorum"]
        done = [command(environment_of(kind), "chassis.topology", "migrate", "cart") for kind in kinds]
    finally:
        over.set()
        publishing.join()
    assert [one.returncode for one in done] == [0, 0, 0], done
    assert is_of_type(amqp_url, "quorum", monkeypatch)
    assert set(ids_in(amqp_url, NAME)) == set(sent)


class Killed(Exception):
    """What a migration ends with that is broken off."""


def break_off(monkeypatch, at_step):
    """Let a migration end after so many steps."""
    steps = 0

    def counted(method):
        def step(*arguments):
            nonlocal steps
            result = method(*arguments)
            steps += 1
            if steps == at_step:
                raise Killed
            return result

        return step

    for name in ("_make", "_unbind", "_take_all", "_delete", "_declare"):
        monkeypatch.setattr(_Migration, name, counted(getattr(_Migration, name)))


def test_broken_off_after_any_step_and_run_again_it_loses_nothing(amqp_url, environment_of, monkeypatch):
    assert command(environment_of("classic"), "chassis.topology", "migrate", "cart").returncode == 0
    events, dead, retried = fill(amqp_url)
    monkeypatch.setattr(queue_migration, "_ON_ITS_WAY_S", 0.02)
    kinds = itertools.cycle(["quorum", "classic"])
    for at_step in itertools.count(1):
        kind = next(kinds)
        monkeypatch.setenv("QUEUE_TYPE", kind)
        with monkeypatch.context() as patched:
            break_off(patched, at_step)
            try:
                list(migrate([HEARD], [DELAY_S], amqp_url))
                break
            except Killed:
                pass
        list(migrate([HEARD], [DELAY_S], amqp_url))
    assert at_step > 10
    assert is_of_type(amqp_url, kind, monkeypatch)
    assert set(ids_in(amqp_url, NAME)) == {*events, *retried}
    assert set(ids_in(amqp_url, f"{NAME}.dead")) == set(dead)


def test_a_queue_that_is_consumed_is_left_as_it_is_and_named(amqp_url, environment_of, monkeypatch):
    assert command(environment_of("classic"), "chassis.topology", "migrate", "cart").returncode == 0
    events, _, _ = fill(amqp_url)
    with Connection(amqp_url) as connection:
        consumed = Queue(NAME, no_declare=True)
        with Consumer(connection.channel(), [consumed], on_message=print, prefetch_count=1):
            done = command(environment_of("quorum"), "chassis.topology", "migrate", "cart")
    assert done.returncode == 1
    assert f"{NAME} is consumed: stop its service" in done.stderr
    assert set(ids_in(amqp_url, NAME)) == set(events)
    monkeypatch.setenv("QUEUE_TYPE", "classic")
    with Connection(amqp_url) as connection:
        wire.own_queue(NAME)(connection.channel()).declare()


def test_requests_are_taken_from_a_queue_of_the_type_before(amqp_url, run_probe, rpc):
    with Connection(amqp_url) as connection:
        Queue("rpc-probe", wire.RPC_EXCHANGE, "probe.*", durable=True)(connection.channel()).declare()
    running = run_probe(QUEUE_TYPE="quorum")
    wait_until_answering(rpc, "probe", running)
    assert running.lines("queue_of_another_kind")[0]["queue"] == "rpc-probe"


def test_a_queue_of_requests_that_is_consumed_is_left_as_it_is(amqp_url, environment_of):
    assert command(environment_of("classic"), "chassis.topology", "migrate", "cart").returncode == 0
    consumed = Queue("rpc-cart", no_declare=True)
    with Connection(amqp_url) as connection, Consumer(connection, [consumed], on_message=print):
        done = command(environment_of("quorum"), "chassis.topology", "migrate", "cart")
    assert done.returncode == 1
    assert "rpc-cart is consumed: stop its service" in done.stderr


@pytest.mark.usefixtures("as_quorum")
def test_on_quorum_queues_an_event_is_handled_retried_and_put_aside_as_on_classic_ones(
    run_probe, run_relay, rpc, database, attempts, eventually, amqp_url
):
    running = run_probe(QUEUE_TYPE="quorum", EVENT_RETRY_DELAYS_S="0.2,0.4")
    wait_until_answering(rpc, "probe", running)
    run_relay(QUEUE_TYPE="quorum")
    emit(database, 1)
    eventually(lambda: 1 in attempts())
    # By itself: in a batch with the other one it would be tried once more, alone.
    emit(database, 13, fault="bug", failures=9)
    eventually(lambda: dead_letters.count(amqp_url, EVENT_QUEUE) == 1, timeout_s=DONE_WITHIN_S)
    assert attempts().count(13) == 3
    (letter,) = dead_letters.look(amqp_url, EVENT_QUEUE)
    assert letter["x-attempts"] == 3
    assert "PreconditionFailed" not in running.log()


def test_a_message_everybody_dies_of_goes_to_the_dead_letters_after_its_limit(amqp_url, environment_of, as_quorum):
    assert command(environment_of("quorum"), "chassis.topology", "declare", "cart").returncode == 0
    [sent] = publish(amqp_url, "payments.events", HEARD.event_type.type, 1)
    for _ in range(queue_kinds.DELIVERY_LIMIT + 1):
        with Connection(amqp_url) as connection:
            Queue(NAME, no_declare=True)(connection.channel()).get()
    for _ in ticks(DONE_WITHIN_S):
        if dead_letters.count(amqp_url, NAME):
            break
    [letter] = letters(amqp_url, "cart", DeadLettersRequest(consumer=HEARD.consumer)).letters
    assert (letter.id, letter.error) == (sent, "delivery_limit")
    assert dead_letters.count(amqp_url, NAME) == 1
    assert ids_in(amqp_url, NAME) == []


def test_a_dead_letter_may_be_looked_at_any_number_of_times(amqp_url, environment_of, eventually, as_quorum):
    assert command(environment_of("quorum"), "chassis.topology", "declare", "cart").returncode == 0
    publish(amqp_url, "cart.queues", f"{NAME}.dead", 1)
    for _ in range(queue_kinds.DELIVERY_LIMIT + 1):
        # A quorum queue takes back what was looked at a moment after the connection has closed.
        eventually(lambda: dead_letters.count(amqp_url, NAME) == 1)
        assert len(dead_letters.look(amqp_url, NAME)) == 1


def test_a_full_queue_refuses_and_what_it_refused_waits_in_the_outbox(
    amqp_url, database, probe_url, monkeypatch, as_quorum
):
    monkeypatch.setenv("QUEUE_MAX_MESSAGES", "3")
    relay = Relay("probe", probe, url=probe_url, amqp_url=amqp_url, listeners=[probe.LISTENER])
    refused_before = OUTBOX_REFUSED.labels("probe")._value.get()
    emitted, refused = 0, False
    while not refused and emitted < 100:  # it notices a moment after it is full
        emit(database, emitted)
        emitted += 1
        try:
            relay.relay_batch(now())
        except PublishFailed:
            refused = True
    assert refused
    assert emitted > 3
    assert OUTBOX_REFUSED.labels("probe")._value.get() > refused_before
    assert positions(database)[-1] is None
    heard = []
    for _ in ticks(DONE_WITHIN_S):
        heard += [letter.payload["data"]["number"] for letter in taken_from(amqp_url, EVENT_QUEUE)]
        if None not in positions(database):
            break
        with contextlib.suppress(PublishFailed):
            relay.relay_batch(now())
    assert sorted(set(heard)) == list(range(emitted))
    relay.stop()
    relay.run()


def test_a_relay_publishes_to_a_queue_of_the_type_before_until_its_consumer_has_migrated_it(
    amqp_url, database, probe_url, monkeypatch
):
    monkeypatch.setenv("QUEUE_TYPE", "classic")
    with Connection(amqp_url) as connection:
        wire.event_queue(probe.LISTENER)(connection.channel()).declare()
    monkeypatch.setenv("QUEUE_TYPE", "quorum")
    relay = Relay("probe", probe, url=probe_url, amqp_url=amqp_url, listeners=[probe.LISTENER])
    emit(database, 1)
    assert relay.relay_batch(now()) == 1
    assert len(taken_from(amqp_url, EVENT_QUEUE)) == 1
    relay.stop()
    relay.run()
