"""The two families of the notice, Titillium Web and Roboto Mono, from their TTF files; embedded as subsets."""

import os
import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

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


def fonts_dir() -> Path:
    """Folder of the TTF files: FONTS_DIR, by default build/fonts at the root of the project."""
    return Path(os.environ.get("FONTS_DIR") or Path(__file__).parents[3] / "build" / "fonts")


@cache
def register() -> None:
    """Load the four fonts into reportlab, once per process. Raises FileNotFoundError naming what is missing."""
    for name, pattern in _FILES.items():
        files = sorted(fonts_dir().rglob(pattern))
        if not files:
            raise FileNotFoundError(f"no font {pattern} under {fonts_dir()}")
        pdfmetrics.registerFont(TTFont(name, str(files[0]), asciiReadable=0))


def width_pt(text: str, font: str, size_pt: float) -> float:
    """Width of `text` in points."""
    width: float = pdfmetrics.stringWidth(text, font, size_pt)
    return width


@cache
def _has(font: str, character: str) -> bool:
    return ord(character) in pdfmetrics.getFont(font).face.charToGlyph


def printable(text: str, font: str) -> str:
    """Replace what the font cannot draw: by its unaccented form where there is one, else by `?`. Nothing vanishes."""
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    if all(_has(font, character) for character in composed):
        return composed
    return "".join(_drawable(character, font) for character in composed)


def _drawable(character: str, font: str) -> str:
    if _has(font, character):
        return character
    plain = "".join(part for part in unicodedata.normalize("NFKD", character) if _has(font, part))
    return plain or "?"
