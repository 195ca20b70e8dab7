"""Layout of the receipt (quietanza): who paid what to whom, and every receipt of the node, page after page."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Final

from services.notices.documents.domain.content import PaidReceipt, ReceiptContent
from services.notices.documents.pdf.fonts import BOLD, MONO, MONO_BOLD, REGULAR, printable, width_pt
from services.notices.documents.pdf.formats import amount_text, date_text, moment_text
from services.notices.documents.pdf.header import (
    LEFT,
    RIGHT,
    RIGHT_COLUMN,
    heading,
    party_column,
    payee_column,
    split_bars,
)
from services.notices.documents.pdf.notice_texts import NOTICE_TEXTS
from services.notices.documents.pdf.page import BAR, WIDTH, Page, bar_title
from services.notices.documents.pdf.receipt_texts import RECEIPT_TEXTS, ReceiptTexts
from services.notices.documents.pdf.text_layout import MM, Paragraph

_VALUES: Final = 82.0
_ROW: Final = 5.4
_SIZE: Final = 8.5
_LEADING: Final = 3.5
_TOTAL: Final = 8.0
_GAP: Final = 3.0
_FIRST_TOP: Final = 89.69
_NEXT_TOP: Final = 43.92
_LAST_BASELINE: Final = 281.0
_MONO_LABELS: Final = {"notice_code", "iuv", "iur"}


def render_receipt(content: ReceiptContent) -> bytes:
    """Return the PDF of a quietanza."""
    texts = RECEIPT_TEXTS[content.language]
    grouped = content.receipts[0].notice_number.grouped
    page = Page(
        title=f"{texts.title} {grouped}",
        author=content.payee.name,
        subject=content.subject,
        language=content.language,
    )
    sheets = _sheets(content)
    for number, receipts in enumerate(sheets, start=1):
        if number > 1:
            page.turn()
        with nullcontext() if number == 1 else page.decoration():
            heading(page, content, texts.title)
        if number == 1:
            split_bars(page, 43.92, 52.12)
            payee_column(page, content.payee, NOTICE_TEXTS[content.language].payee)
            party_column(page, content.debtor, texts.debtor)
        top = _FIRST_TOP if number == 1 else _NEXT_TOP
        for index, receipt in receipts:
            top = _block(page, content, texts, receipt, index, top)
        if number == len(sheets) and _is_cart(content):
            _total(page, content, texts, top)
        _footer(page, texts, number, len(sheets))
    return page.finish()


def _sheets(content: ReceiptContent) -> list[list[tuple[int, PaidReceipt]]]:
    """Spread the receipts over pages: as many whole blocks as fit, one at least."""
    sheets: list[list[tuple[int, PaidReceipt]]] = [[]]
    top = _FIRST_TOP
    for index, receipt in enumerate(content.receipts, start=1):
        height = _height(content, receipt)
        below = _TOTAL if index == len(content.receipts) and _is_cart(content) else 0
        if sheets[-1] and top + height + below > _LAST_BASELINE:
            sheets.append([])
            top = _NEXT_TOP
        sheets[-1].append((index, receipt))
        top += height
    return sheets


def _height(content: ReceiptContent, receipt: PaidReceipt) -> float:
    rows = _rows(content, RECEIPT_TEXTS[content.language], receipt)
    return _first_row(receipt) + sum(_row_height(name, value) for name, _, value in rows) + _GAP


def _row_height(name: str, value: str) -> float:
    """A value too long for one line has two."""
    font = _font_of(name)
    is_long = width_pt(printable(value, font), font, _SIZE) / MM > RIGHT - _VALUES
    return _ROW + (_LEADING if is_long else 0)


def _font_of(name: str) -> str:
    return MONO_BOLD if name in _MONO_LABELS else BOLD


def _is_cart(content: ReceiptContent) -> bool:
    """Return whether the receipts are of several practices, each with a subject of its own."""
    return any(receipt.subject for receipt in content.receipts)


def _total(page: Page, content: ReceiptContent, texts: ReceiptTexts, top: float) -> None:
    """Say what was paid in all, in a bar of its own."""
    page.box(0, top, WIDTH, top + 7.94, BAR)
    page.line(texts.total.upper(), LEFT, top + 5.03, font=BOLD, size=10, width=90, style=bar_title())
    total_cents = sum(receipt.amount_cents for receipt in content.receipts)
    amount = f"{amount_text(total_cents, content.language)} Euro"
    page.line(amount, RIGHT, top + 5.03, font=BOLD, size=10, width=80, right=True)


def _first_row(receipt: PaidReceipt) -> float:
    """Where the rows begin below the bar: a further payment has two lines of explanation above them."""
    return 36.0 if receipt.duplicate else 30.0


def _block(
    page: Page, content: ReceiptContent, texts: ReceiptTexts, receipt: PaidReceipt, index: int, top: float
) -> float:
    """Draw one receipt from `top` down; return where the next one starts."""
    page.box(0, top, WIDTH, top + 7.94, BAR)
    heading_text = texts.receipt.format(number=index, total=len(content.receipts))
    page.line(heading_text.upper(), LEFT, top + 5.03, font=BOLD, size=10, width=90, style=bar_title())
    page.line(moment_text(receipt.paid_at), RIGHT, top + 5.03, font=MONO, size=8, width=80, right=True)
    page.line(texts.paid, LEFT, top + 14.5, font=BOLD, size=8, width=80)
    amount = f"{amount_text(receipt.amount_cents, content.language)} Euro"
    page.line(amount, LEFT, top + 20.6, font=BOLD, size=16, width=80)
    page.line(texts.outcome, RIGHT_COLUMN, top + 14.5, font=BOLD, size=8, width=80)
    page.line(texts.executed, RIGHT_COLUMN, top + 20.6, font=BOLD, size=12, width=RIGHT - RIGHT_COLUMN)
    if receipt.duplicate:
        page.fitted([Paragraph(texts.duplicate, RIGHT_COLUMN, RIGHT - RIGHT_COLUMN, top + 24.6)], bottom=top + 30)
    baseline = top + _first_row(receipt)
    for name, label, value in _rows(content, texts, receipt):
        page.line(label, LEFT, baseline, font=REGULAR, size=8, width=_VALUES - LEFT - 3)
        height = _row_height(name, value)
        value_text = Paragraph(value, _VALUES, RIGHT - _VALUES, baseline, _SIZE, _font_of(name), leading=_LEADING)
        page.fitted([value_text], baseline + height - 2.3)
        baseline += height
    return baseline + _GAP


def _rows(content: ReceiptContent, texts: ReceiptTexts, receipt: PaidReceipt) -> Iterator[tuple[str, str, str]]:
    """Yield (field, label, value) of what is known about a receipt."""
    payer = receipt.payer
    fee = f"{amount_text(receipt.fee_cents, content.language)} Euro" if receipt.fee_cents is not None else ""
    debtor = receipt.debtor
    missing = f"{amount_text(receipt.missing_cents, content.language)} Euro" if receipt.missing_cents else ""
    named = {
        "missing": texts.missing_of.format(amount=missing) if missing else "",
        "debtor": " · ".join(filter(None, (debtor.full_name, debtor.fiscal_code))) if debtor else "",
        "payer": " · ".join(filter(None, (payer.full_name, payer.fiscal_code))) if payer else "",
        "beneficiary": receipt.beneficiary or content.beneficiary or "",
        "subject": receipt.subject or content.subject,
        "notice_code": receipt.notice_number.grouped,
        "iuv": receipt.iuv,
        "iur": receipt.receipt_id,
        "psp": receipt.psp,
        "method": texts.methods.get(receipt.payment_method or "", receipt.payment_method or ""),
        "paid_at": moment_text(receipt.paid_at),
        "application_date": date_text(receipt.application_date) if receipt.application_date else "",
        "fee": fee or texts.no_fee,
    }
    for name, value in named.items():
        if value:
            yield name, getattr(texts, name), value
    for number, share in enumerate(receipt.shares, start=1):
        label = texts.share.format(number=number, total=len(receipt.shares))
        amount = f"{amount_text(share.amount_cents, content.language)} Euro"
        yield "share", label, " · ".join(filter(None, (amount, share.payee, share.fiscal_code)))


def _footer(page: Page, texts: ReceiptTexts, number: int, total: int) -> None:
    numbering = texts.page.format(number=number, total=total)
    taken = page.line(numbering, RIGHT, 288, font=REGULAR, size=7, width=40, right=True)
    page.fitted([Paragraph(texts.footer, LEFT, 180 - taken, 288, 7, leading=3)], bottom=294)
