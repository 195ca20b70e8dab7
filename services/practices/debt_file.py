"""The debt file an entity exports: from bytes to checked rows. Pure; what is already stored is not its matter.

Format (README): UTF-8 with or without BOM, separator `;` or `,`, one record a line, the columns of COLUMNS in any
order. A file that is not one is refused as a whole; a wrong row only for itself.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeVar

from contracts.codes import AmountCents, FiscalCode
from contracts.error_details import TooLarge, WrongHeader
from contracts.errors import ErrorCode, Refused
from contracts.shapes import Subject
from services.practices.domain.debt import Debt
from services.practices.domain.debt_rules import (
    ServiceRules,
    checked_description,
    checked_due_date,
    checked_email,
    checked_external_id,
    checked_instalment,
    checked_name,
)

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
_T = TypeVar("_T")

FILE_MAX_BYTES: Final = 5 * 1024 * 1024
ROWS_MAX: Final = 20_000
_AMBIGUOUS_AMOUNT = re.compile(r"\d{1,3}(\.\d{3})+")
_DATE_FORMATS: Final = (("%d/%m/%Y", re.compile(r"\d{2}/\d{2}/\d{4}")), ("%Y-%m-%d", re.compile(r"\d{4}-\d{2}-\d{2}")))


class RowRefused(Exception):
    """Why a row is refused, and the column at fault; None where it is the whole row."""

    def __init__(self, code: ErrorCode, column: str | None) -> None:
        self.code = code
        self.column = column
        super().__init__(code.value)


@dataclass(frozen=True)
class Row:
    """A line of the file: its debt, or why it was refused. Line 1 is the header."""

    line: int
    external_id: str | None
    debt: Debt | None
    code: ErrorCode | None = None
    column: str | None = None


def read(content: bytes, services: Mapping[str, ServiceRules]) -> Iterator[Row]:
    """Check the file, then return an iterator over a Row for every line that is not blank.

    Raises Refused(IMPORT_TOO_LARGE), (IMPORT_NOT_UTF8), (IMPORT_EMPTY) or (IMPORT_WRONG_HEADER) for the whole file.
    """
    (_, header), *records = _lines(content)
    separator = ";" if header.count(";") >= header.count(",") else ","
    names = _header(header, separator)
    if not records:
        raise Refused(ErrorCode.IMPORT_EMPTY)
    if len(records) > ROWS_MAX:
        raise Refused(ErrorCode.IMPORT_TOO_LARGE, TooLarge(max_rows=ROWS_MAX))
    seen: set[str] = set()
    return (_row(line, _fields(record, separator), names, services, seen) for line, record in records)


def _lines(content: bytes) -> list[tuple[int, str]]:
    """Return the lines that are not blank with their numbers, at least one."""
    if len(content) > FILE_MAX_BYTES:
        raise Refused(ErrorCode.IMPORT_TOO_LARGE, TooLarge(max_bytes=FILE_MAX_BYTES))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(ErrorCode.IMPORT_NOT_UTF8) from None
    # One record a line, never over several: an unclosed quote must not swallow the good rows below it.
    numbered = enumerate(re.split(r"\r\n|\n|\r", text), start=1)
    found = [(line, record) for line, record in numbered if record.strip()]
    if not found:
        raise Refused(ErrorCode.IMPORT_EMPTY)
    return found


def _header(header: str, separator: str) -> list[str]:
    """Return the column names in their order. What the file has instead is not echoed: it may be personal data."""
    names = [name.strip().lower() for name in _fields(header, separator) or []]
    if sorted(names) != sorted(COLUMNS):
        missing = [name for name in COLUMNS if name not in names]
        raise Refused(ErrorCode.IMPORT_WRONG_HEADER, WrongHeader(expected=COLUMNS, missing=missing))
    return names


def _fields(record: str, separator: str) -> list[str] | None:
    """Split one line, or None when its quotes do not match."""
    try:
        return next(csv.reader([record], delimiter=separator, strict=True))
    except (csv.Error, StopIteration):
        return None


def _row(
    line: int, fields: list[str] | None, names: list[str], services: Mapping[str, ServiceRules], seen: set[str]
) -> Row:
    """Check one line; a reference that an earlier line has used is refused."""
    if fields is None or len(fields) != len(names):
        return Row(line, None, None, ErrorCode.INVALID_REQUEST)
    values = {name: value.strip() for name, value in zip(names, fields, strict=True)}
    external_id = None
    try:
        external_id = _checked("codice_debito", lambda: checked_external_id(values["codice_debito"]))
        if external_id in seen:
            raise RowRefused(ErrorCode.DUPLICATE_REFERENCE, "codice_debito")
        seen.add(external_id)
        return Row(line, external_id, _debt(values, services))
    except RowRefused as refusal:
        return Row(line, external_id, None, refusal.code, refusal.column)


def _debt(values: Mapping[str, str], services: Mapping[str, ServiceRules]) -> Debt:
    """Check the values of a row column by column, in the order of COLUMNS."""
    service = services.get(values["servizio"].upper())
    if service is None:
        raise RowRefused(ErrorCode.UNKNOWN_SERVICE, "servizio")
    _checked("servizio", lambda: service.check_stamp(None))
    fiscal_code = _checked("codice_fiscale", lambda: FiscalCode.typed(values["codice_fiscale"]))
    debtor = Subject(
        entity_type=fiscal_code.entity_type,
        fiscal_code=fiscal_code,
        full_name=_checked("cognome_nome", lambda: checked_name(values["cognome_nome"])),
        email=_checked("email", lambda: checked_email(values["email"])),
    )
    return Debt(
        service_code=service.code,
        debtor=debtor,
        description=_checked("causale", lambda: checked_description(values["causale"])),
        amount_cents=_checked("importo", lambda: service.amounts.check(_amount_cents(values["importo"]))),
        due_date=_checked("scadenza", lambda: checked_due_date(_day(values["scadenza"]))),
        instalment=_checked("rata", lambda: checked_instalment(_count(values["rata"]), _count(values["rate_totali"]))),
    )


def _checked(column: str, check: Callable[[], _T]) -> _T:
    """Run a check of the domain, naming the column at fault."""
    try:
        return check()
    except Refused as refused:
        raise RowRefused(refused.code, column) from None


def _amount_cents(text: str) -> AmountCents:
    """Read an amount. `1.234` alone is refused: 1.234 euro with three decimals and 1234 euro look the same."""
    if _AMBIGUOUS_AMOUNT.fullmatch(text):
        raise Refused(ErrorCode.INVALID_AMOUNT)
    return AmountCents.typed(text)


def _day(text: str) -> date | None:
    """Read gg/mm/aaaa or aaaa-mm-gg; empty means no due date."""
    if not text:
        return None
    for layout, shape in _DATE_FORMATS:
        if shape.fullmatch(text):
            try:
                return datetime.strptime(text, layout).date()  # noqa: DTZ007 -- a calendar day has no zone
            except ValueError:
                break
    raise Refused(ErrorCode.INVALID_DATE)


def _count(text: str) -> int | None:
    """Read a small count; empty means none."""
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,3}", text):
        raise Refused(ErrorCode.INVALID_REQUEST)
    return int(text)
