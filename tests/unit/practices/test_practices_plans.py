"""A plan of instalments is known by its references."""

import pytest

from contracts.shapes import Instalment
from services.practices.domain.debt import plan_references


def test_the_references_of_a_plan_end_in_the_number_of_each_instalment() -> None:
    assert plan_references("RETTA-26-5", Instalment(number=2, total=3)) == ()
    assert plan_references("RETTA-26-2", Instalment(number=2, total=3)) == ("RETTA-26-1", "RETTA-26-2", "RETTA-26-3")


@pytest.mark.parametrize("reference", [None, "", "2", "-2", "RETTA2", "RETTA-02", "RETTA-2-", "RETTA_2"])
def test_a_reference_of_another_form_is_of_no_plan(reference: str | None) -> None:
    assert plan_references(reference, Instalment(number=2, total=3)) == ()


def test_a_debt_that_is_no_instalment_is_of_no_plan() -> None:
    assert plan_references("RETTA-26-2", None) == ()
