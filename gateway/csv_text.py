"""Files of CSV that a spreadsheet in Italy reads, sent while they are written, and of which none runs a cell.

A file that breaks off ends in the middle of the transfer, never as if it were whole: what fails behind the first page
closes the connection.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from contracts import spreadsheets

MEDIA_TYPE: Final = "text/csv; charset=utf-8"
_BYTE_ORDER_MARK: Final = "\ufeff"  # without it Excel takes the file for one of Windows' old character sets
Row = Sequence[object]


def csv_file(header: Row, pages: Iterator[Sequence[Row]]) -> Iterator[bytes]:
    """Return a file of these rows. The first page is asked for now: its errors are raised here."""
    first = next(pages, [])
    begun = _BYTE_ORDER_MARK + _lines([header, *map(_harmless, first)])
    return chain([begun.encode()], (_lines(map(_harmless, page)).encode() for page in pages if page))


def _harmless(row: Row) -> Row:
    return [spreadsheets.harmless(str(cell)) for cell in row]


def _lines(rows: Iterable[Row]) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=spreadsheets.DELIMITER, lineterminator=spreadsheets.LINE_END).writerows(rows)
    return text.getvalue()
