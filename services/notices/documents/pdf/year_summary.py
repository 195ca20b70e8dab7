"""Layout of the summary of a year's payments: each with what a tax return asks of it, and the total."""

from collections.abc import Iterator, Sequence
from typing import Final

from services.notices.documents.domain.content import SummarisedPayment, YearSummaryContent
from services.notices.documents.pdf.fonts import BOLD, MONO, MONO_BOLD, REGULAR
from services.notices.documents.pdf.formats import amount_text, date_text, moment_text
from services.notices.documents.pdf.header import LEFT, RIGHT
from services.notices.documents.pdf.page import BAR, WIDTH, Page, bar_title
from services.notices.documents.pdf.sheets import Item, sheets_of
from services.notices.documents.pdf.year_summary_texts import YEAR_SUMMARY_TEXTS, YearSummaryTexts

_FIRST_TOP: Final = 52.0
_NEXT_TOP: Final = 22.0
_BAR: Final = 7.94
_ROW: Final = 15.0
_TOTAL: Final = 9.0
_WHAT_LEFT: Final = LEFT + 24.0
_WHAT_WIDTH: Final = 125.0
_AMOUNT_WIDTH: Final = 38.0


def render_year_summary(summary: YearSummaryContent) -> bytes:
    """Return the PDF of the summary; the same summary always gives the same bytes."""
    texts = YEAR_SUMMARY_TEXTS[summary.language]
    title = texts.title.format(year=summary.year)
    page = Page(title=title, author=summary.entity_name, subject=title, language=summary.language)
    sheets = sheets_of(list(_items(summary, texts)), first_top=_FIRST_TOP, next_top=_NEXT_TOP)
    for number, sheet in enumerate(sheets, start=1):
        if number > 1:
            page.turn()
        top = _heading(page, summary, texts, title) if number == 1 else _running_title(page, summary, title)
        for item in sheet:
            item.draw(page, top)
            top += item.height
        with page.decoration():
            _footer(page, summary, texts, number, len(sheets))
    return page.finish()


def _items(summary: YearSummaryContent, texts: YearSummaryTexts) -> Iterator[Item]:
    yield _bar(texts.payments)
    rows = [_row(one, texts, summary.language) for one in summary.payments]
    yield from rows[:-1]
    # The total never stands alone on a page.
    yield Item(rows[-1].height, rows[-1].draw, followers=1)
    yield _total(summary, texts)


def _row(payment: SummarisedPayment, texts: YearSummaryTexts, language: str) -> Item:
    codes = _codes(payment, texts, language)

    def draw(page: Page, top: float) -> None:
        page.line(date_text(payment.paid_on), LEFT, top + 4.2, font=MONO, size=8.5, width=22)
        page.line(payment.service, _WHAT_LEFT, top + 4.2, font=BOLD, size=9, width=_WHAT_WIDTH)
        amount = f"{amount_text(payment.amount_cents, language)} Euro"
        page.line(amount, RIGHT, top + 4.2, font=MONO, size=8.5, width=_AMOUNT_WIDTH, right=True)
        page.line(payment.description, _WHAT_LEFT, top + 8.2, font=REGULAR, size=8.5, width=RIGHT - _WHAT_LEFT)
        page.line(" · ".join(codes), _WHAT_LEFT, top + 12.0, font=REGULAR, size=7.5, width=RIGHT - _WHAT_LEFT)

    return Item(_ROW, draw)


def _codes(payment: SummarisedPayment, texts: YearSummaryTexts, language: str) -> Sequence[str]:
    """Return who it was for, by which codes it is known, and the stamp in it."""
    codes = [texts.iuv.format(iuv=payment.iuv), texts.receipt.format(receipt=payment.receipt_id)]
    if payment.beneficiary:
        codes.insert(0, texts.beneficiary.format(name=payment.beneficiary))
    if payment.stamp_cents:
        codes.append(texts.stamp.format(amount=amount_text(payment.stamp_cents, language)))
    return codes


def _total(summary: YearSummaryContent, texts: YearSummaryTexts) -> Item:
    def draw(page: Page, top: float) -> None:
        label = texts.total.format(count=len(summary.payments))
        page.line(label, LEFT, top + 5.5, font=BOLD, size=10, width=140)
        amount = f"{amount_text(summary.total_cents, summary.language)} Euro"
        page.line(amount, RIGHT, top + 5.5, font=MONO_BOLD, size=10, width=_AMOUNT_WIDTH + 10, right=True)

    return Item(_TOTAL, draw)


def _bar(text: str) -> Item:
    def draw(page: Page, top: float) -> None:
        page.box(0, top, WIDTH, top + _BAR, BAR)
        page.line(text, LEFT, top + 5.03, font=BOLD, size=10, width=RIGHT - LEFT, style=bar_title())

    return Item(_BAR + 1.0, draw, followers=1)


def _heading(page: Page, summary: YearSummaryContent, texts: YearSummaryTexts, title: str) -> float:
    page.line(title, LEFT, 18, font=BOLD, size=16, width=RIGHT - LEFT, style=bar_title(None, "H1"))
    entity = texts.entity.format(name=summary.entity_name, code=summary.entity_fiscal_code)
    page.line(entity, LEFT, 26, font=BOLD, size=10, width=RIGHT - LEFT)
    debtor = texts.debtor.format(name=summary.debtor.full_name, code=summary.debtor.fiscal_code)
    page.line(debtor, LEFT, 33, font=REGULAR, size=10, width=RIGHT - LEFT)
    for baseline, sentence in ((40.0, texts.purpose), (44.5, texts.proof)):
        page.line(sentence, LEFT, baseline, font=REGULAR, size=8, width=RIGHT - LEFT)
    return _FIRST_TOP


def _running_title(page: Page, summary: YearSummaryContent, title: str) -> float:
    with page.decoration():
        text = f"{title} · {summary.entity_name} · {summary.debtor.full_name}"
        page.line(text, LEFT, 15, font=REGULAR, size=8, width=RIGHT - LEFT)
    return _NEXT_TOP


def _footer(page: Page, summary: YearSummaryContent, texts: YearSummaryTexts, number: int, total: int) -> None:
    made = texts.footer.format(made_at=moment_text(summary.made_at))
    page.line(made, LEFT, 289, font=REGULAR, size=7, width=140)
    page.line(texts.page.format(number=number, total=total), RIGHT, 289, font=REGULAR, size=7, width=40, right=True)
