"""A report over as many pages as it takes: what is drawn is first laid out as items of known height."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from services.notices.documents.pdf.page import Page

BOTTOM: Final = 280.0


@dataclass(frozen=True)
class Item:
    """Something drawn from a height down; with so many `followers` that must stand on the same page.

    `is_row`: on top of a page it wants the names of the columns over it.
    """

    height: float
    draw: Callable[[Page, float], None]
    followers: int = 0
    is_row: bool = False


def sheets_of(items: Sequence[Item], *, first_top: float, next_top: float) -> list[list[Item]]:
    """Return the items page by page, from where the first and each following one have room."""
    sheets: list[list[Item]] = [[]]
    top = first_top
    for place, item in enumerate(items):
        needed = sum(each.height for each in items[place : place + item.followers + 1])
        if sheets[-1] and top + needed > BOTTOM:
            sheets.append([])
            top = next_top
        sheets[-1].append(item)
        top += item.height
    return sheets
