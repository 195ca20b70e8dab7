"""The life of a case of unexpected money: every step from every state, said a second time."""

from itertools import product

import pytest

from contracts.actors import Actor
from contracts.codes import Iban
from contracts.error_details import RefundLimit, StepNotAllowed
from contracts.errors import ErrorCode, Refused
from contracts.events.payments import CASE_STATES, CASE_STEPS, UNEXPECTED_REASONS
from services.payments.domain.money_cases import (
    CaseState,
    RefundTerms,
    Step,
    after,
    check_second,
    checked_refund,
    terms_after,
)
from services.payments.domain.receipts import UNEXPECTED

# o: open, a: refund_asked, c: to_confirm, d: decided, e: exported, f: done, s: offset, x: explained
LETTERS = dict(zip("oacdefsx", CASE_STATES, strict=True))
WAYS = {
    "ask_refund": ("oacd", "a"),
    "refund": ("a", "d"),
    "confirm": ("c", "d"),
    "withdraw": ("cd", "a"),
    "export": ("d", "e"),
    "refund_done": ("e", "f"),
    "refund_returned": ("ef", "o"),
    "offset": ("oa", "s"),
    "explain": ("oa", "x"),
    "reopen": ("sx", "o"),
}
MARIA, CARLO = Actor(kind="operator", id="maria"), Actor(kind="operator", id="carlo")
ACCOUNT = Iban("IT60X0542811101000000123456")
DECIDED = RefundTerms(ACCOUNT, "Mario Rossi", 1_000, MARIA)


def test_the_steps_states_and_reasons_are_those_of_the_contract() -> None:
    assert tuple(Step) == CASE_STEPS == tuple(WAYS)
    assert tuple(CaseState) == CASE_STATES
    assert {one.value for one in UNEXPECTED} == set(UNEXPECTED_REASONS)


@pytest.mark.parametrize(("step", "letter"), list(product(WAYS, LETTERS)))
def test_a_step_leads_where_the_table_says_and_from_nowhere_else(step: str, letter: str) -> None:
    sources, target = WAYS[step]
    state = CaseState(LETTERS[letter])
    if letter in sources:
        assert after(Step(step), state, second_person=False) == LETTERS[target]
        return
    with pytest.raises(Refused) as refusal:
        after(Step(step), state, second_person=False)
    assert refusal.value.code is ErrorCode.MONEY_CASE_STEP_NOT_ALLOWED
    assert refusal.value.detail == StepNotAllowed(state=state.value)


def test_where_two_people_are_wanted_a_refund_leads_to_the_second() -> None:
    assert after(Step.REFUND, CaseState.REFUND_ASKED, second_person=True) is CaseState.TO_CONFIRM
    assert after(Step.CONFIRM, CaseState.TO_CONFIRM, second_person=True) is CaseState.DECIDED
    check_second(MARIA, CARLO)
    with pytest.raises(Refused) as refusal:
        check_second(MARIA, MARIA)
    assert refusal.value.code is ErrorCode.SECOND_PERSON_REQUIRED


@pytest.mark.parametrize(
    ("step", "left"),
    [
        (Step.ASK_REFUND, RefundTerms(ACCOUNT, "Anna Rossi")),
        (Step.CONFIRM, DECIDED),
        (Step.WITHDRAW, RefundTerms(ACCOUNT, "Mario Rossi")),
        (Step.EXPORT, DECIDED),
        (Step.REFUND_DONE, DECIDED),
        (Step.REFUND_RETURNED, RefundTerms()),
        (Step.OFFSET, RefundTerms()),
        (Step.EXPLAIN, RefundTerms()),
    ],
)
def test_a_decision_is_for_one_account_and_ends_with_it(step: Step, left: RefundTerms) -> None:
    assert terms_after(step, DECIDED, RefundTerms(ACCOUNT, "Anna Rossi")) == left


def test_no_more_is_given_back_than_came() -> None:
    assert checked_refund(1_000, 1_000) == 1_000
    with pytest.raises(Refused) as refusal:
        checked_refund(1_001, 1_000)
    assert refusal.value.code is ErrorCode.REFUND_TOO_LARGE
    assert refusal.value.detail == RefundLimit(max_cents=1_000)
