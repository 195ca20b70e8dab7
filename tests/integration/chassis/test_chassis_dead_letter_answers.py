"""Dead letters on a real broker, as a service answers about them."""

import json
from datetime import timedelta
from typing import Any

import pytest
from kombu import Connection

from chassis.audit import entries
from chassis.clock import now
from chassis.messaging import dead_letters, wire
from chassis.messaging.dead_letter_answers import DROPPED, drop, letters, note_in, queues, replay
from chassis.messaging.publisher import ConfirmedPublisher
from chassis.metrics import DEAD_LETTERS_SETTLED
from contracts.actors import Actor
from contracts.errors import ErrorCode, Refused
from contracts.events.subscriptions import SUBSCRIPTIONS
from contracts.rpc import dead_letters as calls
from contracts.rpc.audit import AuditRequest
from contracts.rpc.dead_letters import DeadLettersRequest, DropLettersRequest, ReplayLettersRequest
from tests.conftest import PROJECT
from tests.integration.chassis.test_chassis_republish import purge, taken_from

CREATED, CONFIRMED = "payments.on_practice_created", "practices.on_payment_confirmed"
PERSONAL = ("RSSMRA85T10A562S", "Mario Rossi", "Lucia Rossi", "Via Roma", "mario.rossi@example.org")
DIED_AT = now() - timedelta(hours=1)


def queue_of(consumer):
    return next(one.queue_name for one in SUBSCRIPTIONS if one.consumer == consumer)


def sample(name):
    return (PROJECT / "contracts" / "samples" / f"{name}.json").read_bytes()


@pytest.fixture
def bury(amqp_url):
    """Return a function that puts bodies into a consumer's dead letter queue, under ids 1, 2, …"""

    def put(consumer, *bodies):
        dead = wire.dead_letter_queue(queue_of(consumer))
        headers = {"x-attempts": 5, "x-error": "KeyError", "x-dead-at": DIED_AT.isoformat(), "x-consumer": consumer}
        publisher = ConfirmedPublisher(amqp_url)
        publisher.publish_all(
            [
                wire.Message(
                    exchange=dead.exchange.name,
                    routing_key=dead.name,
                    body=body,
                    headers=headers,
                    message_id=str(number),
                )
                for number, body in enumerate(bodies, start=1)
            ]
        )
        publisher.close()

    for consumer in (CREATED, CONFIRMED):
        emptied(amqp_url, queue_of(consumer))
    yield put
    for consumer in (CREATED, CONFIRMED):
        emptied(amqp_url, queue_of(consumer))


def emptied(amqp_url, name):
    with Connection(amqp_url) as connection:
        for queue in (wire.own_queue(name), wire.dead_letter_queue(name)):
            queue(connection.channel()).declare()
    purge(amqp_url, name)
    purge(amqp_url, f"{name}.dead")


def settled(consumer, how):
    return DEAD_LETTERS_SETTLED.labels(consumer, how)._value.get()


def test_the_list_tells_what_died_of_what_and_nothing_of_its_data(amqp_url, bury):
    bury(CREATED, sample("PracticeCreated.v1"), b"no JSON", b"[1]")
    found = letters(amqp_url, "payments", DeadLettersRequest(consumer=CREATED))
    assert found.waiting == 3
    first, second, third = found.letters
    assert (first.id, first.type, first.attempts, first.error) == ("1", "PracticeCreated.v1", 5, "KeyError")
    assert (first.subject, first.dead_at) == ("0f8fad5b-d9cb-469f-a165-70867728950e", DIED_AT)
    assert first.size_bytes == len(sample("PracticeCreated.v1"))
    assert {(one.type, one.subject, one.event) for one in (second, third)} == {(None, None, None)}
    assert first.event is None
    assert dead_letters.count(amqp_url, queue_of(CREATED)) == 3


@pytest.mark.parametrize("name", ["PracticeCreated.v1", "PaymentConfirmed.v1"])
def test_one_is_looked_at_without_the_persons_in_it_and_stays(amqp_url, bury, name):
    bury(CREATED, b"{}", sample(name))
    [letter] = letters(amqp_url, "payments", DeadLettersRequest(consumer=CREATED, id="2")).letters
    assert letter.event is not None
    assert letter.event["data"]["notice_number"] == json.loads(sample(name))["data"]["notice_number"]
    assert not [word for word in PERSONAL if word in json.dumps(letter.event)]
    assert dead_letters.count(amqp_url, queue_of(CREATED)) == 2


@pytest.mark.parametrize("body", [b"Mario Rossi", b'{"type": "PracticeCreated.v1", "data": "Mario Rossi"}', b"{}"])
def test_of_what_is_no_event_of_ours_nothing_is_shown(amqp_url, bury, body):
    bury(CREATED, body)
    [letter] = letters(amqp_url, "payments", DeadLettersRequest(consumer=CREATED, id="1")).letters
    assert letter.event is None


def test_one_is_replayed_to_its_consumer_and_the_others_stay_in_their_places(amqp_url, bury):
    bury(CREATED, b'{"n": 1}', b'{"n": 2}', b'{"n": 3}')
    before = settled(CREATED, "replayed")
    done = replay(amqp_url, "payments", ReplayLettersRequest(consumer=CREATED, id="2"))
    assert (done.count, done.waiting) == (1, 2)
    [again] = taken_from(amqp_url, queue_of(CREATED))
    assert (again.payload, again.properties["message_id"], again.headers) == ({"n": 2}, "2", {})
    left = letters(amqp_url, "payments", DeadLettersRequest(consumer=CREATED)).letters
    assert [letter.id for letter in left] == ["1", "3"]
    assert settled(CREATED, "replayed") == before + 1


def test_all_are_replayed_in_their_order(amqp_url, bury):
    bury(CREATED, *[b"%d" % number for number in range(5)])
    done = replay(amqp_url, "payments", ReplayLettersRequest(consumer=CREATED))
    assert (done.count, done.waiting) == (5, 0)
    assert [letter.payload for letter in taken_from(amqp_url, queue_of(CREATED))] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("letter_id", "left"), [("2", ["1", "3"]), (None, [])])
def test_one_or_all_are_dropped_and_counted(amqp_url, bury, letter_id, left):
    bury(CREATED, b"1", b"2", b"3")
    before = settled(CREATED, "dropped")
    done = drop(amqp_url, "payments", DropLettersRequest(consumer=CREATED, id=letter_id, reason="a reason"))
    assert (done.count, done.waiting) == (3 - len(left), len(left))
    found = letters(amqp_url, "payments", DeadLettersRequest(consumer=CREATED)).letters
    assert [letter.id for letter in found] == left
    assert settled(CREATED, "dropped") == before + done.count
    assert taken_from(amqp_url, queue_of(CREATED)) == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda url: letters(url, "payments", DeadLettersRequest(consumer=CREATED, id="9")),
        lambda url: replay(url, "payments", ReplayLettersRequest(consumer=CREATED, id="9")),
        lambda url: drop(url, "payments", DropLettersRequest(consumer=CREATED, id="9", reason="a reason")),
        lambda url: letters(url, "payments", DeadLettersRequest(consumer="payments.on_nothing")),
        lambda url: letters(url, "payments", DeadLettersRequest(consumer=CONFIRMED)),
    ],
)
def test_a_letter_that_is_not_there_and_another_services_consumer_are_not_found(amqp_url, bury, ask):
    bury(CREATED, b"1")
    with pytest.raises(Refused) as refused:
        ask(amqp_url)
    assert refused.value.code is ErrorCode.NOT_FOUND
    assert dead_letters.count(amqp_url, queue_of(CREATED)) == 1


def test_a_running_service_answers_about_its_own(amqp_url, bury, run_service, rpc):
    run_service("payments")
    bury(CREATED, b"no JSON")
    told = {
        one.consumer: one.waiting
        for one in rpc.call(calls.queues_call("payments"), calls.DeadLetterQueuesRequest()).queues
    }
    own = [one.consumer for one in SUBSCRIPTIONS if one.consumer.startswith("payments.")]
    assert told == {consumer: int(consumer == CREATED) for consumer in own}
    [letter] = rpc.call(calls.letters_call("payments"), DeadLettersRequest(consumer=CREATED)).letters
    assert letter.id == "1"
    dropped = DropLettersRequest(consumer=CREATED, id="1", reason="a reason")
    assert rpc.call(calls.drop_call("payments"), dropped).count == 1


# ---- of one entity, for its office


def of_entity(entity_code, name="PracticeCreated.v1"):
    body = json.loads(sample(name))
    body["data"]["entity_code"] = entity_code
    return json.dumps(body).encode()


def test_an_entity_sees_and_settles_its_own_letters_alone(amqp_url, bury, service_database):
    bury(CREATED, of_entity("PM200"), of_entity("PM108"), b"no JSON", b'{"type": "x", "data": []}', of_entity("PM108"))
    mine: dict[str, Any] = {"consumer": CREATED, "entity_code": "PM108"}
    found = letters(amqp_url, "payments", DeadLettersRequest(**mine))
    assert ([one.id for one in found.letters], found.waiting) == (["2", "5"], 2)
    told = queues(amqp_url, "payments", calls.DeadLetterQueuesRequest(entity_code="PM108")).queues
    assert {one.consumer: one.waiting for one in told}[CREATED] == 2
    for ask in (
        lambda: letters(amqp_url, "payments", DeadLettersRequest(**mine, id="1")),
        lambda: replay(amqp_url, "payments", ReplayLettersRequest(**mine, id="1")),
        lambda: drop(amqp_url, "payments", DropLettersRequest(**mine, id="3", reason="a reason")),
    ):
        with pytest.raises(Refused):
            ask()
    assert replay(amqp_url, "payments", ReplayLettersRequest(**mine, id="2")).waiting == 1
    done = drop(amqp_url, "payments", DropLettersRequest(**mine, reason="a reason"))
    assert (done.count, done.waiting) == (1, 0)
    left = letters(amqp_url, "payments", DeadLettersRequest(consumer=CREATED)).letters
    assert [letter.id for letter in left] == ["1", "3", "4"]


def test_an_entitys_first_letters_are_found_behind_those_of_others(amqp_url, bury):
    bury(CREATED, *[of_entity("PM200")] * 30, of_entity("PM108"))
    found = letters(amqp_url, "payments", DeadLettersRequest(consumer=CREATED, entity_code="PM108", limit=1))
    assert [one.id for one in found.letters] == ["31"]


@pytest.mark.parametrize("service", calls.HEARING)
def test_who_settles_a_letter_stands_in_the_audit_of_its_service(service_database, service):
    database = service_database(service)
    actor = Actor(kind="operator", id="0f0e")
    asked = DropLettersRequest(consumer="x.on_y", id="2", reason="Doppio", entity_code="PM108", actor=actor)
    note_in(database, DROPPED, asked, asked.reason, now())
    note_in(database, DROPPED, DropLettersRequest(consumer="x.on_y", reason="ops"), "ops", now())
    with database.reading() as session:
        page = entries.page(session, database.models.AuditEntry, AuditRequest(entity_code="PM108"))
    [entry] = page.entries
    assert (entry.operation, entry.subject, entry.reason) == ("dead_letters.drop", "2", "Doppio")
    assert (entry.actor, entry.after) == (actor, {"consumer": "x.on_y"})


def test_a_letter_that_is_not_there_leaves_no_entry(amqp_url, bury):
    bury(CREATED, of_entity("PM200"))
    noted = []
    actor = Actor(kind="operator", id="0f0e")
    asked = DropLettersRequest(consumer=CREATED, id="1", reason="x", entity_code="PM108", actor=actor)
    with pytest.raises(Refused):
        drop(amqp_url, "payments", asked, lambda *told: noted.append(told))
    assert noted == []
    assert dead_letters.count(amqp_url, queue_of(CREATED)) == 1
