"""The chassis' commands as ops call them, on the real services."""

import json
import os
import socket
import subprocess
import sys
import urllib.request
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from kombu import Connection, Queue

from chassis.clock import now
from chassis.messaging import dead_letters, wire
from chassis.messaging.publisher import ConfirmedPublisher
from chassis.runtime import topology
from chassis.runtime.container import load_service
from chassis.storage import migrations
from contracts.events.subscriptions import SUBSCRIPTIONS
from tests.conftest import wait_until_answering
from tests.integration.chassis import probe
from tests.integration.chassis.conftest import EVENT_QUEUE


def command(environment, *arguments):
    return subprocess.run(
        [sys.executable, "-m", *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["chassis.run"],
        ["chassis.run", "--help"],
        ["chassis.relay", "--help"],
        ["chassis.background", "--help"],
        ["chassis.health", "--help"],
        ["chassis.relay"],
        ["chassis.health"],
        ["chassis.migrations", "upgrade"],
        ["chassis.topology", "declare"],
        ["chassis.dead_letters", "bury"],
        ["chassis.dead_letters", "discard"],
        ["chassis.dead_letters", "discard", SUBSCRIPTIONS[0].queue_name, "all"],
        ["chassis.dead_letters", "discard", SUBSCRIPTIONS[0].queue_name, "all", " "],
        ["chassis.dead_letters", "discard", "no-such-queue", "all", "a reason"],
    ],
)
def test_a_command_used_wrongly_says_how_it_is_used(environment, arguments):
    done = command(environment, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: python -m chassis.")


def test_a_missing_setting_is_one_clear_line(environment):
    environment.pop("SPID_SP_CERT_FILES", None)
    done = command(environment, "chassis.run", "identity")
    assert done.returncode == 78
    assert done.stderr == 'identity: Environment variable "SPID_SP_CERT_FILES" not set\n'


def test_health_tells_a_service_that_answers_from_one_that_does_not(environment, clean_broker, run_probe, rpc):
    assert command(environment, "chassis.health", "probe").returncode == 1
    running = run_probe()
    wait_until_answering(rpc, "probe", running)
    assert command(environment, "chassis.health", "probe").returncode == 0


def test_health_of_a_relay_is_whether_events_leave(environment, service_database):
    database = service_database("practices")
    assert command(environment, "chassis.health", "practices-relay").returncode == 0
    stuck = database.models.OutboxMessage(
        event_id=uuid4(), type="x", subject="x", body={}, created_at=now() - timedelta(minutes=2)
    )
    with database.transaction() as tx:
        tx.session.add(stuck)
    assert command(environment, "chassis.health", "practices-relay").returncode == 1
    environment["DATABASE_URL"] = "postgresql://postgres@127.0.0.1:1/nowhere"
    assert command(environment, "chassis.health", "practices-relay").returncode == 1


def test_metrics_are_served_where_a_port_is_set(run_probe, rpc, free_port):
    wait_until_answering(rpc, "probe", run_probe(METRICS_PORT=str(free_port)))
    with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    assert 'rpc_served_seconds_count{method="probe.ping",outcome="ok"}' in text


def test_port_0_serves_metrics_on_any_free_port_and_says_on_which(run_probe, rpc, eventually):
    services = [run_probe(METRICS_PORT="0"), run_probe(METRICS_PORT="0")]
    ports = [eventually(lambda one=one: one.lines("metrics_served"))[0]["port"] for one in services]
    assert len(set(ports)) == 2
    for port in ports:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
            assert "rpc_served_seconds" in answer.read().decode()


@pytest.mark.parametrize("module", ["chassis.run", "chassis.relay"])
def test_a_metrics_port_that_is_taken_is_told_in_words(environment, service_database, module):
    service_database("practices")
    with socket.create_server(("0.0.0.0", 0)) as taken:
        environment["METRICS_PORT"] = str(taken.getsockname()[1])
        done = command(environment, module, "practices")
    assert done.returncode == os.EX_CONFIG
    assert f"METRICS_PORT: {environment['METRICS_PORT']} cannot be used (Address already in use)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def free_port():
    with socket.socket() as chooser:
        chooser.bind(("127.0.0.1", 0))
        return chooser.getsockname()[1]


def test_every_queue_the_services_listen_on_is_declared_ahead(environment, amqp_url):
    done = command(environment, "chassis.topology", "declare", "all")
    assert done.returncode == 0, done.stderr
    with Connection(amqp_url) as connection:
        channel = connection.channel()
        for name in topology.service_names():
            for subscription in topology.subscriptions(load_service(name)):
                Queue(subscription.queue_name)(channel).queue_declare(passive=True)
                Queue(f"{subscription.queue_name}.dead")(channel).queue_declare(passive=True)


def test_the_relays_know_every_listener_of_the_services_and_no_other():
    listening = [
        subscription for name in topology.service_names() for subscription in topology.subscriptions(load_service(name))
    ]
    assert sorted(listening, key=lambda listener: listener.queue_name) == sorted(
        SUBSCRIPTIONS, key=lambda listener: listener.queue_name
    )


def test_every_event_listened_to_has_a_source_with_an_outbox():
    for subscription in SUBSCRIPTIONS:
        assert subscription.event_type.source in migrations.services_with_migrations()


def test_dead_letters_are_listed_without_their_data_and_stay(environment, amqp_url, clean_broker):
    publisher = ConfirmedPublisher(
        amqp_url, declare=[wire.event_queue(probe.LISTENER), wire.dead_letter_queue(EVENT_QUEUE)]
    )
    letter = wire.Message(
        "", f"{EVENT_QUEUE}.dead", '{"data": "RSSMRA85T10A562S"}', message_id="7", headers={"x-error": "KeyError"}
    )
    publisher.publish_all([letter])
    for _ in range(2):
        (shown,) = dead_letters.look(amqp_url, EVENT_QUEUE)
        assert shown == {"id": "7", "x-error": "KeyError", "x-attempts": None, "x-dead-at": None}
    assert dead_letters.count(amqp_url, EVENT_QUEUE) == 1
    done = command(environment, "chassis.dead_letters", "replay", EVENT_QUEUE)
    assert done.stdout.split() == ["1", EVENT_QUEUE]
    assert dead_letters.count(amqp_url, EVENT_QUEUE) == 0
    publisher.close()


def test_a_dead_letter_is_discarded_with_a_reason_and_the_others_stay(environment, amqp_url):
    queue_name = SUBSCRIPTIONS[0].queue_name
    publisher = ConfirmedPublisher(amqp_url, declare=[wire.dead_letter_queue(queue_name)])
    letters = [
        wire.Message("", f"{queue_name}.dead", "RSSMRA85T10A562S", message_id=one, headers={"x-error": "KeyError"})
        for one in "789"
    ]
    publisher.publish_all(letters)
    publisher.close()
    discarding = ("chassis.dead_letters", "discard", queue_name)
    done = command(environment, *discarding, "8", "a test of", "the entity's")
    assert (done.returncode, done.stdout.splitlines()[-1].split()) == (0, ["1", queue_name])
    assert [letter["id"] for letter in dead_letters.look(amqp_url, queue_name)] == ["7", "9"]
    (line,) = [json.loads(one) for one in done.stdout.splitlines() if "dead_letter_discarded" in one]
    assert (line["message_id"], line["reason"], line["error"]) == ("8", "a test of the entity's", "KeyError")
    assert "RSSMRA85T10A562S" not in done.stdout
    assert command(environment, *discarding, "8", "again").returncode == 1
    assert command(environment, *discarding, "all", "old tests").stdout.splitlines()[-1].split() == ["2", queue_name]
    assert dead_letters.count(amqp_url, queue_name) == 0


def test_the_list_names_every_consumer(environment):
    done = command(environment, "chassis.dead_letters", "list")
    assert done.returncode == 0, done.stderr
    for name in topology.service_names():
        for subscription in topology.subscriptions(load_service(name)):
            assert subscription.queue_name in done.stdout


@pytest.mark.parametrize(
    ("arguments", "event"), [(["chassis.relay", "all"], "relay"), (["chassis.background"], "background")]
)
def test_one_process_relays_for_all_services_each_on_its_own_connection(
    environment, start_process, service_database, eventually, arguments, event
):
    databases = {name: service_database(name) for name in ("identity", "notices", "payments", "practices")}
    for database in databases.values():
        waiting = database.models.OutboxMessage(event_id=uuid4(), type="x.v1", subject="x", body={}, created_at=now())
        with database.transaction() as tx:
            tx.session.add(waiting)
    process = start_process("-m", *arguments)

    def left():
        found = []
        for name, database in databases.items():
            with database.reading() as session:
                model = database.models.OutboxMessage
                found += [name] * session.query(model).filter(model.relayed_at.is_(None)).count()
        return found

    eventually(lambda: left() == [])
    with databases["identity"].reading() as session:
        listing = sa.text(
            "SELECT DISTINCT application_name FROM pg_stat_activity WHERE application_name LIKE '%-relay'"
        )
        assert {f"{name}-relay" for name in databases} <= set(session.scalars(listing))
    assert command(environment, "chassis.health", "all-relay").returncode == 0
    assert process.stop() == 0
    assert process.lines(f"{event}_stopped")


def test_what_works_in_the_background_is_the_relays_and_what_payments_sends(
    environment, start_process, service_database, eventually
):
    for name in ("identity", "notices", "payments", "practices"):
        service_database(name)
    process = start_process("-m", "chassis.background")
    (started,) = eventually(lambda: process.lines("background_started"))
    assert started["parts"] == [
        *("identity-relay", "notices-relay", "payments-relay", "practices-relay"),
        *("payments-outbound", "payments-webhooks"),
    ]
    assert process.stop() == 0
    assert {line["part"] for line in process.lines("background_ended")} == set(started["parts"])


def test_one_database_out_of_reach_stops_no_other_services_relay(start_process, service_database, eventually):
    for name in ("identity", "notices", "payments"):
        service_database(name)
    database = service_database("practices")
    relay = start_process(
        "-m", "chassis.relay", "all", env={"IDENTITY_DATABASE_URL": "postgresql://postgres@127.0.0.1:1/nowhere"}
    )
    eventually(lambda: relay.lines("relay_interrupted"))
    waiting = database.models.OutboxMessage(event_id=uuid4(), type="x.v1", subject="x", body={}, created_at=now())
    with database.transaction() as tx:
        tx.session.add(waiting)
    model = database.models.OutboxMessage

    def relayed():
        with database.reading() as session:
            return session.query(model).filter(model.relayed_at.is_not(None)).count()

    assert eventually(relayed) == 1
    assert {line["service"] for line in relay.lines("relay_interrupted")} == {"identity"}
