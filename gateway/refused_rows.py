"""The refused rows of an import as a debt file: to be corrected, and sent again as it is then."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from contracts.rpc import practices
from gateway.csv_text import Row, csv_file
from gateway.visit import Visit

# Before what a refused row held, and passed over when it is sent again.
_REFUSAL_HEADER: Final = ("riga", "colonna", "valore", "problema", "rimedio")


def as_file(visit: Visit, request: practices.RefusedRowsRequest) -> Iterator[bytes]:
    """Return them as CSV. The first page is asked for now: its errors are raised here."""
    first = visit.call(practices.REFUSED_ROWS, request)
    return csv_file((*_REFUSAL_HEADER, *first.columns), _pages(visit, request, first))


def corrected(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> bytes:
    """Return rows that were corrected as a debt file of these columns."""
    return b"".join(csv_file(columns, iter([[[row.get(column, "") for column in columns] for row in rows]])))


def cells_of(refused: practices.RefusedRow) -> Mapping[str, str]:
    """Return what a row held; what is known of one without cells is its reference."""
    return {"codice_debito": refused.row.external_id or "", **refused.cells}


def _pages(visit: Visit, asked: practices.RefusedRowsRequest, first: practices.RefusedRows) -> Iterator[Sequence[Row]]:
    page = first
    while True:
        yield [_line(one, first.columns) for one in page.rows]
        if page.next_after is None:
            return
        page = visit.call(practices.REFUSED_ROWS, replace(asked, after_line=page.next_after))


def _line(refused: practices.RefusedRow, columns: Sequence[str]) -> Row:
    row, cells = refused.row, cells_of(refused)
    told = (row.line, row.column or "", row.value_shape or "", row.problem or "", row.remedy or "")
    return (*told, *(cells.get(column, "") for column in columns))
