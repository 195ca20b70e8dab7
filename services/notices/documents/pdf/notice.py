"""Layout of the avviso di pagamento (pagopa.md section 2.1, measured on the reference PDFs and the templates).

Modules grow where their texts need another line, as in pagoPA's own templates, and what follows moves down; only when
the page is full do texts become smaller.
"""

from itertools import groupby
from typing import Final

from services.notices.documents.domain.content import NoticeContent, Payment, PostalAccount
from services.notices.documents.pdf import instalments, pagination
from services.notices.documents.pdf.bilingual_texts import BilingualTexts, which, which_until
from services.notices.documents.pdf.fonts import BOLD
from services.notices.documents.pdf.formats import date_text
from services.notices.documents.pdf.header import RIGHT, TEXT_IN_BAR
from services.notices.documents.pdf.instructions import draw_how_much, draw_where, end_instructions
from services.notices.documents.pdf.page import Flow, Page, bar_title
from services.notices.documents.pdf.payment_details import DETAILS_HEIGHT, DETAILS_TOP, draw_payment
from services.notices.documents.pdf.penalty import draw_penalty
from services.notices.documents.pdf.postal_slip import NARROW, WIDE, Measures, draw_slip, slip_growth
from services.notices.documents.pdf.sheet import PAGE_END, Sheet, draw_bar, draw_heading, draw_parties

_NEXT_PAGE_TOP: Final = 43.92
_SINGLE_SLIP_TOP: Final = 201.61
_INSTALMENTS_TOP: Final = 197.62
_INSTALMENTS_ONLY_TOP: Final = 153.1
_FEW_ROWS: Final = 2
"""Rows to a page where each says what it is for and to whom."""
_MANY_END: Final = 268.0
"""Where the last row of the layout of many ends."""


def render_notice(content: NoticeContent) -> bytes:
    """Return the PDF of a notice, module after module in reading order."""
    may_have_row = not (content.postal or content.penalty or (content.payment and content.second_language))
    page = _drawn(content, first_row=may_have_row)
    if page.has_shrunk and may_have_row and content.payment and content.instalments:
        # Without the row the first page has room for large letters.
        page = _drawn(content, first_row=False)
    return page.finish()


def _drawn(content: NoticeContent, *, first_row: bool) -> Page:
    """Draw a notice; with `first_row` instalments begin on the first page."""
    texts = BilingualTexts.of(content)
    numbers = [payment.notice_number.grouped for payment in content.payments]
    page = Page(
        title=f"{texts.first.title} {numbers[0]}",
        author=content.payee.name,
        subject=content.subject,
        language=content.language,
        second_language=content.second_language,
    )
    sheet = Sheet(page, content, texts, Flow(0.0))
    if content.penalty:
        draw_penalty(sheet)
    else:
        _draw(sheet, first_row=first_row)
    return page


def _draw(sheet: Sheet, *, first_row: bool) -> None:
    content = sheet.content
    rows = _rows(sheet)
    sheet.flow.room = PAGE_END - _first_page_end(sheet, rows[0] if rows and first_row else ())
    draw_heading(sheet)
    draw_parties(sheet)
    end_instructions(sheet, draw_how_much(sheet), draw_where(sheet))
    if content.payment:
        with sheet.page.section():
            top = DETAILS_TOP + sheet.shift
            draw_bar(sheet, *sheet.texts.pair("payment_details"), top)
            _which_in_bar(sheet, content.payment, top + TEXT_IN_BAR)
            draw_payment(sheet, content.payment, top)
        if content.postal:
            top = _SINGLE_SLIP_TOP + sheet.shift
            draw_slip(sheet.page, content, content.payment, content.postal, WIDE, top, room=sheet.flow.room)
    if content.postal:
        _pages_of_slips(sheet, content.postal)
    else:
        _pages_of_rows(sheet, rows, first_row=first_row)


def _rows(sheet: Sheet) -> list[tuple[Payment, ...]]:
    """Return the rows of instalments without slips."""
    content = sheet.content
    count = len(content.instalments)
    if not count or content.postal:
        return []
    if _are_many(sheet):
        columns = instalments.TWO.columns if count in {2, 4} else instalments.THREE.columns
        return [content.instalments[start : start + columns] for start in range(0, count, columns)]
    return _taken(content.instalments, pagination.rows(count))


def _are_many(sheet: Sheet) -> bool:
    """Return whether the pages after the first have the layout of many.

    So they have, too, when two languages leave no room for instalments below the single payment.
    """
    content = sheet.content
    return len(content.instalments) > pagination.SERVICE_MAX or bool(content.payment and sheet.texts.second)


def _taken(payments: tuple[Payment, ...], counts: tuple[int, ...]) -> list[tuple[Payment, ...]]:
    """Cut the payments into groups of so many."""
    groups, start = [], 0
    for count in counts:
        groups.append(payments[start : start + count])
        start += count
    return groups


def _first_page_end(sheet: Sheet, row: tuple[Payment, ...]) -> float:
    """Return where the first page ends when nothing grows."""
    content = sheet.content
    end = DETAILS_TOP
    if content.payment:
        end = _SINGLE_SLIP_TOP + WIDE.height if content.postal else DETAILS_TOP + DETAILS_HEIGHT
    if row:
        top = _INSTALMENTS_TOP if content.payment else _INSTALMENTS_ONLY_TOP
        end = top + instalments.look_of(len(row)).height
    return end + sheet.second_mm


def _pages_of_rows(sheet: Sheet, rows: list[tuple[Payment, ...]], *, first_row: bool) -> None:
    """Module 4 without slips: a row below the single payment, the others on further pages."""
    if rows and first_row:
        top = _INSTALMENTS_TOP if sheet.content.payment else _INSTALMENTS_ONLY_TOP
        if not sheet.content.payment:
            draw_bar(sheet, *sheet.texts.pair("payment_details"), DETAILS_TOP + sheet.shift)
        _row(sheet, rows[0], top, with_parties=True)
        rows = rows[1:]
    if _are_many(sheet):
        for page in _in_pages(rows, instalments.ROWS_PER_PAGE):
            _page_of_many(sheet, page)
        return
    for _, of_one_width in groupby(rows, key=len):
        for page in _in_pages(list(of_one_width), _FEW_ROWS):
            _page_of_few(sheet, page)


def _in_pages(rows: list[tuple[Payment, ...]], per_page: int) -> list[list[tuple[Payment, ...]]]:
    return [rows[start : start + per_page] for start in range(0, len(rows), per_page)]


def _row(sheet: Sheet, payments: tuple[Payment, ...], top: float, *, with_parties: bool) -> instalments.Look:
    """Draw a row of instalments where it usually starts at `top`; return its measures."""
    flow = sheet.flow
    look = instalments.look_of(len(payments))
    grown = instalments.row(
        sheet.page,
        sheet.content,
        sheet.texts,
        payments,
        look,
        top + flow.shift,
        with_parties=with_parties,
        room=flow.room,
    )
    flow.grow(grown)
    return look


def _page_of_few(sheet: Sheet, rows: list[tuple[Payment, ...]]) -> None:
    """Draw a page of up to nine instalments, each of which says what it is for and to whom."""
    look = instalments.look_of(len(rows[0]))
    sheet = sheet.next(_NEXT_PAGE_TOP + (len(rows) - 1) * look.pitch + look.height)
    with sheet.page.decoration():
        draw_heading(sheet)
    for number, row in enumerate(rows):
        _row(sheet, row, _NEXT_PAGE_TOP + number * look.pitch, with_parties=True)


def _page_of_many(sheet: Sheet, rows: list[tuple[Payment, ...]]) -> None:
    """Draw a page that says once who owes what to whom, and rows of instalments."""
    sheet = sheet.next(_MANY_END)
    with sheet.page.decoration():
        draw_heading(sheet)
    top = _NEXT_PAGE_TOP + sheet.shift
    draw_bar(sheet, *sheet.texts.pair("payment_details"), top)
    instalments.parties(sheet.page, sheet.content, sheet.texts, top + TEXT_IN_BAR)
    for number, row in enumerate(rows):
        top = instalments.FIRST_ROW + number * instalments.ROW_PITCH
        look = instalments.look_of(len(rows[0]))
        instalments.row(sheet.page, sheet.content, sheet.texts, row, look, top + sheet.shift, with_parties=False)


def _pages_of_slips(sheet: Sheet, account: PostalAccount) -> None:
    """Draw the instalments with their postal slips, two or three to a page."""
    content = sheet.content
    count = len(content.instalments)
    columns = pagination.rows_with_slips(count)
    if 3 * slip_growth(content, account, NARROW) > PAGE_END - _slips_end(instalments.THREE, NARROW):
        columns = pagination.pairs(count)
    for group in _taken(content.instalments, columns if count else ()):
        look, measures = (instalments.THREE, NARROW) if len(group) == 3 else (instalments.TWO, WIDE)
        _page_of_slips(sheet, group, account, look, measures)


def _page_of_slips(
    sheet: Sheet, group: tuple[Payment, ...], account: PostalAccount, look: instalments.Look, measures: Measures
) -> None:
    sheet = sheet.next(_slips_end(look, measures))
    page, content, flow = sheet.page, sheet.content, sheet.flow
    with page.decoration():
        draw_heading(sheet)
    _row(sheet, group, _NEXT_PAGE_TOP, with_parties=look is instalments.TWO)
    for index, payment in enumerate(group):
        top = look.first_slip + index * look.slip_pitch + flow.shift
        flow.grow(draw_slip(page, content, payment, account, measures, top, room=flow.room))


def _slips_end(look: instalments.Look, measures: Measures) -> float:
    return look.first_slip + (look.columns - 1) * look.slip_pitch + measures.height


def _which_in_bar(sheet: Sheet, payment: Payment, baseline: float) -> None:
    """Say at the end of the bar until when; both languages before the date."""
    page, texts = sheet.page, sheet.texts
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
