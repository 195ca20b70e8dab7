"""Lines and records of a debt file, piece by piece: what is beyond all measure costs its own row and no memory."""

from collections.abc import Iterable

import pytest

from services.practices.debt_file import table

HEADER = "a;b\n"
LONGEST = 8 * 1024 * 1024
"""Characters of a line that is still read."""


def records(pieces: Iterable[str]) -> list[tuple[int, list[str] | None]]:
    return [(one.line, None if one.cells is None else list(one.cells)) for one in table.read(pieces).records]


def pieces_of(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_are_the_same_however_the_file_is_cut(size: int, ending: str) -> None:
    text = ending.join(["a;b;c", "1;2;3", "", '4;"5', 'x";6', "7;8;9"])
    assert records(pieces_of(text, size)) == [(2, ["1", "2", "3"]), (4, ["4", "5\nx", "6"]), (6, ["7", "8", "9"])]


@pytest.mark.parametrize("size", [LONGEST + 100, LONGEST // 2 + 1])
def test_a_line_beyond_all_measure_is_no_record_and_the_rows_around_it_are_read(size: int) -> None:
    text = f"{HEADER}1;2\n{'x' * 2 * LONGEST};9\n3;4\n"
    assert records(pieces_of(text, size)) == [(2, ["1", "2"]), (3, None), (4, ["3", "4"])]


def test_a_line_beyond_all_measure_at_the_end_is_no_record_either() -> None:
    assert records([HEADER, "1;2\n", "x" * (LONGEST + 1), "x"]) == [(2, ["1", "2"]), (3, None)]
    assert records([HEADER, "x" * (LONGEST + 1), "x\n3;4"]) == [(2, None), (3, ["3", "4"])]


def test_a_line_as_long_as_may_be_is_read() -> None:
    ((line, cells),) = records([HEADER, "x" * (LONGEST - 2), ";y"])
    assert (line, cells and (len(cells[0]), cells[1])) == (2, (LONGEST - 2, "y"))


@pytest.mark.parametrize(("breaks", "is_read"), [(1, True), (9, True), (10, False)])
def test_a_cell_holds_ten_lines_at_most(breaks: int, *, is_read: bool) -> None:
    cell = "\n".join(f"line {number}" for number in range(breaks + 1))
    first, *_ = records([f'a;b;c\n1;"{cell}";3\n'])
    assert first == (2, ["1", cell, "3"] if is_read else None)


def test_a_line_that_names_the_separator_and_blank_ones_before_the_header_are_passed_over() -> None:
    found = table.read(["sep=|\n", " ; \n", "a|b||\n1|2||\n"])
    assert list(found.header) == ["a", "b"]
    assert [(one.line, one.cells) for one in found.records] == [(4, ["1", "2", "", ""])]
