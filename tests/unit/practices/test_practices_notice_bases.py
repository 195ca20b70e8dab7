"""The secret order of notice numbers: a permutation, not to be guessed, the same for ever."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import NoticeNumber
from contracts.errors import Broken
from services.practices.domain.notice_bases import BASES, BasePermutation

KEYS = st.binary(min_size=32, max_size=32)
KEY = bytes(range(32))


@given(key=KEYS, first=st.integers(0, 400), size=st.integers(1, 400))
def test_every_base_from_the_first_to_the_end_comes_once(key: bytes, first: int, size: int) -> None:
    permutation = BasePermutation(key, first, first + size)
    assert sorted(map(permutation.at, range(first, first + size))) == list(range(first, first + size))


@given(key=KEYS, first=st.integers(1, BASES - 1_000), indexes=st.sets(st.integers(0, BASES), max_size=50))
def test_different_places_of_the_counter_are_different_bases_of_13_digits(
    key: bytes, first: int, indexes: set[int]
) -> None:
    permutation = BasePermutation(key, first)
    places = {first + index % (BASES - first) for index in indexes}
    bases = set(map(permutation.at, places))
    assert len(bases) == len(places)
    assert all(first <= base < BASES for base in bases)
    assert all(len(NoticeNumber.issue("01", base)) == 18 for base in bases)


def test_neighbours_have_nothing_in_common_and_another_key_has_another_order() -> None:
    mine = [BasePermutation(KEY, 1).at(index) for index in range(1, 1_001)]
    gaps = [abs(after - before) for before, after in pairwise(mine)]
    assert min(gaps) > 1_000
    assert 0.25 < sum(gaps) / len(gaps) / BASES < 0.42  # a third, between two at random
    assert 400 < sum(after > before for before, after in pairwise(mine)) < 600
    assert not {*mine} & {BasePermutation(KEY[::-1], 1).at(index) for index in range(1, 1_001)}


def test_the_order_is_the_same_in_every_release() -> None:
    permutation = BasePermutation(KEY, 1)
    assert [permutation.at(index) for index in (1, 2, 3, BASES - 1)] == [
        8890500958729,
        2506876682712,
        5341393604580,
        672111955056,
    ]


@pytest.mark.parametrize("index", [0, 41, BASES, BASES + 1])
def test_outside_of_the_range_there_is_no_base(index: int) -> None:
    with pytest.raises(Broken):
        BasePermutation(KEY, 42).at(index)
