"""A debtor's list: its words, its marks, the instalments it shows as one, and what it comes to."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from contracts.amounts import AskedAmount
from contracts.rpc.practices import LIST_ORDERS
from contracts.shapes import Instalment
from services.practices.domain.list_filter import ORDERS, ListFilter, Mark, words_of
from services.practices.domain.plans import Instalments, Listed, leaders, plan_of
from services.practices.domain.totals import CountedCents, Unpaid, unpaid_and_overdue

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
PLAN = Instalments("RETTA", references=("R-1", "R-2", "R-3"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("  TARI  2026 tari ", ("tari", "2026")),
        ("Università è à", ("universita", "e", "a")),
        ("100%_\\", ("100%_\\",)),
        ("a\x00b\ud800c", ("a", "b", "c")),
        ("1 2 3 4 5 6 7 8", ("1", "2", "3", "4", "5", "6")),
    ],
)
def test_words_are_small_without_accents_once_each_and_six_at_most(text: str, words: Sequence[str]) -> None:
    assert words_of(text) == words


def test_every_order_of_the_contract_is_known_and_no_other() -> None:
    assert set(ORDERS) == set(LIST_ORDERS)


@pytest.mark.parametrize(
    ("order", "due_date", "mark"),
    [
        ("newest", date(2026, 1, 2), Mark(None, 7)),
        ("due_soonest", date(2026, 1, 2), Mark(date(2026, 1, 2), 7)),
        ("due_soonest", None, Mark(date(2099, 12, 31), 7)),
        ("smallest", None, Mark(500, 7)),
    ],
)
def test_a_mark_is_what_the_order_goes_by_and_without_due_date_comes_last(
    order: str, due_date: date | None, mark: Mark
) -> None:
    assert ListFilter("PM108", "X", order=ORDERS[order]).mark(7, due_date, 500) == mark


@pytest.mark.parametrize(
    ("narrowed", "needs_looking"),
    [
        ({}, False),
        ({"states": ("paid",)}, False),
        ({"words": ("tari",)}, True),
        ({"service_code": "TARI"}, True),
        ({"due": (date(2026, 1, 1), date(2026, 2, 1))}, True),
        ({"due": (date(2026, 1, 1), date(2026, 2, 1)), "order": ORDERS["due_latest"]}, False),
    ],
)
def test_only_what_no_index_finds_is_looked_for(narrowed: dict[str, object], *, needs_looking: bool) -> None:
    assert ListFilter("PM108", "X", **narrowed).needs_looking is needs_looking  # type: ignore[arg-type]  # -- by name


def test_a_plan_is_told_by_its_position_or_by_its_references_and_one_sum_is_none() -> None:
    second = Instalment(number=2, total=3)
    assert plan_of("RETTA", "R-2", second, None, None) == PLAN
    assert plan_of("RETTA", "R-2", second, "P1", "rate") == Instalments("RETTA", "P1", "rate")
    assert plan_of("RETTA", "R-x", second, None, None) is None
    assert plan_of("RETTA", "R-2", None, "P1", "unica") is None


@pytest.mark.parametrize(("order", "place"), [("newest", 9), ("oldest", 7)])
def test_a_plan_stands_where_the_first_of_its_wanted_instalments_does(order: str, place: int) -> None:
    members = [Listed(number, Mark(None, number), is_wanted=number != 11, plan=PLAN) for number in (9, 7, 8, 11)]
    alone = Listed(1, Mark(None, 1), is_wanted=True)
    assert leaders([*members, alone], ORDERS[order]) == {PLAN: place}


def unpaid(cents: int, due_date: date | None = None, **more: object) -> Unpaid:
    return Unpaid(AskedAmount(cents, due_date, None), due_date, **more)  # type: ignore[arg-type]  # -- by name


def test_what_is_owed_and_late_is_summed_and_what_can_be_paid_no_more_is_not_owed() -> None:
    late, today, past = date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 1)
    found = unpaid_and_overdue(
        [unpaid(100), unpaid(20, today), unpaid(3, late), unpaid(5000, past, payable_until=past)], NOW
    )
    assert found == (CountedCents(3, 123), CountedCents(1, 3))


def test_of_a_debt_position_the_cheapest_option_is_owed() -> None:
    late = date(2026, 11, 22)
    single = unpaid(100, date(2026, 12, 1), debt_position="P", option="unica")
    plan = [unpaid(51, late, debt_position="P", option="rate"), unpaid(51, debt_position="P", option="rate")]
    assert unpaid_and_overdue([single, *plan, unpaid(1)], NOW) == (CountedCents(2, 101), CountedCents())
