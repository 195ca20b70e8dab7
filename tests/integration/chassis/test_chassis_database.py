"""Transactions with outbox, inbox and idempotency keys, on a real PostgreSQL."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from chassis import correlation
from chassis.messaging import codec
from chassis.runtime.container import with_own_entrypoints
from chassis.storage import cleanup, event_feed, outbox
from chassis.storage.database import Database, is_out_of_reach
from contracts.errors import Refused
from contracts.rpc.practices import EventsRequest
from tests.conftest import PATIENCE_S
from tests.integration.chassis import probe

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def count(database, model):
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model))


def emit(tx, number=1, now=NOW):
    return tx.emit(probe.NUMBERED, probe.Number(number=number), subject=f"n-{number}", sequence=number, now=now)


def test_an_event_is_written_in_the_transaction_of_the_change(database):
    with correlation.carrying("visit-1"), database.transaction() as tx:
        event_id = emit(tx)
    with database.reading() as session:
        row = session.scalars(sa.select(probe.OutboxMessage)).one()
    assert (row.event_id, row.type, row.subject, row.created_at) == (event_id, "Numbered.v1", "n-1", NOW)
    assert row.body["correlationid"] == "visit-1"
    assert row.body["sequence"] == "0000000001"
    assert row.relayed_at is None


def test_a_transaction_that_raises_leaves_neither_change_nor_event(database):
    def change_and_fail():
        with database.transaction() as tx:
            tx.session.add(probe.Effect(number=1))
            emit(tx)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_and_fail()
    assert count(database, probe.Effect) == 0
    assert count(database, probe.OutboxMessage) == 0


WRONG: Any = probe.Number(number="many")  # type: ignore[arg-type]  # -- what the test below is about


def test_an_event_that_does_not_fit_its_schema_is_never_written(database):
    with pytest.raises(TypeError, match=r"Numbered\.v1"), database.transaction() as tx:
        tx.emit(probe.NUMBERED, probe.Text(text="unheard of"), subject="n", sequence=1, now=NOW)
    with pytest.raises(codec.BrokenContract, match="'number'"), database.transaction() as tx:
        tx.emit(probe.NUMBERED, WRONG, subject="n", sequence=1, now=NOW)
    assert count(database, probe.OutboxMessage) == 0


def test_a_message_is_new_to_a_consumer_only_once_and_new_to_each_consumer(database):
    message_id = uuid4()
    with database.transaction() as tx:
        assert tx.first_time("a.on_x", message_id)
        assert not tx.first_time("a.on_x", message_id)
        assert tx.first_time("b.on_x", message_id)
    with database.transaction() as tx:
        assert not tx.first_time("a.on_x", message_id)


def test_a_key_that_comes_again_gets_the_first_answer_with_its_types(database):
    made = {"id": uuid4(), "at": NOW, "on": NOW.date(), "rows": [{"id": uuid4()}], "cents": 1600, "note": None}

    def make():
        return made

    with database.transaction() as tx:
        assert tx.once("insert", "key-1", {"cents": 1600, "id": made["id"]}, make) == made
    with database.transaction() as tx:
        again = tx.once("insert", "key-1", {"id": made["id"], "cents": 1600}, lambda: pytest.fail("made twice"))
    assert again == made


def test_a_key_with_another_request_is_a_conflict(database):
    with database.transaction() as tx:
        tx.once("insert", "key-1", {"cents": 1600}, dict)
    with pytest.raises(Refused) as refused, database.transaction() as tx:
        tx.once("insert", "key-1", {"cents": 1601}, dict)
    assert refused.value.code == "idempotency_conflict"


def test_the_same_key_in_another_scope_is_another_key(database):
    with database.transaction() as tx:
        assert tx.once("insert", "key-1", {}, lambda: {"made": 1}) == {"made": 1}
        assert tx.once("annul", "key-1", {}, lambda: {"made": 2}) == {"made": 2}


def test_a_failed_attempt_frees_its_key(database):
    with pytest.raises(ZeroDivisionError), database.transaction() as tx:
        tx.once("insert", "key-1", {}, lambda: {"number": 1 // 0})
    with database.transaction() as tx:
        assert tx.once("insert", "key-1", {}, lambda: {"number": 1}) == {"number": 1}


def test_callers_at_the_same_moment_make_one_answer_and_all_get_it(database):
    together = threading.Barrier(8)

    def insert(number):
        def make():
            time.sleep(0.2)  # the others come meanwhile
            tx.session.add(probe.Effect(number=number))
            return {"number": number}

        together.wait()
        with database.transaction() as tx:
            return tx.once("insert", "double-click", {"cents": 1600}, make)

    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(insert, range(8)))
    assert len({answer["number"] for answer in answers}) == 1
    assert count(database, probe.Effect) == 1


def test_a_caller_waiting_behind_a_failing_one_makes_the_answer_itself(database):
    entered = threading.Event()

    def fail():
        entered.set()
        time.sleep(0.3)  # the other waits meanwhile
        raise ZeroDivisionError

    def first():
        with pytest.raises(ZeroDivisionError), database.transaction() as tx:
            tx.once("insert", "key-1", {}, fail)

    with ThreadPoolExecutor() as callers:
        failing = callers.submit(first)
        assert entered.wait(PATIENCE_S)
        with database.transaction() as tx:
            assert tx.once("insert", "key-1", {}, lambda: {"made": "by the second"}) == {"made": "by the second"}
        failing.result()


def test_plain_reads_open_no_transaction(database):
    with database.reading() as session:
        first = session.scalar(sa.text("SELECT now()"))
        time.sleep(0.01)  # the clock moves on
        assert session.scalar(sa.text("SELECT now()")) > first


def test_statements_and_lock_waits_have_an_end(database):
    with database.reading() as session:
        assert session.scalar(sa.text("SHOW statement_timeout")) == "15s"
        assert session.scalar(sa.text("SHOW lock_timeout")) == "5s"
        assert session.scalar(sa.text("SHOW timezone")) == "UTC"


def test_the_pool_survives_its_server_ending_the_connections(database):
    database.ping()
    with database.engine.connect() as connection, pytest.raises(sa.exc.OperationalError) as ended:
        connection.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert is_out_of_reach(ended.value)
    database.ping()


def test_a_database_that_is_not_there_counts_as_out_of_reach():
    missing = Database("postgresql://postgres@127.0.0.1:1/missing", probe)
    with pytest.raises(sa.exc.OperationalError) as error:
        missing.ping()
    assert is_out_of_reach(error.value)
    missing.close()


def test_errors_of_the_database_do_not_carry_the_values(database):
    with pytest.raises(sa.exc.DBAPIError) as error, database.transaction() as tx:
        tx.session.execute(sa.text("SELECT :code::integer"), {"code": "RSSMRA85T10A562S"})
    assert "RSSMRA85T10A562S" not in str(error.value).split("[SQL")[-1]


def relayed(database, numbers, created_at=NOW):
    with database.transaction() as tx:
        for number in numbers:
            emit(tx, number, now=created_at)
        tx.write_events()
        tx.session.execute(sa.update(probe.OutboxMessage).values(relayed_at=NOW, position=probe.OutboxMessage.id))


def test_the_feed_gives_what_was_published_behind_a_position(database):
    relayed(database, [1, 2, 3])
    with database.transaction() as tx:
        emit(tx, 4)
    with database.reading() as session:
        items = event_feed.page(session, probe.OutboxMessage, EventsRequest(after=1, limit=5)).items
        assert [(item.position, item.event["subject"]) for item in items] == [(2, "n-2"), (3, "n-3")]
        assert len(event_feed.page(session, probe.OutboxMessage, EventsRequest(limit=2)).items) == 2


def test_depth_tells_how_many_events_wait_and_for_how_long(database):
    relayed(database, [1])
    with database.transaction() as tx:
        emit(tx, 2, now=NOW - timedelta(seconds=30))
        emit(tx, 3)
    with database.reading() as session:
        assert outbox.depth(session, probe.OutboxMessage, NOW) == (2, 30.0)


def test_the_purge_keeps_four_hundred_days_and_everything_unpublished_and_the_newest_position(database):
    old = NOW - timedelta(days=401)
    relayed(database, [1, 2], created_at=old)
    with database.transaction() as tx:
        emit(tx, 3, now=old)
        tx.write_events()
        assert outbox.purge(tx.session, probe.OutboxMessage, NOW) == 1
    with database.reading() as session:
        kept = session.scalars(sa.select(probe.OutboxMessage.subject).order_by(probe.OutboxMessage.id)).all()
    assert kept == ["n-2", "n-3"]


def test_old_answers_and_old_inbox_entries_are_forgotten_and_newer_ones_kept(database):
    keys, inbox = probe.IdempotencyKey, probe.InboxMessage
    with database.transaction() as tx:
        for days, number in ((31, "old"), (29, "new")):
            at = NOW - timedelta(days=days)
            tx.session.add(keys(scope="insert", key=number, request_sha256="", reply={}, created_at=at))
        for days, consumer in ((121, "old"), (119, "new")):
            at = NOW - timedelta(days=days)
            tx.session.add(inbox(consumer=consumer, message_id=uuid4(), received_at=at))
    cleanup.tidy(database, NOW)
    with database.reading() as session:
        assert session.scalars(sa.select(keys.key)).all() == ["new"]
        assert session.scalars(sa.select(inbox.consumer)).all() == ["new"]


def test_only_a_process_with_the_right_clock_forgets_old_answers(database, tick):
    def stored():
        with database.reading() as session:
            return session.scalars(sa.select(probe.IdempotencyKey.key).order_by(probe.IdempotencyKey.key)).all()

    with database.transaction() as tx:
        for days, number in ((31, "old"), (29, "new")):
            at = datetime.now(UTC) - timedelta(days=days)
            tx.session.add(probe.IdempotencyKey(scope="insert", key=number, request_sha256="", reply={}, created_at=at))
    service_cls: Any = with_own_entrypoints(type("Probe", (), {"name": "probe", "database": None}))
    assert tick(service_cls.tidy_database, timedelta(days=3), database=database) == ["clock_is_off"]
    assert stored() == ["new", "old"]
    assert "table_tidied" in tick(service_cls.tidy_database, timedelta(), database=database)
    assert stored() == ["new"]


def test_events_that_commit_out_of_order_are_all_in_the_feed(database, run_relay, eventually):
    """A reader that has seen the later row must still meet the earlier one, which committed after it."""
    run_relay()
    with database.transaction() as slow:
        emit(slow, 1)
        slow.write_events()
        with database.transaction() as fast:
            emit(fast, 2)
        first = eventually(lambda: feed_after(database, 0))
        assert [item.event["subject"] for item in first] == ["n-2"]
    later = eventually(lambda: feed_after(database, first[-1].position))
    assert [item.event["subject"] for item in later] == ["n-1"]


def feed_after(database, position):
    with database.reading() as session:
        return event_feed.page(session, probe.OutboxMessage, EventsRequest(after=position, limit=10)).items
