"""Text into boxes, by one rule: wrap first; where that is not enough, shrink the whole box evenly; never drop a word.

Lengths are millimetres from the top left corner of the page, sizes are points.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.notices.rendering.fonts import BOLD, REGULAR, printable, width_pt

MM: Final = 72 / 25.4
"""Points in a millimetre."""

_SCALES: Final = tuple(percent / 100 for percent in range(100, 29, -5))
_DESCENT_EM: Final = 0.25


@dataclass(frozen=True)
class Paragraph:
    """Text to set at `x`, in lines no wider than `width`.

    Its first baseline stands at `baseline`, or lower where the paragraph above leaves less than `gap` between the
    baselines. `gap` and `leading` (between its own lines) are for the full size and shrink with it.
    `label` is set before the first line in regular, on one baseline with the text that starts where it ends.
    With `markup`, `**` switches between regular and bold; only for our own words, never for what people typed.
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


@dataclass(frozen=True)
class Span:
    """A piece of a line in one font, at its place."""

    text: str
    x: float
    baseline: float
    font: str
    size: float


class DoesNotFit(Exception):
    """Even the smallest size is too large. The limits on names and causali make this impossible."""


def fit(paragraphs: Sequence[Paragraph], bottom: float) -> list[Span]:
    """Set `paragraphs` one under the other, ending above `bottom`, at the largest of the allowed sizes."""
    for scale in _SCALES:
        spans = list(_set(paragraphs, scale))
        if not spans or spans[-1].baseline + spans[-1].size * _DESCENT_EM / MM <= bottom:
            return spans
    raise DoesNotFit(f"{len(paragraphs)} paragraphs above {bottom} mm")


def fit_line(text: str, font: str, size: float, width: float) -> tuple[str, float]:
    """Return the drawable text and the size, at most `size`, at which it fits one line of `width`."""
    drawable = printable(text, font)
    needed = width_pt(drawable, font, size) / MM
    return drawable, size if needed <= width else size * width / needed


def _set(paragraphs: Sequence[Paragraph], scale: float) -> Iterator[Span]:
    previous = float("-inf")
    for paragraph in paragraphs:
        size = paragraph.size * scale
        x, baseline = paragraph.x, max(paragraph.baseline, previous + paragraph.gap * scale)
        if paragraph.label:
            label = printable(paragraph.label, REGULAR)
            yield Span(label, x, baseline, REGULAR, size)
            x += width_pt(label, REGULAR, size) / MM + 2
        width = paragraph.x + paragraph.width - x
        for line in _wrap(_words(paragraph), size, width):
            yield from _spans(line, x, baseline, size)
            previous = baseline
            baseline += paragraph.leading * scale


def _words(paragraph: Paragraph) -> list[tuple[str, str]]:
    """Split into (word, font)."""
    parts = paragraph.text.split("**") if paragraph.markup else [paragraph.text]
    words = []
    for index, part in enumerate(parts):
        font = BOLD if index % 2 else paragraph.font
        words += [(word, font) for word in printable(part, font).split()]
    return words


def _wrap(words: Sequence[tuple[str, str]], size: float, width: float) -> Iterator[list[tuple[str, str]]]:
    """Break into lines at spaces; a word wider than a line is broken where the line ends."""
    line: list[tuple[str, str]] = []
    used, limit = 0.0, width * MM + 0.01
    for whole, font in words:
        space = width_pt(" ", font, size)
        for word in _pieces(whole, font, size, limit):
            needed = width_pt(word, font, size)
            if line and used + space + needed > limit:
                yield line
                line, used = [], 0.0
            used += needed + (space if line else 0)
            line.append((word, font))
    if line:
        yield line


def _pieces(word: str, font: str, size: float, limit: float) -> Iterator[str]:
    while width_pt(word, font, size) > limit and len(word) > 1:
        cut = next(
            (length for length in range(len(word) - 1, 0, -1) if width_pt(word[:length], font, size) <= limit), 1
        )
        yield word[:cut]
        word = word[cut:]
    yield word


def _spans(line: Sequence[tuple[str, str]], x: float, baseline: float, size: float) -> Iterator[Span]:
    """Join neighbouring words of one font, so that a line is as few strings as it can be."""
    text, font = line[0]
    for word, word_font in line[1:]:
        if word_font == font:
            text += " " + word
        else:
            yield Span(text, x, baseline, font, size)
            x += width_pt(text + " ", font, size) / MM
            text, font = word, word_font
    yield Span(text, x, baseline, font, size)
