"""Layout of the avviso di pagamento (pagopa.md section 2.1, measured on the reference PDFs and the templates)."""

from dataclasses import dataclass
from typing import Final

from services.notices.documents.domain.content import NoticeContent, Payment
from services.notices.documents.domain.payment_codes import qr_text
from services.notices.documents.pdf import drawings, instalments
from services.notices.documents.pdf.bilingual_texts import BilingualTexts, which, which_until
from services.notices.documents.pdf.fonts import BOLD, MONO_BOLD, REGULAR
from services.notices.documents.pdf.formats import amount_text, date_text
from services.notices.documents.pdf.header import (
    BAR_HEIGHT,
    LEFT,
    LEFT_COLUMN_END,
    RIGHT,
    RIGHT_COLUMN,
    TEXT_IN_BAR,
    heading,
    party_column,
    payee_column,
    split_bars,
)
from services.notices.documents.pdf.page import WIDTH, Page, Style, bar_title
from services.notices.documents.pdf.postal_slip import NARROW, WIDE, draw_slip
from services.notices.documents.pdf.symbols import qr_cells
from services.notices.documents.pdf.text_layout import Paragraph

_DATA_COLUMN: Final = 58.99
_DETAILS_TOP: Final = 140.76
_NEXT_PAGE_TOP: Final = 43.92
_SINGLE_SLIP_TOP: Final = 201.61
_INSTALMENTS_TOP: Final = 197.62
_INSTALMENTS_ONLY_TOP: Final = 153.1
_INFO_BOTTOM: Final = 139.2
_SECOND_LANGUAGE_MM: Final = 22.0


@dataclass(frozen=True)
class _Sheet:
    page: Page
    content: NoticeContent
    texts: BilingualTexts

    @property
    def shift(self) -> float:
        """How far down a second language moves what follows the instructions."""
        return _SECOND_LANGUAGE_MM if self.texts.second else 0


def render_notice(content: NoticeContent) -> bytes:
    """Return the PDF of a notice, module after module in reading order."""
    texts = BilingualTexts.of(content)
    numbers = [payment.notice_number.grouped for payment in content.payments]
    page = Page(
        title=f"{texts.first.title} {numbers[0]}",
        author=content.payee.name,
        subject=content.subject,
        language=content.language,
        second_language=content.second_language,
    )
    sheet = _Sheet(page, content, texts)
    _heading(sheet)
    split_bars(page, 43.92, 52.12)
    payee_column(page, content.payee, *texts.pair("payee"))
    party_column(page, content.recipient, *texts.pair("recipient"))
    split_bars(page, 89.69, 97.63)
    _how_much(sheet)
    _where(sheet)
    if content.payment:
        _payment_details(sheet, content.payment)
    _instalments(sheet)
    return page.finish()


def _heading(sheet: _Sheet) -> None:
    heading(sheet.page, sheet.content, *sheet.texts.pair("title"))


def _instalments(sheet: _Sheet) -> None:
    """Module 4 after the single payment: slips, columns of instalments, continued pages."""
    content = sheet.content
    if content.payment and content.postal:
        draw_slip(sheet.page, content, content.payment, content.postal, WIDE, _SINGLE_SLIP_TOP + sheet.shift)
    rest = content.instalments
    if not rest:
        return
    look = instalments.TWO if len(rest) == 2 else instalments.THREE
    has_room = not (content.payment and sheet.texts.second)
    if not content.postal and has_room:
        top = _INSTALMENTS_TOP
        if not content.payment:
            _details_bar(sheet, _DETAILS_TOP + sheet.shift)
            top = _INSTALMENTS_ONLY_TOP + sheet.shift
        instalments.row(sheet.page, content, sheet.texts, rest[: look.columns], look, top, with_parties=True)
        rest = rest[look.columns :]
    per_page = look.columns if content.postal else look.columns * instalments.ROWS_PER_PAGE
    for start in range(0, len(rest), per_page):
        sheet.page.turn()
        with sheet.page.decoration():
            _heading(sheet)
        _next_page(sheet, rest[start : start + per_page], look)


def _next_page(sheet: _Sheet, payments: tuple[Payment, ...], look: instalments.Look) -> None:
    """Draw a page of instalments: one row and its slips below, or the parties and rows of instalments alone."""
    page, content = sheet.page, sheet.content
    if content.postal:
        instalments.row(page, content, sheet.texts, payments, look, _NEXT_PAGE_TOP, with_parties=False)
        measures = WIDE if look is instalments.TWO else NARROW
        for index, payment in enumerate(payments):
            draw_slip(page, content, payment, content.postal, measures, look.first_slip + index * look.slip_pitch)
        return
    _details_bar(sheet, _NEXT_PAGE_TOP)
    instalments.parties(page, content, sheet.texts, _NEXT_PAGE_TOP + TEXT_IN_BAR)
    for number, start in enumerate(range(0, len(payments), look.columns)):
        top = instalments.FIRST_ROW + number * instalments.ROW_PITCH
        instalments.row(
            page, content, sheet.texts, payments[start : start + look.columns], look, top, with_parties=False
        )


def _how_much(sheet: _Sheet) -> None:
    """Module 3.1: amount, due date, in how many instalments, the warning that the amount may be brought up to date."""
    page, content, texts, payment = sheet.page, sheet.content, sheet.texts, sheet.content.payment
    has_due_date = any(payment.due_date for payment in content.payments)
    title, second = texts.pair("how_much_and_when" if has_due_date else "how_much")
    with page.section():
        page.line(
            title.upper(),
            LEFT,
            94.72,
            font=BOLD,
            size=10,
            width=90,
            style=bar_title(second),
        )
        if payment:
            label, second = texts.pair("amount")
            page.line(label, LEFT, 106.36, font=BOLD, size=8, width=60, style=Style(second=second))
            amount = f"{amount_text(payment.amount_cents, content.language)} Euro"
            page.line(amount, LEFT, 112.45, font=BOLD, size=16, width=60)
        if payment and payment.due_date:
            label, second = texts.pair("due")
            date = date_text(payment.due_date)
            left = LEFT_COLUMN_END - page.width_of(date, font=BOLD, size=16, width=32)
            page.line(label, left, 106.36, font=BOLD, size=8, width=32, style=Style(second=second))
            page.line(date, left, 112.45, font=BOLD, size=16, width=32)
        _information(sheet, 120.91 if payment else 106.91)


def _information(sheet: _Sheet, baseline: float) -> None:
    """Set the paragraphs behind an i: how many instalments, and that the amount may change."""
    content, texts = sheet.content, sheet.texts
    notes = ["legal"]
    if content.instalments:
        notes = ["in_full_or_instalments", "legal"] if content.payment else ["in_instalments", "legal"]
    if content.instalments and not content.payment:
        notes.insert(1, "see_each_instalment")
    paragraphs: list[Paragraph] = []
    with_icon: list[int] = []
    for note in notes:
        with_icon.append(len(paragraphs))
        first, second = texts.pair(note, count=len(content.instalments))
        gap = 6.09 if paragraphs else 3.84
        paragraphs.append(Paragraph(first, 16, LEFT_COLUMN_END - 16, baseline, gap=gap, leading=3.75))
        if second:
            paragraphs.append(Paragraph(second, 16, LEFT_COLUMN_END - 16, baseline, gap=4.1, leading=3.75, grey=True))
    baselines = sheet.page.fitted(paragraphs, bottom=_INFO_BOTTOM + sheet.shift)
    for index in with_icon:
        drawings.info_icon(sheet.page, (12.03, baselines[index] - 0.66))


def _where(sheet: _Sheet) -> None:
    """Module 3.2: online and at a counter."""
    page, content, texts = sheet.page, sheet.content, sheet.texts
    with page.section():
        title, second = texts.pair("where")
        page.line(
            title.upper(),
            RIGHT_COLUMN,
            94.72,
            font=BOLD,
            size=10,
            width=48,
            style=bar_title(second),
        )
        taken = page.width_of("pagopa.gov.it", font=BOLD, size=10, width=40)
        page.line(texts.first.go_to, RIGHT - taken - 0.63, 94.72, font=REGULAR, size=8, width=15, right=True)
        page.line("pagopa.gov.it", RIGHT, 94.72, font=BOLD, size=10, width=40, right=True)
        site = "online_with_site" if content.payee.has_website else "online_without_site"
        page.fitted(
            [
                *_place(texts, "online", site, content.payee.name, baseline=106.89),
                *_place(texts, "locally", "locally_places", content.payee.name, baseline=123.3),
            ],
            bottom=_INFO_BOTTOM + sheet.shift,
        )
        drawings.devices_icon(page)
        drawings.places_icon(page)


def _place(texts: BilingualTexts, title_name: str, text_name: str, payee: str, *, baseline: float) -> list[Paragraph]:
    title, second_title = texts.pair(title_name)
    text, second = texts.pair(text_name, payee=payee)
    width = 70.0
    second_title = second_title and second_title.upper()
    paragraphs = [
        Paragraph(title.upper(), RIGHT_COLUMN, width, baseline, 10, BOLD, gap=7, second=second_title),
        Paragraph(text, RIGHT_COLUMN, width, baseline + 4.5, gap=4.5),
    ]
    if second:
        paragraphs.append(Paragraph(second, RIGHT_COLUMN, width, baseline + 4.5, gap=3.9, grey=True))
    return paragraphs


def _details_bar(sheet: _Sheet, top: float) -> None:
    page, texts = sheet.page, sheet.texts
    page.box(0, top, WIDTH, top + BAR_HEIGHT)
    title, second = texts.pair("payment_details")
    page.line(
        title.upper(),
        LEFT,
        top + TEXT_IN_BAR,
        font=BOLD,
        size=10,
        width=95,
        style=bar_title(second),
    )


def _payment_details(sheet: _Sheet, payment: Payment) -> None:
    """Module 4: the code and the data to type where it cannot be read."""
    page, content, texts, shift = sheet.page, sheet.content, sheet.texts, sheet.shift
    with page.section():
        _details_bar(sheet, _DETAILS_TOP + shift)
        _which_in_bar(sheet, payment)
        number = payment.notice_number.grouped
        code = qr_text(payment.notice_number, content.payee.fiscal_code, payment.amount_cents)
        with page.figure(texts.first.qr_alternative.format(number=number), LEFT, 154.75 + shift, 25, 25):
            page.cells(qr_cells(code), LEFT, 154.75 + shift, 25)
        scan, second_scan = texts.pair("scan")
        # Two languages take the white above and below as well.
        baseline, bottom = (184.6, 199.6) if second_scan else (187.32, 196.8)
        paragraphs = [Paragraph(scan, LEFT, 43, baseline + shift, markup=True)]
        if second_scan:
            paragraphs.append(Paragraph(second_scan, LEFT, 43, baseline, markup=True, grey=True))
        page.fitted(paragraphs, bottom=bottom + shift)
        _parties(sheet, payment)
        _codes(sheet, payment)


def _which_in_bar(sheet: _Sheet, payment: Payment) -> None:
    """Say at the end of the bar until when; both languages before the date."""
    page, texts, baseline = sheet.page, sheet.texts, 145.79 + sheet.shift
    if texts.second is None:
        page.line(which(texts.first, payment), RIGHT, baseline, font=BOLD, size=10, width=92, right=True)
        return
    date = date_text(payment.due_date) if payment.due_date else ""
    end = RIGHT - page.width_of(date, font=BOLD, size=10, width=30) - 1 if date else RIGHT
    style = bar_title(which_until(texts.second, payment), "P")
    label = which_until(texts.first, payment)
    page.line(label, end, baseline, font=BOLD, size=10, width=72, right=True, style=style)
    if date:
        page.line(date, RIGHT, baseline, font=BOLD, size=10, width=30, right=True)


def _parties(sheet: _Sheet, payment: Payment) -> None:
    page, content, texts, shift = sheet.page, sheet.content, sheet.texts, sheet.shift
    free = RIGHT - _amount(page, payment.amount_cents, content.language, 159.01 + shift)
    labelled = [
        ("recipient", content.recipient.full_name, free - 3 - _DATA_COLUMN),
        ("payee_label", content.payee.name, RIGHT - _DATA_COLUMN),
        ("subject_label", content.subject, RIGHT - _DATA_COLUMN),
    ]
    paragraphs = []
    for index, (name, value, width) in enumerate(labelled):
        baseline = 157.16 + shift + index * 9.26
        label, second = texts.pair(name)
        paragraphs.append(Paragraph(label, _DATA_COLUMN, width, baseline, gap=4.6, second=second))
        paragraphs.append(Paragraph(value, _DATA_COLUMN, width, baseline + 3.71, font=BOLD, gap=3.71, leading=3.71))
    page.fitted(paragraphs, bottom=184.3 + shift)


def _codes(sheet: _Sheet, payment: Payment) -> None:
    page, content, texts = sheet.page, sheet.content, sheet.texts
    label, value = 187.06 + sheet.shift, 192.88 + sheet.shift
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
