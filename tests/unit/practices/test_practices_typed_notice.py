"""What people paste, scan or type into the notice field, and what they are told where it is something else."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import NoticeNumber
from contracts.error_details import NotANoticeNumber, detail_of
from contracts.errors import ErrorCode, Refused
from services.practices.domain.typed_notice import notice_number_in

NUMBER = "301789167210582538"
IUV = NUMBER[1:]
DATA_MATRIX = (
    f"codfase=NBPA;18{NUMBER}12001012345678100000021450"
    f"38961P180012345676RSSMRA85T10A562S{'MARIO ROSSI':<40}{'TARI 2026':<110}{'':12}A"
)


def looks_like(text: str) -> tuple[str | None, int | None]:
    with pytest.raises(Refused) as refusal:
        notice_number_in(text)
    assert refusal.value.code is ErrorCode.INVALID_NOTICE_NUMBER
    detail = detail_of(refusal.value, NotANoticeNumber)
    assert detail is not None
    return detail.looks_like, detail.digits


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        "3017 8916 7210 5825 38",
        " 3017-8916-7210-5825-38 ",
        "3017\u00a08916\u20117210\u20135825.38",
        "3017/8916/7210/5825/38",
        "\u200b301789167210582538\ufeff",
        "３０１７８９１６７２１０５８２５３８",
        "٣٠١٧٨٩١٦٧٢١٠٥٨٢٥٣٨",
        "Codice avviso: 3017 8916 7210 5825 38",
        "CODICE AVVISO 301789167210582538",
        "n. 301789167210582538",
        "N° 301789167210582538",
        IUV,
        "IUV 0178 9167 2105 8253 8",
        f"PAGOPA|002|{NUMBER}|80012345676|21450",
        f"pagopa|002|{NUMBER}|80012345676|05\n",
        DATA_MATRIX,
        DATA_MATRIX.replace("  ", " "),
        DATA_MATRIX[13:63],
        f"18 {NUMBER} 12 001012345678 10 0000021450 3896",
        f"<{NUMBER}>  00000214+50>  001012345678<  896>",
    ],
)
def test_the_notice_field_takes_what_people_have(text: str) -> None:
    assert notice_number_in(text) == NUMBER


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("301789167210582539", ("mistyped", 18)),
        ("301789167210582358", ("mistyped", 18)),
        (f"PAGOPA|002|{NUMBER[:-1]}9|80012345676|21450", ("mistyped", 18)),
        (NUMBER[:-1], ("digits", 17)),
        (f"{NUMBER}1", ("digits", 19)),
        ("3017", ("digits", 4)),
        ("01789167210582539", ("digits", 17)),
        ("RSSMRA85T10A562S", ("fiscal_code", None)),
        ("rssmra85t10a562s", ("fiscal_code", None)),
        ("80012345676", ("fiscal_code", None)),
        ("12345678901", ("digits", 11)),
        ("IT60 X054 2811 1010 0000 0123 456", ("iban", None)),
        ("214,50", ("amount", None)),
        ("€ 1.214,50", ("amount", None)),
        ("1.214,50 euro", ("amount", None)),
        ("mario.rossi@example.org", ("email", None)),
        ("RF18 5390 0754 7034", ("other_iuv", None)),
        ("TARI-2026-00001-1", ("other", None)),
        ("Mario Rossi", ("other", None)),
        ("", ("other", None)),
        ("²³" * 9, ("mistyped", 18)),
    ],
)
def test_what_is_no_notice_number_is_told_as_what_it_looks_like(text: str, looks: tuple[str, int | None]) -> None:
    assert looks_like(text) == looks


@given(st.text(max_size=600))
def test_no_text_breaks_it(text: str) -> None:
    with suppress(Refused):
        assert NoticeNumber.typed(notice_number_in(text))


@given(st.integers(0, 9_999_999_999_999), st.integers(0, 99), st.lists(st.integers(0, 18), max_size=8))
def test_spaces_and_dashes_may_stand_anywhere(base: int, code: int, places: list[int]) -> None:
    number = NoticeNumber.issue(f"{code:02d}", base)
    typed: str = number
    for place in places:
        typed = f"{typed[:place]}{'- .'[place % 3]}{typed[place:]}"
    assert notice_number_in(typed) == number
