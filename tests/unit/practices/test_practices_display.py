"""What is shown of a practice, to whom."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.errors import ErrorCode
from services.practices.domain import display, viewers
from services.practices.domain.practice_status import Standing, Terms, rome_day
from services.practices.domain.states import State
from services.practices.domain.viewers import Sight

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
    assert display.not_payable_code(Standing(state), Terms(100, None), NOON) is code


def test_past_its_last_day_it_cannot_be_paid_even_before_the_timer_has_come_by() -> None:
    late = Terms(100, date(2026, 11, 22))
    today = Terms(100, date(2026, 11, 23))
    assert display.not_payable_code(Standing(), late, NOON) is ErrorCode.PRACTICE_EXPIRED
    assert display.not_payable_code(Standing(), today, NOON) is None


def test_names_are_shortened_to_initials() -> None:
    assert display.masked_name("Mario Rossi") == "M*** R***"
    assert display.masked_name("D'Angelo  Maria Grazia") == "D*** M*** G***"


def test_a_masked_practice_tells_neither_names_nor_fiscal_code_nor_address() -> None:
    practice: dict[str, Any] = {
        "debtor": {
            "entity_type": "F",
            "fiscal_code": "RSSMRA85T10A562S",
            "full_name": "Mario Rossi",
            "email": "mario.rossi@posta.example",
            "street_name": "via Duomo",
        },
        "beneficiary": {"full_name": "Sofia Rossi", "course": "Violino", "school": "S", "contribution_type": "C"},
        "description": "Contributo - Sofia ROSSI - Violino - mario rossi",
        "masked": False,
    }
    masked = display.masked(practice)
    assert masked["masked"] is True
    shown = str(masked).lower()
    for secret in ("mario", "rossi", "sofia", "rssmra", "posta.example", "duomo"):
        assert secret not in shown
    assert practice["masked"] is False


def viewer(**known: Any) -> dict[str, Any]:
    nobody: dict[str, Any] = {"citizen_id": None, "fiscal_code": None, "visitor_id": None}
    return {**nobody, "granted_practice_ids": [], "identified_practice_ids": [], **known}


CITIZEN = UUID(int=7)
PRACTICE = UUID(int=8)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (viewer(), Sight.NONE),
        (viewer(citizen_id=CITIZEN, fiscal_code="VRDLCU99L14A662K"), Sight.NONE),
        (viewer(citizen_id=CITIZEN, fiscal_code="RSSMRA85T10A562S"), Sight.WHOLE),
        (viewer(granted_practice_ids=[PRACTICE]), Sight.MASKED),
        (viewer(granted_practice_ids=[uuid4()]), Sight.NONE),
        (viewer(granted_practice_ids=[PRACTICE], identified_practice_ids=[PRACTICE]), Sight.WHOLE),
        (viewer(visitor_id="browser-1234"), Sight.WHOLE),
        (viewer(citizen_id=CITIZEN, fiscal_code="X", visitor_id="browser-1234"), Sight.WHOLE),
        (viewer(visitor_id="browser-5678"), Sight.NONE),
    ],
)
def test_a_practice_is_seen_by_its_debtor_its_inserter_and_whoever_was_shown_it(
    who: dict[str, Any], expected: Sight
) -> None:
    assert viewers.sight(who, PRACTICE, "RSSMRA85T10A562S", "visitor:browser-1234") is expected


def test_nobody_is_the_debtor_of_an_anonymous_practice() -> None:
    assert viewers.sight(viewer(fiscal_code="ANONIMO"), PRACTICE, "ANONIMO", None) is Sight.NONE
