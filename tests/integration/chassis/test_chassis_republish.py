"""A queue purged by hand is filled again out of the outbox, and every consumer has exactly its effects."""

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from kombu import Connection, Queue

from chassis.clock import now
from chassis.messaging import wire
from chassis.messaging.outbox_replay import Wanted, republish
from chassis.storage import cleanup, outbox
from contracts.events.subscriptions import SUBSCRIPTIONS
from tests.conftest import wait_until_answering
from tests.integration.chassis import probe
from tests.integration.chassis.conftest import EVENT_QUEUE
from tests.integration.chassis.test_chassis_commands import command
from tests.integration.chassis.test_chassis_processes import emit, positions

PAYMENTS = "payments.on_practice_expired"


def purge(amqp_url, queue_name):
    with Connection(amqp_url) as connection:
        return Queue(queue_name)(connection.channel()).purge()


def taken_from(amqp_url, queue_name):
    with Connection(amqp_url) as connection:
        queue = Queue(queue_name)(connection.channel())
        letters = []
        while letter := queue.get(no_ack=True):
            letters.append(letter)
        return letters


def test_after_a_purge_and_a_republication_every_event_has_one_effect(
    run_probe, run_relay, rpc, database, effects, eventually, amqp_url
):
    first = run_probe()
    wait_until_answering(rpc, "probe", first)
    run_relay()
    for number in range(20):
        emit(database, number)
    eventually(lambda: len(effects()) == 20)
    first.stop()
    began = now()
    for number in range(20, 60):
        emit(database, number)
    eventually(lambda: None not in positions(database))
    assert purge(amqp_url, EVENT_QUEUE) == 40
    asked = {"amqp_url": amqp_url, "listeners": [probe.LISTENER]}
    assert republish("probe", database, Wanted(since=began), **asked) == 40
    wait_until_answering(rpc, "probe", run_probe())
    eventually(lambda: len(effects()) == 60)
    assert republish("probe", database, Wanted(), **asked) == 60
    assert republish("probe", database, Wanted(subject="7"), only=probe.LISTENER, **asked) == 1
    emit(database, 60)
    eventually(lambda: 60 in effects())
    assert effects() == list(range(61))


def test_a_queue_that_was_deleted_is_declared_before_its_events_are_published_again(
    run_relay, database, eventually, amqp_url, clean_broker
):
    run_relay()
    emit(database, 1)
    eventually(lambda: positions(database) == [1])
    with Connection(amqp_url) as connection:
        connection.channel().queue_delete(EVENT_QUEUE)
    assert republish("probe", database, Wanted(), amqp_url=amqp_url, listeners=[probe.LISTENER]) == 1
    assert len(taken_from(amqp_url, EVENT_QUEUE)) == 1


@pytest.fixture
def practices_outbox(service_database, amqp_url):
    """Three published events of practices: two expired (one weeks ago, one now), one of another subject and type."""
    for emitting in ("identity", "payments", "notices"):
        service_database(emitting)
    database = service_database("practices")
    rows = [
        ("PracticeExpired.v1", "a", now() - timedelta(days=80)),
        ("PracticeExpired.v1", "a", now()),
        ("PracticeCancelled.v1", "b", now()),
    ]
    ids = [uuid4() for _ in rows]
    with database.transaction() as tx:
        for position, (event_id, (type_name, subject, at)) in enumerate(zip(ids, rows, strict=True)):
            body = {"id": str(event_id), "correlationid": "visit-1"}
            tx.session.add(
                database.models.OutboxMessage(
                    event_id=event_id,
                    type=type_name,
                    subject=subject,
                    body=body,
                    created_at=at,
                    relayed_at=at,
                    position=position + 1,
                )
            )
        tx.session.add(
            database.models.OutboxMessage(
                event_id=uuid4(), type="PracticeExpired.v1", subject="a", body={}, created_at=now()
            )
        )
    return [str(event_id) for event_id in ids]


@pytest.fixture
def queues(environment, amqp_url):
    """Empty queues of the listeners to practices."""
    assert command(environment, "chassis.topology", "declare", "all").returncode == 0
    listeners = [listener for listener in SUBSCRIPTIONS if listener.event_type.source == "practices"]
    for listener in listeners:
        purge(amqp_url, listener.queue_name)
    yield {listener.consumer: listener.queue_name for listener in listeners}
    for listener in listeners:
        purge(amqp_url, listener.queue_name)


def test_the_command_takes_what_is_asked_for_with_its_own_ids(environment, amqp_url, practices_outbox, queues):
    yesterday = (now() - timedelta(days=1)).isoformat()
    done = command(environment, "chassis.outbox", "republish", "--since", yesterday, "--service", "practices")
    assert (done.returncode, done.stdout.split()) == (0, ["2", "practices"]), done.stderr
    (letter,) = taken_from(amqp_url, queues[PAYMENTS])
    assert letter.properties["message_id"] == practices_outbox[1]
    assert letter.headers == {"nameko.correlation_id": "visit-1"}
    assert letter.payload == {"id": practices_outbox[1], "correlationid": "visit-1"}
    assert [letter.properties["message_id"] for letter in taken_from(amqp_url, queues["notices.on_practice_expired"])]
    for consumer in ("payments.on_practice_cancelled", "notices.on_practice_cancelled"):
        assert len(taken_from(amqp_url, queues[consumer])) == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--type", "PracticeExpired.v1"], 2),
        (["--subject", "b"], 0),
        (["--type", "PracticeCancelled.v1", "--subject", "a"], 0),
        (["--to-consumer", wire.event_queue(next(s for s in SUBSCRIPTIONS if s.consumer == PAYMENTS)).name], 2),
    ],
)
def test_type_subject_and_consumer_narrow_it(environment, amqp_url, practices_outbox, queues, arguments, expected):
    begin = (now() - timedelta(days=85)).isoformat()
    done = command(environment, "chassis.outbox", "republish", "--since", begin, *arguments)
    assert done.returncode == 0, done.stderr
    assert len(taken_from(amqp_url, queues[PAYMENTS])) == expected
    others = [taken_from(amqp_url, name) for consumer, name in queues.items() if consumer != PAYMENTS]
    if "--to-consumer" in arguments:
        assert not any(others)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--since", "2026-01-01T00:00:00"],
        ["--since", "yesterday"],
        ["--since", "2026-01-01T00:00:00Z", "--to-consumer", "nobody"],
        ["--since", "2026-01-01T00:00:00Z", "--service", "cart"],
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(environment, arguments):
    done = command(environment, "chassis.outbox", "republish", *arguments)
    assert done.returncode == 2
    assert "usage: python -m chassis.outbox" in done.stderr


def test_what_inboxes_have_forgotten_is_not_sent_to_consumers_of_ours(
    environment, amqp_url, practices_outbox, queues, service_database
):
    database = service_database("practices")
    model = database.models.OutboxMessage
    with database.transaction() as tx:
        forgotten = now() - timedelta(days=outbox.REPLAYED_DAYS + 1)
        tx.session.execute(sa.update(model).where(model.position == 1).values(created_at=forgotten))
    command(environment, "chassis.outbox", "republish", "--since", "2025-01-01T00:00:00Z", "--service", "practices")
    assert [one.properties["message_id"] for one in taken_from(amqp_url, queues[PAYMENTS])] == practices_outbox[1:2]
    assert timedelta(days=outbox.REPLAYED_DAYS) < timedelta(days=cleanup.INBOX_KEPT_DAYS)
