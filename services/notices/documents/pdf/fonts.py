"""The two families of the notice, Titillium Web and Roboto Mono, and Noto Sans for letters that these lack.

All from their TTF files, embedded as subsets. A Noto font is loaded when the first of its letters is drawn.

Two things that reportlab writes into a subset are mended, because PDF/UA-1 forbids them (ISO 14289-1 section 7.21):
the advance widths of a font whose glyphs are all of one width, and a Unicode value for the code that stands for none.
"""

import os
import re
import struct
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import arabic_reshaper
from anyascii import anyascii
from bidi import get_display
from reportlab.pdfbase import pdfmetrics, ttfonts
from reportlab.pdfbase.ttfonts import TTFont

from contracts.codes import JOINERS
from services.notices.documents.pdf.glyphs import OWN_LETTERS, SHAPED, Shaper

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

_NOTO: Final = (
    "NotoSans",
    "NotoSansArabic",
    "NotoSansHebrew",
    "NotoSansArmenian",
    "NotoSansGeorgian",
    "NotoSansEthiopic",
    *OWN_LETTERS,
    "NotoSansSC",
    "NotoSansKR",
)
"""In the order they are asked for a letter."""
_NOTO_WEIGHTS: Final = {REGULAR: "400Regular", MONO: "400Regular", BOLD: "700Bold", MONO_BOLD: "700Bold"}
_EAST_ASIAN: Final = "\u2e80-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_ONLY_FOR: Final = {
    family: re.compile(f"[{letters}]")
    for family, letters in {**OWN_LETTERS, "NotoSansSC": _EAST_ASIAN, "NotoSansKR": _EAST_ASIAN}.items()
}
"""What is worth loading a family for; one that is not here is asked for any letter."""
_UNSHAPED: Final = re.compile("[\u0f00-\u0fff\u1800-\u18af\u1900-\u1cff\ua980-\uaaff]")
"""Tibetan, Mongolian and rare alphabets of South East Asia: there is no font here that shapes them.

Drawn letter by letter they would be misspelt, so they are written in Latin letters.
"""
_ARABIC: Final = re.compile("[\u0600-\u06ff\u0750-\u077f]")
_RIGHT_TO_LEFT: Final = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")

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
        self._letters = frozenset(map(chr, self._has))

    def has(self, character: str) -> bool:
        """Return whether there is a glyph."""
        return character in self._letters

    def has_all(self, text: str) -> bool:
        """Return whether there is a glyph for each character."""
        return self._letters.issuperset(text)

    def width(self, text: str) -> float:
        """Width of `text`, all of whose characters this font has."""
        advances = self._advances
        return sum([advances[character] for character in text])

    def show(self, text: str, size: float, document: Any) -> Iterator[str]:
        """Yield the PDF operators that set `text` from the current text position (ISO 32000 section 9.4.3).

        This font has all of its characters. A subset holds 255 characters; a text may need more than one.
        """
        for subset, codes in self._font.splitString(text, document):
            yield f"{self._font.getSubsetInternalName(subset, document)} {size:.3f} Tf <{codes.hex()}> Tj"


class ShapedFont(Font):
    """A font whose letters are placed by HarfBuzz."""

    def __init__(self, name: str, file: Path) -> None:
        super().__init__(name, file)
        self._shaper = Shaper(self._font)

    def width(self, text: str) -> float:
        """Width of `text`, all of whose characters this font has."""
        return sum(glyph.advance for glyph in self._shaper.glyphs(text))

    def show(self, text: str, size: float, document: Any) -> Iterator[str]:
        """Yield the PDF operators that set `text` from the current text position, each glyph at its own place."""
        placed = [(*self._font.splitString(glyph.character, document)[0], glyph) for glyph in self._shaper.glyphs(text)]
        for (subset, up), pieces in groupby(placed, key=lambda one: (one[0], one[2].up)):
            yield f"{self._font.getSubsetInternalName(subset, document)} {size:.3f} Tf {up * size / 1000:.3f} Ts"
            # The numbers in the array move to the left.
            moves = (
                f"{-one.right:.0f} <{code.hex()}> {one.own_advance + one.right - one.advance:.0f}"
                for _, code, one in pieces
            )
            yield f"[{' '.join(moves)}] TJ"
        yield "0 Ts"


def _mend_advances(face: Any) -> None:
    """Give the glyphs that share the last advance of the font's table that advance as the file has it.

    reportlab gives them the one it has just scaled to thousandths of an em, and writes that into every subset.
    """
    (listed,) = struct.unpack_from(">H", face.get_table("hhea"), 34)
    advance = face.hmetrics[listed - 1][0]
    face.hmetrics[listed:] = [(advance, bearing) for _, bearing in face.hmetrics[listed:]]


def _to_unicode(name: str, subset: Sequence[int]) -> str:
    """Write the map from a subset's codes to Unicode: reportlab's own maps code 0, the missing glyph, to U+0000."""
    mapped = [
        f"<{code:02X}> <{chr(character).encode('utf-16-be').hex()}>"
        for code, character in enumerate(subset)
        if character
    ]
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
    pattern = _FILES.get(name, f"{name}.ttf")
    files = sorted(fonts_dir().rglob(pattern))
    if not files:
        raise FileNotFoundError(f"no font {pattern} under {fonts_dir()}")
    kind = ShapedFont if name.partition("_")[0] in OWN_LETTERS else Font
    return kind(name, files[0])


def load_all() -> None:
    """Load the four fonts of the notice ahead of the first document."""
    for name in _FILES:
        font(name)


def width_pt(text: str, name: str, size_pt: float) -> float:
    """Width of `text` in points."""
    used = font(name)
    if used.has_all(text):
        return used.width(text) * size_pt / 1000
    return sum(run.width(piece) for run, piece in _runs(text, name)) * size_pt / 1000


def show(text: str, name: str, size_pt: float, document: Any) -> Iterator[str]:
    """Yield the PDF operators that set `text` from the current text position, in whichever fonts have its letters."""
    used = font(name)
    if used.has_all(text):
        yield from used.show(text, size_pt, document)
        return
    for run, piece in _runs(text, name):
        yield from run.show(piece, size_pt, document)


def in_reading_direction(text: str) -> str:
    """Return the letters from left to right as they stand on the page: Arabic and Hebrew run the other way."""
    visual: str = get_display(text) if _RIGHT_TO_LEFT.search(text) else text
    return visual


def is_drawn_otherwise(text: str) -> bool:
    """Return whether letters stand on the page in another order or form than they are read in."""
    return bool(SHAPED.search(text)) or in_reading_direction(text) != text


def spelt(text: str) -> str:
    """Return the letters as they are spelt, without the forms they take on the page."""
    return unicodedata.normalize("NFKC", text)


def printable(text: str, name: str) -> str:
    """Write a text with the letters that can be drawn: the font's own, else Noto's, else Latin ones, else `?`.

    Only marks and invisible characters may vanish, never a letter. Arabic letters take their joined forms. Runs of
    white space become one space.
    """
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    used = font(name)
    if used.has_all(composed):
        return composed
    if _ARABIC.search(composed):
        composed = arabic_reshaper.reshape(composed)
    words = [_in_latin_letters(word) if _UNSHAPED.search(word) else word for word in composed.split(" ")]
    return " ".join("".join(_drawn_of(word, name)) for word in words)


def latin(text: str, name: str) -> str:
    """Write a text with Latin letters alone: what the font has stays, accents included."""
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    used = font(name)
    if used.has_all(composed):
        return composed
    return " ".join(
        word if used.has_all(word) else _in_latin_letters(word, used.has_all) for word in composed.split(" ")
    )


def _drawn_of(word: str, name: str) -> Iterator[str]:
    """Yield what is drawn for each letter; joiners count where letters are shaped."""
    is_shaped = SHAPED.search(word) is not None
    for character in word:
        yield character if is_shaped and character in JOINERS else _drawn(character, name)


def _drawn(character: str, name: str) -> str:
    kind = unicodedata.category(character)
    if kind in _INVISIBLE and (kind.startswith("C") or not _with_letter(character, name)):
        return ""
    used = font(name)
    if not used.has(character) and used.has_all(compatible := unicodedata.normalize("NFKC", character)):
        return compatible
    if _with_letter(character, name):
        return character
    plain = "".join(part for part in unicodedata.normalize("NFKD", character) if used.has(part))
    return plain or _in_latin_letters(character) or "?"


def _in_latin_letters(word: str, keeps: Callable[[str], bool] = str.isascii) -> str:
    """Transliterate what is not kept; a word that had no capitals to keep begins with one, as names do."""
    letters = "".join(one if keeps(one) else anyascii(one) for one in word if unicodedata.category(one)[0] not in "CS")
    letters = letters.replace("`", "'")
    return letters.capitalize() if letters.islower() and not any(map(str.islower, word)) else letters


@cache
def _with_letter(character: str, name: str) -> Font | None:
    """Return the font that has a character: the named one, or the first of Noto's."""
    for candidate in (name, *(f"{family}_{_NOTO_WEIGHTS[name]}" for family in _NOTO)):
        if candidate == name or _may_have(candidate, character):
            found = font(candidate)
            if found.has(character):
                return found
    return None


def _may_have(candidate: str, character: str) -> bool:
    """Return whether it is worth loading a font for a character; one that is shaped is its own family's alone."""
    only_for = _ONLY_FOR.get(candidate.partition("_")[0])
    return not SHAPED.match(character) if only_for is None else only_for.match(character) is not None


def _runs(text: str, name: str) -> Iterator[tuple[Font, str]]:
    """Cut a text into pieces that one font has; a joiner goes with the letter before it."""
    pieces: list[tuple[Font, str]] = []
    for character in text:
        used = pieces[-1][0] if pieces and character in JOINERS else _with_letter(character, name)
        if used is not None and pieces and pieces[-1][0] is used:
            pieces[-1] = used, pieces[-1][1] + character
        elif used is not None:
            pieces.append((used, character))
    yield from pieces
