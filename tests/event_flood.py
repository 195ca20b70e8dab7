"""Many events from practices through payments and notices while processes are killed: one effect each, in the end.

Every practice is created and amended. The events wait in practices' outbox and are let go in parts; in the middle of
each part, seen by what has arrived, a process is killed with SIGKILL and started anew.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final
from uuid import UUID, uuid4

import sqlalchemy as sa
from kombu import Connection
from sqlalchemy.dialects.postgresql import insert

from benchmarks.harness import filled
from chassis.messaging import dead_letters, wire
from chassis.messaging.events import wrap
from chassis.storage.database import Database
from contracts.codes import AmountCents
from contracts.events.envelope import EventType
from contracts.events.practices import PRACTICE_AMENDED, PRACTICE_CREATED
from contracts.events.subscriptions import SUBSCRIPTIONS
from contracts.rpc.practices import Position
from tests.conftest import ProcessStarter, Running, wait_until

KILLS: Final = (("payments",), ("relay",), ("notices",), ("payments", "relay"), ("relay", "notices", "payments"))
AMENDED_CENTS: Final = AmountCents(2_000)
COMMANDS: Final = {
    "relay": ("-m", "chassis.relay", "practices"),
    "payments": ("-m", "chassis.run", "payments"),
    "notices": ("-m", "chassis.run", "notices"),
}
HEARD: Final = (PRACTICE_CREATED, PRACTICE_AMENDED)
LISTENERS: Final = tuple(one for one in SUBSCRIPTIONS if one.event_type in HEARD)
_CHUNK: Final = 2_000
_numbers = count(1)


@dataclass
class Flood:
    """Events of `practices` practices, and the processes they go through."""

    practices: int
    database_of: Callable[[str], Database]
    start_process: ProcessStarter
    amqp_url: str
    running: dict[str, Running] = field(default_factory=dict)
    killed: list[str] = field(default_factory=list)
    _gone: int = 0

    def fill(self) -> None:
        """Write the events into practices' outbox, held back; the amendment of each practice comes right after it."""
        self._purge()
        for first in range(0, self.practices, _CHUNK):
            rows = [row for _ in range(min(_CHUNK, self.practices - first)) for row in _two_events()]
            with self._outbox.transaction() as tx:
                tx.session.execute(insert(self._outbox.models.OutboxMessage), rows)

    def _purge(self) -> None:
        """Forget what earlier tests left in the listeners' queues: their practices have the same notice numbers."""
        with Connection(self.amqp_url) as connection:
            for listener in LISTENERS:
                wire.event_queue(listener)(connection.channel()).declare()
                connection.channel().queue_purge(listener.queue_name)

    def run(self, *, within_s: float) -> None:
        """Let the events go in as many parts as there are kills, and kill in the middle of each."""
        for name in COMMANDS:
            self._start(name)
        events = 2 * self.practices
        for part, victims in enumerate(KILLS, start=1):
            arrived = self.arrived()
            self._let_go(events * part // len(KILLS))
            wait_until(lambda before=arrived: self.arrived() > before, timeout_s=within_s)  # type: ignore[misc]  # -- bound now
            for name in victims:
                self.running[name].kill()
                self.killed.append(name)
            for name in victims:
                self._start(name)
        wait_until(lambda: self.arrived() >= events * self._listeners_per_event, timeout_s=within_s, pause_s=0.5)

    def arrived(self) -> int:
        """Return how many events the listeners have noted, all together."""
        total = 0
        for service in ("payments", "notices"):
            with self.database_of(service).reading() as session:
                total += session.scalar(sa.text("SELECT count(*) FROM inbox")) or 0
        return total

    def inboxes(self) -> dict[str, list[UUID]]:
        """Return the ids each listener has noted."""
        found: dict[str, list[UUID]] = {listener.consumer: [] for listener in LISTENERS}
        for service in ("payments", "notices"):
            with self.database_of(service).reading() as session:
                for consumer, message_id in session.execute(sa.text("SELECT consumer, message_id FROM inbox")):
                    if consumer in found:  # another test's events may still have been on their way to another
                        found[consumer].append(message_id)
        return found

    def expected(self) -> dict[str, set[UUID]]:
        """Return the ids each listener must have noted: those of its type in the outbox."""
        with self._outbox.reading() as session:
            rows = session.execute(sa.text("SELECT type, event_id FROM outbox")).all()
        ids: dict[str, set[UUID]] = {event_type.type: set() for event_type in HEARD}
        for event_type, event_id in rows:
            ids[event_type].add(event_id)
        return {listener.consumer: ids[listener.event_type.type] for listener in LISTENERS}

    def feed_positions(self) -> list[int]:
        """Return the places of the published events, in order."""
        with self._outbox.reading() as session:
            return list(session.scalars(sa.text("SELECT position FROM outbox ORDER BY position")))

    def projected(self) -> dict[tuple[int, int], int]:
        """Return how many positions of payments have which sequence and amount."""
        listing = "SELECT sequence, amount_cents, count(*) FROM positions GROUP BY 1, 2"
        with self.database_of("payments").reading() as session:
            return {(sequence, cents): found for sequence, cents, found in session.execute(sa.text(listing))}

    def dead(self) -> int:
        """Return how many events were given up on."""
        return sum(dead_letters.count(self.amqp_url, listener.queue_name) for listener in LISTENERS)

    @property
    def _outbox(self) -> Database:
        return self.database_of("practices")

    @property
    def _listeners_per_event(self) -> int:
        return len(LISTENERS) // len(HEARD)

    def _let_go(self, up_to: int) -> None:
        """Let the events up to a row go, the first of them first."""
        let_go = "UPDATE outbox SET relayed_at = NULL WHERE id BETWEEN :first AND :last AND position IS NULL"
        for first in range(self._gone + 1, up_to + 1, _CHUNK):
            with self._outbox.transaction() as tx:
                tx.session.execute(sa.text(let_go), {"first": first, "last": min(first + _CHUNK - 1, up_to)})
                tx.session.execute(sa.text("NOTIFY outbox"))
        self._gone = up_to

    def _start(self, name: str) -> None:
        self.running[name] = self.start_process(*COMMANDS[name])


def _two_events() -> list[dict[str, Any]]:
    created = filled.position(next(_numbers))
    amended = replace(created, sequence=2, amount_cents=AMENDED_CENTS, transfers=_of_amount(created))
    return [_row(PRACTICE_CREATED, created), _row(PRACTICE_AMENDED, amended)]


def _of_amount(position: Position) -> Sequence[Any]:
    return [replace(transfer, amount_cents=AMENDED_CENTS) for transfer in position.transfers]


def _row(event_type: EventType[Position], data: Position) -> dict[str, Any]:
    now = datetime.now(UTC)
    event_id, subject = uuid4(), str(data.practice_id)
    body = wrap(event_type, data, event_id=event_id, subject=subject, sequence=data.sequence, time=now)
    row = {"event_id": event_id, "type": event_type.type, "subject": subject, "body": body}
    return {**row, "created_at": now, "relayed_at": now}


def assert_each_had_its_effect_once(flood: Flood) -> None:
    """Check inboxes, projection, the feed's places and the dead letters."""
    inboxes, expected = flood.inboxes(), flood.expected()
    for consumer, ids in inboxes.items():
        assert len(ids) == flood.practices, consumer
        assert set(ids) == expected[consumer], consumer
    assert flood.projected() == {(2, AMENDED_CENTS): flood.practices}
    assert flood.feed_positions() == list(range(1, 2 * flood.practices + 1))
    assert flood.dead() == 0
