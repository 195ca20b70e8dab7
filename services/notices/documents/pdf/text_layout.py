"""Text into boxes, by one rule: wrap first; where that is not enough, shrink the whole box evenly; never drop a word.

Lengths are millimetres from the top left corner of the page, sizes are points.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from services.notices.documents.pdf.fonts import BOLD, REGULAR, printable, width_pt

MM: Final = 72 / 25.4
"""Points in a millimetre."""

_SCALES: Final = tuple(percent / 100 for percent in range(100, 29, -5))
_LEGIBLE_PT: Final = 9.0
"""What is larger becomes no smaller than this while anything else can be done."""
_DESCENT_EM: Final = 0.25


@dataclass(frozen=True)
class Paragraph:
    """Text to set at `x`, in lines no wider than `width`.

    Its first baseline stands at `baseline`, or lower where the paragraph above leaves less than `gap` between the
    baselines. `gap` and `leading` (between its own lines) are for the full size and shrink with it.
    `label` is set before the first line in regular, on one baseline with the text that starts where it ends.
    With `markup`, `**` switches between regular and bold; only for our own words, never for what people typed.
    `grey`: in the second language. `second` is set after the text, in grey, behind a dot.
    """

    text: str
    x: float
    width: float
    baseline: float
    size: float = 8
    font: str = REGULAR
    leading: float = 3.84
    gap: float = 3.84
    label: str | None = None
    markup: bool = False
    grey: bool = False
    second: str | None = None


@dataclass(frozen=True)
class Span:
    """A piece of a line in one font, at its place."""

    text: str
    x: float
    baseline: float
    font: str
    size: float
    grey: bool = False


@dataclass(frozen=True)
class _Word:
    text: str
    font: str
    grey: bool


class DoesNotFit(Exception):
    """Even the smallest size is too large. The limits on names and causali make this impossible."""


def fit(paragraphs: Sequence[Paragraph], bottom: float) -> list[list[Span]]:
    """Set `paragraphs` one under the other, ending above `bottom`, at the largest of the allowed sizes.

    Returns the pieces of each paragraph.
    """
    for legible_pt in (_LEGIBLE_PT, 0.0):
        for scale in _SCALES:
            pieces = list(_set(paragraphs, scale, legible_pt))
            last = next((spans[-1] for spans in reversed(pieces) if spans), None)
            if last is None or last.baseline + last.size * _DESCENT_EM / MM <= bottom:
                return pieces
    raise DoesNotFit(f"{len(paragraphs)} paragraphs above {bottom} mm")


def line_count(text: str, font: str, size: float, width: float) -> int:
    """Return how many lines no wider than `width` a text takes."""
    return sum(1 for _ in _wrap(_words(Paragraph(text, 0, width, 0, size, font)), size, width))


def fit_line(text: str, font: str, size: float, width: float) -> tuple[str, float]:
    """Return the drawable text and the size, at most `size`, at which it fits one line of `width`."""
    drawable = printable(text, font)
    needed = width_pt(drawable, font, size) / MM
    return drawable, size if needed <= width else size * width / needed


def _set(paragraphs: Sequence[Paragraph], page_scale: float, legible_pt: float) -> Iterator[list[Span]]:
    previous = float("-inf")
    for paragraph in paragraphs:
        spans = []
        size = max(paragraph.size * page_scale, min(paragraph.size, legible_pt))
        scale = size / paragraph.size
        x, baseline = paragraph.x, max(paragraph.baseline, previous + paragraph.gap * scale)
        if paragraph.label:
            label = printable(paragraph.label, REGULAR)
            spans.append(Span(label, x, baseline, REGULAR, size))
            x += width_pt(label, REGULAR, size) / MM + 2
        width = paragraph.x + paragraph.width - x
        for line in _wrap(_words(paragraph), size, width):
            spans += _spans(line, x, baseline, size)
            previous = baseline
            baseline += paragraph.leading * scale
        yield spans


def _words(paragraph: Paragraph) -> list[_Word]:
    parts = paragraph.text.split("**") if paragraph.markup else [paragraph.text]
    words = []
    for index, part in enumerate(parts):
        font = BOLD if index % 2 else paragraph.font
        words += [_Word(word, font, paragraph.grey) for word in printable(part, font).split()]
    if paragraph.second:
        words += [_Word(word, REGULAR, grey=True) for word in printable(f"· {paragraph.second}", REGULAR).split()]
    return words


def _wrap(words: Sequence[_Word], size: float, width: float) -> Iterator[list[_Word]]:
    """Break into lines at spaces; a word wider than a line is broken where the line ends."""
    line: list[_Word] = []
    used, limit = 0.0, width * MM + 0.01
    for whole in words:
        space = width_pt(" ", whole.font, size)
        for text in _pieces(whole.text, whole.font, size, limit):
            needed = width_pt(text, whole.font, size)
            if line and used + space + needed > limit:
                yield line
                line, used = [], 0.0
            used += needed + (space if line else 0)
            line.append(replace(whole, text=text))
    if line:
        yield line


def _pieces(word: str, font: str, size: float, limit: float) -> Iterator[str]:
    while width_pt(word, font, size) > limit and len(word) > 1:
        # Never before a mark: it belongs to the letter in front of it.
        cuts = [place for place in range(1, len(word)) if unicodedata.category(word[place])[0] != "M"] or [1]
        cut = next((place for place in reversed(cuts) if width_pt(word[:place], font, size) <= limit), cuts[0])
        yield word[:cut]
        word = word[cut:]
    yield word


def _spans(line: Sequence[_Word], x: float, baseline: float, size: float) -> Iterator[Span]:
    """Join neighbouring words of one look, so that a line is as few strings as it can be."""
    for (font, grey), words in groupby(line, key=lambda word: (word.font, word.grey)):
        text = " ".join(word.text for word in words)
        yield Span(text, x, baseline, font, size, grey)
        x += width_pt(text + " ", font, size) / MM
