"""What makes a payer hesitate: an equal practice paid lately, being paid, or in the same payment."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.payments.domain.duplicate_check import LOOKS_BACK, Doubt, Equal, Standing, doubts

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
A, B, C = (UUID(int=number) for number in range(3))


@pytest.mark.parametrize(
    ("equal", "expected"),
    [
        (Equal(), []),
        (Equal(paid_at=NOW - timedelta(days=1)), [Doubt(A, B, Standing.PAID, NOW - timedelta(days=1))]),
        (Equal(paid_at=NOW - LOOKS_BACK), [Doubt(A, B, Standing.PAID, NOW - LOOKS_BACK)]),
        (Equal(paid_at=NOW - LOOKS_BACK - timedelta(seconds=1)), []),
        (
            Equal(since=NOW, until=NOW + timedelta(hours=1)),
            [Doubt(A, B, Standing.BEING_PAID, NOW, NOW + timedelta(hours=1))],
        ),
    ],
)
def test_an_equal_practice_is_told_when_it_was_paid_lately_or_is_being_paid(
    equal: Equal, expected: list[Doubt]
) -> None:
    assert list(doubts([A], {A: [B]}, {B: equal}, NOW)) == expected


def test_what_was_paid_long_ago_and_is_being_paid_again_is_told() -> None:
    again = Equal(paid_at=NOW - timedelta(days=400), since=NOW)
    assert [doubt.standing for doubt in doubts([A], {A: [B]}, {B: again}, NOW)] == [Standing.BEING_PAID]


def test_of_two_equal_practices_in_the_same_payment_it_is_told_once() -> None:
    found = list(doubts([A, B, C], {A: [B], B: [A]}, {A: Equal(), B: Equal()}, NOW))
    assert found == [Doubt(A, B, Standing.IN_THIS_PAYMENT)]


def test_an_equal_practice_payments_has_never_heard_of_says_nothing() -> None:
    assert list(doubts([A], {A: [B]}, {}, NOW)) == []
