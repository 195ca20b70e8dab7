"""What is shown of a practice, to whom."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.calendar import rome_day
from contracts.codes import AmountCents, Iuv, NoticeNumber
from contracts.errors import ErrorCode
from contracts.rpc.practices import Practice
from contracts.shapes import Beneficiary, LocalisedText, Subject, Viewer
from services.practices.domain import display, viewers
from services.practices.domain.display import StateDetails
from services.practices.domain.practice_status import AmountDue, EndedCheckout, Ending, Facts, PracticeStatus, Receipt
from services.practices.domain.states import State
from services.practices.domain.viewers import Visibility

NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)


def test_a_practice_due_today_is_not_overdue_until_midnight_in_rome() -> None:
    due = date(2026, 11, 23)
    before_midnight = datetime(2026, 11, 23, 22, 59, 59, tzinfo=UTC)
    midnight = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
    assert rome_day(midnight) == date(2026, 11, 24)
    assert not display.is_overdue(State.TO_PAY, due, before_midnight)
    assert display.is_overdue(State.TO_PAY, due, midnight)


def test_the_day_of_rome_follows_summer_time() -> None:
    assert display.end_of_rome_day(date(2026, 7, 31)) == datetime(2026, 7, 31, 22, tzinfo=UTC)
    assert display.end_of_rome_day(date(2026, 12, 31)) == datetime(2026, 12, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize("state", [State.PAID, State.REPORTED, State.CANCELLED])
def test_what_is_no_longer_owed_is_never_overdue(state: State) -> None:
    assert not display.is_overdue(state, date(2020, 1, 1), NOON)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (State.TO_PAY, None),
        (State.UNCONFIRMED, ErrorCode.PRACTICE_BEING_PAID),
        (State.PAID, ErrorCode.PRACTICE_PAID),
        (State.REPORTED, ErrorCode.PRACTICE_PAID),
        (State.EXPIRED, ErrorCode.PRACTICE_EXPIRED),
        (State.CANCELLED, ErrorCode.PRACTICE_CANCELLED),
    ],
)
def test_every_state_says_whether_and_why_it_cannot_be_paid(state: State, code: ErrorCode | None) -> None:
    assert display.not_payable_code(PracticeStatus(state), AmountDue(100, None), NOON) is code


def test_past_its_last_day_it_cannot_be_paid_even_before_the_timer_has_come_by() -> None:
    late = AmountDue(100, date(2026, 11, 22))
    today = AmountDue(100, date(2026, 11, 23))
    assert display.not_payable_code(PracticeStatus(), late, NOON) is ErrorCode.PRACTICE_EXPIRED
    assert display.not_payable_code(PracticeStatus(), today, NOON) is None


def test_a_masked_practice_tells_neither_names_nor_fiscal_code_nor_address() -> None:
    practice = Practice(
        id=UUID(int=1),
        entity_code="PM108",
        creditor_name="Conservatorio",
        service_code="CONTRIB_IT",
        service_title=LocalisedText(it="Contributo", en="Fee"),
        origin="spontaneous",
        debtor=Subject(
            entity_type="F",
            fiscal_code="RSSMRA85T10A562S",
            full_name="Mario Rossi",
            email="mario.rossi@posta.example",
            street_name="via Duomo",
        ),
        beneficiary=Beneficiary(full_name="Sofia Rossi", course="Violino", school="S", contribution_type="C"),
        description="Contributo - Sofia ROSSI - Violino - mario rossi",
        amount_cents=AmountCents(5_000),
        notice_number=NoticeNumber("301000000000000142"),
        iuv=Iuv("01000000000000142"),
        state="to_pay",
        state_since=NOON,
        overdue=False,
        payable=True,
        created_at=NOON,
    )
    masked = display.masked(practice)
    assert masked.masked is True
    shown = str(masked).lower()
    for secret in ("mario", "rossi", "sofia", "rssmra", "posta.example", "duomo"):
        assert secret not in shown
    assert practice.masked is False


def viewer(**known: Any) -> Viewer:
    return Viewer(**known)


CITIZEN_ID = UUID(int=7)
PRACTICE_ID = UUID(int=8)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (viewer(), Visibility.NONE),
        (viewer(citizen_id=CITIZEN_ID, fiscal_code="VRDLCU99L14A662K"), Visibility.NONE),
        (viewer(citizen_id=CITIZEN_ID, fiscal_code="RSSMRA85T10A562S"), Visibility.WHOLE),
        (viewer(granted_practice_ids=[PRACTICE_ID]), Visibility.MASKED),
        (viewer(granted_practice_ids=[uuid4()]), Visibility.NONE),
        (viewer(granted_practice_ids=[PRACTICE_ID], identified_practice_ids=[PRACTICE_ID]), Visibility.WHOLE),
        (viewer(visitor_id="browser-1234"), Visibility.WHOLE),
        (viewer(citizen_id=CITIZEN_ID, fiscal_code="X", visitor_id="browser-1234"), Visibility.WHOLE),
        (viewer(visitor_id="browser-5678"), Visibility.NONE),
    ],
)
def test_a_practice_is_seen_by_its_debtor_its_inserter_and_whoever_was_shown_it(
    who: Viewer, expected: Visibility
) -> None:
    assert viewers.visibility(who, PRACTICE_ID, "RSSMRA85T10A562S", "visitor:browser-1234") is expected


def test_nobody_is_the_debtor_of_an_anonymous_practice() -> None:
    assert viewers.visibility(viewer(fiscal_code="ANONIMO"), PRACTICE_ID, "ANONIMO", None) is Visibility.NONE


def test_a_year_is_as_long_as_it_is_in_rome() -> None:
    begins, ends = datetime(2025, 12, 31, 23, tzinfo=UTC), datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert display.rome_year(2026) == (begins, ends)


def test_only_what_is_paid_says_when() -> None:
    receipt = Receipt(paid_at=NOON, amount_cents=100)
    for state, told in ((State.PAID, NOON), (State.REPORTED, NOON), (State.UNDERPAID, None), (State.TO_PAY, None)):
        status = PracticeStatus(state, Facts(receipts={"R1": receipt}))
        assert display.paid_at(status, AmountDue(100, None)) == told
    assert display.paid_at(PracticeStatus(State.PAID), AmountDue(100, None)) is None


def test_what_is_to_pay_tells_the_last_thing_that_happened_and_its_last_moment_in_rome() -> None:
    hour = timedelta(hours=1)
    due = AmountDue(100, date(2026, 12, 1))
    facts = Facts(
        reopened=Ending(NOON + hour, "amended"),
        ended_checkouts={UUID(int=1): EndedCheckout(NOON + 2 * hour, "cancelled")},
    )
    ends = datetime(2026, 12, 1, 23, tzinfo=UTC)
    assert display.state_details(PracticeStatus(), due, NOON) == StateDetails(NOON, ends, None)
    told = display.state_details(PracticeStatus(facts=facts), due, NOON)
    assert told == StateDetails(NOON + 2 * hour, ends, "checkout_cancelled")
    reopened = replace(facts, reopened=Ending(NOON + 3 * hour, "amended"))
    told = display.state_details(PracticeStatus(facts=reopened), AmountDue(100, None), NOON)
    assert told == StateDetails(NOON + 3 * hour, None, "amended")


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("Retta", "Retta 2026"),
        (" Retta 2026 ", "Retta 2026"),
        # 140 characters in all, the year among them.
        ("R" * 135, f"{'R' * 135} 2026"),
        ("R" * 136, f"{'R' * 135} 2026"),
        (f"{'R' * 135} 2026", f"{'R' * 135} 2026"),
        (f"{'R' * 136} 2026", f"{'R' * 135} 2026"),
    ],
)
def test_the_service_with_the_year_fits_into_140_characters(title: str, told: str) -> None:
    assert display.public_description(title, date(2026, 12, 31), NOON) == told
    assert len(told) <= 140


def test_without_a_due_date_the_year_is_that_of_rome() -> None:
    assert display.public_description("Retta", None, datetime(2026, 12, 31, 23, tzinfo=UTC)) == "Retta 2027"
