"""Value objects: official vectors, and what people type."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import (
    AMOUNT_MAX_CENTS,
    SEPA_COUNTRIES,
    AmountCents,
    FiscalCode,
    Iban,
    NoticeNumber,
    check_digits,
    is_checkout_email,
)
from contracts.errors import ErrorCode, Refused

VECTORS = Path(__file__).parents[4] / "shared/specs/pagopa/samples/vectors.json"

ISSUED = [
    ("01", 1, "301000000000000144"),
    ("01", 42, "301000000000004285"),
    ("00", 0, "300000000000000003"),
    ("00", 3, "300000000000000306"),
    ("01", 1234567890123, "301123456789012316"),
    ("12", 2026000000001, "312202600000000171"),
    ("45", 9999999999999, "345999999999999975"),
    ("99", 9999999999999, "399999999999999903"),
]


@pytest.mark.parametrize(("segregation_code", "base", "digits"), ISSUED)
def test_issued_notice_numbers_equal_the_official_vectors(segregation_code: str, base: int, digits: str) -> None:
    number = NoticeNumber.issue(segregation_code, base)
    assert number == digits
    assert number.iuv == digits[1:]


@pytest.mark.skipif(not VECTORS.exists(), reason="the shared specification is not beside the project")
def test_every_vector_of_the_shared_specification_holds() -> None:
    vectors = json.loads(VECTORS.read_text())
    cases = [case for family in ("nav_aux0", "nav_aux2", "nav_aux3") for case in vectors[family]]
    assert len(cases) > 15
    for case in cases:
        number = NoticeNumber.typed(case["nav"])
        assert number.iuv == case["iuv"]
        assert check_digits(case["nav"][:16]) == case["nav"][16:]


def test_an_aux_digit_zero_number_has_a_fifteen_digit_iuv() -> None:
    assert NoticeNumber.typed("001000000000000141").iuv == "000000000000141"


def test_a_typed_notice_number_may_be_grouped_in_fours() -> None:
    assert NoticeNumber.typed("3010 0000 0000 0042 85") == "301000000000004285"
    assert NoticeNumber("301000000000004285").grouped == "3010 0000 0000 0042 85"


@pytest.mark.parametrize("text", ["301000000000004286", "30100000000000428", "", "abc", "3010000000000042855"])
def test_a_mistyped_notice_number_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        NoticeNumber.typed(text)
    assert refusal.value.code is ErrorCode.INVALID_NOTICE_NUMBER


def test_a_notice_number_from_the_node_is_taken_whatever_its_check_digits() -> None:
    assert NoticeNumber("311111111112222222").iuv == "11111111112222222"


@given(st.integers(0, 9_999_999_999_999), st.integers(0, 17), st.integers(1, 9))
def test_changing_any_single_digit_is_caught(base: int, position: int, shift: int) -> None:
    digits = NoticeNumber.issue("01", base)
    wrong = digits[:position] + str((int(digits[position]) + shift) % 10) + digits[position + 1 :]
    if wrong[0] == "1":  # RAV numbers have no check digits that a portal could verify
        return
    with pytest.raises(Refused):
        NoticeNumber.typed(wrong)


@pytest.mark.parametrize(
    "text",
    ["RSSMRA80A01H501U", "rssmra85t10a562s", "RSSMRA85T10A56NH", "BSCMTT83A12L719R", "JHNDOE00A01F205N", "80012345676"],
)
def test_valid_fiscal_codes_are_taken(text: str) -> None:
    assert FiscalCode.typed(text) == text.upper()


@pytest.mark.parametrize(
    "text", ["RSSMRA60D20F205R", "FFFCST83A15L113V", "BNCLRA79C52F839X", "RSSMRA", "", "80012345677"]
)
def test_mistyped_fiscal_codes_are_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        FiscalCode.typed(text)
    assert refusal.value.code is ErrorCode.INVALID_FISCAL_CODE


@pytest.mark.parametrize(
    "text",
    [
        "IT60X0542811101000000123456",
        "it60 x054 2811 1010 0000 0123 456",
        "IBAN: IT60-X054-2811-1010-0000-0123-456",
        "IT60.X054.2811.1010.0000.0123.456",
    ],
)
def test_an_iban_is_read_as_people_write_it(text: str) -> None:
    assert Iban.typed(text) == "IT60X0542811101000000123456"
    assert Iban.typed(text).masked == "IT60…3456"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "IT60X0542811101000000123457",  # check digits
        "IT60X054281110100000012345",  # a character short of Italy's 27
        "IT60X05428111010000001234566",
        "IT61X0542811101000000123456",
        "BR1500000000000010932840814P2",  # right, and no SEPA transfer reaches it
        "XX60X0542811101000000123456",
        "IT60X0542811101000000l23456\u0000",
        "0542811101000000123456",
    ],
)
def test_what_is_no_account_within_sepa_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        Iban.typed(text)
    assert refusal.value.code is ErrorCode.INVALID_IBAN


@pytest.mark.parametrize(("place", "shift"), [(place, shift) for place in range(4, 27) for shift in (1, 5)])
def test_an_iban_with_one_wrong_character_is_caught(place: int, shift: int) -> None:
    iban = "IT60X0542811101000000123456"
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if iban[place].isalpha() else "0123456789"
    other = letters[(letters.index(iban[place]) + shift) % len(letters)]
    with pytest.raises(Refused):
        Iban(iban[:place] + other + iban[place + 1 :])


def test_sepa_reaches_these_countries() -> None:
    assert len(SEPA_COUNTRIES) == 42
    assert {"IT", "SM", "VA", "CH", "GB", "AL", "MD", "RS"} < SEPA_COUNTRIES
    assert not {"US", "BR", "TR", "UA", "XK"} & SEPA_COUNTRIES


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("25", 2500),
        ("25,5", 2550),
        ("25.50", 2550),
        ("1.234,56", 123456),
        ("€ 16,00", 1600),
        ("16,00€", 1600),
        ("€16", 1600),
        ("1,234.56", 123456),
        ("1,234,567.8", 123456780),
        ("1.234.567,8", 123456780),
        ("1 234,56", 123456),
        ("1\u00a0234,56 €", 123456),
        ("1\u202f234\u202f567", 123456700),
        ("1'234.56", 123456),
        ("1’234", 123400),
        ("999999999,99", AMOUNT_MAX_CENTS),
    ],
)
def test_amounts_are_read_as_people_type_them(text: str, cents: int) -> None:
    assert AmountCents.typed(text) == cents


@pytest.mark.parametrize(
    "text",
    [
        *("10,123", "10.123", "1.000", "1,000", "1.234.567", "1,234,567", "1.234.56", "1,234,56", "1.23,456.78"),
        *("12 50", "1 2,50", "1234 567", "1 234.567", "1 234,567", "1 2345", "1' 234", "1.234 567,00"),
        *("-5", "5e3", "", "venti", "1..2", "12,", ",50", ".5", "5-", "(5,00)", "5,00 $"),
    ],
)
def test_anything_that_could_be_read_in_two_ways_is_no_amount(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        AmountCents.typed(text)
    assert refusal.value.code is ErrorCode.INVALID_AMOUNT


@pytest.mark.parametrize("text", ["0", "0,00", "1000000000,00", "999.999.999.999,00"])
def test_amounts_outside_what_pagopa_carries_are_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        AmountCents.typed(text)
    assert refusal.value.code is ErrorCode.AMOUNT_OUT_OF_RANGE


@given(st.integers(1, AMOUNT_MAX_CENTS))
def test_every_amount_survives_being_written_and_read(cents: int) -> None:
    euro = f"{cents // 100:,}".replace(",", ".")
    assert AmountCents.typed(f"{euro},{cents % 100:02d}") == cents


EMAILS_FROM_THE_FIELD = Path(__file__).parents[4] / "shared/cases/b20-emails.txt"


@pytest.mark.parametrize(
    "text", ["a@b.it", "nome.cognome+tag@posta-certificata.comune.example", "A_b-c@x1.y2.example", "1@2.it"]
)
def test_an_address_that_checkout_takes_is_sent_there(text: str) -> None:
    assert is_checkout_email(text)


@pytest.mark.parametrize(
    "text",
    [
        "nicolò@posta.example",
        "a@b_c.it",
        "o'neil@posta.example",
        "a@b",
        ".a@b.it",
        "a.@b.it",
        "a..b@c.it",
        "a@-b.it",
        "a@b-.it",
        "a@b..it",
        "a@b.it.",
        "a@127.0.0.1",
        f"{'a' * 65}@b.it",
        f"a@{'b' * 64}.it",
        f"a@{'b.' * 130}it",
        "a@b@c.it",
        "a b@c.it",
        "",
    ],
)
def test_an_address_that_checkout_or_the_node_refuses_is_left_out(text: str) -> None:
    assert not is_checkout_email(text)


def test_an_address_is_taken_up_to_254_characters_with_64_before_the_at_and_63_between_dots() -> None:
    longest = f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 58}.it"
    assert len(longest) == 254
    assert is_checkout_email(longest)
    assert not is_checkout_email(longest.replace(".it", ".ita"))


def test_no_address_from_the_field_that_was_refused_is_sent_again() -> None:
    if not EMAILS_FROM_THE_FIELD.exists():
        pytest.skip("shared/cases is not here")
    assert not [one for one in EMAILS_FROM_THE_FIELD.read_text().split() if is_checkout_email(one)]
