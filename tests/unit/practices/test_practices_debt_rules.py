"""What a debt may be."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import AMOUNT_MAX_CENTS, NoticeNumber, check_digits
from contracts.errors import ErrorCode, Refused
from contracts.shapes import Beneficiary, Stamp
from services.practices.domain import debt_rules
from services.practices.domain.debt_rules import AmountRules, ServiceRules

SOFIA = Beneficiary(
    full_name="Sofia Rossi",
    course="Violino",
    school="Conservatorio Jommelli",
    contribution_type="Contributo annuale",
)


@given(st.integers())
def test_without_rules_exactly_what_pagopa_can_carry_is_accepted(amount_cents: int) -> None:
    if 0 < amount_cents <= AMOUNT_MAX_CENTS:
        assert AmountRules().check(amount_cents) == amount_cents
    else:
        with pytest.raises(Refused) as refusal:
            AmountRules().check(amount_cents)
        assert refusal.value.code is ErrorCode.AMOUNT_OUT_OF_RANGE


@given(st.integers(1, 1_000_000))
def test_booklets_of_25_euro_are_sold_whole_and_within_the_limits(amount_cents: int) -> None:
    rules = AmountRules(min_cents=2_500, max_cents=500_000, unit_cents=2_500)
    if amount_cents % 2_500 == 0 and amount_cents <= 500_000:
        assert rules.check(amount_cents) == amount_cents
    else:
        with pytest.raises(Refused) as refusal:
            rules.check(amount_cents)
        assert refusal.value.code is ErrorCode.AMOUNT_NOT_ALLOWED
        assert refusal.value.params


@pytest.mark.parametrize(
    ("rules", "amount_cents", "broken"),
    [
        (AmountRules(min_cents=100), 99, {"min_cents": 100}),
        (AmountRules(max_cents=100), 101, {"max_cents": 100}),
        (AmountRules(unit_cents=2_500), 2_600, {"unit_cents": 2_500}),
        (AmountRules(fixed_cents=1_600), 1_601, {"fixed_cents": 1_600}),
        (AmountRules(choices_cents=(500, 1_000)), 750, {"choices_cents": [500, 1_000]}),
        (AmountRules(min_cents=100, unit_cents=50), 99, {"min_cents": 100, "unit_cents": 50}),
    ],
)
def test_a_broken_amount_rule_is_named_in_the_refusal(
    rules: AmountRules, amount_cents: int, broken: dict[str, object]
) -> None:
    with pytest.raises(Refused) as refusal:
        rules.check(amount_cents)
    assert (refusal.value.code, refusal.value.params) == (ErrorCode.AMOUNT_NOT_ALLOWED, broken)


@given(st.integers(0, 45), st.integers(0, 10**13 - 1))
def test_a_number_we_issue_is_one_we_accept_when_typed(segregation: int, base: int) -> None:
    number = NoticeNumber.issue(f"{segregation:02d}", base)
    assert NoticeNumber.typed(number.grouped) == number
    assert check_digits(number[:16]) == number[16:]
    assert number.iuv == number[1:]


def test_the_causale_of_a_beneficiary_is_composed_of_the_four_fields() -> None:
    assert (
        debt_rules.composed_description(SOFIA) == "Contributo annuale - Sofia Rossi - Violino - Conservatorio Jommelli"
    )


def test_a_composed_causale_that_is_too_long_is_refused_not_cut() -> None:
    with pytest.raises(Refused) as refusal:
        debt_rules.composed_description(replace(SOFIA, school="S" * 70, course="C" * 70))
    assert refusal.value.code is ErrorCode.DESCRIPTION_TOO_LONG
    assert refusal.value.params["max"] == 140


def test_a_causale_of_140_characters_fits_and_of_141_does_not() -> None:
    assert len(debt_rules.checked_description("è" * 140)) == 140
    with pytest.raises(Refused):
        debt_rules.checked_description("è" * 141)


@pytest.mark.parametrize("text", ["", "   ", "\t", None])
def test_a_blank_causale_is_required(text: str | None) -> None:
    with pytest.raises(Refused) as refusal:
        debt_rules.checked_description(text)
    assert refusal.value.code is ErrorCode.DESCRIPTION_REQUIRED


@pytest.mark.parametrize("text", ["a\x00b", "a\nb", "a\x1bb", "a\u2028b", "a\ud800b", "a\u202eb"])
def test_text_that_neither_xml_nor_the_database_carries_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        debt_rules.readable(text)
    assert refusal.value.code is ErrorCode.INVALID_REQUEST


@given(st.text(max_size=200))
def test_whatever_is_typed_as_causale_is_refused_or_can_be_stored_and_sent(text: str) -> None:
    try:
        checked = debt_rules.checked_description(text)
    except Refused:
        return
    assert 0 < len(checked) <= 140
    assert checked.replace("\u200c", "").replace("\u200d", "").isprintable()
    checked.encode()


@pytest.mark.parametrize("name", ["ශ්\u200dරී කුමාර", "क्\u200dष", "ক্\u200cষ", "ന്\u200dറെ"])
def test_a_joiner_that_is_spelling_stays_in_a_name(name: str) -> None:
    assert debt_rules.checked_name(name) == name


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("ශ\u200dරී", "ශරී"), ("Ma\u200drio", "Mario"), ("\u200dMario\u200c", "Mario"), ("ශ්\u200d", "ශ්\u200d")],
)
def test_a_joiner_anywhere_else_is_left_out(typed: str, kept: str) -> None:
    assert debt_rules.checked_name(typed) == kept


def test_a_blank_field_of_the_beneficiary_is_named() -> None:
    with pytest.raises(Refused) as refusal:
        debt_rules.checked_beneficiary(replace(SOFIA, course="  "))
    assert (refusal.value.code, refusal.value.params) == (ErrorCode.BENEFICIARY_REQUIRED, {"fields": ["course"]})


def test_a_person_and_an_organisation_are_told_apart_by_their_fiscal_code() -> None:
    assert debt_rules.subject("rssmra85t10a562s", "Rossi Mario").entity_type == "F"
    assert debt_rules.subject("80012345676", "Conservatorio").entity_type == "G"


@pytest.mark.parametrize("email", ["mario@", "@posta.example", "mario rossi@posta.example", "m@p..example", "a" * 260])
def test_an_address_the_node_would_not_take_is_left_out(email: str) -> None:
    assert debt_rules.usable_email(email) is None
    assert debt_rules.usable_email(" mario@posta.example ") == "mario@posta.example"


def test_an_empty_address_is_no_address() -> None:
    assert debt_rules.usable_email("") is None
    assert debt_rules.usable_email(None) is None


@pytest.mark.parametrize(("number", "total"), [(1, None), (None, 7), (0, 7), (8, 7), (1, 1_000)])
def test_an_instalment_that_makes_no_sense_is_refused(number: int | None, total: int | None) -> None:
    with pytest.raises(Refused):
        debt_rules.checked_instalment(number, total)


def test_payment_is_accepted_until_the_due_date_only_where_the_service_refuses_late_payment() -> None:
    strict = ServiceRules("MENSA", accepts_late=False)
    lenient = ServiceRules("TARI", accepts_late=True)
    day = date(2026, 12, 15)
    assert strict.payable_until(day) == day
    assert lenient.payable_until(day) is None


def test_a_due_date_of_another_century_is_refused() -> None:
    for year in (206, 1999, 2100):
        with pytest.raises(Refused) as refusal:
            debt_rules.checked_due_date(date(year, 1, 1))
        assert refusal.value.code is ErrorCode.INVALID_DATE


def test_a_due_date_lies_in_the_years_2000_to_2099() -> None:
    for day in (date(2000, 1, 1), date(2099, 12, 30), None):
        assert debt_rules.checked_due_date(day) == day
    for day in (date(1999, 12, 31), date(2100, 1, 1)):
        with pytest.raises(Refused) as refused:
            debt_rules.checked_due_date(day)
        assert refused.value.code is ErrorCode.INVALID_DATE


@given(st.none() | st.dates(date(2000, 1, 1), date(2099, 12, 31)) | st.just(date(2099, 12, 31)))
def test_the_day_that_stands_for_no_due_date_toward_the_node_is_none_for_everybody_else(day: date | None) -> None:
    taken = debt_rules.checked_due_date(day)
    assert taken != date(2099, 12, 31)
    assert taken == day or day == date(2099, 12, 31)
    assert ServiceRules("MENSA", accepts_late=False).payable_until(taken) == taken


def test_a_stamp_is_asked_for_by_the_services_that_sell_one_and_by_no_other() -> None:
    stamp = Stamp(document_hash="A" * 43 + "=", province="MI")
    selling, other = ServiceRules("MENSA", stamp_cents=1_600), ServiceRules("MENSA")
    assert selling.check_stamp(stamp) is stamp
    assert other.check_stamp(None) is None
    with pytest.raises(Refused) as refused:
        selling.check_stamp(None)
    assert refused.value.code is ErrorCode.STAMP_REQUIRED
    with pytest.raises(Refused) as refused:
        other.check_stamp(stamp)
    assert refused.value.code is ErrorCode.INVALID_REQUEST
