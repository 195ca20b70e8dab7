"""The outbox by months: made ahead, dropped when 400 days are over, and one table to whoever reads or writes."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic import command

from chassis import clock
from chassis.messaging import outbox_replay
from chassis.messaging.relay import Relay
from chassis.storage import event_feed, migrations, outbox, outbox_months
from chassis.storage.database import Database
from contracts.rpc.practices import EventsRequest
from services.practices import models
from tests.conftest import drop_database

# Half a month each: thirty of them are fifteen months, and begin long before the months do.
BEGAN = datetime(2024, 1, 10, tzinfo=UTC)
STEP = timedelta(days=15)
EVENTS = 60
KEPT = timedelta(days=400)
PRACTICES_BEFORE = "0023"
TABLES = sa.text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'outbox'::regclass ORDER BY 1")
LIES_IN = sa.text("SELECT tableoid::regclass::text FROM outbox WHERE position = :position")


@pytest.fixture(name="database")
def outbox_of_months(database_url):
    """An outbox alone, whose months may begin when a test wants: what was before them is not there."""
    url = f"{database_url}_of_months"
    drop_database(url)
    migrations.create_database_if_missing(url)
    database = Database(url, models)
    with database.engine.begin() as connection:
        models.OutboxMessage.__table__.create(connection)
        for statement in outbox_months.STEPS:
            connection.execute(sa.text(statement))
        before = next(name for name in connection.scalars(TABLES) if "until" in name)
        connection.execute(sa.text(f"DROP TABLE {before}"))
    yield database
    database.close()
    drop_database(url)


def event(at, position, **changed):
    """Return a row of the outbox, published at once."""
    row = {"event_id": uuid4(), "type": "A.v1", "subject": f"s-{position}", "body": {"id": str(position), "data": {}}}
    return {**row, "created_at": at, "relayed_at": at, "position": position, **changed}


def store(database, *rows):
    with database.transaction() as tx:
        for row in rows:
            tx.session.execute(sa.insert(models.OutboxMessage).values(**row))


def live_through(database, events=EVENTS):
    """Write an event each half month, with the months kept by the clock of that day; return the last day."""
    at = BEGAN
    for position in range(1, events + 1):
        at = BEGAN + position * STEP
        with database.transaction() as tx:
            outbox.keep_months(tx.session, at)
        store(database, event(at, position))
    return at


def tables(database):
    with database.reading() as session:
        return list(session.scalars(TABLES))


def table_of(database, position):
    with database.reading() as session:
        return session.scalar(LIES_IN, {"position": position})


def feed(database, **asked):
    """Return the numbers of all events that the feed has, and since when it is complete."""
    found, after = [], 0
    while True:
        with database.reading() as session:
            page = event_feed.page(session, models.OutboxMessage, EventsRequest(after=after, limit=7, **asked))
        found += [int(item.event["id"]) for item in page.items]
        after = page.reached
        if not page.more:
            return found, page.complete_since


def replayed(database, **wanted):
    batches = outbox_replay.published(database, outbox_replay.Wanted(**wanted))
    return [int(row.body["id"]) for batch in batches for row in batch]


def test_each_event_lies_in_its_month_and_the_coming_three_are_there(database):
    today = live_through(database)
    assert table_of(database, EVENTS) == f"outbox_{today:%Y_%m}"
    assert table_of(database, EVENTS - 4) == f"outbox_{today - 4 * STEP:%Y_%m}"
    ahead = [(today.year * 12 + today.month - 1 + months) for months in (1, 2, 3)]
    assert {f"outbox_{month // 12}_{month % 12 + 1:02}" for month in ahead} <= set(tables(database))


def test_whole_months_go_when_400_days_are_over_and_everything_younger_is_fed_and_replayed(database):
    today = live_through(database)
    kept, complete_since = feed(database)
    youngest_gone = BEGAN + (kept[0] - 1) * STEP
    assert kept == list(range(kept[0], EVENTS + 1))
    assert complete_since == BEGAN + kept[0] * STEP
    # A month is dropped once its last day is 400 days old: never earlier, and never more than a month later.
    assert youngest_gone <= today - KEPT < complete_since + timedelta(days=31)
    assert replayed(database) == kept
    assert replayed(database, since=today - KEPT, until=today) == [
        number for number in kept if today - KEPT <= BEGAN + number * STEP < today
    ]
    assert feed(database, since=today - KEPT)[0] == [n for n in kept if BEGAN + n * STEP >= today - KEPT]
    assert feed(database, subject=f"s-{kept[0]}")[0] == [kept[0]]


def test_a_month_with_an_event_that_is_not_published_stays(database):
    with database.transaction() as tx:
        outbox.keep_months(tx.session, BEGAN)
    store(database, event(BEGAN, 1), event(BEGAN, None, relayed_at=None))
    store(database, event(clock.now(), 2))
    month = f"outbox_{BEGAN:%Y_%m}"
    with database.transaction() as tx:
        outbox.keep_months(tx.session, clock.now())
    assert month in tables(database)
    with database.transaction() as tx:
        late = sa.update(models.OutboxMessage).where(models.OutboxMessage.position.is_(None))
        tx.session.execute(late.values(relayed_at=clock.now(), position=3))
        tx.session.execute(sa.text("UPDATE outbox SET position = 4 WHERE position = 2"))
        assert outbox.keep_months(tx.session, clock.now()) == 1
    assert month not in tables(database)


def test_the_newest_position_stays_however_old_it_is_and_the_next_is_counted_from_it(database, amqp_url, database_url):
    today = live_through(database, events=3)
    with database.transaction() as tx:
        outbox.keep_months(tx.session, today + 3 * KEPT)
    assert feed(database)[0][-1] == 3
    now = clock.now()
    store(database, event(now, None, relayed_at=None))
    relay = Relay("practices", models, url=f"{database_url}_of_months", amqp_url=amqp_url, listeners=())
    assert relay.relay_batch(now) == 1
    relay.stop()
    relay.run()
    with database.reading() as session:
        assert session.scalar(sa.text("SELECT max(position) FROM outbox")) == 4


def test_what_comes_before_its_month_is_made_is_kept_apart_and_moved_there(database):
    before_its_month = datetime(2031, 5, 4, tzinfo=UTC)
    store(database, event(before_its_month, 1))
    assert table_of(database, 1) == "outbox_other"
    with database.transaction() as tx:
        outbox.keep_months(tx.session, before_its_month - timedelta(days=40))
    assert table_of(database, 1) == "outbox_2031_05"
    assert feed(database)[0] == [1]


def test_a_clock_that_is_years_ahead_makes_months_and_drops_none(database):
    now = clock.now()
    with database.transaction() as tx:
        outbox.keep_months(tx.session, now - timedelta(days=300))
    store(database, event(now - timedelta(days=300), 1), event(now, 2))
    with database.transaction() as tx:
        assert outbox.keep_months(tx.session, now + 10 * KEPT) == 0
    assert feed(database)[0] == [1, 2]


def test_while_others_are_at_the_table_nothing_is_done_and_nobody_waits_long(database):
    before = tables(database)
    with database.engine.connect() as holder, holder.begin():
        holder.execute(sa.text("LOCK TABLE outbox_other IN ACCESS SHARE MODE"))
        with database.transaction() as tx:
            assert outbox.keep_months(tx.session, datetime(2033, 1, 1, tzinfo=UTC)) is None
    assert tables(database) == before


@pytest.fixture(name="old_url")
def database_of_the_release_before(database_url):
    url = f"{database_url}_months"
    drop_database(url)
    migrations.create_database_if_missing(url)
    with migrations._locked_connection(url) as connection:
        command.upgrade(migrations._config("practices", connection), PRACTICES_BEFORE)
    yield url
    drop_database(url)


def test_an_outbox_with_events_in_it_becomes_one_of_months_and_the_release_before_works_on(old_url):
    engine = sa.create_engine(old_url)
    at = datetime(2025, 11, 3, tzinfo=UTC)
    written = sa.insert(models.OutboxMessage)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE ROLE months_service; GRANT SELECT, INSERT ON outbox TO months_service"))
        connection.execute(sa.text("GRANT UPDATE (position) ON outbox TO months_service"))
        for position in range(1, 501):
            connection.execute(written.values(**event(at, position)))
    try:
        migrations.upgrade("practices", old_url)
        migrations.check("practices", old_url)
        with engine.begin() as connection:
            ids = connection.scalars(sa.text("SELECT id FROM outbox ORDER BY position")).all()
            assert list(ids) == list(range(1, 501))
            # As the release before writes, and with the rights it had.
            connection.execute(sa.text("SET LOCAL ROLE months_service"))
            connection.execute(written.values(**event(clock.now(), 501)))
            connection.execute(sa.text("UPDATE outbox SET position = 502 WHERE position = 501"))
            assert connection.scalar(sa.text("SELECT max(id) FROM outbox")) == 501
            connection.execute(sa.text("RESET ROLE"))
            for statement in outbox_months.STEPS:
                connection.execute(sa.text(statement))
            assert connection.scalar(sa.text("SELECT count(*) FROM outbox")) == 501
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("DROP OWNED BY months_service; DROP ROLE months_service"))
        engine.dispose()
