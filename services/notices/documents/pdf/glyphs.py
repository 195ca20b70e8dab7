"""Alphabets whose letters change place and form beside each other: HarfBuzz says which glyph stands where.

India's and its neighbours', Thai, Lao, Khmer and Burmese: drawn letter by letter they would be misspelt. Lengths are
thousandths of an em.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import uharfbuzz
from reportlab.pdfbase.ttfonts import TTFont

OWN_LETTERS: Final[Mapping[str, str]] = {
    "NotoSansDevanagari": "\u0900-\u097f\ua8e0-\ua8ff",
    "NotoSansBengali": "\u0980-\u09ff",
    "NotoSansGurmukhi": "\u0a00-\u0a7f",
    "NotoSansGujarati": "\u0a80-\u0aff",
    "NotoSansOriya": "\u0b00-\u0b7f",
    "NotoSansTamil": "\u0b80-\u0bff",
    "NotoSansTelugu": "\u0c00-\u0c7f",
    "NotoSansKannada": "\u0c80-\u0cff",
    "NotoSansMalayalam": "\u0d00-\u0d7f",
    "NotoSansSinhala": "\u0d80-\u0dff",
    "NotoSansThai": "\u0e00-\u0e7f",
    "NotoSansLao": "\u0e80-\u0eff",
    "NotoSansMyanmar": "\u1000-\u109f",
    "NotoSansKhmer": "\u1780-\u17ff",
}
"""The families that are shaped, with their letters as ranges of a regular expression."""
SHAPED: Final = re.compile(f"[{''.join(OWN_LETTERS.values())}]")

# Glyphs that stand for no letter of their own get a code of Unicode's private area, always the same one.
_PRIVATE: Final = 0xE000
_PRIVATE_CODES: Final = 0x1900


@dataclass(frozen=True)
class Glyph:
    """One glyph in its place. `character`: what reportlab calls it; `right` and `up`: off the line's next place."""

    character: str
    advance: float
    own_advance: float
    right: float
    up: float


class Shaper:
    """HarfBuzz on one font of reportlab's."""

    def __init__(self, font: TTFont) -> None:
        self._font = font
        file = font.face._ttf_data  # noqa: SLF001 -- reportlab has read it already
        self._shaping = uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob(file)))
        self.glyphs = lru_cache(maxsize=512)(self._glyphs)

    def _glyphs(self, text: str) -> tuple[Glyph, ...]:
        """Return the glyphs of a text, from left to right."""
        buffer = uharfbuzz.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        uharfbuzz.shape(self._shaping, buffer)
        scale = self._font.pdfScale
        found = []
        for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            character = self._character(info.codepoint)
            own_advance = self._font.face.charWidths[ord(character)]
            offsets = scale(position.x_offset), scale(position.y_offset)
            found.append(Glyph(character, scale(position.x_advance), own_advance, *offsets))
        return tuple(glyph for glyph in found if glyph.advance or not glyph.character.isspace())

    def _character(self, glyph_id: int) -> str:
        """Return the letter that a glyph stands for, or else its private code, made known to reportlab."""
        face = self._font.face
        if letters := face.glyphToChar.get(glyph_id):
            return chr(letters[0])
        if glyph_id >= _PRIVATE_CODES:
            raise ValueError(f"{self._font.fontName} has a glyph {glyph_id}, too many for the private area")
        code = _PRIVATE + glyph_id
        face.charToGlyph[code] = glyph_id
        face.glyphToChar[glyph_id] = [code]
        face.charWidths[code] = self._font.pdfScale(face.hmetrics[glyph_id][0])
        return chr(code)
