"""The feed: every event asked for exactly once, however few of an outbox they are, and how far back it goes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from chassis.storage import event_feed, outbox
from contracts.rpc.practices import EventsRequest
from services.practices import models

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(name="database")
def make_database(service_database):
    return service_database("practices")


def body(number: int, entity: str) -> dict[str, Any]:
    data = {"creditor": {"code": entity}} if number % 2 else {"entity_code": entity}
    return {"id": str(number), "data": data}


def store(database, rows, *, first=1):
    """Write published events `(type, subject, emitted, entity)`, positions counted from `first`."""
    with database.transaction() as tx:
        tx.session.execute(
            sa.insert(models.OutboxMessage),
            [
                {
                    "event_id": uuid4(),
                    "type": event_type,
                    "subject": subject,
                    "body": body(number, entity),
                    "created_at": at,
                    "relayed_at": at,
                    "position": number,
                }
                for number, (event_type, subject, at, entity) in enumerate(rows, start=first)
            ],
        )


def read_all(database, **asked):
    """Follow the feed to its end; return the numbers of the events and how many pages that took."""
    found, after, pages = [], 0, 0
    while True:
        with database.reading() as session:
            page = event_feed.page(session, models.OutboxMessage, EventsRequest(after=after, **asked))
        pages += 1
        found += [int(item.event["id"]) for item in page.items]
        assert page.reached is not None
        assert page.reached >= after
        after = page.reached
        if not page.more:
            return found, pages


@pytest.fixture(name="stored")
def make_stored(database):
    """Sixty events, one an hour: every third of type B, every tenth of subject s, every second of entity PM200."""
    rows = [
        ("B.v1" if number % 3 == 0 else "A.v1", "s" if number % 10 == 0 else "x", BEGAN + number * HOUR, entity)
        for number in range(1, 61)
        for entity in ["PM200" if number % 2 == 0 else "PM108"]
    ]
    store(database, rows)
    return database


@pytest.mark.parametrize("limit", [1, 7, 1000])
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, range(1, 61)),
        ({"types": ["B.v1"]}, range(3, 61, 3)),
        ({"types": ["A.v1", "B.v1"]}, range(1, 61)),
        ({"types": ["C.v1"]}, []),
        ({"subject": "s"}, range(10, 61, 10)),
        ({"subject": "nobody"}, []),
        ({"entity_code": "PM200"}, range(2, 61, 2)),
        ({"since": BEGAN + 41 * HOUR}, range(41, 61)),
        ({"until": BEGAN + 41 * HOUR}, range(1, 41)),
        ({"since": BEGAN + 5 * HOUR, "until": BEGAN + 9 * HOUR}, range(5, 9)),
        ({"since": BEGAN + 99 * HOUR}, []),
        ({"until": BEGAN}, []),
        ({"types": ["B.v1"], "since": BEGAN + 30 * HOUR, "entity_code": "PM108"}, range(33, 61, 6)),
    ],
)
def test_each_event_asked_for_comes_once_and_no_other(stored, limit, asked, expected):
    assert read_all(stored, limit=limit, **asked)[0] == list(expected)


@pytest.mark.parametrize("looked_at", [1, 4, 25])
def test_a_page_looks_at_a_bounded_part_and_the_reader_still_gets_all(stored, monkeypatch, looked_at):
    monkeypatch.setattr(event_feed, "LOOKED_AT", looked_at)
    found, pages = read_all(stored, types=["B.v1"])
    assert found == list(range(3, 61, 3))
    assert pages == -(-60 // looked_at)


def test_a_period_is_not_looked_for_from_the_beginning(stored, monkeypatch):
    monkeypatch.setattr(event_feed, "LOOKED_AT", 5)
    found, pages = read_all(stored, since=BEGAN + 50 * HOUR, until=BEGAN + 53 * HOUR)
    assert (found, pages) == ([50, 51, 52], 1)


def test_events_that_were_published_out_of_the_order_they_were_emitted_in_are_all_found(database):
    minutes = [5, 1, 4, 2, 3]
    store(database, [("A.v1", "x", BEGAN + timedelta(minutes=minute), "PM108") for minute in minutes])
    since, until = BEGAN + timedelta(minutes=2), BEGAN + timedelta(minutes=5)
    assert read_all(database, since=since, until=until)[0] == [3, 4, 5]


def test_an_empty_outbox_has_an_empty_feed(database):
    assert read_all(database) == ([], 1)
    assert read_all(database, since=BEGAN, until=BEGAN + HOUR) == ([], 1)


def test_what_is_emitted_later_is_found_from_where_the_reader_was(stored):
    with stored.reading() as session:
        reached = event_feed.page(session, models.OutboxMessage, EventsRequest(types=["C.v1"])).reached
    assert reached == 60
    store(stored, [("C.v1", "x", BEGAN + 61 * HOUR, "PM108")], first=61)
    with stored.reading() as session:
        page = event_feed.page(session, models.OutboxMessage, EventsRequest(after=reached, types=["C.v1"]))
    assert [item.position for item in page.items] == [61]


def test_the_feed_says_how_far_back_it_goes_once_something_was_deleted(stored):
    def complete_since():
        with stored.reading() as session:
            return event_feed.page(session, models.OutboxMessage, EventsRequest()).complete_since

    assert complete_since() is None
    with stored.transaction() as tx:
        assert outbox.purge(tx.session, models.OutboxMessage, BEGAN + timedelta(days=400) + 11 * HOUR) == 10
    assert complete_since() == BEGAN + 11 * HOUR


def test_events_are_there_for_four_hundred_days(stored):
    with stored.transaction() as tx:
        assert outbox.purge(tx.session, models.OutboxMessage, BEGAN + timedelta(days=400)) == 0
