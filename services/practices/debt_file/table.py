"""From text to the cells of a table, as spreadsheets write CSV: `sep=`, padding, line breaks in quoted cells."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.errors import ErrorCode, Refused

_SEPARATORS: Final = (";", ",", "\t", "|")
_SEPARATOR_LINE: Final = re.compile(r'"?sep=([;,\t|])"?', re.IGNORECASE)
_CELL_LINES_MAX: Final = 10


@dataclass(frozen=True)
class Record:
    """One record and the line it begins in; `cells` is None where its quotes do not match."""

    line: int
    cells: Sequence[str] | None


@dataclass(frozen=True)
class Table:
    """A header and the records below it that are not blank."""

    header: Sequence[str]
    records: Sequence[Record]


def read(text: str) -> Table:
    """Split a file into its header and records. Raises Refused(IMPORT_EMPTY) without a header."""
    lines = re.split(r"\r\n|\n|\r", text.rstrip("\x1a"))
    at, separator = 0, None
    if named := _SEPARATOR_LINE.fullmatch(lines[0].strip(" ")):
        at, separator = 1, named[1]
    while at < len(lines) and not lines[at].strip(" \t;,|"):
        at += 1
    if at == len(lines):
        raise Refused(ErrorCode.IMPORT_EMPTY)
    separator = separator or max(_SEPARATORS, key=lines[at].count)
    header = _cells(lines[at], separator) or []
    while header and not header[-1].strip():
        header.pop()
    return Table(header, list(_records(lines, at + 1, separator, len(header))))


def _records(lines: Sequence[str], at: int, separator: str, width: int) -> Iterator[Record]:
    while at < len(lines):
        cells, count = _record(lines, at, separator, width)
        if cells is None or any(cell and not cell.isspace() for cell in cells):
            yield Record(at + 1, cells)
        at += count


def _record(lines: Sequence[str], at: int, separator: str, width: int) -> tuple[list[str] | None, int]:
    """Return the cells of the record that begins here, and how many lines it takes.

    A quoted cell may hold line breaks, but an unclosed quote must not swallow the good rows below it: a line that is a
    record by itself is never part of another one.
    """
    cells = _cells(lines[at], separator)
    if cells is not None:
        return cells, 1
    for end in range(at + 1, min(at + _CELL_LINES_MAX, len(lines))):
        alone = _cells(lines[end], separator)
        if alone is not None and len(alone) >= width:
            break
        cells = _cells("\n".join(lines[at : end + 1]), separator)
        if cells is not None and len(cells) >= width:
            return cells, end + 1 - at
    return None, 1


def _cells(record: str, separator: str) -> list[str] | None:
    """Split one record, or return None when its quotes do not match."""
    if '"' not in record:
        return record.split(separator)
    try:
        return next(csv.reader([record], delimiter=separator, strict=True))
    except (csv.Error, StopIteration):
        return None
