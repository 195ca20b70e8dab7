"""What an error tells beyond its code."""

from contracts.error_details import AmountNotAllowed, InvalidRequest, TooLong


def test_a_detail_tells_what_it_knows_and_nothing_else() -> None:
    assert AmountNotAllowed(unit_cents=25).as_json() == {"unit_cents": 25}
    assert TooLong(max=140, length=141).as_json() == {"max": 140, "length": 141}
    assert InvalidRequest().as_json() == {}


def test_a_detail_tells_a_value_that_counts_as_false() -> None:
    assert AmountNotAllowed(min_cents=0).as_json() == {"min_cents": 0}
    assert InvalidRequest(field="", length=0).as_json() == {"field": "", "length": 0}
