"""A notice being drawn: the page, what it says, in which words, and how far its modules have moved down it."""

from dataclasses import dataclass, replace
from typing import Final

from services.notices.documents.domain.content import NoticeContent
from services.notices.documents.pdf.bilingual_texts import BilingualTexts
from services.notices.documents.pdf.fonts import BOLD
from services.notices.documents.pdf.header import (
    BAR_HEIGHT,
    LEFT,
    TEXT_IN_BAR,
    Rows,
    heading,
    party_column,
    payee_column,
    rows_of,
    split_bars,
)
from services.notices.documents.pdf.page import WIDTH, Flow, Page, bar_title

PAGE_END: Final = 291.0
"""Lowest a page may be written, in mm."""
SECOND_LANGUAGE_MM: Final = 22.0
"""How much higher the instructions are in two languages."""
_PARTIES_TOP: Final = 43.92
_INSTRUCTIONS_TOP: Final = 89.69


@dataclass(frozen=True)
class Sheet:
    """One page of a notice. `second_mm`: what the second language, where there is one, adds to the instructions."""

    page: Page
    content: NoticeContent
    texts: BilingualTexts
    flow: Flow

    @property
    def shift(self) -> float:
        """How far down everything that follows has moved."""
        return self.flow.shift

    @property
    def second_mm(self) -> float:
        """Height of the instructions in the second language."""
        return SECOND_LANGUAGE_MM if self.texts.second else 0.0

    def next(self, usual_end: float) -> "Sheet":
        """Turn the page; on the next one the contents usually end at `usual_end`."""
        self.page.turn()
        return replace(self, flow=Flow(PAGE_END - usual_end))


def draw_heading(sheet: Sheet) -> None:
    """Module 1."""
    title, second = sheet.texts.pair("title")
    heading(sheet.page, sheet.content, title, second, sheet.flow)


def draw_parties(sheet: Sheet) -> None:
    """Modules 2.1 and 2.2, and the bars of the instructions below them."""
    page, content, flow, top = sheet.page, sheet.content, sheet.flow, sheet.shift
    rows = rows_of(top, content.payee, content.recipient)
    growth = rows.bottom - Rows().bottom - top
    if growth > flow.room:
        usual = Rows()
        rows = Rows(usual.name + top, usual.office + top, usual.info + top, usual.bottom + top + flow.room)
        growth = flow.room
    split_bars(page, _PARTIES_TOP + top, 52.12 + top)
    payee_column(page, content.payee, *sheet.texts.pair("payee"), top=top, rows=rows)
    party_column(page, content.recipient, *sheet.texts.pair("recipient"), top=top, rows=rows)
    flow.grow(growth)
    split_bars(page, _INSTRUCTIONS_TOP + sheet.shift, 97.63 + sheet.shift)


def draw_bar(sheet: Sheet, title: str, second: str | None, top: float) -> None:
    """Draw a grey bar across the page with its title."""
    page = sheet.page
    page.box(0, top, WIDTH, top + BAR_HEIGHT)
    page.line(title.upper(), LEFT, top + TEXT_IN_BAR, font=BOLD, size=10, width=95, style=bar_title(second))
