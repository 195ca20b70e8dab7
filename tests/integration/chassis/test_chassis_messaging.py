"""RPC and events behave the same on RabbitMQ and on the broker inside the process."""

import itertools
import json
from uuid import uuid4

import pytest
import sqlalchemy as sa

from chassis.messaging.events import wrap
from tests.integration.chassis import probe
from tests.integration.chassis.conftest import EVENT_QUEUE


def event_message(event_id=None, *, sequence=1, **data):
    event_id = event_id or uuid4()
    body = wrap(
        probe.NUMBERED, probe.Number(**data), event_id=event_id, subject="n", sequence=sequence, time=probe.EXAMPLE_TIME
    )
    return {
        "exchange": "probe.events",
        "routing_key": "Numbered.v1",
        "body": json.dumps(body),
        "message_id": str(event_id),
    }


def test_a_reply_brings_back_what_the_service_returned(system):
    answer = system.call("ECHO", {"number": 3})
    assert answer["reply"]["number"] == 3
    assert answer["reply"]["id"] == str(probe.EXAMPLE_ID)
    assert answer["reply"]["at"] == "2026-03-29 01:30:00+00:00"


def test_the_correlation_id_goes_with_a_call_and_with_the_calls_it_causes(system):
    answer = system.call("RELAYED_ECHO", {"number": 3}, correlation_id="visit-42")
    assert answer["reply"]["text"] == "visit-42"
    assert {line["correlation_id"] for line in system.running.lines("rpc_served") if "echo" in line["method"]} == {
        "visit-42"
    }


def test_the_three_families_cross_the_wire_with_code_and_params(system):
    refused = system.call("ECHO", {"number": 1, "fault": "refused"})
    assert (refused["family"], refused["code"]) == ("Refused", "amount_not_allowed")
    assert refused["params"] == {"min_cents": 100, "unit_cents": 250}
    unavailable = system.call("ECHO", {"number": 1, "fault": "unavailable"})
    assert (unavailable["family"], unavailable["code"]) == ("Unavailable", "checkout_unavailable")
    broken = system.call("ECHO", {"number": 1, "fault": "broken"})
    assert (broken["family"], broken["code"]) == ("Broken", "internal_error")


def test_a_bug_arrives_as_broken_and_its_cause_stands_in_the_log_without_personal_data(system):
    answer = system.call("ECHO", {"number": 1, "fault": "bug"})
    assert (answer["family"], answer["code"]) == ("Broken", "internal_error")
    (line,) = system.running.lines("rpc_broken")
    assert "ZeroDivisionError" in line["exception"]
    assert "RSSMRA85T10A562S" not in system.running.log()


def test_an_error_travels_through_a_service_in_between(system):
    answer = system.call("RELAYED_ECHO", {"number": 1, "fault": "refused"})
    assert (answer["family"], answer["code"]) == ("Refused", "amount_not_allowed")


def test_an_unknown_service_is_told_at_once(system):
    answer = system.call("NOBODY", {"number": 1}, timeout_s=60)
    assert (answer["family"], answer["code"]) == ("Unavailable", "service_unavailable")
    assert answer["took_s"] < 30, "the answer did not wait for the deadline"


def test_an_unknown_method_is_a_bug_of_the_caller(system):
    answer = system.call("MISSING_METHOD", {"number": 1}, timeout_s=60)
    assert answer["family"] == "Broken"
    assert answer["took_s"] < 30, "the answer did not wait for the deadline"


def test_the_deadline_ends_the_wait_and_tells_whether_asking_again_is_harmless(system):
    idempotent = system.call("ECHO", {"number": 1, "sleep_s": 2}, timeout_s=0.5)
    assert idempotent["code"] == "service_unavailable"
    assert 0.5 <= idempotent["took_s"] < 2, "it ends at the deadline, not with the work"
    once_only = system.call("PAY", {"number": 1, "sleep_s": 2}, timeout_s=0.5)
    assert once_only["code"] == "outcome_unknown"


def test_a_service_in_between_waits_no_longer_than_its_own_caller(system, eventually):
    answer = system.call("RELAYED_ECHO", {"number": 1, "sleep_s": 3}, timeout_s=1)
    assert answer["code"] == "service_unavailable"
    served = eventually(
        lambda: [line for line in system.running.lines("rpc_served") if line["method"] == "probe.relayed_echo"]
    )
    assert served[0]["duration_ms"] < 3000, "it ends at the deadline, not with the work"


def test_sixteen_callers_at_once_each_get_their_own_answer(system):
    answers = system.call_at_once(name="ECHO", requests=[{"number": number} for number in range(400)])
    assert [answer["reply"]["number"] for answer in answers] == list(range(400))


@pytest.mark.parametrize(
    "poison",
    [
        {"body": '{"args": [], "kwargs": {"request": {"number": 1}}}'},
        {"body": "{}"},
        {"body": "null", "reply_to": "somebody"},
        {"body": "[]", "reply_to": "somebody"},
        {"body": "{}", "reply_to": "somebody"},
        {"body": '{"args": [], "kwargs": {"request": 7}}', "reply_to": "somebody"},
        {"body": '{"args": [1, 2], "kwargs": {"request": {"number": 1}, "more": 1}}', "reply_to": "somebody"},
        {"body": "{not json", "reply_to": "somebody"},
        {"body": "anything", "content_type": "application/x-foreign", "reply_to": "somebody"},
    ],
    ids=range(9),
)
def test_a_poisonous_request_is_dropped_and_the_service_goes_on(system, poison):
    system.publish(exchange="nameko-rpc", routing_key="probe.echo", **poison)
    assert system.call("ECHO", {"number": 4})["reply"]["number"] == 4
    assert system.queue_size(name="rpc-probe") == 0
    assert system.running.process.poll() is None


def test_a_request_that_does_not_fit_is_refused_with_its_fields(system):
    answer = system.call("ECHO_OF_NOTHING", {})
    assert (answer["family"], answer["code"]) == ("Refused", "invalid_request")
    assert list(answer["params"]["fields"]) == ["number"]
    assert system.call("ECHO_OF_A_WORD", {"number": "many"})["code"] == "invalid_request"


def test_an_emitted_event_has_its_effect_once_under_the_callers_correlation_id(system, database, effects, eventually):
    system.call("EMIT", {"number": 7}, correlation_id="visit-7")
    eventually(effects)
    with database.reading() as session:
        assert session.scalars(sa.select(probe.Effect.correlation_id)).all() == ["visit-7"]
        assert session.scalars(sa.select(probe.OutboxMessage.position)).all() == [1]


def test_an_event_delivered_twice_has_one_effect(system, effects, eventually):
    event_id = uuid4()
    system.publish(**event_message(event_id, number=1))
    system.publish(**event_message(event_id, number=1))
    system.publish(**event_message(number=2))
    eventually(lambda: sum(line["events"] for line in system.running.lines("event_handled")) == 3)
    assert effects() == [1, 2]


def test_a_failing_handler_is_retried_by_the_table_then_put_aside_then_replayed(system, database, effects, eventually):
    system.publish(**event_message(number=9, failures=3, fault="bug"))
    (letter,) = eventually(system.dead)
    assert letter["x-error"] == "ZeroDivisionError"
    assert letter["x-attempts"] == 3
    assert effects() == []
    with database.reading() as session:
        times = session.scalars(sa.select(probe.Attempt.at).order_by(probe.Attempt.at)).all()
    pauses_s = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(times)]
    assert len(pauses_s) == 2
    assert pauses_s[0] > 0.19
    assert pauses_s[1] > 0.39
    assert system.replay_dead() == 1
    assert eventually(effects) == [9]
    assert system.dead() == []


def test_an_outage_is_retried_beyond_the_table_and_never_given_up_on(system, effects, eventually):
    system.publish(**event_message(number=6, failures=5, fault="unavailable"))
    assert eventually(effects) == [6]
    assert system.dead() == []


@pytest.mark.parametrize("body", ["{not json", "null", "[]", '{"specversion": "1.0"}'])
def test_an_event_that_cannot_be_read_is_put_aside_at_once(system, body, eventually):
    system.publish(exchange="probe.events", routing_key="Numbered.v1", body=body, message_id=str(uuid4()))
    eventually(system.dead)
    assert system.queue_size(name=EVENT_QUEUE) == 0


def test_an_event_with_fields_of_a_newer_producer_is_understood(system, effects, eventually):
    message = event_message(number=5)
    body = json.loads(message["body"])
    body["data"]["added_later"] = body["added_later"] = 1
    system.publish(**{**message, "body": json.dumps(body)})
    assert eventually(effects) == [5]


def test_a_failing_timer_stops_nothing(system, eventually):
    eventually(lambda: len(system.running.lines("timer_failed")) >= 2)
    assert system.call("ECHO", {"number": 1})["reply"]["number"] == 1


def test_stopping_is_clean(system):
    system.call("ECHO", {"number": 1})
    assert system.end() == 0
