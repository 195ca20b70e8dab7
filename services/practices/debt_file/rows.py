"""A row of a debt file, checked column by column: a debt, or why not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any, Final, TypeVar

from contracts.amounts import REDUCED_DAYS_MAX, AmountSchedule
from contracts.error_details import ScheduleNotAllowed, detail_of
from contracts.errors import ErrorCode, Refused
from contracts.extra_fields import ExtraField, ExtraKind
from contracts.shapes import Beneficiary
from services.practices.debt_file import cells
from services.practices.debt_file.columns import BENEFICIARY_COLUMNS, SCHEDULE_COLUMNS, FileConventions, Values
from services.practices.debt_file.refusals import RowRefused
from services.practices.debt_file.written_rows import storable
from services.practices.domain import debt_rules, extras
from services.practices.domain.debt import Debt
from services.practices.domain.debt_rules import ServiceRules

_REMEMBERED: Final = 256
# What is left out of a debt when it is no good, and so refuses nothing.
_LEFT_OUT: Final = frozenset({"email", "numero_avviso"})
_T = TypeVar("_T")


@dataclass(frozen=True)
class Row:
    """A row of the file: its debt, or why it was refused. Line 1 is the first of the file.

    `warning`: what was left out of a debt that is good without it, of which column. `cells`: of a refused row what it
    held, by our columns, as far as it could be told.
    """

    line: int
    external_id: str | None
    debt: Debt | None
    code: ErrorCode | None = None
    column: str | None = None
    value_shape: str | None = None
    warning: str | None = None
    cells: Mapping[str, str] | None = None

    @property
    def good(self) -> tuple[str, Debt] | None:
        """Return the reference and the debt of a row that is not refused."""
        return None if self.debt is None or self.external_id is None else (self.external_id, self.debt)


@dataclass(frozen=True)
class _Checks:
    """The rules of a service, and its check of a debtor's fiscal code."""

    service: ServiceRules
    debtor_code: Callable[[str], str]


class RowChecks:
    """The checks of a file's rows. It remembers the fiscal codes of the last debtors: instalments are neighbours.

    `seen`: the references that came before, where they are to be looked at here.
    """

    def __init__(
        self, services: Mapping[str, ServiceRules], conventions: FileConventions, seen: set[str] | None
    ) -> None:
        self._services = {
            code: _Checks(service, lru_cache(maxsize=_REMEMBERED)(service.checked_debtor_code))
            for code, service in services.items()
        }
        self._conventions = conventions
        self._seen = seen

    def row(self, line: int, values: Values | RowRefused | None) -> Row:
        """Return the row of these values, None being those of a record that cannot be told apart."""
        if values is None:
            return Row(line, None, None, ErrorCode.INVALID_REQUEST)
        if isinstance(values, RowRefused):
            return Row(line, None, None, values.code, values.column, values.value_shape)
        external_id = None
        try:
            _check_cell(values, "codice_debito")
            external_id = _checked(values, "codice_debito", debt_rules.checked_external_id)
            self._check_new(external_id)
            _check_extras(values, self._conventions)
            debt = _debt(values, self._services, self._conventions)
        except RowRefused as refusal:
            return Row(
                line, external_id, None, refusal.code, refusal.column, refusal.value_shape, cells=storable(values)
            )
        column, warning = _left_out(values, debt)
        shape = cells.shape(values[column]) if column else None
        return Row(line, external_id, debt, column=column, value_shape=shape, warning=warning)

    def _check_new(self, external_id: str) -> None:
        if self._seen is None:
            return
        if external_id in self._seen:
            raise RowRefused(ErrorCode.DUPLICATE_REFERENCE, "codice_debito")
        self._seen.add(external_id)


def _left_out(values: Values, debt: Debt) -> tuple[str | None, str | None]:
    """Return the column of what a good debt goes without, and the warning of it."""
    if values.get("numero_avviso"):
        return "numero_avviso", debt_rules.NOTICE_NUMBER_LEFT_OUT
    if values["email"] and debt.debtor.email is None:
        return "email", debt_rules.EMAIL_LEFT_OUT
    return None, None


def _check_extras(values: Values, conventions: FileConventions) -> None:
    """Refuse a row that asks for more than a debt, and one with what a spreadsheet has made of a value."""
    for column, text in values.items():
        if column not in _LEFT_OUT and cells.is_spreadsheet_value(text):
            raise RowRefused(ErrorCode.SPREADSHEET_VALUE, column, cells.shape(text))
    entity = values.get("ente")
    if entity and conventions.creditor_fiscal_code and entity != conventions.creditor_fiscal_code:
        raise RowRefused(ErrorCode.INVALID_REQUEST, "ente", cells.shape(entity))
    for column in ("azione", "beneficiari"):
        if values.get(column):
            raise RowRefused(ErrorCode.INVALID_REQUEST, column, cells.shape(values[column]))
    if values.get("bollo"):
        raise RowRefused(ErrorCode.STAMP_REQUIRED, "servizio")


def _debt(values: Values, services: Mapping[str, _Checks], conventions: FileConventions) -> Debt:
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
        beneficiary=_beneficiary(values),
        instalment=_checked(
            values,
            "rata",
            lambda text: debt_rules.checked_instalment(cells.count(text), cells.count(values["rate_totali"])),
        ),
        schedule=_schedule(values, service, amount_cents, due_date),
        debt_position=debt_position,
        option=option,
        extras=_extras(values, service, conventions),
    )


def _extras(values: Values, service: ServiceRules, conventions: FileConventions) -> dict[str, str]:
    """Check what is under the columns of the fields that services have of their own; another service's are empty."""
    known = {field.name: field for field in service.extra_fields}
    read: dict[str, str] = {}
    for column in sorted(conventions.extra_columns & values.keys()):
        if text := values[column]:
            if column not in known:
                raise RowRefused(ErrorCode.INVALID_REQUEST, column, cells.shape(text))
            read |= _checked(values, column, partial(_extra, known[column]))
    return {name: read[name] for name in known if name in read}


def _extra(field: ExtraField, text: str) -> dict[str, str]:
    if field.kind == ExtraKind.DATE:
        day = cells.day(text)
        text = day.isoformat() if day else ""
    return extras.checked_extras([field], {field.name: text}, is_inserted=False)


def _option(debt_position: str, values: Values) -> tuple[str | None, str | None]:
    return debt_rules.checked_option(debt_position, values.get("opzione"))


def _beneficiary(values: Values) -> Beneficiary | None:
    """Check for whom it is paid, as far as the file has columns for it: all four of them, or none."""
    if not any(values.get(column) for column in BENEFICIARY_COLUMNS.values()):
        return None
    given = {column: values.get(column, "") for column in BENEFICIARY_COLUMNS.values()}
    return Beneficiary(
        **{name: _checked(given, column, debt_rules.checked_name) for name, column in BENEFICIARY_COLUMNS.items()}
    )


def _schedule(values: Values, service: ServiceRules, amount_cents: int, due_date: date | None) -> AmountSchedule | None:
    """Check how the amount changes with the days, as far as the file has columns for it."""
    read: dict[str, Any] = {
        name: _checked(values, column, _SCHEDULE_CELLS[name])
        for name, column in SCHEDULE_COLUMNS.items()
        if values.get(column)
    }
    try:
        return service.checked_schedule(AmountSchedule(**read) if read else None, amount_cents, due_date)
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


def _check_cell(values: Values, column: str) -> None:
    if cells.is_spreadsheet_value(values[column]):
        raise RowRefused(ErrorCode.SPREADSHEET_VALUE, column, cells.shape(values[column]))


def _checked(values: Mapping[str, str], column: str, check: Callable[[str], _T]) -> _T:
    """Run a check of the domain, naming the column at fault and what its value looks like."""
    text = values[column]
    try:
        return check(text)
    except Refused as refused:
        raise RowRefused(refused.code, column, cells.shape(text)) from None
