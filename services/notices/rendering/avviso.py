"""Layout of the avviso di pagamento, single instalment (pagopa.md section 2.1, measured on the reference PDFs)."""

from contracts.codes import NoticeNumber
from services.notices.codes import qr_text
from services.notices.domain import NoticeContent
from services.notices.rendering import drawings
from services.notices.rendering.fitting import Paragraph
from services.notices.rendering.fonts import BOLD, MONO_BOLD, REGULAR
from services.notices.rendering.header import (
    LEFT,
    LEFT_COLUMN_END,
    RIGHT,
    RIGHT_COLUMN,
    heading,
    payee_column,
    person_column,
    split_bars,
)
from services.notices.rendering.page import WIDTH, Page
from services.notices.rendering.postal_slip import draw_slip
from services.notices.rendering.symbols import qr_cells
from services.notices.rendering.texts import NOTICE_TEXTS, NoticeTexts, written_amount, written_date

_DATA_COLUMN = 58.99


def render_notice(content: NoticeContent) -> bytes:
    """Return the PDF of a notice, module after module in reading order."""
    texts = NOTICE_TEXTS[content.language]
    grouped = NoticeNumber(content.payment.notice_number).grouped
    page = Page(
        title=f"{texts.title} {grouped}",
        author=content.payee.name,
        subject=content.subject,
        language=content.language,
    )
    heading(page, texts.title, content.subject, content.artworks)
    split_bars(page, 43.92, 52.12)
    payee_column(page, content.payee, texts.payee)
    person_column(page, content.recipient, texts.recipient)
    split_bars(page, 89.69, 97.63)
    _how_much(page, content, texts)
    _where(page, content, texts)
    _payment_details(page, content, texts)
    if content.postal:
        draw_slip(page, content, content.postal, top=201.61)
    return page.finish()


def _how_much(page: Page, content: NoticeContent, texts: NoticeTexts) -> None:
    """Module 3.1: amount, due date, the warning that the amount may be brought up to date."""
    payment = content.payment
    title = texts.how_much_and_when if payment.due_date else texts.how_much
    page.line(title.upper(), LEFT, 94.72, font=BOLD, size=10, width=90)
    page.line(texts.amount, LEFT, 106.36, font=BOLD, size=8, width=60)
    amount = f"{written_amount(payment.amount_cents, content.language)} Euro"
    page.line(amount, LEFT, 112.45, font=BOLD, size=16, width=60)
    if payment.due_date:
        page.line(texts.due, 72.05, 106.36, font=BOLD, size=8, width=28)
        page.line(written_date(payment.due_date), 72.05, 112.45, font=BOLD, size=16, width=31)
    drawings.info_icon(page, (12.03, 120.25))
    page.fitted([Paragraph(texts.legal, 16, LEFT_COLUMN_END - 16, 120.91)], bottom=138)


def _where(page: Page, content: NoticeContent, texts: NoticeTexts) -> None:
    """Module 3.2: online and at a counter."""
    page.line(texts.where.upper(), RIGHT_COLUMN, 94.72, font=BOLD, size=10, width=40)
    taken = page.line("pagopa.gov.it", RIGHT, 94.72, font=BOLD, size=10, width=40, right=True)
    page.line(texts.go_to, RIGHT - taken - 0.63, 94.72, font=REGULAR, size=8, width=15, right=True)
    online = texts.online_with_site if content.payee.has_website else texts.online_without_site
    width = 70.0
    page.fitted(
        [
            Paragraph(texts.online.upper(), RIGHT_COLUMN, width, 106.89, 10, BOLD),
            Paragraph(online.format(payee=content.payee.name), RIGHT_COLUMN, width, 111.39, gap=4.5),
            Paragraph(texts.locally.upper(), RIGHT_COLUMN, width, 123.3, 10, BOLD, gap=6),
            Paragraph(texts.locally_places, RIGHT_COLUMN, width, 127.79, gap=4.5),
        ],
        bottom=138,
    )
    drawings.devices_icon(page)
    drawings.places_icon(page)


def _payment_details(page: Page, content: NoticeContent, texts: NoticeTexts) -> None:
    """Module 4: the code and the data to type where it cannot be read."""
    payment = content.payment
    page.box(0, 140.76, WIDTH, 148.7)
    page.line(texts.payment_details.upper(), LEFT, 145.79, font=BOLD, size=10, width=80)
    page.line(which_instalment(content), RIGHT, 145.79, font=BOLD, size=10, width=100, right=True)
    code = qr_text(payment.notice_number, content.payee.fiscal_code, payment.amount_cents)
    page.cells(qr_cells(code), LEFT, 154.75, 25)
    page.fitted([Paragraph(texts.scan, LEFT, 43, 187.32, markup=True)], bottom=198)
    free = RIGHT - _amount(page, payment.amount_cents, content.language, 159.01)
    labelled = [
        (texts.recipient, content.recipient.full_name, free - 3 - _DATA_COLUMN),
        (texts.payee_label, content.payee.name, RIGHT - _DATA_COLUMN),
        (texts.subject_label, content.subject, RIGHT - _DATA_COLUMN),
    ]
    paragraphs = []
    for index, (label, value, width) in enumerate(labelled):
        baseline = 157.16 + index * 9.26
        paragraphs.append(Paragraph(label, _DATA_COLUMN, width, baseline, gap=4.6))
        paragraphs.append(Paragraph(value, _DATA_COLUMN, width, baseline + 3.71, font=BOLD, gap=3.71, leading=3.71))
    page.fitted(paragraphs, bottom=184.3)
    _codes(page, content, texts)


def _codes(page: Page, content: NoticeContent, texts: NoticeTexts) -> None:
    label, value = 187.06, 192.88
    if content.payee.cbill:
        page.line(texts.cbill, _DATA_COLUMN, label, font=REGULAR, size=8, width=33)
        page.line(content.payee.cbill, _DATA_COLUMN, value, font=MONO_BOLD, size=10, width=33)
    page.line(texts.notice_code, 94.25, label, font=REGULAR, size=8, width=60)
    page.line(NoticeNumber(content.payment.notice_number).grouped, 94.25, value, font=MONO_BOLD, size=10, width=60)
    page.line(texts.payee_code, RIGHT, label, font=REGULAR, size=8, width=40, right=True)
    page.line(content.payee.fiscal_code, RIGHT, value, font=MONO_BOLD, size=10, width=40, right=True)


def _amount(page: Page, amount_cents: int, language: str, baseline: float) -> float:
    """Set `Euro 1.500,00` against the right margin; return the width it takes."""
    digits = page.line(
        written_amount(amount_cents, language), RIGHT, baseline, font=MONO_BOLD, size=12, width=50, right=True
    )
    word = page.line("Euro", RIGHT - digits - 0.8, baseline, font=REGULAR, size=10, width=10, right=True)
    return digits + 0.8 + word


def which_instalment(content: NoticeContent) -> str:
    """Say `Rata unica entro il 31/12/2026`, or `Rata 5 ...`; without a due date, only the first part."""
    texts, payment = NOTICE_TEXTS[content.language], content.payment
    which = texts.instalment.format(number=payment.instalment) if payment.instalment else texts.full_amount
    return f"{which} {texts.due} {written_date(payment.due_date)}" if payment.due_date else which
