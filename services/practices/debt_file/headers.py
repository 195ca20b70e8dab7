"""From the header of a file to which of our columns is where: ours, a body's own names, or another layout."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from contracts.error_details import WrongHeader
from contracts.errors import ErrorCode, Refused
from services.practices.debt_file import cells
from services.practices.debt_file.columns import (
    COLUMNS,
    EXTRAS,
    MAY_BE_ABSENT,
    NEEDED_COLUMNS,
    OPTIONAL_COLUMNS,
    REPORT_COLUMNS,
    WORDS,
    FileConventions,
    Values,
    folded,
)
from services.practices.debt_file.layouts import Layout, layout_of

_PADDING: Final = ""
_PASSED_OVER: Final = None
# What people call our columns too.
_SYNONYMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "riferimento": "codice_debito",
        "codiceservizio": "servizio",
        "cf": "codice_fiscale",
        "codicefiscalepartitaiva": "codice_fiscale",
        "nominativo": "cognome_nome",
        "cognomeenome": "cognome_nome",
        "cognomenomeragionesociale": "cognome_nome",
        "mail": "email",
        "indirizzoemail": "email",
        "importoeuro": "importo",
        "datascadenza": "scadenza",
        "numerorata": "rata",
        "numerorate": "rate_totali",
        "totalerate": "rate_totali",
    }
)
_OURS: Final[Mapping[str, str | None]] = MappingProxyType(
    {
        **_SYNONYMS,
        **{folded(name): name for name in (*COLUMNS, *OPTIONAL_COLUMNS)},
        **{folded(name): _PASSED_OVER for name in REPORT_COLUMNS},
    }
)
_COLUMNS_OF_OURS: Final = frozenset((*COLUMNS, *OPTIONAL_COLUMNS))
_MARKS: Final = frozenset({"'", "’"})


@dataclass(frozen=True)
class Header:
    """The header of a file. `names`: by place our column, an empty text for padding, None for what is passed over.

    Of another layout they are its own, folded. `constants` stand under columns that are not there.
    """

    names: Sequence[str | None]
    layout: Layout | None = None
    constants: Mapping[str, str] = field(default_factory=dict)
    may_be_absent: frozenset[str] = MAY_BE_ABSENT

    def values(self, found: Sequence[str] | None) -> Values | None:
        """Return the values of a record, or None where its cells cannot be told apart or are not under the columns."""
        if found is None or not self._may_end_at(len(found)):
            return None
        cleaned = [cells.cleaned(cell) for cell in found]
        if any(cleaned[len(self.names) :]):
            return None
        values: Values = dict(self.constants)
        for place, name in enumerate(self.names):
            text = cleaned[place] if place < len(cleaned) else ""
            if name:
                values[name] = text
            elif text and name == _PADDING:
                return None
        return _unmarked(self.layout.values(values) if self.layout else values)

    def _may_end_at(self, count: int) -> bool:
        return self.layout is not None or self.may_be_absent.issuperset(filter(None, self.names[count:]))


def read(header: Sequence[str], conventions: FileConventions) -> Header:
    """Return what is where. Raises Refused(IMPORT_WRONG_HEADER).

    What the file has instead is not echoed: it may be personal data.
    """
    names = [folded(name) for name in header]
    theirs = {folded(their): ours or _PASSED_OVER for their, ours in conventions.columns.items()}
    extras = conventions.extra_columns
    known = {**_OURS, **{folded(name): name for name in extras}, **theirs}
    ours = [known.get(name, name) if name else _PADDING for name in names]
    present = {name for name in ours if name}
    needed = set(NEEDED_COLUMNS if conventions.columns else COLUMNS) - set(conventions.constants)
    missing = [name for name in COLUMNS if name in needed and name not in present]
    if missing and (layout := layout_of(names)) is not None:
        _check_once(names)
        return Header(names, layout)
    _check_once(ours)
    unknown = [place for place, name in enumerate(ours, start=1) if name and name not in _COLUMNS_OF_OURS | extras]
    if missing or unknown:
        raise Refused(
            ErrorCode.IMPORT_WRONG_HEADER, WrongHeader(expected=COLUMNS, missing=missing, unknown=unknown or None)
        )
    absent = {name: "" for name in COLUMNS if name not in present}
    constants = {name: text for name, text in conventions.constants.items() if name not in present}
    return Header(ours, constants={**absent, **constants}, may_be_absent=MAY_BE_ABSENT | extras)


def is_column_of_ours(name: str) -> bool:
    """Return whether a header means a column that every file may have, or what another layout says."""
    return folded(name) in {*_OURS, *map(folded, EXTRAS)}


def _unmarked(values: Values) -> Values:
    if not any(text[:1] in _MARKS for text in values.values()):
        return values
    return {name: cells.unmarked(text, is_words=name in WORDS) for name, text in values.items()}


def _check_once(names: Sequence[str | None]) -> None:
    """Refuse a header with a name of ours that comes twice: which of the two is meant, nobody knows."""
    twice = [name for name, count in Counter(filter(None, names)).items() if count > 1]
    if twice:
        repeated = [name for name in twice if name in _COLUMNS_OF_OURS] or None
        raise Refused(ErrorCode.IMPORT_WRONG_HEADER, WrongHeader(expected=COLUMNS, missing=[], repeated=repeated))
