"""Texts of the interface: the Italian ones stand in the code, locale/ holds the English for each."""

from collections.abc import Callable
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from markupsafe import Markup

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


def markup_of(language: str) -> Callable[..., Markup]:
    """Return the function `_` of a language's templates: a text of ours translated, its variables escaped."""

    @lru_cache(maxsize=4096)
    def translated(text: str) -> Markup:
        return Markup(translate(language, text))  # noqa: S704 -- the texts are ours

    @lru_cache(maxsize=4096)
    def plain(text: str) -> Markup:
        return translated(text) % {}  # a per cent sign is written twice in every text

    def gettext(text: str, /, **variables: Any) -> Markup:
        return translated(text) % variables if variables else plain(text)

    return gettext


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
