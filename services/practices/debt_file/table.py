"""From text to the cells of a table, as spreadsheets write CSV: `sep=`, padding, line breaks in quoted cells.

The text comes in pieces and the records go one by one, so that a file of any size is read in little memory.
"""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.errors import ErrorCode, Refused

_SEPARATORS: Final = (";", ",", "\t", "|")
_SEPARATOR_LINE: Final = re.compile(r'"?sep=([;,\t|])"?', re.IGNORECASE)
_BREAK: Final = re.compile(r"\r\n|\n|\r")
_CELL_LINES_MAX: Final = 10
# No row of ours is a hundredth of this; what is longer is not held in memory.
_LINE_MAX_CHARS: Final = 8 * 1024 * 1024
_OVERLONG: Final = '"'


@dataclass(frozen=True)
class Record:
    """One record and the line it begins in; `cells` is None where its quotes do not match."""

    line: int
    cells: Sequence[str] | None


@dataclass(frozen=True)
class Table:
    """A header and the records below it that are not blank, to be gone through once."""

    header: Sequence[str]
    records: Iterator[Record]


def read(text: Iterable[str]) -> Table:
    """Split a file into its header and records. Raises Refused(IMPORT_EMPTY) without a header."""
    lines = _Lines(lines_of(text))
    separator = None
    if named := _SEPARATOR_LINE.fullmatch((lines.ahead(0) or "").strip(" ")):
        separator = named[1]
        lines.drop(1)
    while (line := lines.ahead(0)) is not None and not line.strip(" \t;,|"):
        lines.drop(1)
    if line is None:
        raise Refused(ErrorCode.IMPORT_EMPTY)
    separator = separator or max(_SEPARATORS, key=line.count)
    lines.drop(1)
    header = _cells(line, separator) or []
    while header and not header[-1].strip():
        header.pop()
    return Table(header, _records(lines, separator, len(header)))


def lines_of(text: Iterable[str]) -> Iterator[str]:
    """Yield the lines; in place of one beyond all measure a quote that is not closed, which is no record."""
    rest, is_overlong = "", False
    for piece in text:
        whole = rest + piece
        # At the end of a piece it may be half of a line break.
        half = "\r" if whole.endswith("\r") else ""
        *lines, rest = _BREAK.split(whole.removesuffix("\r") if half else whole)
        rest += half
        if lines and is_overlong:
            lines[0], is_overlong = _OVERLONG, False
        yield from lines
        if len(rest) > _LINE_MAX_CHARS:
            rest, is_overlong = "", True
    *lines, last = _BREAK.split(rest)
    ending = [*lines, last.rstrip("\x1a")]
    yield from [_OVERLONG, *ending[1:]] if is_overlong else ending


class _Lines:
    """Lines that are looked at before they are taken. `number`: of the next one, from 1."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._coming = lines
        self._ahead: deque[str] = deque()
        self.number = 1

    def ahead(self, place: int) -> str | None:
        """Return the line that comes after `place` others, None past the end."""
        while len(self._ahead) <= place:
            line = next(self._coming, None)
            if line is None:
                return None
            self._ahead.append(line)
        return self._ahead[place]

    def drop(self, count: int) -> None:
        """Go on by so many of the lines that were looked at."""
        for _ in range(count):
            self._ahead.popleft()
        self.number += count


def _records(lines: _Lines, separator: str, width: int) -> Iterator[Record]:
    while (first := lines.ahead(0)) is not None:
        cells, count = _record(first, lines, separator, width)
        if cells is None or any(cell and not cell.isspace() for cell in cells):
            yield Record(lines.number, cells)
        lines.drop(count)


def _record(first: str, lines: _Lines, separator: str, width: int) -> tuple[list[str] | None, int]:
    """Return the cells of the record that begins here, and how many lines it takes.

    A quoted cell may hold line breaks, but an unclosed quote must not swallow the good rows below it: a line that is a
    record by itself is never part of another one.
    """
    cells = _cells(first, separator)
    if cells is not None:
        return cells, 1
    record = first
    for place in range(1, _CELL_LINES_MAX):
        line = lines.ahead(place)
        if line is None:
            break
        alone = _cells(line, separator)
        if alone is not None and len(alone) >= width:
            break
        record = f"{record}\n{line}"
        cells = _cells(record, separator)
        if cells is not None and len(cells) >= width:
            return cells, place + 1
    return None, 1


def _cells(record: str, separator: str) -> list[str] | None:
    """Split one record, or return None when its quotes do not match."""
    if '"' not in record:
        return record.split(separator)
    try:
        return next(csv.reader([record], delimiter=separator, strict=True))
    except (csv.Error, StopIteration):
        return None
