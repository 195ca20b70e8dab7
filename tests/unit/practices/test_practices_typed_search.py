"""What somebody in an office types to find a practice, and what it is taken for."""

import pytest

from services.practices.domain.typed_search import read_search


def test_a_fiscal_code_is_no_name_and_no_number() -> None:
    typed = read_search(" rssmra85t10a562s ")
    assert (typed.fiscal_code, typed.notice_number, typed.name_beginnings) == ("RSSMRA85T10A562S", None, ())


@pytest.mark.parametrize("text", ["301000000000000113", "3010 0000 0000 0001 13", "01000000000000113"])
def test_a_notice_number_or_an_iuv_is_read_as_it_is_printed(text: str) -> None:
    number = "301000000000000113"
    expected = number if int(number[:16]) % 93 == int(number[16:]) else None
    assert read_search(text).notice_number == expected


def test_a_name_begins_in_each_order_of_its_words() -> None:
    assert read_search("Rossi  MARIO").name_beginnings == ("rossi mario", "mario rossi")
    assert len(read_search("De Rossi Mario").name_beginnings) == 6
    assert read_search("Rossi Mario Maria Anna").name_beginnings == ("rossi mario maria anna",)
    assert read_search("D'Angelo").name_beginnings == ("d'angelo",)


def test_each_word_of_a_name_may_stand_anywhere_in_it() -> None:
    assert read_search("Rossi  D'Angelo").name_words == ("rossi", "d", "angelo")
    assert read_search("TARI-2026").name_words == read_search("RSSMRA85T10A562S").name_words == ()


@pytest.mark.parametrize("text", ["ro", "TARI-2026-00001", "123", "a@b.it", ""])
def test_what_is_no_name_begins_none(text: str) -> None:
    assert read_search(text).name_beginnings == ()


def test_a_reference_is_kept_as_it_was_typed_without_what_cannot_be_seen() -> None:
    assert read_search("  tari-1 \x00\n 2 ").reference == "tari-1 2"
    assert read_search(" \t ").reference == ""
