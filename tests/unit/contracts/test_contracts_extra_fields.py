"""The fields that a service has of its own: what people type, in the one way in which it is stored."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.extra_fields import (
    EXTRA_CHOICES_MAX,
    EXTRA_DECIMALS_MAX,
    EXTRA_FIELDS_MAX,
    EXTRA_KINDS,
    EXTRA_PROBLEMS,
    ExtraChoice,
    ExtraField,
    ExtraProblem,
    WrongExtraError,
    read_extra,
)
from contracts.shapes import LocalisedText

SCHOOLS = [
    ExtraChoice(value="NIDO", title=LocalisedText(it="Asilo nido", en="Nursery")),
    ExtraChoice(value="MEDIA", title=LocalisedText(it="Media", en="Lower secondary")),
]


def asked(kind: str, **rules: Any) -> ExtraField:
    return ExtraField(name="campo", kind=kind, label=LocalisedText(it="Campo", en="Field"), **rules)


NUMBER = asked("number", decimals=2, least="0.5", most="100")
DAY = asked("date", least="2020-02-29", most="2030-12-31")


def test_the_limits_are_these() -> None:
    assert (EXTRA_FIELDS_MAX, EXTRA_DECIMALS_MAX, EXTRA_CHOICES_MAX) == (12, 3, 50)
    assert EXTRA_KINDS == ("text", "number", "date", "choice", "fiscal_code", "plate", "meter")
    assert tuple(problem.value for problem in ExtraProblem) == EXTRA_PROBLEMS


@pytest.mark.parametrize(
    ("field", "typed", "stored"),
    [
        (asked("text"), "Via Roma 1", "Via Roma 1"),
        (asked("text", shape="9999/AA"), "0012/xy", "0012/xy"),
        (NUMBER, "12,50", "12.50"),
        (NUMBER, "0.5", "0.5"),
        (NUMBER, "+1 00", "100"),
        (asked("number"), "-7", "-7"),
        (DAY, "29/2/2020", "2020-02-29"),
        (DAY, "31.12.2030", "2030-12-31"),
        (DAY, "2026-06-01", "2026-06-01"),
        (asked("choice", choices=SCHOOLS), "nido", "NIDO"),
        (asked("choice", choices=SCHOOLS), "lower SECONDARY", "MEDIA"),
        (asked("fiscal_code"), "rssmra85t10a562s", "RSSMRA85T10A562S"),
        (asked("fiscal_code"), "80012345676", "80012345676"),
        (asked("plate"), "ab 123-cd", "AB123CD"),
        (asked("plate"), "FI A12345", "FIA12345"),
        (asked("plate"), "X 9 YZ", "X9YZ"),
        (asked("meter"), "it 001 e 12345678", "IT001E12345678"),
        (asked("meter"), "00881234567890", "00881234567890"),
        (asked("meter"), "Matr. 88-1", "MATR881"),
    ],
)
def test_what_is_typed_is_stored_in_one_way(field: ExtraField, typed: str, stored: str) -> None:
    assert read_extra(field, typed) == stored
    assert read_extra(field, stored) == stored


@pytest.mark.parametrize(
    ("field", "typed", "problem"),
    [
        (asked("text", max_chars=3), "abcd", "too_long"),
        (asked("text"), "a" * 71, "too_long"),
        (asked("text", shape="9999/AA"), "12/xy", "other_shape"),
        (asked("text", shape="9999/AA"), "0012-xy", "other_shape"),
        (NUMBER, "dodici", "not_a_number"),
        (NUMBER, "1.234,50", "not_a_number"),
        (NUMBER, "1e3", "not_a_number"),
        (NUMBER, "٣", "not_a_number"),
        (NUMBER, "1,005", "too_many_decimals"),
        (asked("number"), "1,5", "too_many_decimals"),
        (NUMBER, "0,49", "too_small"),
        (NUMBER, "100,01", "too_large"),
        (DAY, "30/2/2020", "not_a_date"),
        (DAY, "12/2020", "not_a_date"),
        (DAY, "1/1/20", "not_a_date"),
        (DAY, "28/02/2020", "too_small"),
        (DAY, "1/1/2031", "too_large"),
        (asked("date"), "01/01/1899", "not_a_date"),
        (asked("choice", choices=SCHOOLS), "liceo", "not_a_choice"),
        (asked("fiscal_code"), "RSSMRA85T10A562T", "not_a_fiscal_code"),
        (asked("plate"), "AI123CD", "not_a_plate"),
        (asked("plate"), "TARGA", "not_a_plate"),
        (asked("plate"), "A1", "not_a_plate"),
        (asked("meter"), "IT001X12345678", "not_a_meter"),
        (asked("meter"), "contatore", "not_a_meter"),
        (asked("meter"), "123", "not_a_meter"),
    ],
)
def test_what_a_field_does_not_take_is_said_by_what_is_wrong(field: ExtraField, typed: str, problem: str) -> None:
    with pytest.raises(WrongExtraError) as wrong:
        read_extra(field, typed)
    assert wrong.value.problem == problem


@given(st.sampled_from([*EXTRA_KINDS]), st.text(min_size=1, max_size=80))
def test_whatever_is_typed_is_read_or_refused_and_reads_the_same_again(kind: str, typed: str) -> None:
    field = asked(kind, choices=SCHOOLS if kind == "choice" else [])
    try:
        stored = read_extra(field, typed)
    except WrongExtraError:
        return
    assert read_extra(field, stored) == stored
