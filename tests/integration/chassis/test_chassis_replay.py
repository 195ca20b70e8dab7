"""A consumer asks for the past: it comes to its queue, as published, and to nobody else's."""

from datetime import timedelta
from uuid import uuid4

import pytest
from kombu import Connection, Exchange, Queue

from chassis.clock import now
from contracts.events.subscriptions import SUBSCRIPTIONS
from tests.integration.chassis.test_chassis_commands import command
from tests.integration.chassis.test_chassis_republish import purge, taken_from

CONFIRMED, DUPLICATED, CREATED = "PaymentConfirmed.v1", "PaymentDuplicated.v1", "PracticeCreated.v1"
ACCOUNTING, BESIDE = "accounting.of-this-test", "beside.of-this-test"


@pytest.fixture
def past(service_database):
    """Published events by the days since they were emitted; returns their ids in that order, oldest first."""
    databases = {name: service_database(name) for name in ("payments", "practices")}
    rows = [
        ("payments", CONFIRMED, "a", 300),
        ("practices", CREATED, "a", 200),
        ("payments", CONFIRMED, "b", 100),
        ("payments", DUPLICATED, "b", 50),
        ("payments", CONFIRMED, "c", 10),
    ]
    ids = []
    for place, (service, event_type, subject, days) in enumerate(rows, start=1):
        event_id, at = uuid4(), now() - timedelta(days=days)
        ids.append(str(event_id))
        model = databases[service].models.OutboxMessage
        with databases[service].transaction() as tx:
            tx.session.add(
                model(
                    event_id=event_id,
                    type=event_type,
                    subject=subject,
                    body={"id": str(event_id), "type": event_type},
                    created_at=at,
                    relayed_at=at,
                    position=place,
                )
            )
    return ids


@pytest.fixture
def queues(amqp_url):
    """Two outside consumers of the same exchange."""
    exchange = Exchange("payments.events", type="topic", durable=True)
    with Connection(amqp_url) as connection:
        channel = connection.channel()
        for name in (ACCOUNTING, BESIDE):
            Queue(name, exchange=exchange, routing_key="#", durable=True)(channel).declare()
            purge(amqp_url, name)
        yield
        for name in (ACCOUNTING, BESIDE):
            channel.queue_delete(name)


def days_ago(days):
    return (now() - timedelta(days=days)).isoformat()


def replayed(environment, *arguments):
    return command(environment, "chassis.replay", "--consumer", ACCOUNTING, *arguments)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--type", CONFIRMED], [0, 2, 4]),
        (["--type", CONFIRMED, "--type", DUPLICATED, "--type", CREATED], [0, 2, 3, 4, 1]),
        (["--type", DUPLICATED], [3]),
        (["--type", CONFIRMED, "--subject", "b"], [2]),
    ],
)
def test_one_queue_gets_the_past_of_types_and_subject_asked_for_and_no_other_queue_does(
    environment, amqp_url, past, queues, arguments, expected
):
    done = replayed(environment, "--from", days_ago(399), *arguments)
    assert (done.returncode, done.stdout) == (0, f"{len(expected)} events to {ACCOUNTING}\n"), done.stderr
    letters = taken_from(amqp_url, ACCOUNTING)
    assert [letter.properties["message_id"] for letter in letters] == [past[number] for number in expected]
    assert letters[0].payload["id"] == past[expected[0]]
    assert taken_from(amqp_url, BESIDE) == []


def test_a_period_begins_with_its_first_moment_and_ends_before_its_last(environment, amqp_url, past, queues):
    done = replayed(environment, "--from", days_ago(101), "--to", days_ago(11), "--type", CONFIRMED)
    assert done.returncode == 0, done.stderr
    assert [letter.properties["message_id"] for letter in taken_from(amqp_url, ACCOUNTING)] == [past[2]]


def test_a_queue_that_is_not_there_is_named_and_nothing_is_sent(environment, past):
    done = replayed(environment, "--from", days_ago(399), "--type", CONFIRMED)
    assert done.returncode == 1
    assert f"there is no queue {ACCOUNTING}" in done.stderr


def test_a_consumer_of_ours_takes_its_own_type_as_far_as_its_inbox_remembers(environment, amqp_url, past):
    ours = next(one.queue_name for one in SUBSCRIPTIONS if one.consumer == "cart.on_payment_confirmed")
    assert command(environment, "chassis.topology", "declare", "cart").returncode == 0
    purge(amqp_url, ours)
    done = command(environment, "chassis.replay", "--consumer", ours, "--from", days_ago(399))
    assert done.stdout == f"1 events to {ours}\n", done.stderr
    assert [letter.properties["message_id"] for letter in taken_from(amqp_url, ours)] == [past[4]]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--from", "2026-01-01T00:00:00Z"],
        ["--from", "2026-01-01T00:00:00", "--type", CONFIRMED],
        ["--from", "2026-01-01T00:00:00Z", "--type", "Invented.v1"],
        ["--type", CONFIRMED],
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(environment, arguments):
    done = replayed(environment, *arguments)
    assert done.returncode == 2
    assert "usage: python -m chassis.replay" in done.stderr


def test_of_a_consumer_of_ours_another_type_is_refused(environment):
    ours = next(one.queue_name for one in SUBSCRIPTIONS if one.consumer == "cart.on_payment_confirmed")
    done = command(environment, "chassis.replay", "--consumer", ours, "--from", days_ago(1), "--type", CREATED)
    assert (done.returncode, f"takes {CONFIRMED} alone" in done.stderr) == (2, True)
