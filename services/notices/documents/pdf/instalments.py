"""Instalments side by side: two or three to a row, never both on one page (pagopa.md section 2.1).

Measured on what pagoPA's own printing service prints from its templates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.notices.documents.domain.content import NoticeContent, Payment
from services.notices.documents.domain.payment_codes import qr_text
from services.notices.documents.pdf import drawings
from services.notices.documents.pdf.bilingual_texts import BilingualTexts
from services.notices.documents.pdf.fonts import BOLD, MONO_BOLD, REGULAR
from services.notices.documents.pdf.formats import amount_text, date_text
from services.notices.documents.pdf.header import BAR_HEIGHT, LEFT, TEXT_IN_BAR
from services.notices.documents.pdf.page import Page, Style, bar_title
from services.notices.documents.pdf.symbols import qr_cells
from services.notices.documents.pdf.text_layout import Paragraph

ROWS_PER_PAGE: Final = 3
"""Rows of the layout of many, which names the parties once for a page."""
FIRST_ROW: Final = 81.3
ROW_PITCH: Final = 63.1
_BAR_OVERHANG: Final = 2.94
_BETWEEN_PARTIES: Final = 9.26
_LINE: Final = 3.6
_SCAN_ROOM: Final = 1.2
"""Below the baseline of the last text of a row, where nothing has grown."""


@dataclass(frozen=True)
class Look:
    """Measures of a row, in mm: `text_lefts` of the columns; baselines of the lines below the name's.

    `cbill_left_second`: where the CBILL code stands when there is a second language; None: there is no room for one
    beside it. `scan` names the text that says how to use the code, at the baseline `scan_below_parties` below subject
    and payee, and at `scan_alone` where these stand elsewhere on the page. `pitch`: from a row to the next.
    """

    text_lefts: tuple[float, ...]
    width: float
    qr_side: float
    qr_left: float
    qr_top: float
    cbill_left: float
    cbill_left_second: float | None
    amount: tuple[float, float]
    due: tuple[float, float]
    code: tuple[float, float]
    payee_code: tuple[float, float]
    parties: float
    scan: str
    scan_size: float
    scan_below_parties: float
    scan_alone: float
    pitch: float
    first_slip: float
    slip_pitch: float

    @property
    def height(self) -> float:
        """How high a row is that says what it is for and to whom, where nothing has grown."""
        return TEXT_IN_BAR + self.scan_below_parties + _SCAN_ROOM

    @property
    def columns(self) -> int:
        """Instalments to a row."""
        return len(self.text_lefts)


TWO: Final = Look(
    text_lefts=(10.0, 111.0),
    width=88.9,
    qr_side=25,
    qr_left=64.0,
    qr_top=12.0,
    cbill_left=33.27,
    cbill_left_second=62.0,
    amount=(9.6, 14.3),
    due=(19.9, 24.6),
    code=(30.0, 34.7),
    payee_code=(40.2, 45.0),
    parties=52.12,
    scan="scan_above_wide",
    scan_size=8,
    scan_below_parties=73.0,
    scan_alone=52.7,
    pitch=83.08,
    first_slip=130.97,
    slip_pitch=70.91,
)
THREE: Final = Look(
    text_lefts=(10.0, 77.33, 144.67),
    width=55.4,
    qr_side=20,
    qr_left=35.2,
    qr_top=12.1,
    cbill_left=33.27,
    cbill_left_second=None,
    amount=(9.8, 14.6),
    due=(21.2, 25.9),
    code=(32.8, 37.6),
    payee_code=(42.9, 47.6),
    parties=54.77,
    scan="scan_above",
    scan_size=7,
    scan_below_parties=75.14,
    scan_alone=54.5,
    pitch=84.93,
    first_slip=110.33,
    slip_pitch=60.87,
)


def look_of(columns: int) -> Look:
    """Return the measures of a row of so many."""
    return TWO if columns == TWO.columns else THREE


def row(
    page: Page,
    content: NoticeContent,
    texts: BilingualTexts,
    payments: Sequence[Payment],
    look: Look,
    top: float,
    *,
    with_parties: bool,
    room: float = 0.0,
) -> float:
    """Draw up to as many instalments as the look has columns; the grey bars start at `top`.

    Returns how much higher than usual the row is, `room` at most.
    """
    grown = 0.0
    for left, payment in zip(look.text_lefts, payments, strict=False):
        with page.section():
            page.box(left - _BAR_OVERHANG, top, left + look.width + _BAR_OVERHANG, top + BAR_HEIGHT)
            _instalment(page, content, texts, payment, look, left, top + TEXT_IN_BAR)
            _payee_codes(page, content, texts, look, left, top + TEXT_IN_BAR)
            if with_parties:
                last = _parties_and_scan(page, content, texts, look, left, top + TEXT_IN_BAR, room)
                grown = max(grown, last - (top + TEXT_IN_BAR + look.scan_below_parties))
            elif content.postal:
                paragraphs = _scan(texts, look, left, top + TEXT_IN_BAR + look.scan_alone)
                page.fitted(paragraphs, bottom=top + TEXT_IN_BAR + look.scan_alone + 3.9)
    return grown


def parties(page: Page, content: NoticeContent, texts: BilingualTexts, bar: float) -> None:
    """Say once for a page of instalments who owes what to whom; `bar`: the baseline of the bar above."""
    columns = (
        ("recipient", content.recipient.full_name, LEFT, 57.0),
        ("payee_label", content.payee.name, 70.0, 60.0),
        ("subject_label", content.subject, 133.0, 67.0),
    )
    for name, value, left, width in columns:
        label, second = texts.pair(name)
        page.fitted(
            [
                Paragraph(label, left, width, bar + 9.6, second=second),
                Paragraph(value, left, width, bar + 13.2, font=BOLD, gap=3.6, leading=3.6),
            ],
            bottom=bar + 21.2,
        )
    drawings.info_icon(page, (12.03, bar + 24.4))
    text, second = texts.pair("scan_below")
    paragraphs = [Paragraph(text, 16, 180, bar + 25.06, markup=True)]
    if second:
        paragraphs.append(Paragraph(second, 16, 180, bar + 25.06, markup=True, grey=True))
    page.fitted(paragraphs, bottom=bar + 31.5)


def _instalment(
    page: Page, content: NoticeContent, texts: BilingualTexts, payment: Payment, look: Look, left: float, bar: float
) -> None:
    narrow = look.qr_left - 2
    name, second = texts.pair("instalment", number=payment.instalment)
    page.line(name, left, bar, font=BOLD, size=10, width=look.width, style=bar_title(second, "H3"))
    _labelled(page, "Euro", amount_text(payment.amount_cents, content.language), left, bar, look.amount, narrow)
    if payment.due_date:
        label, second = texts.pair("due")
        label = label[:1].upper() + label[1:]
        _labelled(page, label, date_text(payment.due_date), left, bar, look.due, narrow, second)
    number = payment.notice_number.grouped
    top = bar - TEXT_IN_BAR + look.qr_top
    with page.figure(texts.first.qr_alternative.format(number=number), left + look.qr_left, top, *[look.qr_side] * 2):
        text = qr_text(payment.notice_number, content.payee.fiscal_code, payment.amount_cents)
        page.cells(qr_cells(text), left + look.qr_left, top, look.qr_side)
    label, second = texts.pair("notice_code")
    _labelled(page, label, number, left, bar, look.code, look.width, second)


def _payee_codes(
    page: Page, content: NoticeContent, texts: BilingualTexts, look: Look, left: float, bar: float
) -> None:
    has_cbill = bool(content.payee.cbill)
    label, second = texts.pair("payee_code")
    cbill_left = look.cbill_left
    if second and has_cbill:
        # Beside the CBILL code of a narrow column two languages would be too small to read.
        second = second if look.cbill_left_second else None
        cbill_left = look.cbill_left_second or cbill_left
    width = cbill_left - 2 if has_cbill else look.width
    _labelled(page, label, content.payee.fiscal_code, left, bar, look.payee_code, width, second)
    if content.payee.cbill:
        place, width = left + cbill_left, look.width - cbill_left
        _labelled(page, texts.first.cbill, content.payee.cbill, place, bar, look.payee_code, width)


def _scan(texts: BilingualTexts, look: Look, left: float, baseline: float) -> list[Paragraph]:
    """Compose how to use the code, in both languages."""
    first, second = texts.pair(look.scan)
    size = look.scan_size
    gap = look.scan_below_parties - look.parties - _BETWEEN_PARTIES - 3.97
    paragraphs = [Paragraph(first, left, look.width, baseline, size, gap=gap, leading=3, markup=True)]
    if second:
        paragraphs.append(Paragraph(second, left, look.width, baseline, size, gap=3, leading=3, markup=True, grey=True))
    return paragraphs


def _parties_and_scan(
    page: Page, content: NoticeContent, texts: BilingualTexts, look: Look, left: float, bar: float, room: float
) -> float:
    """Say what it is for, to whom, and how to use the code; return the last baseline."""
    paragraphs = []
    named = (("subject_label", content.subject), ("payee_label", content.payee.name))
    for index, (name, value) in enumerate(named):
        baseline = bar + look.parties + index * _BETWEEN_PARTIES
        label, second = texts.pair(name)
        paragraphs.append(Paragraph(label, left, look.width, baseline, gap=5.4, second=second))
        paragraphs.append(Paragraph(value, left, look.width, baseline + 3.9, font=BOLD, gap=3.9, leading=_LINE))
    paragraphs += _scan(texts, look, left, bar + look.scan_below_parties)
    bottom = bar + look.scan_below_parties + _SCAN_ROOM + room
    return page.fitted(paragraphs, bottom=bottom).last_baseline


def _labelled(
    page: Page,
    label: str,
    value: str,
    left: float,
    bar: float,
    baselines: tuple[float, float],
    width: float,
    second: str | None = None,
) -> None:
    """Set a label and, below it, a value in figures."""
    page.line(label, left, bar + baselines[0], font=REGULAR, size=8, width=width, style=Style(second=second))
    page.line(value, left, bar + baselines[1], font=MONO_BOLD, size=10, width=width)
