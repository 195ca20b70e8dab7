"""The rows of a debt file, checked column by column: each a debt, or why not."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, TypeVar

from contracts.amounts import REDUCED_DAYS_MAX, AmountSchedule
from contracts.error_details import ScheduleNotAllowed, TooLarge, WrongHeader, detail_of
from contracts.errors import ErrorCode, Refused
from services.practices.debt_file import cells, packed_files, table
from services.practices.debt_file.charset import Encoding, Pieces, decoded, encoding_of, marked_encoding, text_of
from services.practices.debt_file.table import Record
from services.practices.domain import debt_rules
from services.practices.domain.debt import Debt
from services.practices.domain.debt_rules import ServiceRules

COLUMNS: Final = (
    "codice_debito",
    "servizio",
    "codice_fiscale",
    "cognome_nome",
    "email",
    "causale",
    "importo",
    "scadenza",
    "rata",
    "rate_totali",
)
# How the amount changes with the days: a file that says nothing of it need not have these columns.
SCHEDULE_COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "reduced_cents": "importo_ridotto",
        "reduced_days": "giorni_ridotto",
        "notified_on": "data_notifica",
        "valid_until": "importo_valido_fino",
        "surcharge_cents": "mora",
        "interest_basis_points": "interessi_annui",
        "printed_date": "data_stampata",
    }
)
OPTIONAL_COLUMNS: Final = (*SCHEDULE_COLUMNS.values(), "posizione", "opzione")
# A spreadsheet leaves out what is empty at the end of a row.
_MAY_BE_ABSENT: Final = frozenset({"email", "scadenza", "rata", "rate_totali", *OPTIONAL_COLUMNS})
# Of a file read whole, in one call.
FILE_MAX_BYTES: Final = 5 * 1024 * 1024
ROWS_MAX: Final = 20_000
# Of a file read in pieces, as it is after unpacking.
JOB_MAX_BYTES: Final = 512 * 1024 * 1024
JOB_ROWS_MAX: Final = 1_000_000
_REMEMBERED: Final = 256
_HEADER_MAX_BYTES: Final = 64 * 1024
_T = TypeVar("_T")


class RowRefused(Exception):
    """Why a row is refused, the column at fault (None where it is the whole row), and what its value looks like."""

    def __init__(self, code: ErrorCode, column: str | None, value_shape: str | None = None) -> None:
        self.code = code
        self.column = column
        self.value_shape = value_shape
        super().__init__(code.value)


@dataclass(frozen=True)
class Row:
    """A row of the file: its debt, or why it was refused. Line 1 is the first of the file.

    `warning`: what was left out of a debt that is good without it, of which column.
    """

    line: int
    external_id: str | None
    debt: Debt | None
    code: ErrorCode | None = None
    column: str | None = None
    value_shape: str | None = None
    warning: str | None = None


@dataclass(frozen=True)
class _Checks:
    """The rules of a service, and its check of a debtor's fiscal code."""

    service: ServiceRules
    debtor_code: Callable[[str], str]


def read(content: bytes, services: Mapping[str, ServiceRules]) -> Iterator[Row]:
    """Check the file, then return an iterator over a Row for every row that is not blank.

    Raises Refused(IMPORT_TOO_LARGE), (IMPORT_NOT_UTF8), (IMPORT_EMPTY) or (IMPORT_WRONG_HEADER) for the whole file.
    """
    if len(content) > FILE_MAX_BYTES:
        raise Refused(ErrorCode.IMPORT_TOO_LARGE, TooLarge(max_bytes=FILE_MAX_BYTES))
    found = table.read([decoded(content)])
    names = _names(found.header)
    records = list(found.records)
    if not records:
        raise Refused(ErrorCode.IMPORT_EMPTY)
    if len(records) > ROWS_MAX:
        raise Refused(ErrorCode.IMPORT_TOO_LARGE, TooLarge(max_rows=ROWS_MAX))
    seen: set[str] = set()
    checks = _checks(services)
    return (_row(record, names, checks, seen) for record in records)


def read_pieces(pieces: Pieces, services: Mapping[str, ServiceRules], *, after_line: int = 0) -> Iterator[Row]:
    """Check a file that is read in pieces, then yield its rows below a line as `read` does.

    But for references that come twice: a million of them are compared where the rows are stored
    (repository.import_jobs). Raises as `read` does, JOB_MAX_BYTES and JOB_ROWS_MAX being the limits; (IMPORT_TOO_LARGE)
    for too many rows comes with the first of them.
    """

    def unpacked() -> Iterator[bytes]:
        return packed_files.unpacked(pieces(), JOB_MAX_BYTES)

    found = table.read(text_of(unpacked(), encoding_of(unpacked)))
    names, checks = _names(found.header), _checks(services)
    count = 0
    for count, record in enumerate(found.records, start=1):
        if count > JOB_ROWS_MAX:
            raise Refused(ErrorCode.IMPORT_TOO_LARGE, TooLarge(max_rows=JOB_ROWS_MAX))
        if record.line > after_line:
            yield _row(record, names, checks, None)
    if count == 0:
        raise Refused(ErrorCode.IMPORT_EMPTY)


def check_beginning(content: bytes) -> None:
    """Check the header of a file of which only the first bytes are here: where it does not end in them, not at all.

    Raises Refused(IMPORT_WRONG_HEADER), (IMPORT_NOT_UTF8) where it is not packed as it says.
    """
    first = packed_files.beginning(content, _HEADER_MAX_BYTES)
    encoding = marked_encoding(first) or Encoding("utf-8")
    text = first[encoding.mark_bytes :].decode(encoding.name, errors="replace")
    # The names of the columns are of letters that every encoding has in common.
    is_whole = len(first) == _HEADER_MAX_BYTES or text.strip().count("\n") + text.strip().count("\r") > 0
    if is_whole and text.strip():
        _names(table.read([text]).header)


def _names(header: Sequence[str]) -> list[str]:
    """Return the column names in their order; one without a name is a column of padding.

    What the file has instead is not echoed: it may be personal data.
    """
    names = [re.sub(r"[\s_-]+", "_", debt_rules.without_invisible(name).strip()).casefold() for name in header]
    named = [name for name in names if name]
    if len(named) != len(set(named)) or not set(COLUMNS) <= set(named) <= {*COLUMNS, *OPTIONAL_COLUMNS}:
        missing = [name for name in COLUMNS if name not in names]
        raise Refused(ErrorCode.IMPORT_WRONG_HEADER, WrongHeader(expected=COLUMNS, missing=missing))
    return names


def _checks(services: Mapping[str, ServiceRules]) -> Mapping[str, _Checks]:
    """Remember the fiscal codes of the last debtors: those of instalments stand beside each other."""
    return {
        code: _Checks(service, lru_cache(maxsize=_REMEMBERED)(service.checked_debtor_code))
        for code, service in services.items()
    }


def _row(record: Record, names: Sequence[str], services: Mapping[str, _Checks], seen: set[str] | None) -> Row:
    """Check one row; a reference that an earlier row has used, as far as `seen` tells, is refused."""
    values = _values(record.cells, names)
    if values is None:
        return Row(record.line, None, None, ErrorCode.INVALID_REQUEST)
    external_id = None
    try:
        external_id = _checked(values, "codice_debito", debt_rules.checked_external_id)
        if seen is not None:
            if external_id in seen:
                raise RowRefused(ErrorCode.DUPLICATE_REFERENCE, "codice_debito")
            seen.add(external_id)
        debt = _debt(values, services)
    except RowRefused as refusal:
        return Row(record.line, external_id, None, refusal.code, refusal.column, refusal.value_shape)
    if not values["email"] or debt.debtor.email is not None:
        return Row(record.line, external_id, debt)
    shape, warning = cells.shape(values["email"]), debt_rules.EMAIL_LEFT_OUT
    return Row(record.line, external_id, debt, column="email", value_shape=shape, warning=warning)


def _values(found: Sequence[str] | None, names: Sequence[str]) -> dict[str, str] | None:
    """Return the values by column, or None where the cells cannot be told apart or are not under the columns."""
    if found is None or not _MAY_BE_ABSENT.issuperset(filter(None, names[len(found) :])):
        return None
    padded = [cells.cleaned(cell) for cell in found] + [""] * (len(names) - len(found))
    without_name = padded[len(names) :] + [value for name, value in zip(names, padded, strict=False) if not name]
    if any(without_name):
        return None
    return {name: value for name, value in zip(names, padded, strict=False) if name}


def _debt(values: Mapping[str, str], services: Mapping[str, _Checks]) -> Debt:
    """Check the values of a row column by column, in the order of COLUMNS."""
    checks = services.get(values["servizio"].upper())
    if checks is None:
        raise RowRefused(ErrorCode.UNKNOWN_SERVICE, "servizio", cells.shape(values["servizio"]))
    service = checks.service
    _checked(values, "servizio", lambda _: service.check_stamp(None))
    code = _checked(values, "codice_fiscale", checks.debtor_code)
    name = _checked(values, "cognome_nome", debt_rules.checked_name)
    debt_position, option = _checked({"posizione": "", **values}, "posizione", lambda text: _option(text, values))
    amount_cents = _checked(values, "importo", lambda text: service.amounts.check(cells.amount_cents(text)))
    due_date = _checked(values, "scadenza", lambda text: debt_rules.checked_due_date(cells.day(text)))
    return Debt(
        service_code=service.code,
        debtor=debt_rules.subject(code, name, debt_rules.usable_email(values["email"])),
        description=_checked(values, "causale", debt_rules.checked_description),
        amount_cents=amount_cents,
        due_date=due_date,
        instalment=_checked(
            values,
            "rata",
            lambda text: debt_rules.checked_instalment(cells.count(text), cells.count(values["rate_totali"])),
        ),
        schedule=_schedule(values, service, amount_cents, due_date),
        debt_position=debt_position,
        option=option,
    )


def _option(debt_position: str, values: Mapping[str, str]) -> tuple[str | None, str | None]:
    return debt_rules.checked_option(debt_position, values.get("opzione"))


def _schedule(
    values: Mapping[str, str], service: ServiceRules, amount_cents: int, due_date: date | None
) -> AmountSchedule | None:
    """Check how the amount changes with the days, as far as the file has columns for it."""
    read: dict[str, Any] = {
        name: _checked(values, column, _SCHEDULE_CELLS[name])
        for name, column in SCHEDULE_COLUMNS.items()
        if values.get(column)
    }
    if not read:
        return None
    try:
        return service.checked_schedule(AmountSchedule(**read), amount_cents, due_date)
    except Refused as refused:
        detail = detail_of(refused, ScheduleNotAllowed)
        column = SCHEDULE_COLUMNS[detail.field if detail else "valid_until"]
        raise RowRefused(refused.code, column, cells.shape(values.get(column, ""))) from None


def _days(text: str) -> int | None:
    days = cells.count(text)
    if days is not None and not 1 <= days <= REDUCED_DAYS_MAX:
        raise Refused(ErrorCode.INVALID_REQUEST)
    return days


def _day(text: str) -> date | None:
    return debt_rules.checked_due_date(cells.day(text))


_SCHEDULE_CELLS: Final[Mapping[str, Callable[[str], Any]]] = MappingProxyType(
    {
        "reduced_cents": cells.amount_cents,
        "reduced_days": _days,
        "notified_on": _day,
        "valid_until": _day,
        "surcharge_cents": cells.amount_cents,
        "interest_basis_points": cells.basis_points,
        "printed_date": _day,
    }
)


def _checked(values: Mapping[str, str], column: str, check: Callable[[str], _T]) -> _T:
    """Run a check of the domain, naming the column at fault and what its value looks like."""
    text = values[column]
    if cells.is_spreadsheet_error(text):
        raise RowRefused(ErrorCode.SPREADSHEET_VALUE, column, cells.shape(text))
    try:
        return check(text)
    except Refused as refused:
        raise RowRefused(refused.code, column, cells.shape(text)) from None
