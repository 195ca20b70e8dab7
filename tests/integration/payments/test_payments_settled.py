"""A practice is settled once the bank was told of every receipt that pays it, whatever is amended before or after."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from contracts.events.practices import PRACTICE_AMENDED
from contracts.rpc.practices import PositionReply
from services.payments.domain.settlements import Flow, FlowRow, Outcome
from services.payments.usecases import settlements
from services.payments.usecases.positions import learn, project_positions
from tests.integration.payments.payments_actors import (
    CREDITOR,
    START,
    Practices,
    activate,
    ask_node,
    emitted,
    event,
    position,
    receipt,
)

DUE_CENTS = 1000
LATER = START + timedelta(days=1)


@pytest.fixture
def practices():
    played = Practices()
    played.issued = {1: position(1, amount_cents=DUE_CENTS)}
    return played


@pytest.fixture
def pay(database, practices):
    """Let a receipt of 1000 cents or less come."""

    def paid(receipt_id: str, amount_cents: int = DUE_CENTS) -> None:
        ask_node(database, practices, START, activate(1))
        ask_node(database, practices, START, receipt(1, receipt_id, amount_cents, None))

    return paid


@pytest.fixture
def row(database, practices):
    """Let the bank be told of a receipt, in a flow of its own."""

    def taken(receipt_id: str, amount_cents: int = DUE_CENTS) -> None:
        told = FlowRow(
            iuv=f"{1:017d}",
            iur=receipt_id,
            index=1,
            amount_cents=amount_cents,
            outcome=Outcome.EXECUTED,
            paid_on=date(2026, 11, 23),
        )
        flow = Flow(
            flow_id=f"2026-11-24ABCDITMM-{receipt_id}",
            flow_at=LATER,
            revision=1,
            regulation_id="TRN",
            settled_on=date(2026, 11, 24),
            sender_id="ABCDITMM",
            sender_name="Banca",
            receiver_fiscal_code=CREDITOR.fiscal_code,
            count=1,
            total_cents=amount_cents,
            rows=(told,),
        )
        settlements.take_flow(database, practices, flow, "PM108", LATER)

    return taken


@pytest.fixture
def amend(database):
    """Let the body ask for another amount."""

    def amended(amount_cents: int, sequence: int = 2) -> None:
        changed = event(PRACTICE_AMENDED, position(1, sequence, amount_cents), LATER)
        with database.transaction() as tx:
            project_positions(tx, [changed], LATER)

    return amended


def reported(database: Any) -> list[tuple[str, str, int]]:
    """What was announced as settled: receipt, flow, amount."""
    told = [one.body["data"] for one in emitted(database, "PaymentReported")]
    return [(one["receipt_id"], one["flow_id"], one["amount_cents"]) for one in told]


def test_a_debt_amended_down_after_its_row_came_is_settled_and_that_is_told_once(database, pay, row, amend):
    pay("R1", 600)
    row("R1", 600)
    assert reported(database) == [], "something is missing"
    amend(600)
    assert reported(database) == [("R1", "2026-11-24ABCDITMM-R1", 600)]
    amend(600)
    amend(600, sequence=3)
    assert len(reported(database)) == 1


def test_a_debt_amended_down_before_its_row_came_is_settled_by_the_row(database, pay, row, amend):
    pay("R1", 600)
    amend(600)
    assert reported(database) == [], "no bank was told"
    row("R1", 600)
    assert reported(database) == [("R1", "2026-11-24ABCDITMM-R1", 600)]


def test_an_amendment_learnt_by_asking_settles_it_too(database, practices, pay, row):
    pay("R1", 600)
    row("R1", 600)
    learn(database, PositionReply(creditor=CREDITOR, positions=[position(1, 2, 600)]), LATER)
    assert len(reported(database)) == 1


def test_what_came_is_more_than_the_debt_was_amended_down_to_and_it_is_settled(database, pay, row, amend):
    pay("R1", 600)
    row("R1", 600)
    amend(500)
    assert reported(database) == [("R1", "2026-11-24ABCDITMM-R1", 600)]


def test_a_debt_amended_a_little_down_is_settled_when_the_rest_has_come_and_stands_in_a_flow(database, pay, row, amend):
    pay("R1", 600)
    row("R1", 600)
    amend(800)
    assert reported(database) == []
    pay("R2", 200)
    assert reported(database) == [], "no bank was told of the rest"
    row("R2", 200)
    assert reported(database) == [("R2", "2026-11-24ABCDITMM-R2", 800)]


@pytest.mark.parametrize("order", [("R1", "R2"), ("R2", "R1")])
def test_two_parts_are_settled_with_the_row_of_the_last_in_either_order(database, pay, row, order):
    parts = {"R1": 600, "R2": 400}
    pay("R1", 600)
    pay("R2", 400)
    row(order[0], parts[order[0]])
    assert reported(database) == [], "the bank was told of a part"
    row(order[1], parts[order[1]])
    assert reported(database) == [("R2", f"2026-11-24ABCDITMM-{order[1]}", DUE_CENTS)]


def test_an_amendment_down_waits_for_the_row_of_each_part(database, pay, row, amend):
    pay("R1", 300)
    pay("R2", 300)
    row("R2", 300)
    amend(600)
    assert reported(database) == [], "no bank was told of the first part"
    row("R1", 300)
    assert reported(database) == [("R2", "2026-11-24ABCDITMM-R1", 600)]


def test_the_row_of_a_second_payment_settles_nothing_again(database, pay, row):
    pay("R1")
    pay("R2")
    row("R1")
    row("R2")
    assert reported(database) == [("R1", "2026-11-24ABCDITMM-R1", DUE_CENTS)]


def test_the_row_of_a_second_payment_alone_settles_nothing(database, pay, row):
    pay("R1")
    pay("R2")
    row("R2")
    assert reported(database) == []


def test_an_amendment_of_another_practice_settles_nothing(database, practices, pay, row, amend):
    pay("R1", 600)
    row("R1", 600)
    other = position(2, 2, 600)
    with database.transaction() as tx:
        project_positions(tx, [event(PRACTICE_AMENDED, replace(other), LATER)], LATER)
    assert reported(database) == []
