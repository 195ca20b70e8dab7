"""The whole cross product of states and events against the table of transitions."""

from itertools import product

import pytest

from services.practices.domain.states import TRANSITIONS, Cause, IllegalTransition, State, can_move, move

ALLOWED = {
    ("to_pay", "CheckoutStarted"): "unconfirmed",
    ("unconfirmed", "CheckoutAbandoned"): "to_pay",
    ("to_pay", "PaymentConfirmed"): "paid",
    ("unconfirmed", "PaymentConfirmed"): "paid",
    ("expired", "PaymentConfirmed"): "paid",
    ("cancelled", "PaymentConfirmed"): "paid",
    ("underpaid", "PaymentConfirmed"): "paid",
    ("to_pay", "PaymentConfirmed of less than is due"): "underpaid",
    ("unconfirmed", "PaymentConfirmed of less than is due"): "underpaid",
    ("expired", "PaymentConfirmed of less than is due"): "underpaid",
    ("underpaid", "PracticeAmended"): "underpaid",
    ("paid", "PaymentReported"): "reported",
    ("to_pay", "PracticeAmended"): "to_pay",
    ("expired", "PracticeAmended"): "to_pay",
    ("to_pay", "PracticeCancelled"): "cancelled",
    ("expired", "PracticeCancelled"): "cancelled",
    ("cancelled", "PracticeAmended of what was annulled"): "to_pay",
    ("to_pay", "PracticeExpired"): "expired",
}


@pytest.mark.parametrize(("state", "cause"), list(product(State, Cause)), ids=str)
def test_every_pair_of_state_and_event_either_moves_as_written_or_is_refused(state: State, cause: Cause) -> None:
    expected = ALLOWED.get((state.value, cause.value))
    assert can_move(state, cause) is (expected is not None)
    if expected is None:
        with pytest.raises(IllegalTransition) as refusal:
            move(state, cause)
        assert (refusal.value.state, refusal.value.cause) == (state, cause)
    else:
        assert move(state, cause).value == expected


def test_every_state_is_in_the_table() -> None:
    assert {state for (state, _), to in TRANSITIONS.items() for state in (state, to)} == set(State)


def test_money_that_arrives_ends_in_paid_from_every_state_that_is_not_paid_yet() -> None:
    unpaid = set(State) - {State.PAID, State.REPORTED}
    assert {move(state, Cause.PAYMENT_CONFIRMED) for state in unpaid} == {State.PAID}
