"""Modules 3.1 and 3.2 of the notice: how much and when, and where."""

from typing import Final

from services.notices.documents.domain.content import Payment
from services.notices.documents.pdf import drawings
from services.notices.documents.pdf.amount_texts import amounts_sentence
from services.notices.documents.pdf.bilingual_texts import BilingualTexts
from services.notices.documents.pdf.fonts import BOLD, REGULAR
from services.notices.documents.pdf.formats import amount_text, date_text
from services.notices.documents.pdf.header import LEFT, LEFT_COLUMN_END, RIGHT, RIGHT_COLUMN
from services.notices.documents.pdf.page import Style, bar_title
from services.notices.documents.pdf.sheet import Sheet
from services.notices.documents.pdf.text_layout import Paragraph

INFO_BOTTOM: Final = 139.2
"""Lowest the instructions reach where nothing has grown."""

_LAST_BASELINE: Final = 135.47
_TEXT_LEFT: Final = 16.0


def end_instructions(sheet: Sheet, *last_baselines: float) -> None:
    """Move what follows below the higher of both columns, and below the second language."""
    usual = _LAST_BASELINE + sheet.second_mm + (INFO_BOTTOM - _LAST_BASELINE if sheet.texts.second else 0.0)
    sheet.flow.grow(max(0.0, max(last_baselines) - sheet.shift - usual))
    sheet.flow.shift += sheet.second_mm


def title_how_much(sheet: Sheet, name: str) -> None:
    """Set the title of module 3.1."""
    title, second = sheet.texts.pair(name)
    baseline = 94.72 + sheet.shift
    sheet.page.line(title.upper(), LEFT, baseline, font=BOLD, size=10, width=90, style=bar_title(second))


def draw_how_much(sheet: Sheet) -> float:
    """Module 3.1: amount, due date, in how many instalments, the warning that the amount may be brought up to date.

    Returns the last baseline.
    """
    page, content, texts, payment, shift = sheet.page, sheet.content, sheet.texts, sheet.content.payment, sheet.shift
    has_due_date = any(payment.due_date for payment in content.payments)
    with page.section():
        title_how_much(sheet, "how_much_and_when" if has_due_date else "how_much")
        if payment:
            label, second = texts.pair("amount")
            page.line(label, LEFT, 106.36 + shift, font=BOLD, size=8, width=60, style=Style(second=second))
            amount = f"{amount_text(payment.amount_cents, content.language)} Euro"
            page.line(amount, LEFT, 112.45 + shift, font=BOLD, size=16, width=60)
        if payment and payment.due_date:
            label, second = texts.pair("due")
            date = date_text(payment.due_date)
            left = LEFT_COLUMN_END - page.width_of(date, font=BOLD, size=16, width=32)
            page.line(label, left, 106.36 + shift, font=BOLD, size=8, width=32, style=Style(second=second))
            page.line(date, left, 112.45 + shift, font=BOLD, size=16, width=32)
        return _information(sheet, 120.91 if payment else 106.91)


def _information(sheet: Sheet, baseline: float) -> float:
    """Set the paragraphs behind an i: how many instalments, when the amount changes, and that it may."""
    content, texts = sheet.content, sheet.texts
    notes = ["legal"]
    if content.instalments:
        notes = ["in_full_or_instalments", "legal"] if content.payment else ["in_instalments", "legal"]
    if content.instalments and not content.payment:
        notes.insert(1, "see_each_instalment")
    paragraphs: list[Paragraph] = []
    with_icon: list[int] = []
    width = LEFT_COLUMN_END - _TEXT_LEFT
    baseline += sheet.shift
    said = [texts.pair(note, count=len(content.instalments)) for note in notes]
    if content.payment and content.payment.amounts:
        said.insert(0, _amounts(sheet, content.payment))
    for first, second in said:
        with_icon.append(len(paragraphs))
        gap = 6.09 if paragraphs else 3.84
        paragraphs.append(Paragraph(first, _TEXT_LEFT, width, baseline, gap=gap, leading=3.75))
        if second:
            paragraphs.append(Paragraph(second, _TEXT_LEFT, width, baseline, gap=4.1, leading=3.75, grey=True))
    placed = sheet.page.fitted(paragraphs, bottom=bottom_of_instructions(sheet))
    for index in with_icon:
        drawings.info_icon(sheet.page, (12.03, placed.first_baselines[index] - 0.66))
    return placed.last_baseline


def _amounts(sheet: Sheet, payment: Payment) -> tuple[str, str | None]:
    """Say what is to be paid until when, in both languages."""
    content = sheet.content
    second = amounts_sentence(payment.amounts, content.second_language) if content.second_language else None
    return amounts_sentence(payment.amounts, content.language), second


def bottom_of_instructions(sheet: Sheet) -> float:
    """Return how far down the instructions may reach."""
    return INFO_BOTTOM + sheet.shift + sheet.second_mm + sheet.flow.room


def draw_where(sheet: Sheet) -> float:
    """Module 3.2: online and at a counter. Returns the last baseline."""
    page, content, texts, shift = sheet.page, sheet.content, sheet.texts, sheet.shift
    with page.section():
        title, second = texts.pair("where")
        style = bar_title(second)
        page.line(title.upper(), RIGHT_COLUMN, 94.72 + shift, font=BOLD, size=10, width=48, style=style)
        taken = page.width_of("pagopa.gov.it", font=BOLD, size=10, width=40)
        left = RIGHT - taken - 0.63
        page.line(texts.first.go_to, left, 94.72 + shift, font=REGULAR, size=8, width=15, right=True)
        page.line("pagopa.gov.it", RIGHT, 94.72 + shift, font=BOLD, size=10, width=40, right=True)
        site = "online_with_site" if content.payee.has_website else "online_without_site"
        online = _place(texts, "online", site, content.payee.name, baseline=106.89 + shift)
        locally = _place(texts, "locally", "locally_places", content.payee.name, baseline=123.3 + shift)
        placed = page.fitted([*online, *locally], bottom=bottom_of_instructions(sheet))
        drawings.devices_icon(page, shift)
        drawings.places_icon(page, placed.first_baselines[len(online)] - 123.3)
    return placed.last_baseline


def _place(texts: BilingualTexts, title_name: str, text_name: str, payee: str, *, baseline: float) -> list[Paragraph]:
    title, second_title = texts.pair(title_name)
    text, second = texts.pair(text_name, payee=payee)
    width = 70.0
    second_title = second_title and second_title.upper()
    paragraphs = [
        Paragraph(
            title.upper(), RIGHT_COLUMN, width, baseline, 10, BOLD, gap=7 if second else 8.21, second=second_title
        ),
        Paragraph(text, RIGHT_COLUMN, width, baseline + 4.5, gap=4.5),
    ]
    if second:
        paragraphs.append(Paragraph(second, RIGHT_COLUMN, width, baseline + 4.5, gap=3.9, grey=True))
    return paragraphs
