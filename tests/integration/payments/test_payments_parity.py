"""What is lost between practices and payments is found, counted and repaired; what is under way is let be."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from kombu import Connection
from sqlalchemy.dialects.postgresql import insert

from chassis import clock
from chassis.messaging import backlog
from chassis.metrics import PARITY_CHECKED_AGE_SECONDS, PARITY_DIVERGENCES, PARITY_UNREPAIRED
from chassis.parity.rounds import Pace, Rounds
from chassis.storage.database import Database
from chassis.storage.parity_lines import CountedSide
from contracts.events.subscriptions import SUBSCRIPTIONS
from contracts.rpc import payments
from contracts.rpc.parity import Buckets, BucketsRequest
from contracts.rpc.practices import Practice
from services.payments import clients, models
from services.payments.repository import parity as payments_lines
from services.payments.service import PaymentsService
from services.payments.usecases import parity as payments_parity
from services.practices import models as practices_models
from services.practices.repository import parity as practices_lines
from services.practices.service import PracticesService
from services.practices.usecases import parity as practices_parity
from tests.conftest import wait_until
from tests.integration.payments.conftest import Town

POSITIONS, STATES = payments_parity.PROJECTION, practices_parity.PROJECTION
AT_ONCE = Pace(settle_s=0, grace_s=0)
QUEUES = {one.consumer: one.queue_name for one in SUBSCRIPTIONS}


def counted(counter: Any, projection: str) -> float:
    """Return what a counter of this process says of PM108."""
    value: float = counter.labels(projection, "PM108")._value.get()
    return value


class Found:
    """How many divergences were counted, and how many were left."""

    def __init__(self, projection: str) -> None:
        self.projection = projection
        self._before = self._now()

    def _now(self) -> tuple[float, float]:
        return counted(PARITY_DIVERGENCES, self.projection), counted(PARITY_UNREPAIRED, self.projection)

    def since(self) -> tuple[int, int]:
        (diverged, left), (diverged_before, left_before) = self._now(), self._before
        return int(diverged - diverged_before), int(left - left_before)


class Provers:
    """Whoever proves the two projections: what the timers of the services do, in this process."""

    def __init__(self, town: Town, pace: Pace = AT_ONCE, is_behind: Callable[[], bool] = lambda: False) -> None:
        self.town = town
        self.rounds = {name: Rounds(name, pace, is_behind=is_behind) for name in (POSITIONS, STATES)}

    def look(self, projection: str) -> None:
        town, now = self.town, clock.now()
        if projection == POSITIONS:
            payments_parity.prove_positions(town.database, town.rpc, self.rounds[POSITIONS], now)
        else:
            practices_parity.prove_states(town.practices_database, town.rpc, self.rounds[STATES], now)

    def prove(self, projection: str) -> tuple[int, int]:
        """Go through a whole round and return what it counted."""
        found = Found(projection)
        due(self.town, projection)
        self.look(projection)
        self.look(projection)
        return found.since()


def due(town: Town, projection: str, **values: Any) -> None:
    """Let the next round be due now."""
    database = town.database if projection == POSITIONS else town.practices_database
    model = database.models.ParityRound
    with database.transaction() as tx:
        first = insert(model).values(projection=projection, next_at=sa.func.now())
        again = {"next_at": sa.func.now(), **values}
        tx.session.execute(first.on_conflict_do_update(index_elements=[model.projection], set_=again))


@pytest.fixture
def provers(town: Town) -> Provers:
    return Provers(town)


def buckets_of(database: Database, source: Any) -> Any:
    whole = BucketsRequest(
        since=datetime(2020, 1, 1, tzinfo=UTC),
        until=datetime(2100, 1, 1, tzinfo=UTC),
        events_since=clock.now() - timedelta(days=390),
    )
    return CountedSide(database, source).buckets(whole).buckets


def are_proven(town: Town) -> bool:
    """Return whether the databases agree on everything."""
    pairs = [
        (payments_lines.POSITIONS, practices_lines.POSITIONS),
        (payments_lines.STATES, practices_lines.STATES),
    ]
    return all(buckets_of(town.database, there) == buckets_of(town.practices_database, here) for there, here in pairs)


def states(town: Town, issued: Sequence[Practice]) -> list[str]:
    return [town.practice(practice.id).state for practice in issued]


def known_positions(town: Town, issued: Sequence[Practice]) -> int:
    ids = [practice.id for practice in issued]
    with town.database.reading() as session:
        count = sa.select(sa.func.count()).where(
            models.Position.practice_id.in_(ids), models.Position.amount_cents.is_not(None)
        )
        return session.scalar(count) or 0


def relayed(database: Database) -> bool:
    model = database.models.OutboxMessage
    with database.reading() as session:
        return session.scalar(sa.select(model.id).where(model.relayed_at.is_(None)).limit(1)) is None


def lose(amqp_url: str, queue_name: str, random: Random, share: float) -> int:
    """Take that share of a queue's messages away by chance; return how many."""
    with Connection(amqp_url) as connection:
        queue = connection.channel()
        waiting = queue.queue_declare(queue_name, passive=True).message_count
        letters = [queue.basic_get(queue_name) for _ in range(waiting)]
        lost = [letter for letter in letters if random.random() < share]
        for letter in lost:
            queue.basic_ack(letter.delivery_tag)
    return len(lost)  # closed with the connection, the channel gives the others back


def stop(town: Town, service: str) -> None:
    town.running[service].stop()


def start_again(town: Town, amqp_url: str, service: str) -> None:
    """Start a stopped service and wait until it has taken what was left to it."""
    town.restart(service)
    wait_until(lambda: not backlog.is_behind(amqp_url, backlog.queues_of(service)))


def test_practices_whose_events_a_purge_took_are_paid_after_a_round(
    town: Town, provers: Provers, amqp_url: str, eventually: Callable[..., Any]
) -> None:
    issued = [town.issue() for _ in range(8)]
    eventually(lambda: known_positions(town, issued) == 8)
    stop(town, "practices")
    for practice in issued:
        assert town.pay_at_counter(practice).status_code == 200
    eventually(lambda: len(town.events("PaymentConfirmed", *issued)) == 8)
    with Connection(amqp_url) as connection:
        assert connection.channel().queue_purge(QUEUES["practices.on_payment_confirmed"]) == 8
    start_again(town, amqp_url, "practices")
    assert set(states(town, issued)) == {"to_pay"}
    assert provers.prove(STATES) == (8, 0)
    assert set(states(town, issued)) == {"paid"}
    assert provers.prove(STATES) == (0, 0)
    assert are_proven(town)


def test_whatever_is_lost_on_the_way_is_there_after_a_round(
    town: Town, provers: Provers, amqp_url: str, eventually: Callable[..., Any]
) -> None:
    random = Random(1)
    stop(town, "payments")
    issued = [town.issue(1_000 + number) for number in range(16)]
    amended = [town.issue(5_000 + number, external_id=one.external_id) for number, one in enumerate(issued[:5])]
    annulled, unpaid = issued[5:8], [*amended, *issued[8:]]
    for practice in annulled:
        town.annul(practice)
    eventually(lambda: relayed(town.practices_database))
    lost = sum(
        lose(amqp_url, QUEUES[f"payments.on_practice_{name}"], random, 0.6)
        for name in ("created", "amended", "cancelled")
    )
    assert lost
    start_again(town, amqp_url, "payments")
    diverged, left = provers.prove(POSITIONS)
    assert (0 < diverged <= lost, left) == (True, 0)
    assert known_positions(town, issued) == 16
    assert provers.prove(POSITIONS) == (0, 0)

    stop(town, "practices")
    paid, started, abandoned, untouched = unpaid[:5], unpaid[5:7], unpaid[7:10], unpaid[10:]
    for practice in paid:
        assert town.pay_at_counter(practice).status_code == 200
    for practice in (*started, *abandoned):
        checkout = town.start(practice, payer=f"visitor:{uuid4()}")
        if practice in abandoned:
            abandon(town, checkout.id)
    eventually(lambda: relayed(town.database))
    for name in ("payment_confirmed", "checkout_started", "checkout_abandoned"):
        lose(amqp_url, QUEUES[f"practices.on_{name}"], random, 0.6)
    start_again(town, amqp_url, "practices")
    assert provers.prove(STATES)[1] == 0
    assert set(states(town, paid)) == {"paid"}
    assert set(states(town, started)) == {"unconfirmed"}
    assert set(states(town, [*abandoned, *untouched])) == {"to_pay"}
    assert set(states(town, annulled)) == {"cancelled"}
    assert are_proven(town)


def abandon(town: Town, checkout_id: UUID) -> None:
    with town.database.reading() as session:
        payer = session.scalar(sa.select(models.Checkout.payer_ref).where(models.Checkout.id == checkout_id))
    town.rpc.call(
        payments.RETURNED,
        payments.ReturnedRequest(checkout_id=checkout_id, payer_ref=str(payer), outcome="annullato"),
    )


def rows_of(database: Database, model: Any, ids: Sequence[UUID]) -> list[Any]:
    """Return rows as they are in the database, in the order of their keys.

    The terms of a practice that is over are told again under the number of its end: they are the same.
    """
    table = model.__table__
    (key,) = table.primary_key.columns
    columns = [column for column in table.columns if column.name != "terms_sequence"]
    with database.reading() as session:
        return list(session.execute(sa.select(*columns).where(key.in_(ids)).order_by(key)).all())


def test_rows_that_are_deleted_are_written_again_as_they_were(
    town: Town, provers: Provers, eventually: Callable[..., Any]
) -> None:
    random = Random(3)
    issued = [town.issue(2_000 + number) for number in range(12)]
    ids = [practice.id for practice in issued]
    eventually(lambda: known_positions(town, issued) == 12)
    annulled, paid, being_paid = issued[:2], issued[2:7], issued[7:9]
    for practice in annulled:
        town.annul(practice)
    for practice in paid:
        assert town.pay_at_counter(practice).status_code == 200
    for practice in being_paid:
        town.start(practice, payer=f"visitor:{uuid4()}")
    expected = {"cancelled": 2, "paid": 5, "unconfirmed": 2, "to_pay": 3}
    eventually(lambda: Counter(states(town, issued)) == expected)
    eventually(lambda: are_proven(town))
    positions = rows_of(town.database, models.Position, ids)
    practices = rows_of(town.practices_database, practices_models.PracticeRow, ids)

    deleted = random.sample(ids, 6)
    changed = random.sample(sorted(set(ids) - set(deleted)), 2)
    with town.database.transaction() as tx:
        tx.session.execute(sa.delete(models.Position).where(models.Position.practice_id.in_(deleted)))
        other = sa.update(models.Position).where(models.Position.practice_id.in_(changed))
        tx.session.execute(other.values(amount_cents=1))
    forgotten = [practice.id for practice in (*paid[:3], *being_paid[:1])]
    with town.practices_database.transaction() as tx:
        row = practices_models.PracticeRow
        tx.session.execute(sa.update(row).where(row.id.in_(forgotten)).values(facts={}, state="to_pay"))

    assert provers.prove(POSITIONS) == (8, 0)
    assert provers.prove(STATES) == (4, 0)
    assert rows_of(town.database, models.Position, ids) == positions
    assert rows_of(town.practices_database, practices_models.PracticeRow, ids) == practices
    for practice in paid:
        assert town.pay_at_counter(practice).json()["fault"] == "PAA_PAGAMENTO_DUPLICATO"
    assert (provers.prove(POSITIONS), provers.prove(STATES)) == ((0, 0), (0, 0))


def test_a_position_that_practices_does_not_have_is_left_to_a_human(
    town: Town, provers: Provers, eventually: Callable[..., Any]
) -> None:
    issued = town.issue()
    eventually(lambda: known_positions(town, [issued]) == 1)
    strange = uuid4()
    with town.practices_database.transaction() as tx:
        row = practices_models.PracticeRow
        tx.session.execute(sa.update(row).where(row.id == issued.id).values(id=strange))
    try:
        assert provers.prove(POSITIONS) == (2, 2)  # the other one has a notice that is taken
        assert known_positions(town, [issued]) == 1
    finally:
        with town.practices_database.transaction() as tx:
            tx.session.execute(sa.update(row).where(row.id == strange).values(id=issued.id))
    assert provers.prove(POSITIONS) == (0, 0)


def test_what_is_not_relayed_or_waits_in_a_queue_is_no_divergence(
    town: Town, amqp_url: str, eventually: Callable[..., Any]
) -> None:
    queues = backlog.queues_of("payments")
    provers = Provers(town, AT_ONCE, lambda: backlog.is_behind(amqp_url, queues))
    stop(town, "payments")
    stop(town, "practices-relay")
    issued = [town.issue() for _ in range(3)]
    assert provers.prove(POSITIONS) == (0, 0)
    town.run("practices-relay", "-m", "chassis.relay", "practices")
    eventually(lambda: relayed(town.practices_database))
    assert backlog.is_behind(amqp_url, queues)
    assert provers.prove(POSITIONS) == (0, 0)
    start_again(town, amqp_url, "payments")
    eventually(lambda: known_positions(town, issued) == 3)
    assert provers.prove(POSITIONS) == (0, 0)


def test_while_people_pay_nothing_diverges(town: Town, amqp_url: str, eventually: Callable[..., Any]) -> None:
    pace = Pace(settle_s=2, grace_s=3)
    queues = [*backlog.queues_of("payments"), *backlog.queues_of("practices")]
    provers = Provers(town, pace, lambda: backlog.is_behind(amqp_url, queues))
    found = [Found(POSITIONS), Found(STATES)]
    looked = threading.Event()

    def pay(number: int) -> Practice:
        practice = town.issue(1_000 + number)
        eventually(lambda: known_positions(town, [practice]) == 1)
        town.start(practice, payer=f"visitor:{uuid4()}")
        assert town.pay_at_counter(practice).status_code == 200
        looked.wait(0.3)  # so that it goes on while rounds do
        return practice

    with ThreadPoolExecutor(4) as people:
        paying = [people.submit(pay, number) for number in range(40)]
        ended: set[tuple[str, datetime | None]] = set()
        while not all(one.done() for one in paying):
            for projection in (POSITIONS, STATES):
                due(town, projection)
                provers.look(projection)
                ended.add((projection, checked_at(town, projection)))
            looked.wait(0.2)
        issued = [one.result() for one in paying]
    eventually(lambda: set(states(town, issued)) == {"paid"})
    assert all(sum(name == projection for name, _ in ended) > 2 for projection in (POSITIONS, STATES))
    assert [one.since() for one in found] == [(0, 0), (0, 0)]
    eventually(lambda: are_proven(town))


def test_a_service_looks_by_itself_and_says_when_it_was_proven_last(
    town: Town, tick: Callable[..., list[str]], eventually: Callable[..., Any]
) -> None:
    eventually(lambda: are_proven(town))
    for timer, database, projection in (
        (PaymentsService.prove_positions, town.database, POSITIONS),
        (PracticesService.prove_states, town.practices_database, STATES),
    ):
        due(town, projection, checked_at=sa.func.now() - timedelta(hours=2), swept_until=None)
        rounds = Rounds(projection, Pace(every_s=0), is_behind=lambda: False)
        provided = {"database": database, "rpc": town.rpc}
        tick(timer, timedelta(), rounds=rounds, **provided)
        rounds = Rounds(projection, AT_ONCE, is_behind=lambda: False)
        tick(timer, timedelta(hours=1), rounds=rounds, **provided)  # a process with a wrong clock leaves it to others
        assert age_s(town, projection) > 7_000
        assert "parity_diverged" not in tick(timer, timedelta(), rounds=rounds, **provided)
        assert age_s(town, projection) < 60
        assert PARITY_CHECKED_AGE_SECONDS.labels(projection)._value.get() < 60


def checked_at(town: Town, projection: str) -> datetime | None:
    """Return when the last round ended."""
    database = town.database if projection == POSITIONS else town.practices_database
    model = database.models.ParityRound
    with database.reading() as session:
        return session.scalar(sa.select(model.checked_at).where(model.projection == projection))


def age_s(town: Town, projection: str) -> float:
    moment = checked_at(town, projection)
    assert moment is not None
    return (clock.now() - moment).total_seconds()


def test_a_sweep_goes_on_where_the_round_before_has_ended(town: Town, eventually: Callable[..., Any]) -> None:
    few = Provers(town, Pace(settle_s=0, grace_s=0, swept_rows=1, sweep_s=0, found_max=3))
    issued = [town.issue() for _ in range(6)]
    eventually(lambda: known_positions(town, issued) == 6)
    ids = [practice.id for practice in issued]
    old = clock.now() - timedelta(days=400)
    # Two of long ago, the others of today: two windows of the sweep.
    position, practice = models.Position, practices_models.PracticeRow
    for database, update in (
        (town.database, sa.update(position).where(position.practice_id.in_(ids[:2]))),
        (town.practices_database, sa.update(practice).where(practice.id.in_(ids[:2]))),
    ):
        with database.transaction() as tx:
            tx.session.execute(update.values(created_at=old))
    with town.database.transaction() as tx:
        tx.session.execute(sa.delete(models.Position).where(models.Position.practice_id.in_(ids[1:])))
        tx.session.execute(sa.update(models.ParityRound).values(changed_until=sa.func.now(), swept_until=None))
    counts: list[int] = []
    while sum(counts) < 5 and len(counts) < 20:
        # Events of the last minutes would tell at once of all: only the sweep is to find them.
        due(town, POSITIONS, changed_until=sa.func.now() + timedelta(minutes=5))
        found = Found(POSITIONS)
        few.look(POSITIONS)
        few.look(POSITIONS)
        counts.append(found.since()[0])
    assert sum(counts) == 5
    assert len([count for count in counts if count]) > 1
    assert known_positions(town, issued) == 6


def test_two_processes_share_the_rounds(town: Town) -> None:
    due(town, POSITIONS)
    first, second = Provers(town), Provers(town)
    asked: list[str] = []
    ask = clients.PracticesSide.buckets
    for name, prover in (("first", first), ("second", second)):

        def buckets(side: clients.PracticesSide, request: BucketsRequest, name: str = name) -> Buckets:
            asked.append(name)
            return ask(side, request)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(clients.PracticesSide, "buckets", buckets)
            prover.look(POSITIONS)
    assert set(asked) == {"first"}


def test_sides_of_two_releases_are_not_compared(town: Town, provers: Provers) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(payments_lines, "POSITIONS", replace(payments_lines.POSITIONS, form=0))
        with town.database.transaction() as tx:
            tx.session.execute(sa.update(models.ParityRound).values(checked_at=None))
        assert provers.prove(POSITIONS) == (0, 0)
    with town.database.reading() as session:
        assert session.scalar(sa.select(models.ParityRound.checked_at)) is None
