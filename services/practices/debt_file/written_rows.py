"""A debt as a row of a debt file: what was taken from one, in the way it is best written."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from contracts import spreadsheets
from services.practices.debt_file.columns import BENEFICIARY_COLUMNS, SCHEDULE_COLUMNS, Values, blank_values
from services.practices.domain.debt import Debt

_CELL_MAX_CHARS: Final = 1_000
_IN_HUNDREDTHS: Final = ("_cents", "_basis_points")


def cells_of(external_id: str | None, debt: Debt) -> Values:
    """Return the cells of a debt by our columns; what it does not have is empty or absent."""
    values = {
        **blank_values(),
        "codice_debito": external_id or "",
        "servizio": debt.service_code,
        "codice_fiscale": debt.debtor.fiscal_code,
        "cognome_nome": debt.debtor.full_name,
        "email": debt.debtor.email or "",
        "causale": debt.description,
        "importo": spreadsheets.euro(debt.amount_cents),
        "scadenza": _day(debt.due_date),
        "posizione": debt.debt_position or "",
        "opzione": debt.option or "",
    }
    if debt.instalment:
        values |= {"rata": str(debt.instalment.number), "rate_totali": str(debt.instalment.total)}
    if debt.beneficiary:
        values |= {column: getattr(debt.beneficiary, name) for name, column in BENEFICIARY_COLUMNS.items()}
    values |= debt.extras
    if debt.schedule:
        values |= {
            column: _written(name, getattr(debt.schedule, name))
            for name, column in SCHEDULE_COLUMNS.items()
            if getattr(debt.schedule, name) is not None
        }
    return values


def storable(values: Mapping[str, str]) -> Values:
    """Return cells as a database takes them: those that hold something, none longer than anybody reads."""
    return {name: "".join(filter(str.isprintable, text[:_CELL_MAX_CHARS])) for name, text in values.items() if text}


def _written(name: str, value: object) -> str:
    if isinstance(value, date):
        return _day(value)
    return spreadsheets.euro(value) if isinstance(value, int) and name.endswith(_IN_HUNDREDTHS) else str(value)


def _day(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""
