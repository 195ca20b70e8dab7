"""The two families of the notice, Titillium Web and Roboto Mono, from their TTF files; embedded as subsets.

Two things that reportlab writes into a subset are mended, because PDF/UA-1 forbids them (ISO 14289-1 section 7.21):
the advance widths of a font whose glyphs are all of one width, and a Unicode value for the code that stands for none.
"""

import os
import struct
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from reportlab.pdfbase import pdfmetrics, ttfonts
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
        _mend_advances(face)
        self._has = face.charToGlyph
        self._advances: dict[str, float] = {chr(code): width for code, width in face.charWidths.items()}

    def has(self, character: str) -> bool:
        """Return whether there is a glyph."""
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


def _mend_advances(face: Any) -> None:
    """Give the glyphs that share the last advance of the font's table that advance as the file has it.

    reportlab gives them the one it has just scaled to thousandths of an em, and writes that into every subset.
    """
    (listed,) = struct.unpack_from(">H", face.get_table("hhea"), 34)
    advance = face.hmetrics[listed - 1][0]
    face.hmetrics[listed:] = [(advance, bearing) for _, bearing in face.hmetrics[listed:]]


def _to_unicode(name: str, subset: Sequence[int]) -> str:
    """Write the map from a subset's codes to Unicode: reportlab's own maps code 0, the missing glyph, to U+0000."""
    mapped = [f"<{code:02X}> <{character:04X}>" for code, character in enumerate(subset) if character]
    return "\n".join(
        (
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
            f"/CIDSystemInfo <</Registry ({name}) /Ordering ({name}) /Supplement 0>> def",
            f"/CMapName /{name} def /CMapType 2 def",
            f"1 begincodespacerange <00> <{len(subset) - 1:02X}> endcodespacerange",
            *_in_hundreds(mapped),
            "endcmap CMapName currentdict /CMap defineresource pop end end",
        )
    )


def _in_hundreds(mapped: Sequence[str]) -> Iterator[str]:
    """Yield the blocks of a map; each may hold a hundred lines (Adobe technical note 5014)."""
    for start in range(0, len(mapped), 100):
        block = mapped[start : start + 100]
        yield f"{len(block)} beginbfchar"
        yield from block
        yield "endbfchar"


# reportlab looks its own up by this name, in this module.
ttfonts.makeToUnicodeCMap = _to_unicode


def fonts_dir() -> Path:
    """Folder of the TTF files: FONTS_DIR, by default build/fonts at the root of the project."""
    return Path(os.environ.get("FONTS_DIR") or Path(__file__).parents[4] / "build" / "fonts")


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
