"""The two families of the notice, Titillium Web and Roboto Mono, from their TTF files; embedded as subsets."""

import os
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR: Final = "Titillium"
BOLD: Final = "Titillium-Bold"
MONO: Final = "RobotoMono"
MONO_BOLD: Final = "RobotoMono-Bold"

_FILES: Final = {
    REGULAR: "titillium-web-*-regular.ttf",
    BOLD: "titillium-web-*-700.ttf",
    MONO: "roboto-mono-*-regular.ttf",
    MONO_BOLD: "roboto-mono-*-700.ttf",
}

_INVISIBLE: Final = {"Mn", "Me", "Cf", "Cc"}


class Font:
    """A registered font: what it has, how wide it runs, how it is written into a page. Thousandths of an em."""

    def __init__(self, name: str, file: Path) -> None:
        self._font = TTFont(name, str(file), asciiReadable=0)
        pdfmetrics.registerFont(self._font)
        face = self._font.face
        self._has = face.charToGlyph
        self._advances: dict[str, float] = {chr(code): width for code, width in face.charWidths.items()}

    def has(self, character: str) -> bool:
        """Tell whether there is a glyph."""
        return ord(character) in self._has

    def width(self, text: str) -> float:
        """Width of `text`."""
        advances = self._advances
        return sum([advances[character] for character in text])

    def show(self, text: str, size: float, document: Any) -> Iterator[str]:
        """Yield the PDF operators that set `text` from the current text position (ISO 32000 section 9.4.3).

        A subset holds 255 characters; a text may need more than one.
        """
        for subset, codes in self._font.splitString(text, document):
            yield f"{self._font.getSubsetInternalName(subset, document)} {size:.3f} Tf <{codes.hex()}> Tj"


def fonts_dir() -> Path:
    """Folder of the TTF files: FONTS_DIR, by default build/fonts at the root of the project."""
    return Path(os.environ.get("FONTS_DIR") or Path(__file__).parents[3] / "build" / "fonts")


@cache
def font(name: str) -> Font:
    """Load a font, once per process. Raises FileNotFoundError naming what is missing."""
    files = sorted(fonts_dir().rglob(_FILES[name]))
    if not files:
        raise FileNotFoundError(f"no font {_FILES[name]} under {fonts_dir()}")
    return Font(name, files[0])


def load_all() -> None:
    """Load the four fonts ahead of the first document."""
    for name in _FILES:
        font(name)


def width_pt(text: str, name: str, size_pt: float) -> float:
    """Width of `text` in points."""
    return font(name).width(text) * size_pt / 1000


def printable(text: str, name: str) -> str:
    """Replace what the font cannot draw: by its unaccented form where there is one, else by `?`.

    Only marks and invisible characters may vanish, never a letter. Runs of white space become one space.
    """
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    used = font(name)
    return "".join(character if used.has(character) else _nearest(character, used) for character in composed)


def _nearest(character: str, used: Font) -> str:
    if unicodedata.category(character) in _INVISIBLE:
        return ""
    plain = "".join(part for part in unicodedata.normalize("NFKD", character) if used.has(part))
    return plain or "?"
