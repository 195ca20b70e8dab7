"""How many instalments stand side by side, row after row: as pagoPA's own printing service chooses.

A page never mixes rows of two and rows of three.
"""

from collections.abc import Mapping
from typing import Final

SERVICE_MAX: Final = 9
"""More instalments than these have the layout of many of the guide: threes, the parties named once for a page."""

_ROWS: Final[Mapping[int, tuple[int, ...]]] = {
    1: (1,),
    2: (2,),
    3: (3,),
    4: (2, 2),
    5: (2, 3),
    6: (2, 2, 2),
    7: (3, 2, 2),
    8: (2, 3, 3),
    9: (3, 3, 3),
}


def rows(count: int) -> tuple[int, ...]:
    """Return the instalments of each row without postal slips: the first on the first page, the others on the next."""
    return _ROWS[count] if count <= SERVICE_MAX else _threes(count)


def rows_with_slips(count: int) -> tuple[int, ...]:
    """Return the instalments of each page of postal slips, three at most; none stands alone where two can."""
    if count < 2:
        return (count,)
    threes, left = divmod(count, 3)
    if left == 1:
        return (3,) * (threes - 1) + (2, 2)
    return (2,) * (left // 2) + (3,) * threes


def pairs(count: int) -> tuple[int, ...]:
    """Return the instalments of each page where a postal slip needs more than a third of it."""
    return (2,) * (count // 2) + (1,) * (count % 2)


def _threes(count: int) -> tuple[int, ...]:
    return (3,) * (count // 3) + ((count % 3,) if count % 3 else ())
