"""What mail learns from events in batches: the same as one by one, each once, whatever is killed in between."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from chassis.messaging.rpc_client import RpcClient
from chassis.storage.database import Database
from contracts.events.envelope import Event
from contracts.events.identity import CONSENT_GRANTED, CONSENT_REVOKED, ConsentChanged
from contracts.events.payments import PAYMENT_CONFIRMED
from contracts.events.practices import PRACTICE_AMENDED, PRACTICE_CANCELLED, PRACTICE_CREATED
from services.notices.mail import domain
from services.notices.mail.usecases import projection
from services.notices.models import InboxMessage, MailDebt, MailReceipt, MailSubscription
from tests.conftest import ProcessStarter, wait_until_answering
from tests.integration.notices.conftest import purge_queues
from tests.integration.notices.mail_world import (
    MAILBOX,
    MARIO_CODE,
    NOON,
    Neighbours,
    ended,
    event_of,
    make_practice,
    paid,
    position_of,
)

EVENTS = 600
PRACTICES = [make_practice(number) for number in range(1, 9)]


def consent(citizen_id: UUID, purpose: str = "email_reminders") -> ConsentChanged:
    return ConsentChanged(citizen_id=citizen_id, purpose=purpose, document_id="d-1.1", document_version="1.1", at=NOON)


def histories(random: Random) -> list[tuple[str, Any]]:
    """What happened to eight practices, late, twice and in any order."""
    changes: list[tuple[str, Any]] = []
    for practice in PRACTICES:
        for sequence in range(1, random.randint(2, 6)):
            if random.random() < 0.3:
                changes.append(("end", ended(practice, sequence)))
            else:
                amended = replace(practice, due_date=date(2027, sequence, 1))
                changes.append(("terms", position_of(amended, sequence)))
    changes += random.sample(changes, len(changes) // 3)
    random.shuffle(changes)
    return changes


def fold(database: Database, changes: Sequence[tuple[str, Any]]) -> None:
    with database.transaction() as tx:
        told = [event_of(PRACTICE_AMENDED, data) for kind, data in changes if kind == "terms"]
        ends = [event_of(PRACTICE_CANCELLED, data) for kind, data in changes if kind == "end"]
        projection.learn_positions(tx, told, NOON)
        projection.learn_ends(tx, ends, NOON)


def expected(changes: Sequence[tuple[str, Any]]) -> dict[UUID, tuple[int, bool, date | None]]:
    """Say it in plain code: of each practice the highest number counts; an end leaves the date alone."""
    known: dict[UUID, tuple[int, bool, date | None]] = {}
    for kind, data in changes:
        sequence, _, due_date = known.get(data.practice_id, (0, True, None))
        if data.sequence > sequence:
            known[data.practice_id] = (
                (data.sequence, False, due_date) if kind == "end" else (data.sequence, True, data.due_date)
            )
    return known


def debts(database: Database) -> dict[UUID, tuple[int, bool, date | None]]:
    with database.reading() as session:
        rows = session.scalars(sa.select(MailDebt)).all()
        return {row.practice_id: (row.sequence, row.is_open, row.due_date) for row in rows}


@pytest.mark.parametrize("seed", range(5))
def test_events_one_by_one_fold_as_the_rule_says(service_database: Callable[[str], Database], seed: int) -> None:
    changes, database = histories(Random(seed)), service_database("notices")
    for change in changes:
        fold(database, [change])
    assert debts(database) == expected(changes)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", [3, 100])
def test_batches_of_any_size_leave_every_practice_at_its_last_number(
    service_database: Callable[[str], Database], seed: int, size: int
) -> None:
    """Within a batch the events of one type fold first; what counts in the end is the highest number."""
    changes, database = histories(Random(seed)), service_database("notices")
    for first in range(0, len(changes), size):
        fold(database, changes[first : first + size])
    found = debts(database)
    assert {one: value[:2] for one, value in found.items()} == {
        one: value[:2] for one, value in expected(changes).items()
    }
    with database.reading() as session:
        known = set(session.scalars(sa.select(MailDebt.debtor_sha256).where(MailDebt.is_open)))
    assert known <= {domain.debtor_sha256(MARIO_CODE)}


def test_a_batch_of_payments_and_consents_is_taken_in_at_once(service_database: Callable[[str], Database]) -> None:
    database, neighbours = service_database("notices"), Neighbours()
    citizens = [UUID(int=number) for number in range(1, 6)]
    neighbours.mailboxes = dict.fromkeys(citizens, MAILBOX) | {citizens[4]: None}
    granted = [event_of(CONSENT_GRANTED, consent(citizen), sequence=2) for citizen in citizens]
    granted.append(event_of(CONSENT_GRANTED, consent(citizens[0], "other"), sequence=9))
    payments = [event_of(PAYMENT_CONFIRMED, paid(one, f"R{one.notice_number}")) for one in PRACTICES]
    with database.transaction() as tx:
        projection.learn_payments(tx, [*payments, *payments])
        projection.learn_consents(tx, neighbours, granted)
    revoked = [event_of(CONSENT_REVOKED, consent(citizens[0]), sequence=number) for number in (1, 3)]
    late = [event_of(CONSENT_REVOKED, consent(citizens[1]), sequence=1)]
    with database.transaction() as tx:
        projection.learn_revocations(tx, [*revoked, *late], NOON)
    with database.reading() as session:
        receipts = session.scalars(sa.select(MailReceipt.receipt_id)).all()
        agreed = {row.citizen_id: (row.sequence, row.since) for row in session.scalars(sa.select(MailSubscription))}
    assert sorted(receipts) == sorted(f"R{one.notice_number}" for one in PRACTICES)
    assert agreed == {citizens[0]: (3, None), **dict.fromkeys(citizens[1:4], (2, NOON))}


def test_a_batch_of_nothing_writes_nothing(service_database: Callable[[str], Database]) -> None:
    database: Database = service_database("notices")
    with database.transaction() as tx:
        empty: list[Event[Any]] = []
        projection.learn_positions(tx, empty, NOON)
        projection.learn_ends(tx, empty, NOON)
        projection.learn_payments(tx, empty)
        projection.learn_consents(tx, Neighbours(), empty)
        projection.learn_revocations(tx, empty, NOON)
    assert debts(database) == {}


@pytest.mark.timeout(300)
def test_events_through_killed_processes_have_each_one_effect(
    start_process: ProcessStarter,
    rpc: RpcClient,
    amqp_url: str,
    publish_event: Callable[..., UUID],
    run_service: Any,
    service_database: Callable[[str], Database],
    eventually: Any,
) -> None:
    purge_queues(amqp_url)
    neighbours = start_process("-m", "tests.integration.notices.probe_neighbours")
    wait_until_answering(rpc, "identity", neighbours)
    database: Database = service_database("notices")
    running = run_service("notices", env={"RENDER_WORKERS": "1"})

    def inbox() -> int:
        with database.reading() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(InboxMessage)) or 0

    at = datetime.now(UTC) - timedelta(days=1)
    sent = set()
    for number in range(EVENTS):
        practice = make_practice(number % 10_000, created_at=at)
        event_id = uuid4()
        for _ in range(2 if number % 7 == 0 else 1):  # some come twice
            publish_event(PRACTICE_CREATED, position_of(practice), subject=str(practice.id), event_id=event_id)
        sent.add(event_id)
        if number in {EVENTS // 3, 2 * EVENTS // 3}:
            running.kill()
            running = run_service("notices", env={"RENDER_WORKERS": "1"})
    eventually(lambda: inbox() == len(sent), timeout_s=120)
    assert len(debts(database)) == EVENTS
    with database.reading() as session:
        assert set(session.scalars(sa.select(InboxMessage.message_id))) == sent
