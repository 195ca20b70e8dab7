"""The values in the cells of a debt file, as people and spreadsheets write them."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import chain
from types import MappingProxyType
from typing import Final

from contracts.amounts import INTEREST_MAX_BASIS_POINTS
from contracts.calendar import ROME
from contracts.codes import AmountCents
from contracts.errors import ErrorCode, Refused
from services.practices.domain.debt_rules import is_mangled, without_invisible

_NUMBER_STARTS: Final = tuple("+-0123456789")
_FORMULA_TEXT: Final = re.compile(r'="(.*)"')
# ##### is a column too narrow, the others are errors of formulas, in Italian and in English.
_SPREADSHEET_ERROR: Final = re.compile(
    r"#{2,}|#(N/D|N/A|NOME\?|NAME\?|RIF!|REF!|VALORE!|VALUE!|DIV/0!|NUM!|NULLO!|NULL!)", re.IGNORECASE
)
# Among the spaces what only looks like one: the fillers of Korean, the empty cell of Braille.
_BLANKS: Final = re.compile(r"[\s\u115f\u1160\u2800\u3164\uffa0]+")
# The mark of a spreadsheet for a text that looks like a number: before a code nothing else, before words only where it
# keeps them from being worked out, as in the files that leave from here.
_TEXT_MARK: Final = re.compile(r"['’](?=[=+\-@])")
_CURRENCY: Final = re.compile(r"^(eur|euro|€)\s*|\s*(eur|euro|€)$", re.IGNORECASE)

_MONTHS: Final = "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"
# As a spreadsheet in English shortens those that differ.
_ENGLISH_MONTHS: Final = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTH_OF: Final[Mapping[str, int]] = MappingProxyType(
    dict(
        chain.from_iterable(
            ((name, number), (name[:3], number))
            for names in (_ENGLISH_MONTHS, _MONTHS)
            for number, name in enumerate(names.split(), start=1)
        )
    )
)
_TIME: Final = r"([ Tt]\d{1,2}[:.]\d{2}([:.]\d{2}(\.\d+)?)?)?"
_DAY_FIRST: Final = re.compile(rf"(?P<day>\d{{1,2}})([/.\- ])(?P<month>\d{{1,2}})\2(?P<year>\d{{4}}|\d{{2}}){_TIME}")
_YEAR_FIRST: Final = re.compile(rf"(?P<year>\d{{4}})([/.-])(?P<month>\d{{1,2}})\2(?P<day>\d{{1,2}}){_TIME}")
_IN_WORDS: Final = re.compile(
    rf"([a-zì]+,? )?(?P<day>\d{{1,2}})[°º]?[ /-](?P<name>[a-z]+)\.?[ /-](?P<year>\d{{4}}|\d{{2}}){_TIME}"
)
# Eight digits. Of this century one of the two fits at most: 20 is no month.
_COMPACT: Final = re.compile(r"(?P<year>20\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>\d\d)|\d{4}20\d\d")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)")
# How a spreadsheet counts the days, for those from 2013 to 2036: below and above, five digits may be a day, a month and
# a year without its first zero (40127 is also 4 January 2027).
_SERIAL: Final = re.compile(r"(4[2-9]\d{3}|41[3-9]\d\d)([.,]\d+)?")
_SERIAL_ZERO: Final = date(1899, 12, 30)


def cleaned(cell: str) -> str:
    """Return a cell trimmed, without invisible characters, line breaks as spaces, out of a formula that is a text."""
    if cell.isascii() and cell.isprintable() and "  " not in cell:  # most are, and need no more
        text = cell.strip()
    else:
        text = _BLANKS.sub(" ", without_invisible(cell)).strip()
    formula = _FORMULA_TEXT.fullmatch(text)
    return formula[1].strip() if formula else text


def unmarked(text: str, *, is_words: bool) -> str:
    """Return a text without the apostrophe that a spreadsheet marks it with; a name may begin with one ('t Hooft)."""
    if not text.startswith(("'", "’")):
        return text
    return _TEXT_MARK.sub("", text, count=1) if is_words else text[1:].lstrip()


def is_spreadsheet_value(text: str) -> bool:
    """Return whether a spreadsheet wrote an error here in place of a value, or a number that it has shortened."""
    if text.startswith("#"):
        return _SPREADSHEET_ERROR.fullmatch(text) is not None
    return text[:1] in _NUMBER_STARTS and is_mangled(text)


def amount_cents(text: str) -> AmountCents:
    """Read an amount in euro, with or without the currency. Raises Refused(INVALID_AMOUNT), (AMOUNT_OUT_OF_RANGE)."""
    return AmountCents.typed(_CURRENCY.sub("", text))


def day(text: str) -> date | None:
    """Read a date in the forms Italians and their spreadsheets use; empty means none. Raises Refused(INVALID_DATE).

    The day comes first (31/12/2026, 31-12-26, 31.12.2026, giovedì 31 dicembre 2026, 31-dic-26), or the year
    (2026-12-31); a time behind it is passed over, but where it says in which zone, the day is Rome's. Without signs
    between them (31122026, 20261231), and as a spreadsheet counts days (46387) where it can be nothing else.
    """
    if not text:
        return None
    folded = text.casefold()
    found = _DAY_FIRST.fullmatch(folded) or _YEAR_FIRST.fullmatch(text) or _IN_WORDS.fullmatch(folded)
    if found is None:
        return _unusual_day(text)
    parts = found.groupdict()
    month = int(parts["month"]) if "month" in parts else _MONTH_OF.get(parts["name"], 0)
    year = int(parts["year"]) + (2000 if len(parts["year"]) == 2 else 0)
    return _date(year, month, int(parts["day"]))


def _unusual_day(text: str) -> date:
    if _MOMENT.fullmatch(text):
        try:
            return datetime.fromisoformat(text.replace(",", ".").upper()).astimezone(ROME).date()
        except (ValueError, OverflowError):
            raise Refused(ErrorCode.INVALID_DATE) from None
    if _SERIAL.fullmatch(text):
        return _SERIAL_ZERO + timedelta(days=int(text[:5]))
    compact = _COMPACT.fullmatch(text)
    if compact is None:
        raise Refused(ErrorCode.INVALID_DATE)
    if compact["year"]:
        return _date(int(compact["year"]), int(compact["month"]), int(compact["day"]))
    return _date(int(text[4:]), int(text[2:4]), int(text[:2]))


def _date(year: int, month: int, day_of_month: int) -> date:
    try:
        return date(year, month, day_of_month)
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
