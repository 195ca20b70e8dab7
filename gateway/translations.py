"""Texts of the interface: the Italian ones stand in the code, locale/ holds the English for each."""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from gateway.languages import LANGUAGES

LOCALE_FOLDER: Final = Path(__file__).resolve().parent / "locale"
DOMAIN: Final = "portal"


def marked(text: str) -> str:
    """Mark a text for translation where it stands; it is translated where it is shown."""
    return text


@cache
def translations() -> dict[str, NullTranslations]:
    """Return the catalogues, compiled in memory once, by language."""
    return {language: _load(language) for language in LANGUAGES}


def translate(language: str, text: str) -> str:
    """Return a marked text in a language."""
    translated: str = translations()[language].gettext(text)
    return translated


def catalogue_path(language: str) -> Path:
    """Where the texts of a language stand; Italian needs none."""
    return LOCALE_FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def _load(language: str) -> NullTranslations:
    path = catalogue_path(language)
    if not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled, domain=DOMAIN)
