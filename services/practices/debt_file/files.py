"""From a debt file to its rows, whole or in pieces: CSV as spreadsheets write it, JSON Lines, or a JSON document.

A file that is none of these is refused as a whole; a wrong row only for itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Final

from contracts.error_details import TooLarge
from contracts.errors import ErrorCode, Refused
from services.practices.debt_file import headers, json_layouts, json_records, packed_files, table
from services.practices.debt_file.charset import Encoding, Pieces, decoded, encoding_of, marked_encoding, text_of
from services.practices.debt_file.columns import FileConventions, Values
from services.practices.debt_file.refusals import RowRefused
from services.practices.debt_file.rows import Row, RowChecks
from services.practices.domain.debt_rules import ServiceRules

# Of a file read whole, in one call.
FILE_MAX_BYTES: Final = 5 * 1024 * 1024
ROWS_MAX: Final = 20_000
# Of a file read in pieces, as it is after unpacking.
JOB_MAX_BYTES: Final = 512 * 1024 * 1024
JOB_ROWS_MAX: Final = 1_000_000
_HEADER_MAX_BYTES: Final = 64 * 1024
_JSON_BEGINNINGS: Final = ("{", "[")
_USUAL: Final = FileConventions()

_Record = tuple[int, Callable[[], Values | RowRefused | None]]
"""A line, or a place in a document, and how to get the values there; None where they cannot be told apart."""


def read(content: bytes, services: Mapping[str, ServiceRules], conventions: FileConventions = _USUAL) -> Iterator[Row]:
    """Check the file, then return an iterator over a Row for every row that is not blank.

    Raises Refused(IMPORT_TOO_LARGE), (IMPORT_NOT_UTF8), (IMPORT_EMPTY) or (IMPORT_WRONG_HEADER) for the whole file.
    """
    if len(content) > FILE_MAX_BYTES:
        raise Refused(ErrorCode.IMPORT_TOO_LARGE, TooLarge(max_bytes=FILE_MAX_BYTES))
    records = list(_records([decoded(content)], conventions))
    if not records:
        raise Refused(ErrorCode.IMPORT_EMPTY)
    if len(records) > ROWS_MAX:
        raise Refused(ErrorCode.IMPORT_TOO_LARGE, TooLarge(max_rows=ROWS_MAX))
    checks = RowChecks(services, conventions, set())
    return (checks.row(line, values()) for line, values in records)


def read_pieces(
    pieces: Pieces,
    services: Mapping[str, ServiceRules],
    conventions: FileConventions = _USUAL,
    *,
    after_line: int = 0,
) -> Iterator[Row]:
    """Check a file that is read in pieces, then yield its rows below a line as `read` does.

    But for references that come twice: a million of them are compared where the rows are stored
    (repository.import_jobs). Raises as `read` does, JOB_MAX_BYTES and JOB_ROWS_MAX being the limits; (IMPORT_TOO_LARGE)
    for too many rows comes with the first of them.
    """

    def unpacked() -> Iterator[bytes]:
        return packed_files.unpacked(pieces(), JOB_MAX_BYTES)

    checks = RowChecks(services, conventions, None)
    count = 0
    for count, (line, values) in enumerate(_records(text_of(unpacked(), encoding_of(unpacked)), conventions), start=1):
        if count > JOB_ROWS_MAX:
            raise Refused(ErrorCode.IMPORT_TOO_LARGE, TooLarge(max_rows=JOB_ROWS_MAX))
        if line > after_line:
            yield checks.row(line, values())
    if count == 0:
        raise Refused(ErrorCode.IMPORT_EMPTY)


def check_beginning(content: bytes, conventions: FileConventions = _USUAL) -> None:
    """Check the header of a file of which only the first bytes are here: where it does not end in them, not at all.

    Raises Refused(IMPORT_WRONG_HEADER), (IMPORT_NOT_UTF8) where it is not packed as it says.
    """
    first = packed_files.beginning(content, _HEADER_MAX_BYTES)
    encoding = marked_encoding(first) or Encoding("utf-8")
    text = first[encoding.mark_bytes :].decode(encoding.name, errors="replace")
    # The names of the columns are of letters that every encoding has in common.
    is_whole = len(first) == _HEADER_MAX_BYTES or text.strip().count("\n") + text.strip().count("\r") > 0
    if is_whole and text.strip() and json_records.peeked([text])[0] not in _JSON_BEGINNINGS:
        headers.read(table.read([text]).header, conventions)


def _records(text: Iterable[str], conventions: FileConventions) -> Iterator[_Record]:
    """Yield what stands for debts in a text."""
    beginning, whole = json_records.peeked(text)
    return _json_rows(whole, conventions) if beginning in _JSON_BEGINNINGS else _table_rows(whole, conventions)


def _table_rows(text: Iterable[str], conventions: FileConventions) -> Iterator[_Record]:
    found = table.read(text)
    header = headers.read(found.header, conventions)
    for record in found.records:
        yield record.line, partial(header.values, record.cells)


def _json_rows(text: Iterable[str], conventions: FileConventions) -> Iterator[_Record]:
    """Yield the rows of JSON: by their line where each has one, else by their place among all."""
    place = 0
    for record in json_records.read(text):
        for values in json_layouts.rows_of(record, conventions):
            place += 1
            yield (record.place if record.is_line else place), partial(_same, values)


def _same(values: Values | RowRefused) -> Values | RowRefused:
    return values
