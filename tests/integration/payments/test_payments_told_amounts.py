"""Amounts that an entity's software says, in payments: node, carts, receipts and archive are told the answer."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import pytest

from chassis.storage.database import Database
from contracts.amounts import AmountSchedule, ToldAmount, ToldAmounts, with_answer
from contracts.call import Call, Reply, Request
from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.events.practices import PRACTICE_AMENDED
from contracts.rpc.payments import PaymentOptionsRequest, StartCheckoutRequest
from contracts.rpc.practices import AskAmountsRequest, Position, PositionReply
from services.payments.usecases import payment_options, positions, told_amounts
from tests.integration.payments.archive_world import World, stand_in
from tests.integration.payments.payments_actors import (
    START,
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

MINUTES: Final = timedelta(minutes=1)
# Receipts of these tests are paid at noon in UTC.
PAID: Final = START
ASKED: Final = START - 10 * MINUTES


class AskedPractices(Practices):
    """practices, which asks the entity's software: `says` is what that answers, None where it does not."""

    def __init__(self, says: int | None) -> None:
        super().__init__()
        self.says = says
        self.asked = 0
        self.now = ASKED

    def call(self, call: Call[Request, Reply], request: Request, *, correlation_id: str | None = None) -> Reply:
        if not isinstance(request, AskAmountsRequest):
            return super().call(call, request, correlation_id=correlation_id)
        if self.away:
            raise Unavailable
        self.asked += 1
        found = [self._answered(int(practice_id)) for practice_id in request.practice_ids]
        reply = PositionReply(positions=found)
        assert isinstance(reply, call.reply_type)
        return reply

    def _answered(self, number: int) -> Position:
        known = self.issued[number]
        assert known.schedule is not None
        assert known.schedule.told is not None
        if self.says is not None:
            before = known.schedule.told
            told = with_answer(before, answer(self.says, self.now))
            is_news = len(told.answers) != len(before.answers)
            schedule = replace(known.schedule, told=told)
            known = replace(known, schedule=schedule, sequence=known.sequence + is_news)
            self.issued[number] = known
        return known


def answer(cents: int, at: datetime) -> ToldAmount:
    return ToldAmount(amount_cents=cents, told_at=at, holds_until=at + 10 * MINUTES)


def asking(database: Database, says: int | None, *, use_last_known: bool = False, numbers: int = 1) -> AskedPractices:
    """Have practices with notices whose amounts are asked, known to payments by event."""
    practices = AskedPractices(says)
    for number in range(1, numbers + 1):
        schedule = AmountSchedule(told=ToldAmounts(use_last_known=use_last_known))
        practices.issued[number] = replace(position(number), schedule=schedule)
        told = practices.issued[number]
        positions.learn(database, PositionReply(creditor=told.creditor, positions=[told]), ASKED)
    return practices


def test_verify_and_get_payment_are_told_what_the_software_says(database: Database) -> None:
    practices = asking(database, 1_234)
    for ask, name in ((verify, "amount"), (activate, "paymentAmount"), (activate, "transferAmount")):
        assert f"<{name}>12.34</{name}>" in ask_node(database, practices, ASKED, ask(1))
    assert practices.asked == 1


def test_an_answer_that_is_over_is_asked_for_again_and_another_one_told(database: Database) -> None:
    practices = asking(database, 1_234)
    ask_node(database, practices, ASKED, verify(1))
    practices.says, practices.now = 1_300, ASKED + 10 * MINUTES
    assert "<amount>12.34<" in ask_node(database, practices, ASKED + 9 * MINUTES, verify(1))
    assert "<amount>13.00<" in ask_node(database, practices, ASKED + 10 * MINUTES, verify(1))
    assert practices.asked == 2


def test_the_same_amount_again_holds_longer_without_an_event(database: Database) -> None:
    practices = asking(database, 1_234)
    ask_node(database, practices, ASKED, verify(1))
    practices.now = ASKED + 10 * MINUTES
    ask_node(database, practices, practices.now, verify(1))
    assert practices.issued[1].sequence == 2
    assert "<amount>12.34<" in ask_node(database, practices, ASKED + 19 * MINUTES, verify(1))
    assert practices.asked == 2


@pytest.mark.parametrize("ask", [verify, activate])
def test_without_an_answer_the_node_is_told_so_unless_the_last_known_may_be_paid(
    database: Database, ask: Callable[[int], str]
) -> None:
    assert "PAA_SYSTEM_ERROR" in ask_node(database, asking(database, None), ASKED, ask(1))
    known = asking(database, 900, use_last_known=True, numbers=2)
    assert ">9.00<" in ask_node(database, known, ASKED, ask(2))
    known.says, known.now = None, ASKED + 60 * MINUTES
    assert ">9.00<" in ask_node(database, known, known.now, ask(2))


def test_while_practices_is_away_the_node_is_told_what_is_known_for_as_long_as_it_holds(database: Database) -> None:
    practices = asking(database, 1_234)
    ask_node(database, practices, ASKED, verify(1))
    practices.away = True
    assert "<amount>12.34<" in ask_node(database, practices, ASKED + 9 * MINUTES, verify(1))
    assert "PAA_SYSTEM_ERROR" in ask_node(database, practices, ASKED + 10 * MINUTES, verify(1))


def test_of_which_nothing_is_due_the_node_is_told_that_it_is_withdrawn(database: Database) -> None:
    practices = asking(database, 0, use_last_known=True)
    assert "PAA_PAGAMENTO_ANNULLATO" in ask_node(database, practices, ASKED, verify(1))


def test_the_software_is_not_asked_about_what_cannot_be_paid_anyway(database: Database) -> None:
    practices = asking(database, 1_234)
    ask_node(database, practices, ASKED, verify(1))
    ask_node(database, practices, PAID, receipt(1, "r-1", 1_234, None))
    assert "PAA_PAGAMENTO_DUPLICATO" in ask_node(database, practices, PAID + 60 * MINUTES, verify(1))
    assert practices.asked == 1


def test_a_receipt_is_compared_with_what_was_told_when_it_was_paid_whatever_was_told_since(database: Database) -> None:
    practices = asking(database, 1_234)
    ask_node(database, practices, ASKED, verify(1))
    practices.says, practices.now = 9_999, PAID + 24 * 60 * MINUTES
    assert "<amount>99.99<" in ask_node(database, practices, practices.now, verify(1))
    ask_node(database, practices, practices.now, receipt(1, "r-1", 1_234, None))
    [confirmed] = emitted(database, "PaymentConfirmed")
    assert confirmed.body["data"]["missing_cents"] is None
    assert emitted(database, "PaymentDuplicated") == []


def test_of_two_amounts_told_within_the_half_hour_before_a_receipt_may_be_of_either(database: Database) -> None:
    practices = asking(database, 1_234, numbers=2)
    for number in (1, 2):
        practices.says, practices.now = 1_234, ASKED
        ask_node(database, practices, ASKED, verify(number))
        practices.says, practices.now = 1_300, PAID
        ask_node(database, practices, PAID, verify(number))
    ask_node(database, practices, PAID, receipt(1, "r-1", 1_234, None))
    ask_node(database, practices, PAID, receipt(2, "r-2", 1_300, None))
    assert [one.body["data"]["missing_cents"] for one in emitted(database, "PaymentConfirmed")] == [None, None]
    assert emitted(database, "PaymentDuplicated") == []


def paying(shown_total_cents: int | None) -> StartCheckoutRequest:
    return StartCheckoutRequest(
        idempotency_key=uuid4().hex,
        payer_ref="visitor:somebody",
        practice_ids=[UUID(int=1)],
        return_url="http://localhost/esito/{checkout_id}",
        shown_total_cents=shown_total_cents,
    )


def test_a_checkout_is_opened_with_what_the_software_says_or_not_at_all(database: Database, pagopa_url: str) -> None:
    practices, starter = asking(database, None), starter_at(pagopa_url)
    with pytest.raises(Refused) as refusal:
        starter.start(database, practices, paying(1_000), lambda: ASKED)
    assert refusal.value.code is ErrorCode.AMOUNT_NOT_KNOWN
    practices.says = 0
    with pytest.raises(Refused) as refusal:
        starter.start(database, practices, paying(1_000), lambda: ASKED)
    assert refusal.value.code is ErrorCode.NOTHING_DUE
    practices.says, practices.now = 1_234, ASKED + 10 * MINUTES
    with pytest.raises(Refused) as refusal:
        starter.start(database, practices, paying(1_000), lambda: ASKED + 10 * MINUTES)
    assert refusal.value.code is ErrorCode.AMOUNT_CHANGED
    checkout = starter.start(database, practices, paying(1_234), lambda: ASKED + 10 * MINUTES)
    assert checkout.total_cents == 1_234


def test_payment_options_tell_the_amount_that_the_software_says(database: Database) -> None:
    practices = asking(database, 1_234)
    request = PaymentOptionsRequest(organization_fiscal_code="80012345676", notice_number=position(1).notice_number)
    reply = payment_options.payment_options(database, practices, request, ASKED)
    assert reply.body["paymentOptions"][0]["amount"] == 1_234


def test_half_of_the_workers_may_wait_for_a_software_and_the_others_answer_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots = threading.BoundedSemaphore(1)
    monkeypatch.setattr(told_amounts, "_slots", lambda: slots)
    practices = asking(database, 1_234, use_last_known=True)
    with slots:
        assert "<amount>10.00<" in ask_node(database, practices, ASKED, verify(1))
    assert practices.asked == 0
    assert "<amount>12.34<" in ask_node(database, practices, ASKED, verify(1))


@pytest.fixture
def world(service_database: Callable[[str], Database], tmp_path: Path) -> Iterator[World]:
    with ExitStack() as running:
        yield World(service_database("payments"), running.enter_context(stand_in(tmp_path)))


def test_the_archive_is_told_each_new_amount_and_none_twice(world: World) -> None:
    told = ToldAmounts(use_last_known=True, answers=[])
    issued, sender = world.issue(schedule=AmountSchedule(told=told)), world.sender()
    world.send_all(sender)

    def hear(schedule: ToldAmounts, sequence: int) -> int:
        amended = replace(issued, schedule=AmountSchedule(told=schedule), sequence=sequence)
        with world.database.transaction() as tx:
            positions.project_positions(tx, [event(PRACTICE_AMENDED, amended, world.now())], world.now())
        world.send_all(sender)
        found = world.remote(issued)
        assert found is not None
        cents: int = found["paymentOption"][0]["amount"]
        return cents

    first = with_answer(told, answer(5_000, world.now()))
    assert hear(first, 2) == 5_000
    calls, _ = world.counts()
    assert hear(with_answer(first, answer(5_000, world.now() + MINUTES)), 3) == 5_000
    assert world.counts()[0] == calls
    assert hear(with_answer(first, answer(6_000, world.now())), 4) == 6_000
