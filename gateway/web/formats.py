"""How amounts, dates and codes are written for people."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache, partial
from typing import Final

from babel.dates import get_month_names

from contracts.calendar import ROME, rome_day
from contracts.codes import NoticeNumber
from contracts.shapes import LocalisedText

_AT: Final = {"it": "alle", "en": "at"}
_EURO: Final = {"it": "{sign}{amount}\xa0€", "en": "{sign}€{amount}"}
_SEPARATORS: Final = {"it": str.maketrans(",.", ".,"), "en": {}}
_DECIMAL_SIGN: Final = {"it": ",", "en": "."}
_NOTHING: Final = "—"


@cache
def filters_of(language: str) -> dict[str, Callable[..., str]]:
    """Return the template filters of a language. Written out, and not Babel's, which reads its patterns at each use."""
    months = get_month_names("abbreviated", locale=language)
    pattern, separators = _EURO[language], _SEPARATORS[language]

    def euro(amount_cents: int) -> str:
        amount = f"{abs(amount_cents) // 100:,}.{abs(amount_cents) % 100:02d}".translate(separators)
        return pattern.format(sign="-" if amount_cents < 0 else "", amount=amount)

    def written(local: date) -> str:
        if language == "it":
            return f"{local.day:02d}/{local.month:02d}/{local.year:04d}"
        return f"{local.day} {months[local.month]} {local.year:04d}"

    def day(value: date | datetime | None) -> str:
        if value is None:
            return _NOTHING
        return written(rome_day(value) if isinstance(value, datetime) else value)

    def moment(value: datetime | None) -> str:
        return _NOTHING if value is None else f"{day(value)} {_AT[language]} {clock(value)}"

    def clock(value: datetime) -> str:
        local = value.astimezone(ROME)
        return f"{local.hour:02d}:{local.minute:02d}"

    def localised(text: LocalisedText | Mapping[str, str] | None) -> str:
        texts = text or {}
        return texts.in_language(language) if isinstance(texts, LocalisedText) else _in_language(texts, language)

    def plain_amount(amount_cents: int) -> str:
        return f"{amount_cents // 100}{_DECIMAL_SIGN[language]}{amount_cents % 100:02d}"

    return {
        "euro": euro,
        "day": day,
        "moment": moment,
        "clock": clock,
        "month_name": partial(_month_name, get_month_names("wide", context="stand-alone", locale=language)),
        "localised": localised,
        "plain_amount": plain_amount,
        "iso_day": partial(iso_day, language=language),
        "number": partial(written_number, language=language),
        "grouped": lambda digits: NoticeNumber(digits).grouped,
    }


def _month_name(months: Mapping[int, str], value: date) -> str:
    return f"{months[value.month]} {value.year:04d}"


def written_number(text: str, language: str) -> str:
    """Return a number that stands with a dot as people of a language write it."""
    return text.replace(".", _DECIMAL_SIGN[language])


def iso_day(text: str, language: str) -> str:
    """Return a day that stands as 2026-12-31 as people of a language write it."""
    return filters_of(language)["day"](date.fromisoformat(text))


def _in_language(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or texts.get("it") or ""
