"""The columns of a debt file by our names, and what is under them: the values of one row, whoever's layout it had.

A file in another layout (`layouts`, `json_layouts`) is read into the same values, and may say in EXTRAS what a file of
ours cannot.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Final

from marshmallow.validate import Length

from contracts.message import Message
from services.practices.domain.debt_rules import without_invisible

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
BENEFICIARY_COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {"full_name": "beneficiario", "course": "corso", "school": "scuola", "contribution_type": "tipo_contributo"}
)
OPTIONAL_COLUMNS: Final = (*SCHEDULE_COLUMNS.values(), "posizione", "opzione", *BENEFICIARY_COLUMNS.values())
# A file has these at least, where the catalogue says how its columns are called.
NEEDED_COLUMNS: Final = frozenset({"codice_debito", "servizio", "codice_fiscale", "cognome_nome", "causale", "importo"})
WORDS: Final = frozenset({"cognome_nome", "causale", *BENEFICIARY_COLUMNS.values()})
"""Under these are words, which may begin with an apostrophe of their own."""
# A spreadsheet leaves out what is empty at the end of a row.
MAY_BE_ABSENT: Final = frozenset({"email", "scadenza", "rata", "rate_totali", *OPTIONAL_COLUMNS})
REPORT_COLUMNS: Final = ("riga", "colonna", "valore", "problema", "rimedio")
"""What stands beside the rows in a file of refused ones: passed over when it is sent again."""
EXTRAS: Final = ("ente", "azione", "beneficiari", "bollo", "numero_avviso")
"""Whose debt it is, what else than a debt a row is, who else is paid, what it buys, which notice it thinks it has."""

Values = dict[str, str]
"""The values of a row by our column, cleaned; what is not there is empty or absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtFileNames(Message):
    """How a body's debt files call their columns, as its catalogue says.

    `columns`: their header to our column, to an empty text where it is to be passed over. `constants`: what stands
    under a column of ours that they do not have.
    """

    columns: Mapping[str, Annotated[str, Length(max=35)]] = field(default_factory=dict)
    constants: Mapping[Annotated[str, Length(1, 35)], Annotated[str, Length(1, 140)]] = field(default_factory=dict)


@dataclass(frozen=True)
class FileConventions:
    """What is known of a body's files beside its services.

    `creditor_fiscal_code`: another body's debts are not for it; None where it is not looked at. `columns`: its headers
    to our columns, to an empty text where a column is passed over; `constants`: what stands under columns that it has
    not. `service_of_category`: of pagoPA's taxonomy, where only one service has it. `extra_columns`: the names of the
    fields that its services have of their own.
    """

    creditor_fiscal_code: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    service_of_category: Mapping[str, str] = field(default_factory=dict)
    extra_columns: frozenset[str] = frozenset()


def folded(name: str) -> str:
    """Return a header as it is compared: its letters and digits alone, small and without accents."""
    plain = unicodedata.normalize("NFKD", without_invisible(name)).casefold()
    return re.sub(r"[^a-z0-9]", "", plain)


def blank_values() -> Values:
    """Return a row with nothing in it."""
    return dict.fromkeys(COLUMNS, "")
