"""Marks of the page that are drawn, not read from files: default pagoPA logo, icons, scissors, Poste's words.

The pagoPA logo is a stand-in for the official one, which the operator supplies (PAGOPA_LOGO_FILE).
"""

from typing import Final

from reportlab.lib.colors import HexColor

from services.notices.documents.pdf.fonts import BOLD, REGULAR
from services.notices.documents.pdf.page import BLUE, WHITE, Page, Point, Style

INK: Final = HexColor("#0E0F13")
POSTE: Final = HexColor("#1D1D1B")
CUT: Final = HexColor("#868686")
CORNER: Final = HexColor("#D9D9D9")


def pagopa_logo(page: Page) -> None:
    """Word and smile in the box 10-25 x 10-20 mm."""
    page.line("pagoPA", 10, 14.0, font=BOLD, size=13, width=14.9, style=Style(color=BLUE))
    page.arc((19.2, 13.7), 5.2, 0.7, BLUE, degrees=(205, 350))
    page.polygon([(13.3, 14.8), (16.2, 15.7), (13.7, 17.6)], BLUE)


def info_icon(page: Page, center: Point) -> None:
    """An i in a circle, 4 mm."""
    with page.decoration():
        x, y = center
        page.circle(center, 1.85, thickness=0.28, color=INK)
        page.circle((x, y - 0.85), 0.25, color=INK, fill=True)
        page.stroke([(x - 0.4, y - 0.25), (x, y - 0.25), (x, y + 0.95)], 0.3, INK)
        page.stroke([(x - 0.45, y + 0.95), (x + 0.45, y + 0.95)], 0.3, INK)


def devices_icon(page: Page, shift: float) -> None:
    """A laptop and a telephone beside "Paga con l'app IO"; `shift`: how much lower than usual."""
    with page.decoration():
        page.rounded(189.0, 105.3 + shift, 199.1, 111.7 + shift, thickness=0.35)
        page.rounded(187.9, 111.4 + shift, 200.2, 112.8 + shift, thickness=0.35)
        page.circle((194.05, 106.2 + shift), 0.22, color=INK, fill=True)
        page.rounded(195.3, 109.4 + shift, 198.0, 114.0 + shift, thickness=0.35)
        page.circle((196.65, 113.2 + shift), 0.2, color=INK, fill=True)


def places_icon(page: Page, shift: float) -> None:
    """Three places on a ring, beside "Paga sul territorio"; `shift`: how much lower than usual."""
    with page.decoration():
        page.circle((194.07, 126.2 + shift), 4.2, thickness=0.35, color=INK)
        for x, y in ((194.07, 121.7 + shift), (189.98, 125.5 + shift), (198.16, 129.3 + shift)):
            page.polygon([(x - 1.75, y + 0.4), (x + 1.75, y + 0.4), (x, y + 3.0)], INK)
            page.circle((x, y), 1.85, color=INK, fill=True)
            page.polygon([(x - 1.3, y + 0.6), (x + 1.3, y + 0.6), (x, y + 2.3)], WHITE)
            page.circle((x, y), 1.5, color=WHITE, fill=True)
            page.circle((x, y), 0.7, thickness=0.32, color=INK)


def calendar_icon(page: Page, center: Point) -> None:
    """A sheet of a calendar, 4 mm: how days are counted."""
    with page.decoration():
        x, y = center
        page.rounded(x - 1.7, y - 1.5, x + 1.7, y + 1.8, thickness=0.28)
        page.stroke([(x - 1.7, y - 0.5), (x + 1.7, y - 0.5)], 0.28, INK)
        for left in (x - 0.9, x + 0.9):
            page.stroke([(left, y - 2.0), (left, y - 1.1)], 0.28, INK)


def letter_icon(page: Page, center: Point) -> None:
    """A written sheet, 4 mm: what waits at the post office."""
    with page.decoration():
        x, y = center
        page.rounded(x - 1.4, y - 1.9, x + 1.4, y + 1.9, thickness=0.28)
        for line in (y - 0.8, y, y + 0.8):
            page.stroke([(x - 0.8, line), (x + 0.8, line)], 0.25, INK)


def down_arrow(page: Page, center: Point) -> None:
    """An arrow to what follows below, 4 mm."""
    with page.decoration():
        x, y = center
        page.stroke([(x, y - 1.8), (x, y + 1.6)], 0.35, INK)
        page.stroke([(x - 1.3, y + 0.3), (x, y + 1.7), (x + 1.3, y + 0.3)], 0.35, INK)


def scissors(page: Page, top: float) -> None:
    """Where to cut, on the upper edge of the slip's bar; `top` of the 4 x 2.7 mm drawing."""
    with page.decoration():
        page.stroke([(196.1, top + 2.4), (198.7, top + 1.1)], 0.35, CUT)
        page.stroke([(197.5, top + 0.9), (198.6, top + 2.1)], 0.35, CUT)
        page.circle((199.2, top + 2.15), 0.6, thickness=0.3, color=CUT)
        page.circle((198.2, top + 0.6), 0.6, thickness=0.3, color=CUT)


def banco_posta(page: Page, x: float, baseline: float, size: float) -> None:
    """BancoPosta, set in the notice's own type."""
    with page.figure("BancoPosta", x, baseline - 3, 20, 4):
        _banco_posta_words(page, x, baseline, size)


def _banco_posta_words(page: Page, x: float, baseline: float, size: float) -> None:
    width = page.line("Banco", x, baseline, font=REGULAR, size=size, width=30, style=Style(color=POSTE))
    page.line("Posta", x + width, baseline, font=BOLD, size=size, width=30, style=Style(color=POSTE))


def poste_italiane(page: Page, baseline: float) -> None:
    """Posteitaliane across the left column."""
    with page.figure("Poste Italiane", 10, baseline - 5, 40, 6.5):
        width = page.line("Poste", 10, baseline, font=BOLD, size=19.8, width=30, style=Style(color=POSTE))
        page.line("italiane", 10 + width, baseline, font=REGULAR, size=19.8, width=30, style=Style(color=POSTE))


def slip_circuit(page: Page, top: float) -> None:
    """The seal of the bollettino circuit, its 13 mm disc starting at `top`."""
    with page.figure("Circuito bollettino postale BancoPosta", 10, top, 40, 13):
        center = (16.53, top + 6.45)
        page.circle(center, 6.45, color=POSTE, fill=True)
        page.circle(center, 4.6, thickness=0.35, color=WHITE)
        page.line("B", 14.35, top + 9.4, font=BOLD, size=23, width=6, style=Style(color=WHITE))
        page.box(24.6, top + 2.6, 25.0, top + 10.4, POSTE)
        page.line("circuito", 27.1, top + 4.9, font=BOLD, size=5, width=20, style=Style(color=POSTE))
        page.line("bollettino postale", 27.1, top + 6.9, font=BOLD, size=5, width=20, style=Style(color=POSTE))
        _banco_posta_words(page, 27.1, top + 8.9, 5)


def euro_mark(page: Page, left: float, top: float) -> None:
    """A white euro sign on black, 7.5 mm square."""
    with page.decoration():
        page.box(left, top, left + 7.52, top + 7.63, POSTE)
        page.line("€", left + 1.35, top + 6.0, font=BOLD, size=23, width=7, style=Style(color=WHITE))


def corners(page: Page, left: float, top: float, side: float) -> None:
    """Four grey angles around the Data Matrix; `side` of the square they span."""
    with page.decoration():
        right, bottom, arm, thick = left + side, top + side, 4.5, 0.53
        for x, y in ((left, top), (right - arm, top), (left, bottom - thick), (right - arm, bottom - thick)):
            page.box(x, y, x + arm, y + thick, CORNER)
        for x, y in ((left, top), (right - thick, top), (left, bottom - arm), (right - thick, bottom - arm)):
            page.box(x, y, x + thick, y + arm, CORNER)
