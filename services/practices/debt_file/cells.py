"""The values in the cells of a debt file, as people and spreadsheets write them."""

import re
from collections.abc import Mapping
from datetime import date
from itertools import chain
from types import MappingProxyType
from typing import Final

from contracts.amounts import INTEREST_MAX_BASIS_POINTS
from contracts.codes import AmountCents
from contracts.errors import ErrorCode, Refused
from services.practices.domain.debt_rules import without_invisible

_FORMULA_TEXT: Final = re.compile(r'="(.*)"')
# ##### is a column too narrow, the others are errors of formulas, in Italian and in English.
_SPREADSHEET_ERROR: Final = re.compile(
    r"#{2,}|#(N/D|N/A|NOME\?|NAME\?|RIF!|REF!|VALORE!|VALUE!|DIV/0!|NUM!|NULLO!|NULL!)", re.IGNORECASE
)
_CURRENCY: Final = re.compile(r"^(eur|euro|€)\s*|\s*(eur|euro|€)$", re.IGNORECASE)

_MONTHS: Final = "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"
_MONTH_OF: Final[Mapping[str, int]] = MappingProxyType(
    dict(
        chain.from_iterable(
            ((name, number), (name[:3], number)) for number, name in enumerate(_MONTHS.split(), start=1)
        )
    )
)
_TIME: Final = r"([ Tt]\d{1,2}[:.]\d{2}([:.]\d{2}(\.\d+)?)?)?"
_DAY_FIRST: Final = re.compile(rf"(?P<day>\d{{1,2}})([/.\- ])(?P<month>\d{{1,2}})\2(?P<year>\d{{4}}|\d{{2}}){_TIME}")
_YEAR_FIRST: Final = re.compile(rf"(?P<year>\d{{4}})([/.-])(?P<month>\d{{1,2}})\2(?P<day>\d{{1,2}}){_TIME}")
_IN_WORDS: Final = re.compile(
    rf"([a-zì]+,? )?(?P<day>\d{{1,2}})[°º]?[ -](?P<name>[a-z]+)\.?[ -](?P<year>\d{{4}}|\d{{2}}){_TIME}"
)


def cleaned(cell: str) -> str:
    """Return a cell trimmed, without invisible characters, line breaks as spaces, out of a formula that is a text."""
    if cell.isascii() and cell.isprintable() and "  " not in cell:  # most are, and need no more
        text = cell.strip()
    else:
        text = re.sub(r"\s+", " ", without_invisible(cell)).strip()
    formula = _FORMULA_TEXT.fullmatch(text)
    return formula[1].strip() if formula else text


def is_spreadsheet_error(text: str) -> bool:
    """Return whether a spreadsheet wrote an error here in place of a value."""
    return text.startswith("#") and _SPREADSHEET_ERROR.fullmatch(text) is not None


def amount_cents(text: str) -> AmountCents:
    """Read an amount in euro, with or without the currency. Raises Refused(INVALID_AMOUNT), (AMOUNT_OUT_OF_RANGE)."""
    return AmountCents.typed(_CURRENCY.sub("", text))


def day(text: str) -> date | None:
    """Read a date in the forms Italians and their spreadsheets use; empty means none. Raises Refused(INVALID_DATE).

    The day comes first (31/12/2026, 31-12-26, 31.12.2026, giovedì 31 dicembre 2026, 31-dic-26), or the year
    (2026-12-31); a time behind it is passed over.
    """
    if not text:
        return None
    folded = text.casefold()
    found = _DAY_FIRST.fullmatch(folded) or _YEAR_FIRST.fullmatch(text) or _IN_WORDS.fullmatch(folded)
    if found is None:
        raise Refused(ErrorCode.INVALID_DATE)
    parts = found.groupdict()
    month = int(parts["month"]) if "month" in parts else _MONTH_OF.get(parts["name"], 0)
    year = int(parts["year"]) + (2000 if len(parts["year"]) == 2 else 0)
    try:
        return date(year, month, int(parts["day"]))
    except ValueError:
        raise Refused(ErrorCode.INVALID_DATE) from None


def count(text: str) -> int | None:
    """Read a small count; empty means none. Raises Refused(INVALID_REQUEST)."""
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,3}([.,]0+)?", text):
        raise Refused(ErrorCode.INVALID_REQUEST)
    return int(re.split("[.,]", text)[0])


def basis_points(text: str) -> int | None:
    """Read a rate in percent (`2,5`, `2.50 %`) as hundredths of a percent; empty means none.

    Raises Refused(INVALID_AMOUNT), (AMOUNT_OUT_OF_RANGE) for zero and for more than 100 %.
    """
    if not text:
        return None
    points = AmountCents.typed(text.removesuffix("%"))
    if points > INTEREST_MAX_BASIS_POINTS:
        raise Refused(ErrorCode.AMOUNT_OUT_OF_RANGE)
    return int(points)


def shape(text: str) -> str:
    """Return what a value looks like without what it says: letters as A, digits as 9, the length of a long one."""
    pattern = "".join("A" if one.isalpha() else "9" if one.isalnum() else one for one in text if one.isprintable())
    return pattern if len(pattern) <= _SHAPE_CHARS else f"{pattern[:_SHAPE_CHARS]}… ({len(text)} caratteri)"


_SHAPE_CHARS: Final = 30
