"""PracticeCreated from practices' outbox over relay and broker into payments' projection, against plain kombu.

Ours: events that wait in the outbox; one relay process; one payments process that writes inbox and positions, both
committed before the ack. The baseline: one kombu process that publishes the same bodies, each confirmed, and one that
consumes and acks them. Then practices are created at 200 a second while notices consumes too, and the lag of each event
is from its commit in practices to its row in payments' inbox.
"""

import json
import os
import statistics
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any, Final

import sqlalchemy as sa
from kombu import Connection, Consumer, Producer, Queue
from sqlalchemy.dialects.postgresql import insert

from benchmarks.harness import filled, program, world
from benchmarks.harness.figures import Figure, compared
from benchmarks.harness.turns import Turn, processor_s, taken
from chassis import settings
from chassis.storage.database import Database
from contracts.events.practices import PRACTICE_CREATED
from services.payments import models as payments_models
from services.practices import models as practices_models

MODULE: Final = "benchmarks.events"
EVENTS: Final = 6_000
PLAIN_EVENTS: Final = 4_000
LAG_RATE: Final = 200
LAG_S: Final = 10.0
NOTICES_QUEUE: Final = "evt-practices-PracticeCreated.v1--notices.on_practice_created"
PLAIN_QUEUE: Final = "bench-plain-events"
PREFETCH: Final = 200
SERVICES: Final = ("practices", "payments", "notices")
_WAIT_S: Final = 240.0
_numbers = count(time.time_ns() % 10**9 * 1_000)


def publish_plain() -> Turn:
    """Publish with kombu, each message confirmed; making the bodies is left out, as on our side."""
    bodies = [json.dumps(filled.created(number)) for number in range(PLAIN_EVENTS)]
    used_s = time.process_time()
    with Connection(os.environ["AMQP_URL"], transport_options={"confirm_publish": True}) as connection:
        producer = Producer(connection.channel(), routing_key=PLAIN_QUEUE)
        for body in bodies:
            producer.publish(body, content_type="application/json", content_encoding="utf-8", delivery_mode=2)
    return Turn(PLAIN_EVENTS, 1.0, time.process_time() - used_s)


def consume_plain() -> Turn:
    """Consume with kombu, from the first message to the last."""
    left = PLAIN_EVENTS
    started_s = used_s = 0.0

    def take(_body: Any, message: Any) -> None:
        nonlocal left, started_s, used_s
        if not started_s:
            started_s, used_s = time.monotonic(), time.process_time()
        message.ack()
        left -= 1

    with Connection(os.environ["AMQP_URL"]) as connection:
        queue = Queue(PLAIN_QUEUE, durable=True)
        with Consumer(connection.channel(), [queue], callbacks=[take], accept=["json"], prefetch_count=PREFETCH):
            while left:
                connection.drain_events(timeout=60)
    return Turn(PLAIN_EVENTS, time.monotonic() - started_s, time.process_time() - used_s)


def plain(env: dict[str, str]) -> Turn:
    """Let plain kombu take a turn: a publisher and a consumer at the same time."""
    with Connection(env["AMQP_URL"]) as connection, ThreadPoolExecutor(2) as pool:
        queue = Queue(PLAIN_QUEUE, durable=True)(connection.channel())
        queue.declare()
        queue.purge()
        roles = ("consume-plain", "publish-plain")
        consumed, published = pool.map(lambda role: program.turn_of(env, MODULE, role), roles)
        queue.delete()
    return Turn(consumed.units, consumed.took_s, consumed.processor_s + published.processor_s)


def hold_back(database: Database, events: int) -> None:
    """Put events into practices' outbox, as if they had been relayed."""
    now = datetime.now(UTC)
    rows = [
        {"event_id": body["id"], "type": PRACTICE_CREATED.type, "subject": body["subject"], "body": body}
        | {"created_at": now, "relayed_at": now}
        for body in (filled.created(next(_numbers)) for _ in range(events))
    ]
    with database.transaction() as tx:
        tx.session.execute(sa.text("TRUNCATE outbox RESTART IDENTITY"))
        tx.session.execute(insert(practices_models.OutboxMessage), rows)


def let_go(database: Database) -> None:
    """Make the relay find the events that were held back."""
    with database.transaction() as tx:
        tx.session.execute(sa.text("UPDATE outbox SET relayed_at = NULL"))
        tx.session.execute(sa.text("NOTIFY outbox"))


def arrived(database: Database) -> int:
    """Return how many events payments has had."""
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(payments_models.InboxMessage)) or 0


def forget(database: Database) -> None:
    """Empty payments' inbox and positions."""
    with database.transaction() as tx:
        tx.session.execute(sa.text("TRUNCATE inbox, positions CASCADE"))


def ours(practices: Database, payments: Database, pids: list[int]) -> Turn:
    """Let relay and consumer take a turn."""
    forget(payments)
    hold_back(practices, EVENTS)
    used_s = processor_s(pids)
    let_go(practices)
    started_s = time.monotonic()
    world.wait_for(lambda: arrived(payments) == EVENTS, "the events in payments", within_s=_WAIT_S)
    return Turn(EVENTS, time.monotonic() - started_s, processor_s(pids) - used_s)


def lags_ms(practices: Database, payments: Database) -> list[float]:
    """Create practices at a steady rate; return how long each took from commit to inbox, the shortest first."""
    forget(payments)
    hold_back(practices, 1)
    events = int(LAG_S * LAG_RATE)
    started_s = time.monotonic()
    for number in range(events):
        time.sleep(max(0.0, started_s + number / LAG_RATE - time.monotonic()))
        data = filled.position(next(_numbers))
        with practices.transaction() as tx:
            tx.emit(PRACTICE_CREATED, data, subject=str(data.practice_id), sequence=1, now=datetime.now(UTC))
    world.wait_for(lambda: arrived(payments) == events, "the events in payments", within_s=_WAIT_S)
    with practices.reading() as session:
        emitted = {
            row.event_id: row.created_at for row in session.execute(sa.text("SELECT event_id, created_at FROM outbox"))
        }
    with payments.reading() as session:
        heard = session.execute(sa.text("SELECT message_id, at FROM inbox")).all()
    return sorted((at - emitted[event_id]).total_seconds() * 1_000 for event_id, at in heard)


def opened(env: Mapping[str, str]) -> tuple[Database, Database]:
    """Open the databases of practices and payments; the latter's inbox notes when each row was written."""
    practices = Database(settings.database_of("practices", env["DATABASE_URL"]), practices_models)
    payments = Database(settings.database_of("payments", env["DATABASE_URL"]), payments_models)
    with payments.transaction() as tx:
        # The table's own column says when the transaction began.
        tx.session.execute(sa.text("ALTER TABLE inbox ADD COLUMN at timestamptz DEFAULT clock_timestamp()"))
    return practices, payments


def measure(rounds: int) -> list[Figure]:
    """Measure."""
    with world.environment() as env, ExitStack() as running:
        world.databases_made_anew(env, SERVICES)
        practices, payments = opened(env)
        relay = running.enter_context(world.process(env, "-m", "chassis.relay", "practices"))
        consumer = running.enter_context(world.process(env, "-m", "chassis.run", "payments"))
        turn = partial(ours, practices, payments, [consumer.pid])
        relaying_s: list[float] = []

        def with_relay() -> Turn:
            used_s = processor_s([relay.pid])
            done = turn()
            relaying_s.append(processor_s([relay.pid]) - used_s)
            return done

        sides = taken({"kombu": partial(plain, env), "ours": with_relay}, rounds)
        figures = compared(sides["ours"], sides["kombu"], "event", ratio=1.5, rate=1_000, processor_ms=0.8)
        relay_ms = statistics.median(relaying_s[1:]) / EVENTS * 1_000
        with Connection(env["AMQP_URL"]) as connection:
            connection.default_channel.queue_purge(NOTICES_QUEUE)  # what the turns left there
        running.enter_context(world.process(env, "-m", "chassis.run", "notices"))
        world.wait_for(lambda: consumers(env, NOTICES_QUEUE), "notices")
        lags = lags_ms(practices, payments)
    return [
        *figures,
        Figure(name="relay's processor", value=relay_ms, unit="ms/event"),
        Figure(name="lag at 200/s, p50", value=lags[len(lags) // 2], unit="ms"),
        Figure(name="lag at 200/s, p99", value=lags[int(len(lags) * 0.99)], unit="ms", at_most=100),
    ]


def consumers(env: Mapping[str, str], queue: str) -> int:
    """Return how many processes take from a queue."""
    with Connection(env["AMQP_URL"]) as connection:
        return int(connection.default_channel.queue_declare(queue, passive=True).consumer_count)


if __name__ == "__main__":
    program.main(measure, rounds=3, roles={"publish-plain": publish_plain, "consume-plain": consume_plain})
