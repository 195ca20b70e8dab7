"""The pure rules of payments: the fold, the decision table, checkouts, what a receipt means."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.calendar import rome_day
from contracts.codes import AmountCents, CreditorFiscalCode, Iuv, NoticeNumber
from contracts.events.payments import CHECKOUT_ABANDONED, CHECKOUT_STARTED, PAYMENT_CONFIRMED, PAYMENT_DUPLICATED
from contracts.rpc.payments import CHECKOUT_STATES
from contracts.shapes import Creditor, Subject
from services.payments.domain.checkouts import (
    TRANSITIONS,
    CheckoutState,
    IllegalTransition,
    after_end,
    after_payment,
    move,
    shown_state,
    wait_until,
)
from services.payments.domain.node import Fault, Situation, refuse_caller, refuse_payment
from services.payments.domain.node_time import from_node
from services.payments.domain.positions import Change, PaymentTerms, Position, PositionStatus, fold
from services.payments.domain.receipts import RAISES, Judgement, ReceiptFacts, judge

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
CREDITOR = Creditor(
    code="PM108",
    fiscal_code=CreditorFiscalCode("80012345676"),
    company_name="Conservatorio",
    broker_fiscal_code=CreditorFiscalCode("80012345676"),
    station_id="80012345676_01",
)
DEBTOR = Subject(entity_type="F", fiscal_code="ANONIMO", full_name="Prova")


def terms(amount_cents: int = 1600, payable_until: date | None = None) -> PaymentTerms:
    return PaymentTerms(
        amount_cents=AmountCents(amount_cents),
        description="Imposta di bollo",
        due_date=None,
        payable_until=payable_until,
        debtor=DEBTOR,
        transfers=(),
        created_at=NOW,
    )


def change(sequence: int, status: PositionStatus = PositionStatus.OPEN, asked: PaymentTerms | None = None) -> Change:
    return Change(
        practice_id=UUID(int=1),
        sequence=sequence,
        entity_code="PM108",
        creditor_fiscal_code=CreditorFiscalCode("80012345676"),
        notice_number=NoticeNumber("301000000000000144"),
        iuv=Iuv("01000000000000144"),
        status=status,
        terms=asked,
    )


def position(
    status: PositionStatus = PositionStatus.OPEN, asked: PaymentTerms | None = None, paid: str | None = None
) -> Position:
    return replace(fold(None, change(1, status, asked or terms())), paid_receipt_id=paid)


def folded(changes: list[Change]) -> Position | None:
    known: Position | None = None
    for one in changes:
        known = fold(known, one)
    return known


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Change], list[Change]]:
    """A true history of a practice, and the same events late, twice and in any order."""
    changes = [change(1, asked=terms(100))]
    for sequence in range(2, draw(st.integers(2, 7))):
        status = draw(st.sampled_from(PositionStatus))
        amended = terms(100 * sequence) if status is PositionStatus.OPEN or draw(st.booleans()) else None
        changes.append(change(sequence, status, amended))
    repeated = draw(st.lists(st.sampled_from(changes), max_size=5))
    return changes, draw(st.permutations(changes + repeated))


@given(histories())
def test_any_order_and_repetition_of_the_same_events_folds_to_the_same_position(history):
    told, heard = history
    assert folded(heard) == folded(told)


@given(histories())
def test_the_fold_keeps_the_newest_terms_and_the_newest_status(history):
    told, heard = history
    result = folded(heard)
    assert result is not None
    assert result.status is told[-1].status
    assert result.terms == [one.terms for one in told if one.terms][-1]


def test_what_was_paid_survives_every_later_event():
    paid = replace(position(), paid_receipt_id="R1", paid_at=NOW, event_sequence=3)
    after = fold(paid, change(9, PositionStatus.CANCELLED))
    assert (after.paid_receipt_id, after.paid_at, after.event_sequence) == ("R1", NOW, 3)


def expected_fault(  # noqa: PLR0911
    creditor: Creditor | None, broker: str, station: str, *, well_formed: bool, found: Position | None
) -> Fault | None:
    """The table of section 3.7, written a second time, row by row."""
    if creditor is None:
        return Fault.UNKNOWN_DOMAIN
    if broker != "80012345676":
        return Fault.UNKNOWN_BROKER
    if station != "80012345676_01":
        return Fault.UNKNOWN_STATION
    if not well_formed:
        return Fault.SYNTAX
    if found is None:
        return Fault.UNKNOWN_PAYMENT
    if found.paid_receipt_id:
        return Fault.DUPLICATE_PAYMENT
    if found.status is PositionStatus.EXPIRED:
        return Fault.EXPIRED_PAYMENT
    if found.status is PositionStatus.CANCELLED:
        return Fault.CANCELLED_PAYMENT
    return None


POSITIONS = [None, *(position(status, paid=paid) for status in PositionStatus for paid in (None, "R1"))]


@pytest.mark.parametrize(
    ("creditor", "broker", "station", "well_formed", "found"),
    list(product([None, CREDITOR], ["80012345676", "x"], ["80012345676_01", "x"], [True, False], POSITIONS)),
)
def test_the_decision_table_is_walked_in_its_order(creditor, broker, station, well_formed, found):
    asked = Situation("80012345676", creditor, broker, station, well_formed, found, TODAY)
    assert refuse_payment(asked) is expected_fault(creditor, broker, station, well_formed=well_formed, found=found)


@pytest.mark.parametrize(("domain", "broker", "station"), list(product(["", "80012345676"], ["", "80012345676"], [""])))
def test_what_a_request_does_not_say_is_a_fault_of_syntax(domain, broker, station):
    creditor = CREDITOR if domain else None
    asked = Situation(domain, creditor, broker, station, well_formed=False, position=None, today=TODAY)
    assert refuse_caller(asked) is Fault.SYNTAX


@pytest.mark.parametrize(
    ("until", "fault"),
    [
        (None, None),
        (TODAY, None),
        (TODAY + timedelta(days=1), None),
        (TODAY - timedelta(days=1), Fault.EXPIRED_PAYMENT),
    ],
)
def test_payable_until_is_the_last_day_on_which_payment_is_accepted(until, fault):
    asked = Situation(
        CREDITOR.fiscal_code,
        CREDITOR,
        CREDITOR.broker_fiscal_code,
        CREDITOR.station_id,
        well_formed=True,
        position=position(asked=terms(payable_until=until)),
        today=TODAY,
    )
    assert refuse_payment(asked) is fault


@pytest.mark.parametrize(("state", "to"), list(product(CheckoutState, CheckoutState)))
def test_every_pair_of_checkout_states_is_an_edge_with_its_event_or_illegal(state, to):
    if (state, to) in TRANSITIONS:
        assert move(state, to) is TRANSITIONS[(state, to)]
    else:
        with pytest.raises(IllegalTransition):
            move(state, to)


def test_the_edges_of_a_checkout_are_named_by_their_events():
    opening, paid = CheckoutState.OPENING, CheckoutState.PAID
    assert move(opening, CheckoutState.OPEN) is CHECKOUT_STARTED
    assert move(opening, CheckoutState.NOT_OPENED) is None
    for ended in (CheckoutState.CANCELLED, CheckoutState.FAILED, CheckoutState.TIMED_OUT):
        assert move(CheckoutState.OPEN, ended) is CHECKOUT_ABANDONED
    for state in set(CheckoutState) - {paid}:
        assert move(state, paid) is PAYMENT_CONFIRMED
    assert not any(state is paid for state, _ in TRANSITIONS)


@pytest.mark.parametrize("state", CheckoutState)
def test_a_checkout_is_shown_in_the_words_of_the_contract(state):
    assert shown_state(state) in CHECKOUT_STATES


@pytest.mark.parametrize(
    ("state", "items"),
    [
        (state, items)
        for state in CheckoutState
        for items in product([True, False], repeat=2)
        if state is not CheckoutState.PAID or all(items)
    ],
)
def test_what_follows_from_receipts_is_always_a_legal_move(state, items):
    after = after_payment(state, items)
    assert after is state or move(state, after) is PAYMENT_CONFIRMED
    assert (after is CheckoutState.PAID) == all(items)


@pytest.mark.parametrize("reason", ["cancelled", "failed", "timed_out"])
def test_a_cart_that_ends_half_paid_is_partially_paid(reason):
    assert after_end(reason, [True, False]) is CheckoutState.PARTIALLY_PAID
    assert after_end(reason, [False, False]).value == reason


def facts(**changes: object) -> ReceiptFacts:
    values = {
        "receipt_id": "R1",
        "recipient": "80012345676",
        "owner": "80012345676",
        "outcome": "OK",
        "amount_cents": 1600,
        "own_share_cents": 1600,
        "paid_at": NOW,
    }
    return ReceiptFacts(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("received", "found", "judgement"),
    [
        (facts(), position(), Judgement.EXPECTED),
        (facts(), position(paid="R0"), Judgement.ALREADY_PAID),
        (facts(), position(PositionStatus.CANCELLED), Judgement.CANCELLED),
        (facts(), position(PositionStatus.CANCELLED, paid="R0"), Judgement.ALREADY_PAID),
        (facts(), position(PositionStatus.EXPIRED), Judgement.EXPIRED),
        (facts(), position(asked=terms(payable_until=TODAY)), Judgement.EXPECTED),
        (facts(), position(PositionStatus.EXPIRED, terms(payable_until=TODAY)), Judgement.EXPECTED),
        (facts(), position(asked=terms(payable_until=TODAY - timedelta(days=1))), Judgement.EXPIRED),
        (facts(), position(asked=terms(1601)), Judgement.OTHER_AMOUNT),
        (facts(), None, Judgement.UNKNOWN_NOTICE),
        (facts(owner="77777777777"), None, Judgement.SECONDARY),
        (facts(owner="77777777777", own_share_cents=0), None, Judgement.NO_MONEY),
        (facts(outcome="KO"), position(), Judgement.NO_MONEY),
        (facts(amount_cents=0), position(), Judgement.NO_MONEY),
    ],
)
def test_a_receipt_is_judged_by_what_it_says_and_what_was_owed(received, found, judgement):
    assert judge(received, found) is judgement


def test_money_is_confirmed_once_and_flagged_where_nobody_expected_it():
    for judgement, raised in RAISES.items():
        no_money = judgement in (Judgement.NO_MONEY, Judgement.FOREIGN)
        assert raised.count(PAYMENT_CONFIRMED) == (0 if no_money else 1)
        expected = no_money or judgement in (Judgement.EXPECTED, Judgement.SECONDARY)
        assert raised.count(PAYMENT_DUPLICATED) == (0 if expected else 1)
    assert set(RAISES) == set(Judgement)


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (datetime(2026, 7, 1, 12, 0), datetime(2026, 7, 1, 10, 0, tzinfo=UTC)),  # noqa: DTZ001
        (datetime(2026, 12, 1, 12, 0), datetime(2026, 12, 1, 11, 0, tzinfo=UTC)),  # noqa: DTZ001
        (datetime(2026, 12, 1, 12, 0, tzinfo=UTC), datetime(2026, 12, 1, 12, 0, tzinfo=UTC)),
    ],
)
def test_a_time_of_the_node_without_offset_is_italian_time(sent, meant):
    assert from_node(sent) == meant


def test_midnight_in_rome_begins_the_day():
    assert rome_day(datetime(2026, 11, 22, 22, 59, tzinfo=UTC)) == date(2026, 11, 22)
    assert rome_day(datetime(2026, 11, 22, 23, 0, tzinfo=UTC)) == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("activated_min", "asked_min", "kept_until_min"),
    [
        (None, 30, None),
        (5, 30, 35),
        (5, 35, None),
        (29, 30, 59),
        (29, 59, None),
        # Activated again while it was kept: the end that was told holds.
        (45, 50, 60),
        (45, 60, None),
        (59, 61, None),
    ],
)
def test_an_open_checkout_is_kept_while_a_payment_token_may_live_and_never_beyond_its_end(
    activated_min: int | None, asked_min: int, kept_until_min: int | None
) -> None:
    def at(minutes: int | None) -> datetime | None:
        return None if minutes is None else NOW + timedelta(minutes=minutes)

    asked = NOW + timedelta(minutes=asked_min)
    assert wait_until(NOW + timedelta(minutes=60), at(activated_min), timedelta(minutes=30), asked) == at(
        kept_until_min
    )
