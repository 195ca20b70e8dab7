"""A debt position with several ways of paying it, in payments: the node's answers, receipts at once, carts, OdP."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Final
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from contracts.events.practices import OTHER_OPTION, PRACTICE_CANCELLED
from contracts.rpc.payments import PaymentOptionsReply, PaymentOptionsRequest
from contracts.rpc.practices import Position, PositionReply
from contracts.shapes import Instalment, OptionPart, Stamp
from services.payments import models
from services.payments.domain.positions import PositionStatus
from services.payments.repository import positions as stored_positions
from services.payments.usecases import payment_options, positions
from tests.conftest import empty_tables
from tests.integration.payments.payments_actors import (
    START,
    Practices,
    activate,
    ask_node,
    emitted,
    ended,
    event,
    position,
    receipt,
    start,
    starter_at,
    verify,
)

UNKNOWN: Final = "PAA_PAGAMENTO_SCONOSCIUTO"
SINGLE, PLAN, LONGER = (1,), (2, 3), (4, 5, 6)
WAYS: Final = (SINGLE, PLAN, LONGER)


def debt_position() -> Practices:
    """One debt: 1 is the single sum, 2 and 3 a plan of two instalments, 4 to 6 one of three."""
    practices = Practices()
    for ones in WAYS:
        for place, number in enumerate(ones, start=1):
            instalment = Instalment(number=place, total=len(ones)) if len(ones) > 1 else None
            part = OptionPart(debt_position="TARI-1", option=f"in-{len(ones)}", instalment=instalment)
            practices.issued[number] = replace(position(number), part=part)
    return practices


def known(database: Database, practices: Practices) -> None:
    for one in practices.issued.values():
        positions.learn(database, PositionReply(creditor=one.creditor, positions=[one]), START)


def pay(database: Database, practices: Practices, number: int, minute: int = 0) -> None:
    """Let a receipt come, paid that many minutes after the last one could be."""
    paid = receipt(number, f"r-{number}", 1_000, None).replace("T13:00:00", f"T13:{minute:02d}:00")
    assert "<outcome>OK</outcome>" in ask_node(database, practices, START, paid)


def open_to_the_node(database: Database, practices: Practices) -> set[int]:
    """Return which notices verify and getPayment both offer; they never disagree."""
    offered = set()
    for number in practices.issued:
        answers = [ask_node(database, practices, START, ask(number)) for ask in (verify, activate)]
        assert len({"<outcome>OK</outcome>" in answer for answer in answers}) == 1
        if "<outcome>OK</outcome>" in answers[0]:
            offered.add(number)
    return offered


def reasons(database: Database) -> list[str]:
    return [one.body["data"]["reason"] for one in emitted(database, "PaymentDuplicated")]


def test_paying_the_single_sum_closes_every_plan(database: Database) -> None:
    practices = debt_position()
    known(database, practices)
    assert open_to_the_node(database, practices) == {1, 2, 3, 4, 5, 6}
    pay(database, practices, 1)
    assert open_to_the_node(database, practices) == set()
    assert UNKNOWN in ask_node(database, practices, START, verify(2))
    assert "PAA_PAGAMENTO_DUPLICATO" in ask_node(database, practices, START, verify(1))


def test_paying_an_instalment_closes_the_single_sum_and_other_plans_and_leaves_its_own(database: Database) -> None:
    practices = debt_position()
    known(database, practices)
    pay(database, practices, 3)
    assert open_to_the_node(database, practices) == {2}
    assert UNKNOWN in ask_node(database, practices, START, activate(1))
    pay(database, practices, 2, minute=1)
    assert reasons(database) == []


def test_what_practices_has_closed_stays_unknown_to_the_node(database: Database) -> None:
    practices = debt_position()
    known(database, practices)
    pay(database, practices, 1)
    closed = event(PRACTICE_CANCELLED, replace(ended(2, 2), reason=OTHER_OPTION), START)
    with database.transaction() as tx:
        positions.project_ends(tx, [closed], PositionStatus.CANCELLED, START)
    assert UNKNOWN in ask_node(database, practices, START, verify(2))


def test_a_notice_asked_about_first_brings_its_whole_debt_position(database: Database) -> None:
    practices = debt_position()
    # As practices answers: with whatever belongs to the debt position.
    practices.together = [{1, 2, 3, 4, 5, 6}]
    pay(database, practices, 1)
    assert UNKNOWN in ask_node(database, practices, START, verify(2))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.sampled_from(range(1, 7)), min_size=1, max_size=6, unique=True), data=st.data())
def test_under_any_interleaving_no_money_is_refused_and_all_but_one_way_is_for_a_human(
    database: Database, order: Sequence[int], data: st.DataObject
) -> None:
    """Receipts in any order, questions and practices' own closings in between, late or never."""
    empty_tables(database)
    practices = debt_position()
    known(database, practices)
    for minute, number in enumerate(order):
        pay(database, practices, number, minute)
        paid = order[: minute + 1]
        offered = open_to_the_node(database, practices)
        single_paid = 1 in paid
        chosen = next(ones for ones in WAYS if paid[0] in ones)
        assert offered == (set() if single_paid else set(chosen) - set(paid)), paid
        if data.draw(st.booleans()):
            closed = next(one for one in practices.issued if one not in chosen)
            told = event(PRACTICE_CANCELLED, replace(ended(closed, 2), reason=OTHER_OPTION), START)
            with database.transaction() as tx:
                positions.project_ends(tx, [told], PositionStatus.CANCELLED, START)
    assert len(emitted(database, "PaymentConfirmed")) == len(order)
    chosen = next(ones for ones in WAYS if order[0] in ones)
    unwanted = [n for place, n in enumerate(order) if n not in chosen or (1 in order[:place] and n != 1)]
    assert len(reasons(database)) == len(unwanted)
    assert set(reasons(database)) <= {"cancelled"}


def test_of_two_receipts_at_the_same_moment_one_is_expected_and_the_other_for_a_human(database: Database) -> None:
    practices = debt_position()
    known(database, practices)
    together = Barrier(2)

    def send(number: int) -> None:
        together.wait()
        pay(database, practices, number, minute=number)

    threads = [Thread(target=send, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(emitted(database, "PaymentConfirmed")) == 2
    assert reasons(database) == ["cancelled"]


def test_two_batches_of_rows_about_the_same_debts_in_other_orders_wait_for_each_other_and_not_crosswise(
    database: Database,
) -> None:
    practices = Practices()
    for number, name in ((1, "TARI-1"), (2, "TARI-2"), (3, "TARI-2"), (4, "TARI-1")):
        practices.issued[number] = replace(position(number), part=OptionPart(debt_position=name, option=f"in-{number}"))
    known(database, practices)
    together, problems = Barrier(2), []

    def take(numbers: Sequence[int]) -> None:
        for _ in range(20):
            together.wait(60)
            try:
                with database.transaction() as tx:
                    ids = [UUID(int=number) for number in numbers]
                    held = stored_positions.by_practice(tx.session, ids, lock=True)
                    stored_positions.hold_debt_positions(tx.session, [held[each] for each in ids])
            except DBAPIError as problem:
                problems.append(problem)

    threads = [Thread(target=take, args=(numbers,)) for numbers in ((1, 2), (3, 4))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def refused(database: Database, pagopa_url: str, practices: Practices, numbers: Sequence[int]) -> ErrorCode:
    with pytest.raises(Refused) as refusal:
        start(starter_at(pagopa_url), database, practices, numbers, START)
    return refusal.value.code


def test_a_cart_takes_instalments_of_one_plan_and_not_two_ways_at_once(database: Database, pagopa_url: str) -> None:
    practices = debt_position()
    known(database, practices)
    assert refused(database, pagopa_url, practices, [1, 2]) is ErrorCode.OPTION_CLOSED
    assert refused(database, pagopa_url, practices, [2, 4]) is ErrorCode.OPTION_CLOSED
    assert start(starter_at(pagopa_url), database, practices, [2, 3], START).total_cents == 2_000


def test_a_cart_with_what_another_way_has_paid_is_refused(database: Database, pagopa_url: str) -> None:
    practices = debt_position()
    known(database, practices)
    pay(database, practices, 2)
    assert refused(database, pagopa_url, practices, [1]) is ErrorCode.OPTION_CLOSED
    assert start(starter_at(pagopa_url), database, practices, [3], START).total_cents == 1_000


def options(database: Database, practices: Practices, number: str, code: str = "80012345676") -> PaymentOptionsReply:
    request = PaymentOptionsRequest(organization_fiscal_code=code, notice_number=number)
    return payment_options.payment_options(database, practices, request, START + timedelta(minutes=1))


def number_of(practices: Practices, number: int) -> str:
    issued: Position = practices.issued[number]
    return str(issued.notice_number)


def test_the_options_of_any_notice_are_those_of_its_debt_position(database: Database) -> None:
    practices = debt_position()
    known(database, practices)
    pay(database, practices, 2)
    for number in practices.issued:
        answer = options(database, practices, number_of(practices, number))
        statuses = sorted(one["status"] for one in answer.body["paymentOptions"])
        assert (answer.status, statuses) == (200, ["PO_INVALID", "PO_INVALID", "PO_PARTIALLY_PAID"])


@pytest.mark.parametrize(
    ("code", "number", "error", "status"),
    [
        ("8001234567", "3" * 18, "ODP-101", 400),
        ("80012345676", "3" * 17, "ODP-101", 400),
        ("80012345676", "٣" * 18, "ODP-101", 400),
        ("01234567890", "3" * 18, "ODP-104", 400),
        ("80012345676", "3" * 18, "ODP-107", 404),
    ],
)
def test_what_cannot_be_told_is_one_of_pagopas_errors(
    database: Database, code: str, number: str, error: str, status: int
) -> None:
    practices = debt_position()
    if code == "01234567890":
        practices.creditors = []
    answer = options(database, practices, number, code)
    assert (answer.body["appErrorCode"], answer.status) == (error, status)


def test_with_practices_away_a_notice_that_is_not_here_is_a_system_error(database: Database) -> None:
    practices = debt_position()
    practices.away = True
    answer = options(database, practices, number_of(practices, 1))
    assert (answer.body["appErrorCode"], answer.status) == ("ODP-103", 500)


def test_a_digital_stamp_has_no_options_because_no_psp_sells_it(database: Database) -> None:
    practices = debt_position()
    stamp = Stamp(document_hash="zzjxwTQtqCUCS0DZTAC+rU0ZNpGqbN0FkUMNY4aDCXQ=", province="RM")
    [transfer] = practices.issued[1].transfers
    practices.issued[1] = replace(position(1), transfers=[replace(transfer, iban=None, stamp=stamp)])
    answer = options(database, practices, number_of(practices, 1))
    assert (answer.body["appErrorCode"], answer.status) == ("ODP-102", 422)


@pytest.mark.parametrize(
    ("ending", "is_paid", "error", "status"),
    [
        (PositionStatus.OPEN, True, "ODP-108", 409),
        (PositionStatus.EXPIRED, False, "ODP-110", 422),
        (PositionStatus.CANCELLED, False, "ODP-111", 422),
    ],
)
def test_of_what_only_the_end_is_known_that_is_told(
    database: Database, ending: PositionStatus, *, is_paid: bool, error: str, status: int
) -> None:
    practices = Practices()
    with database.transaction() as tx:
        positions.project_ends(tx, [event(PRACTICE_CANCELLED, ended(1, 2), START)], PositionStatus.CANCELLED, START)
        stored = tx.session.get_one(models.Position, UUID(int=1))
        stored.status, stored.paid_receipt_id = ending.value, "r-1" if is_paid else None
    answer = options(database, practices, str(position(1).notice_number))
    assert (answer.body["appErrorCode"], answer.status) == (error, status)


def test_a_question_about_options_reserves_nothing(database: Database, pagopa_url: str) -> None:
    practices = debt_position()
    known(database, practices)
    for _ in range(3):
        options(database, practices, number_of(practices, 2))
    assert start(starter_at(pagopa_url), database, practices, [1], START).state == "open"
    assert options(database, practices, number_of(practices, 2)).status == 200
