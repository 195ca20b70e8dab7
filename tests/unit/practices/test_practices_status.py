"""Facts that come twice, late and in any order end in one status."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.practices import stored_json
from services.practices.domain import display, practice_status
from services.practices.domain.practice_status import (
    AmountDue,
    EndedCheckout,
    Ending,
    OpenCheckout,
    PracticeStatus,
    Receipt,
    Settlement,
)
from services.practices.domain.states import Cause, State, can_move

START = datetime(2026, 11, 23, 10, tzinfo=UTC)
CHECKOUTS = [UUID(int=number) for number in (1, 2, 3)]
TERMS = AmountDue(amount_cents=1_600, payable_until=date(2026, 12, 31))

Fold = Callable[[PracticeStatus], PracticeStatus]


def minutes(count: int) -> datetime:
    return START + timedelta(minutes=count)


def started(checkout: UUID, minute: int = 1) -> Fold:
    return lambda s: practice_status.checkout_started(s, checkout, OpenCheckout(minutes(minute), minutes(minute + 30)))


def abandoned(checkout: UUID, minute: int = 20, reason: str = "cancelled") -> Fold:
    return lambda s: practice_status.checkout_abandoned(s, checkout, EndedCheckout(minutes(minute), reason))


def confirmed(receipt_id: str, minute: int = 15, amount_cents: int = 1_600) -> Fold:
    return lambda s: practice_status.payment_confirmed(s, receipt_id, Receipt(minutes(minute), amount_cents), TERMS)


def duplicated(reason: str = "already_paid") -> Fold:
    return lambda s: practice_status.payment_duplicated(s, reason)


def reported(flow_id: str = "2026-11-25ABI-1", minute: int = 60) -> Fold:
    return lambda s: practice_status.payment_reported(s, Settlement(minutes(minute), flow_id))


def folded(*folds: Fold, of: PracticeStatus | None = None) -> PracticeStatus:
    result = of or PracticeStatus()
    for fold in folds:
        result = fold(result)
    return result


facts = st.one_of(
    st.builds(started, st.sampled_from(CHECKOUTS), st.integers(0, 40)),
    st.builds(abandoned, st.sampled_from(CHECKOUTS), st.integers(0, 40), st.sampled_from(["failed", "timed_out"])),
    st.builds(confirmed, st.sampled_from(["R1", "R2"]), st.integers(0, 40), st.sampled_from([1_600, 1_700])),
    # One receipt says one amount: these two make up what is due.
    st.builds(confirmed, st.just("A"), st.integers(0, 40), st.just(1_000)),
    st.builds(confirmed, st.just("B"), st.integers(0, 40), st.just(600)),
    st.builds(duplicated, st.sampled_from(["already_paid", "cancelled"])),
    st.builds(reported, st.sampled_from(["F1", "F2"]), st.integers(50, 90)),
)
beginnings = st.sampled_from(
    [
        PracticeStatus(),
        practice_status.cancelled(PracticeStatus(), Ending(START, "Emesso per errore")),
        practice_status.expired(PracticeStatus(), Ending(START, "late_not_accepted")),
    ]
)


@st.composite
def same_facts_in_two_orders(draw: st.DrawFn) -> tuple[list[Fold], list[Fold]]:
    some = draw(st.lists(facts, max_size=9))
    repeated = draw(st.lists(st.sampled_from(some), max_size=4)) if some else []
    return some, draw(st.permutations(some + repeated))


@given(beginnings, same_facts_in_two_orders())
def test_any_order_and_repetition_of_the_same_facts_ends_in_the_same_status(
    beginning: PracticeStatus, orders: tuple[list[Fold], list[Fold]]
) -> None:
    first, second = (folded(*order, of=beginning) for order in orders)
    assert first == second
    assert display.state_details(first, TERMS, START) == display.state_details(second, TERMS, START)
    assert practice_status.unexpected_money(first, TERMS) == practice_status.unexpected_money(second, TERMS)


@given(beginnings, st.lists(facts, max_size=9))
def test_a_practice_is_paid_or_reported_exactly_when_receipts_sum_to_what_is_due_and_underpaid_when_to_less(
    beginning: PracticeStatus, some: list[Fold]
) -> None:
    result = folded(*some, of=beginning)
    receipts, is_cancelled = result.facts.receipts.values(), result.facts.cancelled is not None
    is_whole = is_cancelled or sum(receipt.amount_cents for receipt in receipts) >= TERMS.amount_cents
    assert (result.state in {State.PAID, State.REPORTED}) is (bool(receipts) and is_whole)
    assert (result.state is State.UNDERPAID) is (bool(receipts) and not is_whole)


@given(st.lists(facts, max_size=9))
def test_a_practice_nobody_ended_is_unconfirmed_exactly_while_a_checkout_is_open(some: list[Fold]) -> None:
    result = folded(*some)
    if not result.facts.receipts:
        assert (result.state is State.UNCONFIRMED) is bool(result.facts.open_checkouts)


@given(beginnings, st.lists(facts, max_size=9))
def test_facts_survive_being_stored(beginning: PracticeStatus, some: list[Fold]) -> None:
    result = folded(*some, of=beginning)
    assert stored_json.read_facts(stored_json.write_facts(result.facts)) == result.facts


def test_an_abandoned_older_checkout_does_not_free_one_opened_later() -> None:
    older, newer, _ = CHECKOUTS
    result = folded(started(older), started(newer, 5), abandoned(older, 10))
    assert result.state is State.UNCONFIRMED
    assert set(result.facts.open_checkouts) == {newer}


def test_a_checkout_whose_end_came_first_does_not_start() -> None:
    assert folded(abandoned(CHECKOUTS[0]), started(CHECKOUTS[0])).state is State.TO_PAY


def test_a_payment_that_came_before_its_checkout_stays() -> None:
    assert folded(confirmed("R1"), started(CHECKOUTS[0]), abandoned(CHECKOUTS[0])).state is State.PAID


def test_a_settlement_that_came_before_the_receipt_is_remembered() -> None:
    assert folded(reported()).state is State.TO_PAY
    assert folded(reported(), confirmed("R1")).state is State.REPORTED


def test_money_for_a_cancelled_practice_makes_it_paid_and_asks_for_a_human() -> None:
    result = folded(confirmed("R1"), of=practice_status.cancelled(PracticeStatus(), Ending(START, "Sgravio")))
    assert result.state is State.PAID
    assert practice_status.unexpected_money(result, TERMS) == {"cancelled"}


def test_money_paid_in_time_for_a_practice_that_expired_meanwhile_needs_no_human() -> None:
    terms = AmountDue(1_600, date(2026, 11, 23))
    result = folded(confirmed("R1"), of=practice_status.expired(PracticeStatus(), Ending(START, "late_not_accepted")))
    assert result.state is State.PAID
    assert practice_status.unexpected_money(result, terms) == frozenset()


def test_money_paid_after_the_last_day_in_rome_asks_for_a_human() -> None:
    last_day = AmountDue(1_600, date(2026, 11, 22))
    assert practice_status.unexpected_money(folded(confirmed("R1")), last_day) == {"expired"}


def test_two_receipts_and_another_amount_ask_for_a_human() -> None:
    result = folded(confirmed("R1"), confirmed("R2", amount_cents=1_500))
    assert practice_status.unexpected_money(result, TERMS) == {"already_paid", "other_amount"}


def test_less_than_the_amount_due_is_underpaid_and_receipts_that_sum_to_it_are_paid() -> None:
    partly = folded(confirmed("A", amount_cents=1_000))
    assert partly.state is State.UNDERPAID
    assert practice_status.missing_cents(partly.facts, TERMS) == 600
    assert display.state_details(partly, TERMS, START).reason == "less_than_due"
    assert practice_status.unexpected_money(partly, TERMS) == {"underpaid"}
    whole = folded(confirmed("B", minute=25, amount_cents=600), of=folded(duplicated("underpaid"), of=partly))
    assert whole.state is State.PAID
    assert display.state_details(whole, TERMS, START).since == minutes(25)
    assert practice_status.unexpected_money(whole, TERMS) == frozenset()


def test_unexpected_money_says_underpaid_where_less_came_and_other_amount_where_more_did() -> None:
    assert practice_status.unexpected_money(folded(confirmed("A", amount_cents=1_599)), TERMS) == {"underpaid"}
    assert practice_status.unexpected_money(folded(confirmed("A", amount_cents=1_601)), TERMS) == {"other_amount"}


def test_a_settlement_flow_does_not_move_what_is_underpaid() -> None:
    partly = folded(confirmed("A", amount_cents=1_000))
    assert folded(reported(), of=partly).state is State.UNDERPAID
    assert folded(reported(), confirmed("A", amount_cents=1_000)).state is State.UNDERPAID
    assert folded(reported(), confirmed("B", amount_cents=600), of=partly).state is State.REPORTED


def test_what_is_underpaid_does_not_expire_and_is_not_cancelled_and_no_checkout_moves_it() -> None:
    partly = folded(confirmed("A", amount_cents=1_000))
    assert folded(started(CHECKOUTS[0]), abandoned(CHECKOUTS[0]), of=partly).state is State.UNDERPAID
    for cause in (Cause.EXPIRED, Cause.CANCELLED):
        assert not can_move(partly.state, cause)


def test_less_than_was_due_for_a_cancelled_practice_misses_nothing() -> None:
    cancelled = practice_status.cancelled(PracticeStatus(), Ending(START, "Sgravio"))
    assert folded(confirmed("A", amount_cents=1_000), of=cancelled).state is State.PAID


@pytest.mark.parametrize(
    ("amount_cents", "state", "attention"),
    [
        (1_000, State.PAID, set()),
        (900, State.PAID, {"other_amount"}),
        (1_200, State.UNDERPAID, {"underpaid"}),
    ],
    ids=["to what came", "below it", "above it"],
)
def test_an_amendment_down_to_what_came_pays_what_is_underpaid(
    amount_cents: int, state: State, attention: set[str]
) -> None:
    partly = folded(duplicated("underpaid"), confirmed("A", amount_cents=1_000))
    assert practice_status.may_amend(partly, raises_amount=False)
    assert not practice_status.may_amend(partly, raises_amount=True)
    due = AmountDue(amount_cents, None)
    result = practice_status.amended(partly, due, minutes(30))
    assert result.state is state
    assert practice_status.unexpected_money(result, due) == attention


def test_an_amendment_reopens_an_expired_practice() -> None:
    result = practice_status.amended(
        folded(of=practice_status.expired(PracticeStatus(), Ending(START, "late_not_accepted"))), TERMS, minutes(9)
    )
    assert result.state is State.TO_PAY
    assert display.state_details(result, TERMS, START).since == minutes(9)


def test_a_cancelled_practice_that_nobody_paid_needs_no_human() -> None:
    cancelled = practice_status.cancelled(PracticeStatus(), Ending(START, "Sgravio"))
    assert practice_status.unexpected_money(cancelled, TERMS) == frozenset()
    abandoned_before = practice_status.cancelled(
        folded(started(CHECKOUTS[0]), abandoned(CHECKOUTS[0])), Ending(START, "x")
    )
    assert practice_status.unexpected_money(abandoned_before, TERMS) == frozenset()


def test_two_open_checkouts_tell_since_the_earlier_start_and_until_the_later_end() -> None:
    status = folded(started(CHECKOUTS[0], minute=1), started(CHECKOUTS[1], minute=10))
    details = display.state_details(status, TERMS, START)
    assert (details.since, details.until, details.reason) == (minutes(1), minutes(40), "checkout_open")
