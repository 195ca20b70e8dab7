"""Who owes a debt, and of which plan it is a part."""

import pytest

from contracts.codes import AmountCents
from contracts.shapes import Instalment, OptionPart, Subject
from services.practices.domain.debt import Debt, is_same_debtor, option_part, plan_references

FIFTH = Instalment(number=5, total=7)


def person(code: str, name: str) -> Subject:
    return Subject(entity_type="F", fiscal_code=code, full_name=name)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("RSSMRA85T10A562S", "Rossi Mario"), ("RSSMRA85T10A562S", "Mario Giuseppe Rossi"), True),
        (("RSSMRA85T10A562S", "Rossi Mario"), ("VRDLCU99L14A662K", "Rossi Mario"), False),
        (("ANONIMO", "Rossi Mario"), ("ANONIMO", "MARIO  Rossi"), True),
        (("ANONIMO", "Rossi Mario"), ("ANONIMO", "Rossi Maria"), False),
        (("ANONIMO", "Rossi Mario"), ("RSSMRA85T10A562S", "Rossi Mario"), False),
    ],
)
def test_a_debtor_is_known_by_code_and_who_has_none_by_the_words_of_the_name(
    one: tuple[str, str], other: tuple[str, str], *, same: bool
) -> None:
    assert is_same_debtor(person(*one), person(*other)) is same


def test_a_plan_is_known_by_references_that_end_in_the_instalments_number() -> None:
    assert plan_references("RETTA-26-00001-5", FIFTH) == tuple(f"RETTA-26-00001-{one}" for one in range(1, 8))
    assert plan_references("R-1", Instalment(number=1, total=2)) == ("R-1", "R-2")


@pytest.mark.parametrize(
    ("reference", "instalment"),
    [
        (None, FIFTH),
        ("RETTA-26-00001-5", None),
        ("RETTA-26-00001-4", FIFTH),
        ("RETTA-26-00001-05", FIFTH),
        ("RETTA5", FIFTH),
        ("-5", FIFTH),
        ("5", FIFTH),
    ],
)
def test_other_references_are_of_no_plan(reference: str | None, instalment: Instalment | None) -> None:
    assert plan_references(reference, instalment) == ()


@pytest.mark.parametrize(
    ("position", "option", "reference", "part"),
    [
        ("TARI-27", "rate-7", "X", ("TARI-27", "rate-7")),
        ("TARI-27", "rate-7", "RETTA-00001-5", ("TARI-27", "rate-7")),
        (None, None, "RETTA-00001-5", ("RETTA-00001-*", "rate")),
        ("TARI-27", None, "RETTA-00001-5", ("RETTA-00001-*", "rate")),
        (None, "rate-7", "RETTA-00001-5", ("RETTA-00001-*", "rate")),
        (None, None, "RETTA", None),
        (None, None, None, None),
    ],
)
def test_an_option_is_named_by_the_entity_or_by_the_references_of_its_plan(
    position: str | None, option: str | None, reference: str | None, part: tuple[str, str] | None
) -> None:
    debt = Debt(
        service_code="TARI",
        debtor=person("ANONIMO", "Rossi Mario"),
        description="TARI",
        amount_cents=AmountCents(100),
        instalment=FIFTH,
        debt_position=position,
        option=option,
    )
    expected = part and OptionPart(debt_position=part[0], option=part[1], instalment=FIFTH)
    assert option_part(debt, reference) == expected
