"""Facts that come twice, late and in any order end in one status."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

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
from services.practices.domain.states import State

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
    return lambda s: practice_status.payment_confirmed(s, receipt_id, Receipt(minutes(minute), amount_cents))


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
def test_a_practice_is_paid_or_reported_exactly_when_a_receipt_is_there(
    beginning: PracticeStatus, some: list[Fold]
) -> None:
    result = folded(*some, of=beginning)
    assert (result.state in {State.PAID, State.REPORTED}) is bool(result.facts.receipts)


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


def test_an_amendment_reopens_an_expired_practice() -> None:
    result = practice_status.amended(
        folded(of=practice_status.expired(PracticeStatus(), Ending(START, "late_not_accepted"))), minutes(9)
    )
    assert result.state is State.TO_PAY
    assert display.state_details(result, TERMS, START).since == minutes(9)
