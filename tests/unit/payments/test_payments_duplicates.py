"""What looks like paying twice: a duplicate paid lately, being paid, or in the same payment."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.payments.domain.duplicate_check import (
    LOOK_BACK,
    DuplicateStatus,
    KnownPayment,
    SuspectedDuplicate,
    suspected_duplicates,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
A, B, C = (UUID(int=number) for number in range(3))


@pytest.mark.parametrize(
    ("payment", "expected"),
    [
        (KnownPayment(), []),
        (
            KnownPayment(paid_at=NOW - timedelta(days=1)),
            [SuspectedDuplicate(A, B, DuplicateStatus.PAID, NOW - timedelta(days=1))],
        ),
        (KnownPayment(paid_at=NOW - LOOK_BACK), [SuspectedDuplicate(A, B, DuplicateStatus.PAID, NOW - LOOK_BACK)]),
        (KnownPayment(paid_at=NOW - LOOK_BACK - timedelta(seconds=1)), []),
        (
            KnownPayment(since=NOW, until=NOW + timedelta(hours=1)),
            [SuspectedDuplicate(A, B, DuplicateStatus.BEING_PAID, NOW, NOW + timedelta(hours=1))],
        ),
    ],
)
def test_an_equal_practice_is_told_when_it_was_paid_lately_or_is_being_paid(
    payment: KnownPayment, expected: list[SuspectedDuplicate]
) -> None:
    assert list(suspected_duplicates([A], {A: [B]}, {B: payment}, NOW)) == expected


def test_what_was_paid_long_ago_and_is_being_paid_again_is_told() -> None:
    again = KnownPayment(paid_at=NOW - timedelta(days=400), since=NOW)
    assert [one.status for one in suspected_duplicates([A], {A: [B]}, {B: again}, NOW)] == [DuplicateStatus.BEING_PAID]


def test_of_two_equal_practices_in_the_same_payment_it_is_told_once() -> None:
    found = list(suspected_duplicates([A, B, C], {A: [B], B: [A]}, {A: KnownPayment(), B: KnownPayment()}, NOW))
    assert found == [SuspectedDuplicate(A, B, DuplicateStatus.IN_THIS_PAYMENT)]


def test_an_equal_practice_payments_has_never_heard_of_says_nothing() -> None:
    assert list(suspected_duplicates([A], {A: [B]}, {}, NOW)) == []
