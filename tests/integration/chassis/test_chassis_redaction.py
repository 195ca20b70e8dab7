"""The debtor is taken out of the outbox's copies of events 30 days after they were relayed, by whatever relays them."""

import json
import threading
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from chassis.clock import now
from chassis.messaging import outbox_replay
from chassis.messaging.events import read_event
from chassis.messaging.relay import relay_of
from chassis.storage import event_feed, outbox
from contracts.events import EVENTS
from contracts.events.redaction import BENEFICIARY_TYPES, DEBTOR_TYPES, PERSONAL_TYPES, without_person
from contracts.rpc.practices import EventsRequest
from services.practices import models
from tests.conftest import PROJECT

PERSONAL = ("RSSMRA85T10A562S", "Mario Rossi", "Lucia Rossi", "Via Roma", "mario.rossi@example.org", "Pianoforte")
DONE_WITHIN_S = 60


def sample(event_type):
    return json.loads((PROJECT / "contracts" / "samples" / f"{event_type}.json").read_text())


@pytest.fixture(name="database")
def make_database(service_database):
    return service_database("practices")


def store(database, event_type, *, days, relayed=True):
    """Write an event that was emitted, and perhaps relayed, so many days ago; return its id."""
    at = now() - timedelta(days=days)
    event_id = uuid4()
    with database.transaction() as tx:
        position = tx.session.scalar(sa.select(sa.func.coalesce(sa.func.max(models.OutboxMessage.position), 0))) + 1
        tx.session.add(
            models.OutboxMessage(
                event_id=event_id,
                type=event_type,
                subject="x",
                body=sample(event_type),
                created_at=at,
                relayed_at=at if relayed else None,
                position=position if relayed else None,
            )
        )
    return event_id


def bodies(database):
    with database.reading() as session:
        return dict(session.execute(sa.select(models.OutboxMessage.event_id, models.OutboxMessage.body)).all())


def redact_all(database):
    with database.transaction() as tx:
        return outbox.redact(tx.session, models.OutboxMessage, now())


@pytest.mark.parametrize("event_type", sorted(PERSONAL_TYPES))
def test_thirty_days_after_it_was_relayed_an_event_names_nobody(database, event_type):
    old, newer = store(database, event_type, days=31), store(database, event_type, days=29)
    waiting = store(database, event_type, days=31, relayed=False)
    assert redact_all(database) == 1
    assert redact_all(database) == 0
    found = bodies(database)
    assert not [word for word in PERSONAL if word in json.dumps(found[old])]
    assert found[newer] == found[waiting] == sample(event_type)


@pytest.mark.parametrize("event_type", sorted(DEBTOR_TYPES))
def test_what_is_left_is_still_an_event_of_its_type(event_type):
    before, after = sample(event_type), without_person(sample(event_type))
    event = read_event(EVENTS[event_type], after)
    assert event.data.debtor.fiscal_code == "ANONIMO"
    assert event.data.description == before["data"]["public_description"]
    unchanged = set(before["data"]) - {"debtor", "description", "transfers", "beneficiary"}
    assert {name: after["data"][name] for name in unchanged} == {name: before["data"][name] for name in unchanged}
    assert after["redacted"] is True


@pytest.mark.parametrize("event_type", sorted(BENEFICIARY_TYPES))
def test_an_event_about_money_loses_the_beneficiary_and_nothing_else(event_type):
    before, after = sample(event_type), without_person(sample(event_type))
    assert read_event(EVENTS[event_type], after).data.beneficiary is None
    assert after == {**before, "redacted": True, "data": {**before["data"], "beneficiary": None}}


@pytest.mark.parametrize("event_type", sorted(BENEFICIARY_TYPES))
def test_an_event_about_money_is_published_again_whether_its_beneficiary_is_gone_or_not(database, event_type):
    old, newer = store(database, event_type, days=31), store(database, event_type, days=1)
    redact_all(database)
    again = [row.event_id for batch in outbox_replay.published(database, outbox_replay.Wanted()) for row in batch]
    assert again == [old, newer]


def test_an_event_about_money_without_beneficiary_stays_as_it_is(database):
    body = sample("PaymentConfirmed.v1")
    body["data"]["beneficiary"] = None
    with database.transaction() as tx:
        old = now() - timedelta(days=31)
        tx.session.add(
            models.OutboxMessage(
                event_id=uuid4(), type=body["type"], subject="x", body=body, created_at=old, relayed_at=old, position=1
            )
        )
    assert redact_all(database) == 0
    assert list(bodies(database).values()) == [body]


def test_no_other_event_has_a_person_to_be_taken_out():
    for event_type in set(EVENTS) - PERSONAL_TYPES:
        assert not {"debtor", "description", "payer", "full_name", "beneficiary"} & set(sample(event_type)["data"]), (
            event_type
        )


def test_the_feed_says_that_the_person_is_gone(database):
    store(database, "PracticeCreated.v1", days=31)
    store(database, "PracticeCreated.v1", days=1)
    redact_all(database)
    with database.reading() as session:
        items = event_feed.page(session, models.OutboxMessage, EventsRequest()).items
    assert [item.event.get("redacted", False) for item in items] == [True, False]


def test_an_event_without_its_person_is_not_published_again(database):
    store(database, "PracticeCreated.v1", days=31)
    kept = store(database, "PracticeCreated.v1", days=1)
    redact_all(database)
    again = [row.event_id for batch in outbox_replay.published(database, outbox_replay.Wanted()) for row in batch]
    assert again == [kept]


def test_a_relay_whose_clock_is_a_year_ahead_deletes_nothing_and_takes_nobody_out(database, amqp_url, monkeypatch):
    store(database, "PracticeCreated.v1", days=399)
    kept, newer = store(database, "PracticeCreated.v1", days=29), store(database, "PracticeCreated.v1", days=1)
    ahead = now() + timedelta(days=365)
    monkeypatch.setattr("chassis.clock.now", lambda: ahead)
    monkeypatch.setenv("PRACTICES_DATABASE_URL", database.engine.url.render_as_string(hide_password=False))
    relay = relay_of("practices", amqp_url=amqp_url)
    assert relay is not None
    relay._forget()
    found = bodies(database)
    assert len(found) == 3
    assert found[kept] == found[newer] == sample("PracticeCreated.v1")


@pytest.mark.parametrize("mode", ["a relay's process", "the embedded system's thread"])
def test_the_relay_takes_persons_out_by_itself(database, mode, start_process, environment, monkeypatch, eventually):
    old = [store(database, "PracticeCreated.v1", days=31) for _ in range(3)]
    relay = None
    if mode == "a relay's process":
        start_process("-m", "chassis.relay", "practices")
    else:
        for name in ("DATABASE_URL", "AMQP_URL"):
            monkeypatch.setenv(name, environment[name])
        relay = relay_of("practices", amqp_url=environment["AMQP_URL"])
        assert relay is not None
        threading.Thread(target=relay.run).start()
    try:
        eventually(lambda: all(bodies(database)[one].get("redacted") for one in old), timeout_s=DONE_WITHIN_S)
    finally:
        if relay is not None:
            relay.stop()
