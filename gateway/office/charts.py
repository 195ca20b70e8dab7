"""Charts drawn here: a bar for each figure, as numbers that a template writes into SVG. Each has its table beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 360
_ROW_HEIGHT: Final = 40
_BAR_TOP: Final = 18
_BAR_HEIGHT: Final = 14
_LABEL_MAX_CHARS: Final = 34
_SHORTEST: Final = 2


@dataclass(frozen=True)
class Figure:
    """One row of a table: what it is of, how many, how much, and the address of what it is made of."""

    label: str
    count: int
    cents: int
    address: str


@dataclass(frozen=True)
class Bar:
    """One bar with its label above and its value at the right, in the units of the chart's view box."""

    label: str
    value: str
    label_y: int
    bar_y: int
    bar_width: int
    bar_height: int = _BAR_HEIGHT


@dataclass(frozen=True)
class Chart:
    """Bars one below the other, and how high they are together."""

    bars: Sequence[Bar]
    width: int
    height: int


def bars(figures: Sequence[Figure], values: Sequence[str], *, by_count: bool = False) -> Chart:
    """Return a chart of figures, with their values in words; the longest bar is that of the largest.

    What is none has no bar, and what is very little one that can be seen.
    """
    sizes = [one.count if by_count else one.cents for one in figures]
    largest = max(sizes, default=0)
    return Chart(
        [
            Bar(
                label=_shortened(one.label),
                value=value,
                label_y=place * _ROW_HEIGHT + _BAR_TOP - 5,
                bar_y=place * _ROW_HEIGHT + _BAR_TOP,
                bar_width=_length(size, largest),
            )
            for place, (one, value, size) in enumerate(zip(figures, values, sizes, strict=True))
        ],
        WIDTH,
        max(len(figures), 1) * _ROW_HEIGHT,
    )


def _length(size: int, largest: int) -> int:
    if size <= 0:
        return 0
    return max(size * WIDTH // largest, _SHORTEST)


def _shortened(label: str) -> str:
    return label if len(label) <= _LABEL_MAX_CHARS else f"{label[: _LABEL_MAX_CHARS - 1]}…"
