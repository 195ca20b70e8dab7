"""An event from the outbox over the broker into a projection, against plain kombu.

    python benchmarks/events.py [--events 20000] [--rounds 3] [--lag-seconds 10]

Ours: rows that wait in an outbox; one relay process; one service process that notes each event in its inbox and upserts
its projection, both committed before the ack. The baseline: one kombu process that publishes the same bodies, each
confirmed, and one that consumes and acks them. Rounds alternate; medians. The ratio is the figure. Then 200 events a
second are emitted one by one, and the lag is from their commit to that of the projection.

It uses AMQP_URL and DATABASE_URL, a database of its own (`<name>_bench`), and deletes its queues.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from uuid import uuid4

ROOT: Final = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import sqlalchemy as sa  # noqa: E402 -- after the path is set
from kombu import Connection, Consumer, Producer, Queue  # noqa: E402 -- as above
from sqlalchemy.dialects.postgresql import insert  # noqa: E402 -- as above
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column  # noqa: E402 -- as above

from chassis import logs, settings  # noqa: E402 -- as above
from chassis.messaging.events import wrap  # noqa: E402 -- as above
from chassis.messaging.relay import Relay  # noqa: E402 -- as above
from chassis.storage import answer_limit, migrations  # noqa: E402 -- as above
from chassis.storage.database import Database, Tx  # noqa: E402 -- as above
from chassis.storage.tables import InboxMixin, OutboxMixin  # noqa: E402 -- as above
from contracts.events.envelope import Event, EventType  # noqa: E402 -- as above
from contracts.events.subscriptions import Subscription  # noqa: E402 -- as above
from contracts.message import Message  # noqa: E402 -- as above

GOAL: Final = 1.5
AMQP_URL: Final = os.environ.get("AMQP_URL", settings.DEFAULT_AMQP_URL)
DATABASE_URL: Final = settings.database_url("bench")
BASELINE_QUEUE: Final = "bench-plain-events"
SUBJECTS: Final = 500
LAG_RATE: Final = 200


class Base(DeclarativeBase):
    """The bench's tables."""


class OutboxMessage(OutboxMixin, Base):
    """Outbox."""

    __tablename__ = "outbox"


class InboxMessage(InboxMixin, Base):
    """Inbox."""

    __tablename__ = "inbox"


class Projection(Base):
    """The newest of each subject, and when it came."""

    __tablename__ = "projection"
    subject: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    text: Mapped[str]


@sa.event.listens_for(Base.metadata, "after_create")
def _note_arrivals(_target: Any, connection: sa.Connection, **_: Any) -> None:
    """Keep the moment of the commit's statement per inbox row; the mixin's now() is when the transaction began."""
    connection.execute(sa.text("ALTER TABLE inbox ADD COLUMN at timestamptz DEFAULT clock_timestamp()"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed(Message):
    """What has changed."""

    text: str
    number: int


CHANGED: Final = EventType("Changed", 1, "bench", Changed)
LISTENER: Final = Subscription("bench.on_changed", CHANGED)
MODELS: Final[ModuleType] = sys.modules[__name__]


def body_of(number: int) -> dict[str, Any]:
    """Return the envelope of an event."""
    return wrap(
        CHANGED,
        Changed(text="x" * 200, number=number),
        event_id=uuid4(),
        subject=str(number % SUBJECTS),
        sequence=number // SUBJECTS + 1,
        time=datetime.now(UTC),
    )


def relay() -> None:
    """Be the relay's process."""
    logs.configure("bench-relay", "WARNING")
    answer_limit.install_plain()
    Relay("bench", MODELS, url=DATABASE_URL, amqp_url=AMQP_URL, listeners=[LISTENER]).run()


def consume() -> None:
    """Be the service's process."""
    import chassis.runtime.green  # noqa: F401, PLC0415 -- in the child alone
    from chassis.runtime.entrypoints import on_events  # noqa: PLC0415 -- after green
    from chassis.runtime.process import run  # noqa: PLC0415 -- after green
    from chassis.runtime.providers import DatabaseProvider  # noqa: PLC0415 -- after green

    class BenchService:
        name = "bench"
        database = DatabaseProvider(MODELS)

        @on_events(CHANGED)
        def on_changed(self, tx: Tx, events: Sequence[Event[Changed]]) -> None:
            newest = {event.subject: event for event in events}
            rows = [
                {"subject": subject, "sequence": int(event.sequence), "text": event.data.text}
                for subject, event in newest.items()
            ]
            upsert = insert(Projection).values(rows)
            changed = {"sequence": upsert.excluded.sequence, "text": upsert.excluded.text}
            newer = Projection.sequence < upsert.excluded.sequence
            tx.session.execute(upsert.on_conflict_do_update(index_elements=["subject"], set_=changed, where=newer))

    logs.configure("bench", "INFO")
    run(BenchService)


def plain_publish(events: int) -> None:
    """Publish with kombu, each message confirmed."""
    bodies = [json.dumps(body_of(number)) for number in range(events)]
    with Connection(AMQP_URL, transport_options={"confirm_publish": True}) as connection:
        producer = Producer(connection.channel(), routing_key=BASELINE_QUEUE)
        for body in bodies:
            producer.publish(body, content_type="application/json", content_encoding="utf-8", delivery_mode=2)


def plain_consume(events: int) -> None:
    """Consume with kombu; print events a second from the first to the last."""
    left = events
    started = 0.0

    def take(_body: Any, message: Any) -> None:
        nonlocal left, started
        started = started or time.monotonic()
        message.ack()
        left -= 1

    with Connection(AMQP_URL) as connection:
        queue = Queue(BASELINE_QUEUE, durable=True)
        with Consumer(connection.channel(), [queue], callbacks=[take], accept=["json"], prefetch_count=200):
            while left:
                connection.drain_events(timeout=30)
    print(events / (time.monotonic() - started))


def child(*arguments: str, stdout: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    """Start this script in another role."""
    return subprocess.Popen([sys.executable, __file__, *arguments], stdout=stdout)


def processor_s(pid: int) -> float:
    """Return the processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def baseline(events: int) -> float:
    """Return events a second of the baseline; making the bodies and connecting are left out on our side too."""
    with Connection(AMQP_URL) as connection:
        queue = Queue(BASELINE_QUEUE, durable=True)(connection.channel())
        queue.declare()
        queue.purge()
        consumer = child("--role", "plain-consume", "--events", str(events), stdout=subprocess.PIPE)
        publisher = child("--role", "plain-publish", "--events", str(events))
        rate, _ = consumer.communicate()
        publisher.wait()
        queue.delete()
    return float(rate)


def fill(database: Database, events: int) -> None:
    """Put events into the outbox, held back until `let_go`."""
    rows = [
        {
            "event_id": (body := body_of(number))["id"],
            "type": CHANGED.type,
            "subject": body["subject"],
            "body": body,
            "created_at": datetime.now(UTC),
            "relayed_at": datetime.now(UTC),
        }
        for number in range(events)
    ]
    with database.transaction() as tx:
        tx.session.execute(sa.text("TRUNCATE outbox, inbox, projection RESTART IDENTITY"))
        if rows:
            tx.session.execute(insert(OutboxMessage), rows)


def wait_for(database: Database, events: int) -> None:
    """Wait until the inbox has them all."""
    while True:
        with database.reading() as session:
            if session.scalar(sa.select(sa.func.count()).select_from(InboxMessage)) == events:
                return
        time.sleep(0.02)


def ours(database: Database, events: int, pids: dict[str, int]) -> tuple[float, dict[str, float]]:
    """Return events a second and the processor milliseconds an event, of each process."""
    fill(database, events)
    used = {name: processor_s(pid) for name, pid in pids.items()}
    started = time.monotonic()
    with database.transaction() as tx:
        tx.session.execute(sa.text("UPDATE outbox SET relayed_at = NULL"))
        tx.session.execute(sa.text("NOTIFY outbox"))
    started = time.monotonic()
    wait_for(database, events)
    took_s = time.monotonic() - started
    return events / took_s, {name: (processor_s(pid) - used[name]) / events * 1_000 for name, pid in pids.items()}


def lags_ms(database: Database, seconds: float) -> list[float]:
    """Emit at a steady rate and return how long each event took from commit to commit."""
    fill(database, 0)
    count = int(seconds * LAG_RATE)
    started = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, started + number / LAG_RATE - time.monotonic()))
        with database.transaction() as tx:
            now = datetime.now(UTC)
            tx.emit(CHANGED, Changed(text="x" * 200, number=number), subject=str(number), sequence=1, now=now)
    wait_for(database, count)
    took = "SELECT 1000 * extract(epoch FROM at - created_at) FROM inbox JOIN outbox ON event_id = message_id"
    with database.reading() as session:
        return sorted(float(value) for value in session.scalars(sa.text(took)))


def measure(options: argparse.Namespace) -> None:
    """Measure and print."""
    migrations.create_database_if_missing(DATABASE_URL)
    database = Database(DATABASE_URL, MODELS)
    Base.metadata.drop_all(database.engine)
    Base.metadata.create_all(database.engine)
    processes = {name: child("--role", name) for name in ("relay", "consumer")}
    pids = {name: process.pid for name, process in processes.items()}
    rates: dict[str, list[float]] = {"plain kombu": [], "ours": []}
    costs: list[dict[str, float]] = []
    try:
        ours(database, 500, pids)
        for _ in range(options.rounds):
            rates["plain kombu"].append(baseline(options.events // 4))
            rate, cost = ours(database, options.events, pids)
            rates["ours"].append(rate)
            costs.append(cost)
        lags = lags_ms(database, options.lag_seconds)
    finally:
        for process in processes.values():
            process.kill()
            process.wait()
        with Connection(AMQP_URL) as connection:
            for name in (LISTENER.queue_name, f"{LISTENER.queue_name}.dead", "rpc-bench"):
                connection.channel().queue_delete(name)
        database.close()
    medians = {name: statistics.median(found) for name, found in rates.items()}
    for name, rate in medians.items():
        print(f"{name:12} {rate:8.0f} events/s")
    for name in pids:
        print(f"{name:12} {statistics.median(cost[name] for cost in costs):8.2f} ms of processor an event")
    print(f"lag at {LAG_RATE}/s: p50 {lags[len(lags) // 2]:.0f} ms, p99 {lags[int(len(lags) * 0.99)]:.0f} ms")
    ratio = medians["ours"] / medians["plain kombu"]
    print(f"ratio {ratio:.2f}; goal {GOAL}, {'met' if ratio >= GOAL else 'MISSED'}")


def main() -> None:
    """Play the role asked for; without one, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lag-seconds", type=float, default=10)
    parser.add_argument("--role", default="measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    roles: dict[str, Callable[[], None]] = {
        "relay": relay,
        "consumer": consume,
        "plain-publish": lambda: plain_publish(options.events),
        "plain-consume": lambda: plain_consume(options.events),
        "measure": lambda: measure(options),
    }
    roles[options.role]()


if __name__ == "__main__":
    main()
