"""How amounts, dates and codes are written for people."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency

from contracts.calendar import ROME, rome_day
from contracts.codes import NoticeNumber
from contracts.shapes import LocalisedText

_DAY: Final = {"it": "dd/MM/yyyy", "en": "d MMM yyyy"}
_MOMENT: Final = {"it": "dd/MM/yyyy 'alle' HH:mm", "en": "d MMM yyyy 'at' HH:mm"}
_DECIMAL_SIGN: Final = {"it": ",", "en": "."}
_NOTHING: Final = "—"


def filters_of(language: str) -> dict[str, Callable[..., str]]:
    """Return the template filters of a language."""

    def euro(amount_cents: int) -> str:
        return format_currency(Decimal(amount_cents) / 100, "EUR", locale=language)

    def day(value: date | datetime | None) -> str:
        if value is None:
            return _NOTHING
        local = rome_day(value) if isinstance(value, datetime) else value
        return format_date(local, _DAY[language], locale=language)

    def moment(value: datetime | None) -> str:
        return _NOTHING if value is None else format_datetime(value, _MOMENT[language], tzinfo=ROME, locale=language)

    def clock(value: datetime) -> str:
        return format_datetime(value, "HH:mm", tzinfo=ROME, locale=language)

    def localised(text: LocalisedText | Mapping[str, str] | None) -> str:
        texts = {"it": text.it, "en": text.en} if isinstance(text, LocalisedText) else text or {}
        return texts.get(language) or texts.get("it") or ""

    def plain_amount(amount_cents: int) -> str:
        return f"{amount_cents // 100}{_DECIMAL_SIGN[language]}{amount_cents % 100:02d}"

    return {
        "euro": euro,
        "day": day,
        "moment": moment,
        "clock": clock,
        "localised": localised,
        "plain_amount": plain_amount,
        "grouped": lambda digits: NoticeNumber(digits).grouped,
    }
