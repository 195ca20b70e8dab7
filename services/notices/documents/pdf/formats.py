"""How amounts and dates are written, by language."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

_SEPARATORS: Final[Mapping[str, tuple[str, str]]] = {"en": (",", "."), "fr": ("\u00a0", ",")}
"""Of thousands and of decimals, where they are not a point and a comma."""


def amount_text(amount_cents: int, language: str) -> str:
    """Write cents as euro: `1.020,99` in Italian, German and Slovene, `1,020.99` in English, `1 020,99` in French."""
    thousands, decimals = _SEPARATORS.get(language, (".", ","))
    return f"{amount_cents // 100:,}".replace(",", thousands) + f"{decimals}{amount_cents % 100:02d}"


def date_text(day: date) -> str:
    """Write a day as dd/mm/yyyy, in every language."""
    return f"{day:%d/%m/%Y}"


def moment_text(moment: datetime) -> str:
    """Write a day and time, as dd/mm/yyyy hh:mm:ss."""
    return f"{moment:%d/%m/%Y %H:%M:%S}"
