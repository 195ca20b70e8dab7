"""Events handled in batches: what goes wrong with one, or in the middle, changes nothing for the others."""

import json
import random
from uuid import uuid4

import pytest

from chassis.messaging import dead_letters, wire
from chassis.messaging.events import wrap
from chassis.messaging.publisher import ConfirmedPublisher
from tests.conftest import wait_until_answering
from tests.integration.chassis import probe
from tests.integration.chassis.conftest import EVENT_QUEUE
from tests.integration.chassis.test_chassis_processes import answers


def event_message(number, *, subject=None, headers=None, **data):
    event_id = uuid4()
    body = wrap(
        probe.NUMBERED,
        probe.Number(number=number, **data),
        event_id=event_id,
        subject=subject or str(number),
        sequence=1,
        time=probe.EXAMPLE_TIME,
    )
    return wire.Message(
        "probe.events", "Numbered.v1", json.dumps(body), message_id=str(event_id), headers=headers or {}
    )


@pytest.fixture
def put_into_the_queue(amqp_url, clean_broker):
    """Put messages into the handler's queue before there is a handler, so that they are there together."""

    def put(messages):
        publisher = ConfirmedPublisher(
            amqp_url, declare=[wire.event_exchange("probe"), wire.event_queue(probe.LISTENER)]
        )
        publisher.publish_all(messages)
        publisher.close()

    return put


def test_a_poisonous_event_among_a_hundred_hurts_no_other_and_its_attempts_are_counted_alone(
    run_probe, put_into_the_queue, effects, attempts, eventually, amqp_url, dead_letters_waiting
):
    put_into_the_queue(
        [event_message(number, failures=99 if number == 50 else 0, fault="bug") for number in range(100)]
    )
    service = run_probe()
    eventually(lambda: dead_letters_waiting() == 1)
    assert effects() == [number for number in range(100) if number != 50]
    (letter,) = dead_letters.look(amqp_url, EVENT_QUEUE)
    assert (letter["x-error"], letter["x-attempts"]) == ("ZeroDivisionError", 3)
    # Once in the batch, once alone, and two retries by the table of two waits.
    assert attempts().count(50) == 4
    assert [line["error"] for line in service.lines("events_one_by_one")] == ["ZeroDivisionError"]


def test_an_event_that_is_twice_in_a_batch_has_one_effect(run_probe, put_into_the_queue, effects, attempts, eventually):
    once = [event_message(number) for number in range(30)]
    put_into_the_queue([message for message in once for _ in range(2)] + once)
    service = run_probe()
    eventually(lambda: sum(line["events"] for line in service.lines("event_handled")) == 90)
    assert effects() == list(range(30))
    assert attempts() == list(range(30))


def test_an_event_of_another_type_is_put_aside_and_the_others_are_handled(
    run_probe, put_into_the_queue, effects, eventually, dead_letters_waiting
):
    other = event_message(7)
    body = json.loads(other.body) | {"type": "Other.v1"}
    stranger = wire.Message("probe.events", "Numbered.v1", json.dumps(body), message_id=other.message_id)
    put_into_the_queue([event_message(1), stranger, event_message(2)])
    run_probe()
    eventually(lambda: effects() == [1, 2])
    eventually(lambda: dead_letters_waiting() == 1)


@pytest.mark.parametrize("headers", [{"x-attempt": "many"}, {"x-attempt": -5}, {"nameko.correlation_id": 7}])
def test_headers_that_nobody_of_ours_has_written_stop_nothing(
    run_probe, put_into_the_queue, effects, eventually, headers
):
    put_into_the_queue([event_message(1, failures=1, fault="bug", headers=headers), event_message(2)])
    service = run_probe()
    eventually(lambda: effects() == [1, 2])
    assert service.lines("consumer_connection_lost") == []


def test_a_connection_lost_while_a_batch_is_worked_on_has_each_event_one_effect(
    run_probe, put_into_the_queue, effects, attempts, eventually, amqp_url, proxied
):
    url, proxy = proxied(amqp_url, 5672)
    proxy.open()
    put_into_the_queue([event_message(number, sleep_s=0.1) for number in range(20)])
    service = run_probe(AMQP_URL=url)
    eventually(attempts)
    proxy.cut()
    eventually(lambda: len(effects()) >= 20)
    eventually(lambda: sum(line["events"] for line in service.lines("event_handled")) > 20)
    assert effects() == list(range(20))


def test_a_process_that_stops_finishes_its_batch_and_leaves_the_rest_to_others(
    run_probe, put_into_the_queue, effects, attempts, eventually, rpc
):
    put_into_the_queue([event_message(number, sleep_s=0.03) for number in range(180)])
    first = run_probe()
    eventually(attempts)
    assert first.stop() == 0
    done = effects()
    assert done
    assert len(done) < 180
    second = run_probe()
    wait_until_answering(rpc, "probe", second)
    eventually(lambda: len(effects()) == 180)
    assert effects() == list(range(180))
    assert attempts() == list(range(180))


def test_two_processes_on_the_same_subjects_and_the_same_events_do_not_stop_each_other(
    run_probe, put_into_the_queue, effects, eventually
):
    once = [event_message(number, subject=str(number % 7)) for number in range(400)]
    both = once * 2
    random.Random(1).shuffle(both)
    put_into_the_queue(both)
    services = [run_probe(), run_probe()]

    def handled():
        return sum(line["events"] for service in services for line in service.lines("event_handled"))

    # On a slow machine a batch may wait too long for the other's rows: it is put off and comes again.
    eventually(lambda: handled() >= 800)
    eventually(lambda: effects() == list(range(400)))
    for service in services:
        assert service.lines("event_handled")
        assert service.lines("event_dead_lettered") == []


def test_a_batch_whose_database_is_away_waits_for_it_as_one_and_not_a_hundred_times(
    run_probe, put_into_the_queue, effects, eventually, database_url, proxied
):
    url, proxy = proxied(database_url, 5432)
    put_into_the_queue([event_message(number) for number in range(100)])
    service = run_probe(DATABASE_URL=url)
    eventually(lambda: len(service.lines("event_put_off")) >= 100)
    assert len(service.lines("event_failed")) <= 3
    proxy.open()
    eventually(lambda: effects() == list(range(100)))


def test_a_batch_does_not_hold_up_calls(run_probe, put_into_the_queue, eventually, attempts, rpc):
    put_into_the_queue([event_message(number, sleep_s=0.05) for number in range(100)])
    run_probe()
    eventually(attempts)
    eventually(lambda: answers(rpc))
    assert len(attempts()) < 100, "the call was answered while the batch was under way"
