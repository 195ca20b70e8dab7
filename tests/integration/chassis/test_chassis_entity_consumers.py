"""Two bodies on one broker: each hears its own events and can do nothing to the other's, or to the portal's."""

import json
import random
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from amqp.exceptions import AccessRefused
from environs import EnvError
from kombu import Connection, Consumer, Queue

from chassis.messaging import broker_users, entity_consumers, wire
from chassis.messaging.broker_users import Management
from chassis.messaging.entity_consumers import EntityConsumer, hash_of, load
from chassis.messaging.publisher import ConfirmedPublisher, PublishFailed
from contracts.events import EVENTS
from contracts.events.redaction import DEBTOR_TYPES
from dev.ticks import ticks
from tests.conftest import PROJECT
from tests.integration.chassis import own_servers
from tests.integration.chassis.own_servers import ADMINISTRATOR
from tests.integration.chassis.test_chassis_commands import command

PASSWORD = "of-no-worth"
ONE, OTHER, SILENT = "PM108", "PM1", "PM300"
WITHIN_S = 60
PERSONAL = ("RSSMRA85T10A562S", "Via Roma", "mario.rossi@example.org", "56123")


def consumers(**with_debtor: bool):
    hashed = hash_of(PASSWORD, b"salt")
    return [EntityConsumer(code, hashed, with_debtor.get(code, False)) for code in (ONE, OTHER)]


@pytest.fixture(name="rabbit", scope="module")
def make_rabbit():
    with own_servers.rabbit() as running:
        management = Management(running.management_url)
        broker_users.apply(management, dict.fromkeys(broker_users.USERS, PASSWORD))
        for _ in range(2):  # it changes nothing the second time
            entity_consumers.apply(management, consumers(), PASSWORD)
        yield running


def url_of(rabbit, user):
    return rabbit.url(user, "administrator" if user == ADMINISTRATOR else PASSWORD)


@pytest.fixture(name="channel_of")
def make_channel_of(rabbit):
    opened = []

    def channel_of(user):
        connection = Connection(url_of(rabbit, user), connect_timeout=5)
        opened.append(connection)
        return connection.channel()

    yield channel_of
    for connection in opened:
        connection.release()


@pytest.fixture(name="body_queue")
def make_body_queue(channel_of):
    """Return a function by which a body makes a queue of its own, bound to its exchange."""
    made = []

    def declare(entity, key="#"):
        channel = channel_of(f"{entity}-consumer")
        name = f"{entity}.{uuid4().hex}"
        channel.queue_declare(name, durable=True, auto_delete=False)
        channel.queue_bind(name, f"{entity}.events", key)
        made.append(name)
        return name

    yield declare
    for name in made:
        channel_of(ADMINISTRATOR).queue_delete(name)


@pytest.fixture(name="run_router")
def make_run_router(rabbit, start_process, tmp_path):
    def run(**with_debtor):
        rows = [
            {"entity_code": one.entity_code, "password_hash": one.password_hash, "with_debtor": one.with_debtor}
            for one in consumers(**with_debtor)
        ]
        file = tmp_path / "consumers.json"
        file.write_text(json.dumps(rows))
        amqp_url = rabbit.url("entity-router", PASSWORD)
        return start_process(
            "-m", "chassis.entity_router", env={"AMQP_URL": amqp_url, "ENTITY_CONSUMERS_FILE": str(file)}
        )

    return run


def sample(name, entity=ONE):
    body = json.loads((PROJECT / "contracts" / "samples" / f"{name}.json").read_text())
    body["id"] = str(uuid4())
    data = body["data"]
    if "entity_code" in data:
        data["entity_code"] = entity
    else:
        data["creditor"]["code"] = entity
    return body


def emit(rabbit, *events):
    """Publish as the relays do; the router's queues must be there before."""
    by_source: dict[str, list[Any]] = {}
    for event in events:
        by_source.setdefault(EVENTS[event["type"]].source, []).append(event)
    for source, found in by_source.items():
        publisher = ConfirmedPublisher(url_of(rabbit, f"{source}-relay"))
        messages = [
            wire.event_message(event, event["id"], exchange=f"{source}.events", routing_key=event["type"])
            for event in found
        ]
        publisher.publish_all(messages)
        publisher.close()


def wait_for_router(channel_of):
    channel = channel_of(ADMINISTRATOR)
    for service in entity_consumers.ROUTED:
        for _ in ticks(WITHIN_S):
            try:
                if channel.queue_declare(f"entity-router.{service}", passive=True).consumer_count:
                    break
            except Exception:  # noqa: BLE001 -- not there yet
                channel = channel_of(ADMINISTRATOR)


def heard(channel_of, entity, queue, count):
    """Read so many different messages as the body does, and return their bodies by id."""
    found: dict[str, Any] = {}
    channel = channel_of(f"{entity}-consumer")
    for _ in ticks(WITHIN_S):
        while (message := channel.basic_get(queue, no_ack=True)) is not None:
            found[message.properties["message_id"]] = json.loads(message.body)
        if len(found) >= count:
            return found
    return found


def test_each_body_hears_its_own_events_and_no_others(rabbit, channel_of, body_queue, run_router):
    one, other = body_queue(ONE), body_queue(OTHER)
    run_router()
    wait_for_router(channel_of)
    of_one = [sample(name) for name, event in EVENTS.items() if event.source in entity_consumers.ROUTED]
    of_other = [sample("PaymentConfirmed.v1", OTHER), sample("PracticeCreated.v1", OTHER)]
    of_nobody = [sample("PaymentConfirmed.v1", SILENT)]
    emit(rabbit, *of_one, *of_other, *of_nobody)
    assert set(heard(channel_of, ONE, one, len(of_one))) == {event["id"] for event in of_one}
    assert set(heard(channel_of, OTHER, other, len(of_other))) == {event["id"] for event in of_other}


def test_the_debtors_code_and_address_are_left_out_unless_the_bodys_setting_says_so(
    rabbit, channel_of, body_queue, run_router
):
    one, other = body_queue(ONE), body_queue(OTHER)
    run_router(**{OTHER: True})
    wait_for_router(channel_of)
    events = {entity: [sample(name, entity) for name in sorted(DEBTOR_TYPES)] for entity in (ONE, OTHER)}
    emit(rabbit, *events[ONE], *events[OTHER])
    masked = heard(channel_of, ONE, one, 2)
    assert {event["data"]["debtor"]["fiscal_code"] for event in masked.values()} == {"ANONIMO"}
    assert {event["data"]["debtor"]["full_name"] for event in masked.values()} == {"Mario Rossi"}
    assert not [word for word in PERSONAL if word in json.dumps(list(masked.values()))]
    assert {event["data"]["external_id"] for event in masked.values()} == {"RETTA-2627-00001-5"}
    whole = heard(channel_of, OTHER, other, 2)
    assert whole == {event["id"]: event for event in events[OTHER]}


def test_a_body_takes_only_the_types_it_binds_to(rabbit, channel_of, body_queue, run_router):
    queue = body_queue(ONE, "PaymentConfirmed.v1")
    run_router()
    wait_for_router(channel_of)
    confirmed = sample("PaymentConfirmed.v1")
    emit(rabbit, sample("PaymentReported.v1"), confirmed, sample("PracticeCreated.v1"))
    assert list(heard(channel_of, ONE, queue, 1)) == [confirmed["id"]]


def test_a_router_killed_at_any_moment_loses_nothing(rabbit, channel_of, body_queue, run_router):
    queue = body_queue(ONE)
    running = run_router()
    wait_for_router(channel_of)
    events = [sample("PaymentConfirmed.v1") for _ in range(2_000)]
    drawn = random.Random(5)
    for first in range(0, len(events), 200):
        emit(rabbit, *events[first : first + 200])
        time.sleep(drawn.random() * 0.1)  # killed at any moment
        running.process.kill()
        running = run_router()
    found = heard(channel_of, ONE, queue, len(events))
    assert set(found) == {event["id"] for event in events}


def test_a_bodys_queue_that_refuses_what_it_has_no_room_for_holds_up_nobody_elses(
    rabbit, channel_of, body_queue, run_router
):
    other = body_queue(OTHER)
    channel, full = channel_of(f"{ONE}-consumer"), f"{ONE}.{uuid4().hex}"
    refuses = {"x-max-length": 1, "x-overflow": "reject-publish"}
    channel.queue_declare(full, durable=True, auto_delete=False, arguments=refuses)
    channel.queue_bind(full, f"{ONE}.events", "#")
    wide = body_queue(ONE)
    run_router()
    wait_for_router(channel_of)
    events = {entity: [sample("PaymentConfirmed.v1", entity) for _ in range(5)] for entity in (ONE, OTHER)}
    try:
        for one, another in zip(events[ONE], events[OTHER], strict=True):
            emit(rabbit, one, another)
        assert set(heard(channel_of, OTHER, other, 5)) == {event["id"] for event in events[OTHER]}
        assert set(heard(channel_of, ONE, wide, 5)) == {event["id"] for event in events[ONE]}
    finally:
        channel_of(ADMINISTRATOR).queue_delete(full)


@pytest.mark.parametrize(
    "data",
    [
        {"creditor": {"code": ONE}},
        {"creditor": {"code": ONE}, "debtor": None},
        {"creditor": {"code": ONE}, "debtor": []},
        {"creditor": {"code": ONE}, "debtor": {"full_name": 5}},
        {"entity_code": ONE, "debtor": "Mario Rossi"},
    ],
)
def test_what_is_no_event_is_told_and_stops_no_other(rabbit, channel_of, body_queue, run_router, data):
    queue = body_queue(ONE)
    running = run_router()
    wait_for_router(channel_of)
    odd = {"id": str(uuid4()), "type": "PracticeCreated.v1", "data": data}
    good = sample("PracticeCreated.v1")
    emit(rabbit, odd, good)
    found: dict[str, Any] = {}
    while good["id"] not in found:  # what a router before this one had not acknowledged comes once more
        more = heard(channel_of, ONE, queue, 1)
        assert more
        found |= more
    assert odd["id"] not in found
    assert "entity_router_unreadable" in running.log()


@pytest.mark.parametrize(
    "exchange", [f"{OTHER}.events", "payments.events", "practices.events", "nameko-rpc", "payments.queues"]
)
def test_a_body_cannot_listen_to_the_others_or_to_the_portal(channel_of, body_queue, exchange):
    channel_of(ADMINISTRATOR).exchange_declare("payments.queues", "topic", durable=True, auto_delete=False)
    queue = body_queue(ONE)
    with pytest.raises(AccessRefused):
        channel_of(f"{ONE}-consumer").queue_bind(queue, exchange, "#")


def test_a_body_cannot_read_or_delete_the_others_queues(channel_of, body_queue):
    theirs = body_queue(OTHER)
    for attempt in ("queue_purge", "queue_delete", "basic_get"):
        with pytest.raises(AccessRefused):
            getattr(channel_of(f"{ONE}-consumer"), attempt)(theirs)
    with pytest.raises(AccessRefused):
        Consumer(channel_of(f"{ONE}-consumer"), [Queue("entity-router.payments", no_declare=True)]).consume()


@pytest.mark.parametrize(
    "name", ["accounting", f"{OTHER}.accounting", "evt-payments-X.v1--practices.on_x", f"x{ONE}.a"]
)
def test_a_body_makes_queues_of_its_own_name_alone(channel_of, name):
    with pytest.raises(AccessRefused):
        channel_of(f"{ONE}-consumer").queue_declare(name, durable=True)


@pytest.mark.parametrize("exchange", [f"{ONE}.events", f"{OTHER}.events", "payments.events", "", "nameko-rpc"])
def test_a_body_publishes_nothing(rabbit, exchange):
    publisher = ConfirmedPublisher(url_of(rabbit, f"{ONE}-consumer"))
    with pytest.raises(PublishFailed):
        publisher.publish_all([wire.Message(exchange=exchange, routing_key="PaymentConfirmed.v1", body=b"{}")])
    publisher.close()


def test_a_body_cannot_take_its_exchange_away(channel_of):
    with pytest.raises(AccessRefused):
        channel_of(f"{ONE}-consumer").exchange_delete(f"{ONE}.events")


@pytest.mark.parametrize(
    "content",
    [
        "no JSON",
        '[{"entity": "PM108"}]',
        '[{"entity_code": "payments"}]',
        '[{"entity_code": "PM.108"}]',
        '[{"entity_code": ""}]',
    ],
)
def test_a_file_that_cannot_be_meant_stops_the_start(tmp_path: Path, content: str):
    file = tmp_path / "consumers.json"
    file.write_text(content)
    with pytest.raises(EnvError, match="ENTITY_CONSUMERS_FILE"):
        load(str(file))


def test_no_file_means_that_nobody_listens():
    assert load("") == ()


def test_a_body_without_a_password_gets_no_user(rabbit):
    with pytest.raises(EnvError, match="password_hash"):
        entity_consumers.apply(Management(rabbit.management_url), [EntityConsumer("PM400")])


@pytest.mark.parametrize("exchange", ["payments.events", "practices.queues", "", "nameko-rpc"])
def test_the_router_publishes_to_entities_alone(rabbit, channel_of, exchange):
    channel_of(ADMINISTRATOR).exchange_declare("practices.queues", "topic", durable=True, auto_delete=False)
    publisher = ConfirmedPublisher(url_of(rabbit, "entity-router"))
    with pytest.raises(PublishFailed):
        publisher.publish_all([wire.Message(exchange=exchange, routing_key="PaymentConfirmed.v1", body=b"{}")])
    publisher.close()


def test_the_command_makes_a_password_whose_hash_the_broker_takes(rabbit, environment, tmp_path):
    made = command(environment, "chassis.entity_consumers", "password")
    password, hashed = (line.split(": ")[1] for line in made.stdout.splitlines())
    file = tmp_path / "consumers.json"
    file.write_text(json.dumps([{"entity_code": "PM500", "password_hash": hashed}]))
    settings = {
        "ENTITY_CONSUMERS_FILE": str(file),
        "BROKER_ADMIN_URL": rabbit.management_url.replace(":administrator@", "@"),
        "BROKER_ADMIN_PASSWORD": "administrator",
    }
    done = command({**environment, **settings}, "chassis.entity_consumers", "apply")
    assert done.returncode == 0, done.stderr
    assert password not in done.stderr + done.stdout
    with Connection(rabbit.url("PM500-consumer", password), connect_timeout=5) as connection:
        connection.channel().queue_declare("PM500.accounting", exclusive=True)
