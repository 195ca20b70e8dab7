"""Module 4 of the notice: the code of one payment, and the data to type where it cannot be read."""

from typing import Final

from services.notices.documents.domain.content import Payment
from services.notices.documents.domain.payment_codes import qr_text
from services.notices.documents.pdf.fonts import BOLD, MONO_BOLD, REGULAR
from services.notices.documents.pdf.formats import amount_text
from services.notices.documents.pdf.header import LEFT, RIGHT
from services.notices.documents.pdf.page import Page, Style
from services.notices.documents.pdf.sheet import Sheet
from services.notices.documents.pdf.symbols import qr_cells
from services.notices.documents.pdf.text_layout import Paragraph, line_count

DETAILS_TOP: Final = 140.76
"""Upper edge of the bar where nothing has grown."""
DETAILS_HEIGHT: Final = 56.88
"""From that bar to the next module."""

_DATA_COLUMN: Final = 58.99
_ROW: Final = 9.26
_LINE: Final = 3.43
_PARTIES_BOTTOM: Final = 43.54
_SCAN_LAST: Final = 52.9


def draw_payment(sheet: Sheet, payment: Payment, top: float) -> None:
    """Draw the code and the data of a payment below the bar that starts at `top`, and what they have grown by."""
    page, content, texts, flow = sheet.page, sheet.content, sheet.texts, sheet.flow
    number = payment.notice_number.grouped
    code = qr_text(payment.notice_number, content.payee.fiscal_code, payment.amount_cents)
    with page.figure(texts.first.qr_alternative.format(number=number), LEFT, top + 13.99, 25, 25):
        page.cells(qr_cells(code), LEFT, top + 13.99, 25)
    scan, second_scan = texts.pair("scan")
    # Two languages take the white above and below as well.
    baseline, bottom = (43.84, 58.84) if second_scan else (46.56, 56.04)
    paragraphs = [Paragraph(scan, LEFT, 43, baseline + top, markup=True)]
    if second_scan:
        paragraphs.append(Paragraph(second_scan, LEFT, 43, baseline + top, markup=True, grey=True))
    scanned = page.fitted(paragraphs, bottom=bottom + top + flow.room).last_baseline - top
    grown = _parties(sheet, payment, top)
    _codes(sheet, payment, top + grown)
    flow.grow(max(grown, scanned - (bottom if second_scan else _SCAN_LAST + _LINE), 0.0))


def _parties(sheet: Sheet, payment: Payment, top: float) -> float:
    """Say who owes what to whom; return what the three rows have grown by: all are as high as the highest."""
    page, content, texts = sheet.page, sheet.content, sheet.texts
    free = RIGHT - _amount(page, payment.amount_cents, content.language, top + 18.25)
    labelled = [
        ("recipient", content.recipient.full_name, free - 3 - _DATA_COLUMN),
        ("payee_label", content.payee.name, RIGHT - _DATA_COLUMN),
        ("subject_label", content.subject, RIGHT - _DATA_COLUMN),
    ]
    rise = (max(line_count(value, BOLD, 8, width) for _, value, width in labelled) - 1) * _LINE
    grown = len(labelled) * rise
    if grown > sheet.flow.room:
        rise, grown = 0.0, 0.0
    paragraphs = []
    for index, (name, value, width) in enumerate(labelled):
        baseline = 16.4 + top + index * (_ROW + rise)
        label, second = texts.pair(name)
        paragraphs.append(Paragraph(label, _DATA_COLUMN, width, baseline, gap=4.6, second=second))
        paragraphs.append(Paragraph(value, _DATA_COLUMN, width, baseline + 3.71, font=BOLD, gap=3.71, leading=_LINE))
    page.fitted(paragraphs, bottom=_PARTIES_BOTTOM + top + grown)
    return grown


def _codes(sheet: Sheet, payment: Payment, top: float) -> None:
    page, content, texts = sheet.page, sheet.content, sheet.texts
    label, value = 46.3 + top, 52.12 + top
    if content.payee.cbill:
        page.line(texts.first.cbill, _DATA_COLUMN, label, font=REGULAR, size=8, width=33)
        page.line(content.payee.cbill, _DATA_COLUMN, value, font=MONO_BOLD, size=10, width=33)
    name, second = texts.pair("notice_code")
    page.line(name, 94.25, label, font=REGULAR, size=8, width=52, style=Style(second=second))
    page.line(payment.notice_number.grouped, 94.25, value, font=MONO_BOLD, size=10, width=60)
    name, second = texts.pair("payee_code")
    page.line(name, RIGHT, label, font=REGULAR, size=8, width=52, right=True, style=Style(second=second))
    page.line(content.payee.fiscal_code, RIGHT, value, font=MONO_BOLD, size=10, width=40, right=True)


def _amount(page: Page, amount_cents: int, language: str, baseline: float) -> float:
    """Set `Euro 1.500,00` against the right margin; return the width it takes."""
    amount = amount_text(amount_cents, language)
    digits = page.width_of(amount, font=MONO_BOLD, size=12, width=50)
    word = page.line("Euro", RIGHT - digits - 0.8, baseline, font=REGULAR, size=10, width=10, right=True)
    page.line(amount, RIGHT, baseline, font=MONO_BOLD, size=12, width=50, right=True)
    return digits + 0.8 + word
