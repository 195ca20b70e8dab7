"""What fits in a cart."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ErrorCode, Refused
from services.cart.domain import Item, items_that_fit, may_add


def items(count: int, entity_code: str = "PM108", first: int = 1) -> list[Item]:
    return [Item(UUID(int=number), entity_code) for number in range(first, first + count)]


def test_the_fifth_notice_fits_and_the_sixth_is_explained() -> None:
    *five, sixth = items(6)
    assert may_add(five[:4], five[4])
    with pytest.raises(Refused) as refusal:
        may_add(five, sixth)
    assert (refusal.value.code, refusal.value.params) == (ErrorCode.CART_FULL, {"max": 5})


def test_adding_what_is_in_there_changes_nothing_even_in_a_full_cart() -> None:
    five = items(5)
    assert not may_add(five, five[2])


def test_a_notice_of_another_entity_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        may_add(items(1), items(1, "PM200", first=9)[0])
    assert refusal.value.code is ErrorCode.CART_OTHER_ENTITY


@given(
    st.lists(st.builds(Item, st.uuids(), st.sampled_from(["A", "B"])), max_size=8),
    st.lists(st.builds(Item, st.uuids(), st.sampled_from(["A", "B"])), max_size=8),
)
def test_a_merged_cart_keeps_what_it_had_and_never_breaks_the_rules(wanted: list[Item], others: list[Item]) -> None:
    own = items_that_fit([], wanted)
    merged = own + items_that_fit(own, others)
    assert merged[: len(own)] == own
    assert len(merged) == len({item.practice_id for item in merged}) <= 5
    assert len({item.entity_code for item in merged}) <= 1


def test_what_does_not_fit_keeps_nothing_after_it_from_fitting() -> None:
    (own,), (other,), (more,) = items(1), items(1, "PM200", first=2), items(1, first=3)
    assert items_that_fit([own], [other, own, more]) == [more]
