import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notices.documents.domain.payment_codes import (
    POSTAL_AMOUNT_MAX_CENTS,
    postal_charset,
    postal_text,
    qr_text,
)

VECTORS = Path(__file__).parents[4] / "shared" / "specs" / "pagopa" / "samples" / "vectors.json"


def slip(**changes):
    fields = {
        "notice_number": "301000000000000144",
        "account": "1016",
        "amount_cents": 15_000,
        "creditor_fiscal_code": "80012345676",
        "debtor_fiscal_code": "RSSMRA80A01H501U",
        "debtor_name": "Mario Rossi",
        "description": "Contributo iscrizione A.A. 2026/2027 - Società",
    }
    return postal_text(**{**fields, **changes})


def test_the_qr_string_is_the_one_decoded_from_the_official_reference():
    assert qr_text("470000008800999051", "99999000013", 150_000) == "PAGOPA|002|470000008800999051|99999000013|150000"


def test_the_qr_amount_has_at_least_two_digits():
    assert qr_text("301000000000000144", "80012345676", 7).endswith("|07")


def test_the_slip_string_is_the_one_of_the_specification():
    expected = (
        "codfase=NBPA;183010000000000001441200000000101610000001500038961P180012345676RSSMRA80A01H501U"
        + "MARIO ROSSI".ljust(40)
        + "CONTRIBUTO ISCRIZIONE A.A. 2026/2027 - SOCIETA".ljust(110)
        + " " * 12
        + "A"
    )
    assert slip() == expected


def test_the_slip_string_stands_among_the_computed_vectors():
    if not VECTORS.exists():
        pytest.skip(f"no specification vectors at {VECTORS}")
    assert slip() in json.dumps(json.loads(VECTORS.read_text()), ensure_ascii=False)


@given(
    name=st.text(max_size=70),
    description=st.text(max_size=140),
    fiscal_code=st.text(max_size=16),
    cents=st.integers(1, POSTAL_AMOUNT_MAX_CENTS),
)
def test_every_slip_string_has_256_characters_of_ascii(name, description, fiscal_code, cents):
    text = slip(debtor_name=name, description=description, debtor_fiscal_code=fiscal_code, amount_cents=cents)
    assert len(text) == 256
    assert text.isascii()
    assert text.isprintable()
    assert text[49:59] == f"{cents:010d}"


def test_a_masked_fiscal_code_leaves_spaces_in_the_slip():
    assert slip(debtor_fiscal_code="RSS*********501U")[77:93] == "RSS         501U"


@pytest.mark.parametrize("changes", [{"account": "1" * 13}, {"account": ""}, {"amount_cents": 10_000_000_000}])
def test_a_field_without_room_in_the_slip_is_refused(changes):
    with pytest.raises(ValueError, match="too long"):
        slip(**changes)


def test_a_notice_number_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="wrong length"):
        slip(notice_number="30100000000000014")


def test_accents_are_dropped_and_typographic_marks_made_plain():
    assert postal_charset("L’Università – Straße 北") == "L'UNIVERSITA - STRASSE BEI"
