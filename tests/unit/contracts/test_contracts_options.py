"""Which way of paying a debt position is chosen, and which are closed by that."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.options import PaidPart, Way, is_closed

MARIO, GIULIA = "RSSMRA85T10A562S", "BNCGLI82D63L049K"
SINGLE, PLAN, LONGER_PLAN = Way("unica", MARIO), Way("rate-2", MARIO), Way("rate-7", MARIO)
NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


def money(way: Way, hour: int = 0, number: str = "1") -> PaidPart:
    at = NOON + timedelta(hours=hour)
    return PaidPart(way=way, is_single=way.option == "unica", first_paid_at=at, notice_number=number)


@pytest.mark.parametrize(
    ("paid", "closed"),
    [
        ([], set()),
        ([money(SINGLE)], {PLAN, LONGER_PLAN}),
        ([money(PLAN)], {SINGLE, LONGER_PLAN}),
        ([money(PLAN), money(PLAN, 1, "2")], {SINGLE, LONGER_PLAN}),
        # Two payers at once: the first plan goes on.
        ([money(PLAN, 1), money(LONGER_PLAN, 2)], {SINGLE, LONGER_PLAN}),
        ([money(PLAN, 2), money(LONGER_PLAN, 1)], {SINGLE, PLAN}),
        # The single sum is the whole, whenever it comes.
        ([money(PLAN, 1), money(SINGLE, 2)], {SINGLE, PLAN, LONGER_PLAN}),
        ([money(SINGLE, 1), money(PLAN, 2)], {PLAN, LONGER_PLAN}),
    ],
)
def test_whoever_pays_chooses(paid: list[PaidPart], closed: set[Way]) -> None:
    assert {way for way in (SINGLE, PLAN, LONGER_PLAN) if is_closed(way, paid)} == closed


def test_the_first_of_several_debtors_who_pays_closes_the_position_of_all() -> None:
    paid = [money(Way("rate-2", GIULIA))]
    assert is_closed(PLAN, paid)
    assert not is_closed(Way("rate-2", GIULIA), paid)


@given(st.data())
def test_the_order_in_which_money_is_known_does_not_matter(data: st.DataObject) -> None:
    ways = st.sampled_from([SINGLE, PLAN, LONGER_PLAN, Way("unica", GIULIA)])
    several = st.lists(st.tuples(ways, st.integers(0, 3)), max_size=6)
    paid = [money(way, hour, str(number)) for number, (way, hour) in enumerate(data.draw(several))]
    shuffled = data.draw(st.permutations(paid))
    assert [is_closed(way, paid) for way in (SINGLE, PLAN)] == [is_closed(way, shuffled) for way in (SINGLE, PLAN)]


@given(st.data())
def test_at_most_one_way_stays_open_once_money_has_come(data: st.DataObject) -> None:
    every = [SINGLE, PLAN, LONGER_PLAN, Way("unica", GIULIA)]
    paid = data.draw(st.lists(st.builds(money, st.sampled_from(every), st.integers(0, 3)), min_size=1, max_size=6))
    assert sum(not is_closed(way, paid) for way in every) <= 1
