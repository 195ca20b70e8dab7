"""An amount that changes with the days, in payments: what the node is told about midnight, carts, receipts, archive."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from chassis.storage.database import Database
from contracts.amounts import AmountSchedule
from contracts.calendar import rome_day
from contracts.codes import AmountCents
from contracts.error_details import AmountChanged, detail_of
from contracts.errors import ErrorCode, Refused
from contracts.events.practices import PRACTICE_AMENDED
from contracts.rpc.payments import StartCheckoutRequest
from contracts.rpc.practices import Position, PositionReply
from services.payments import models
from services.payments.repository import archive
from services.payments.usecases import positions
from tests.conftest import wait_until
from tests.integration.payments.archive_world import World, stand_in
from tests.integration.payments.payments_actors import (
    Practices,
    activate,
    ask_node,
    emitted,
    event,
    position,
    receipt,
    starter_at,
    verify,
)

# Reduced until the end of the 23rd in Rome, at 23 o'clock in UTC; receipts of these tests are paid that noon.
REDUCED = AmountSchedule(reduced_cents=AmountCents(700), reduced_days=5, notified_on=date(2026, 11, 18))
MIDNIGHT = datetime(2026, 11, 23, 23, tzinfo=UTC)
BEFORE, AFTER = MIDNIGHT - timedelta(seconds=1), MIDNIGHT


def changing(number: int, schedule: AmountSchedule = REDUCED) -> Position:
    return replace(position(number), schedule=schedule)


def known(database: Database, *told: Position) -> Practices:
    practices = Practices()
    practices.issued = {int(one.practice_id): one for one in told}
    for one in told:
        positions.learn(database, PositionReply(creditor=one.creditor, positions=[one]), BEFORE)
    return practices


def test_verify_and_get_payment_are_told_the_amount_of_the_day(database: Database) -> None:
    practices = known(database, changing(1))
    for ask, name in ((verify, "amount"), (activate, "paymentAmount"), (activate, "transferAmount")):
        assert f"<{name}>7.00</{name}>" in ask_node(database, practices, BEFORE, ask(1))
        assert f"<{name}>10.00</{name}>" in ask_node(database, practices, AFTER, ask(1))


def paying(shown_total_cents: int | None, key: str = "") -> StartCheckoutRequest:
    return StartCheckoutRequest(
        idempotency_key=key or uuid4().hex,
        payer_ref="visitor:somebody",
        practice_ids=[UUID(int=1), UUID(int=2)],
        return_url="http://localhost/esito/{checkout_id}",
        shown_total_cents=shown_total_cents,
    )


def test_a_payer_who_was_shown_yesterdays_total_is_told_todays_and_may_pay_that(
    database: Database, pagopa_url: str
) -> None:
    practices, starter, key = known(database, changing(1), position(2)), starter_at(pagopa_url), uuid4().hex
    with pytest.raises(Refused) as refusal:
        starter.start(database, practices, paying(1_700, key), lambda: AFTER)
    detail = detail_of(refusal.value, AmountChanged)
    assert (refusal.value.code, detail and detail.total_cents) == (ErrorCode.AMOUNT_CHANGED, 2_000)
    checkout = starter.start(database, practices, paying(2_000, key), lambda: AFTER)
    assert [item.amount_cents for item in checkout.items] == [1_000, 1_000]


def test_who_says_no_total_pays_the_amount_of_the_moment(database: Database, pagopa_url: str) -> None:
    practices = known(database, changing(1), position(2))
    checkout = starter_at(pagopa_url).start(database, practices, paying(None), lambda: BEFORE)
    assert checkout.total_cents == 1_700


def test_an_amendment_between_page_and_paga_is_noticed_too(database: Database, pagopa_url: str) -> None:
    practices = known(database, position(1), position(2))
    amended = event(PRACTICE_AMENDED, position(1, sequence=2, amount_cents=1_100), BEFORE)
    with database.transaction() as tx:
        positions.project_positions(tx, [amended], BEFORE)
    with pytest.raises(Refused) as refusal:
        starter_at(pagopa_url).start(database, practices, paying(2_000), lambda: BEFORE)
    assert refusal.value.code is ErrorCode.AMOUNT_CHANGED


def stored(database: Database, number: int) -> models.Position:
    with database.reading() as session:
        return session.execute(
            sa.select(models.Position).where(models.Position.practice_id == UUID(int=number))
        ).scalar_one()


def test_a_receipt_of_the_reduced_amount_pays_whole_whenever_it_comes(database: Database) -> None:
    practices = known(database, changing(1))
    ask_node(database, practices, AFTER + timedelta(days=2), receipt(1, "r-1", 700, None))
    [confirmed] = emitted(database, "PaymentConfirmed")
    assert confirmed.body["data"]["missing_cents"] is None
    assert emitted(database, "PaymentDuplicated") == []


def test_less_than_the_amount_of_the_day_is_underpaid_and_the_rest_is_that_days(database: Database) -> None:
    practices = known(database, changing(1))
    ask_node(database, practices, BEFORE, receipt(1, "r-1", 650, None))
    assert [one.body["data"]["missing_cents"] for one in emitted(database, "PaymentConfirmed")] == [50]
    later = receipt(1, "r-2", 50, None).replace("2026-11-23T13", "2026-11-29T13")
    ask_node(database, practices, AFTER + timedelta(days=6), later)
    assert [one.body["data"]["missing_cents"] for one in emitted(database, "PaymentConfirmed")] == [50, None]
    assert stored(database, 1).first_paid_at == datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_the_reduced_amount_paid_too_late_is_underpaid(database: Database) -> None:
    over = replace(REDUCED, notified_on=date(2026, 11, 17))
    practices = known(database, changing(1, over))
    ask_node(database, practices, BEFORE, receipt(1, "r-1", 700, None))
    assert [one.body["data"]["reason"] for one in emitted(database, "PaymentDuplicated")] == ["underpaid"]


@pytest.fixture
def world(service_database: Callable[[str], Database], tmp_path: Path) -> Iterator[World]:
    with stand_in(tmp_path) as url:
        yield World(service_database("payments"), url)


def noted(world: World) -> int:
    """Let the job look for amounts whose last day is over; return how many there were."""
    with world.database.transaction() as tx:
        return archive.note_new_amounts(tx.session, world.now(), 100)


def amount_of(world: World, issued: Position) -> int:
    found = world.remote(issued)
    assert found is not None
    cents: int = found["paymentOption"][0]["amount"]
    return cents


def test_the_archive_is_told_each_new_amount_once_and_rests_in_between(world: World) -> None:
    today = rome_day(world.now())
    schedule = AmountSchedule(
        reduced_cents=AmountCents(7_000),
        reduced_days=5,
        notified_on=today - timedelta(days=4),
        valid_until=today + timedelta(days=9),
        interest_basis_points=1_000,
    )
    issued, still, sender = world.issue(schedule=schedule), world.issue(), world.sender()
    world.send_all(sender)
    assert (amount_of(world, issued), amount_of(world, still)) == (7_000, 12_000)
    assert noted(world) == 0
    told = {2: 12_000, 3: 12_000, 10: 12_003, 11: 12_007, 40: 12_102}
    for days, cents in told.items():
        world.ahead = timedelta(days=days)
        calls, _ = world.counts()
        assert noted(world) == (0 if days == 3 else 1)
        world.send_all(sender)
        assert amount_of(world, issued) == cents, days
        assert world.counts()[0] == calls + (0 if days == 3 else 1)
    assert amount_of(world, still) == 12_000


def test_amounts_that_end_on_the_same_day_are_sent_in_a_file(world: World) -> None:
    today = rome_day(world.now())
    schedule = AmountSchedule(reduced_cents=AmountCents(7_000), reduced_days=1, notified_on=today)
    issued = [world.issue(schedule=schedule) for _ in range(12)]
    loader = world.loader(rows_from=10)

    def is_loaded(cents: int) -> bool:
        if not loader.work(world.now()):
            world.ahead += timedelta(seconds=30)
        remotes = world.remotes().values()
        is_at_rest = all(world.settled_row(one).changed_at is None for one in issued)
        return is_at_rest and [one["paymentOption"][0]["amount"] for one in remotes] == [cents] * 12

    wait_until(lambda: is_loaded(7_000), pause_s=0.1)
    world.ahead = timedelta(days=2)
    assert noted(world) == 12
    wait_until(lambda: is_loaded(12_000), pause_s=0.1)
    assert noted(world) == 0


def test_the_comparison_finds_an_amount_of_another_day_neither_more_nor_less(world: World) -> None:
    today = rome_day(world.now())
    schedule = AmountSchedule(reduced_cents=AmountCents(7_000), reduced_days=1, notified_on=today)
    issued, sender, comparison = world.issue(schedule=schedule), world.sender(), world.comparison()
    world.send_all(sender)
    world.run(lambda: comparison.work(world.now()))
    assert world.settled_row(issued).changed_at is None
