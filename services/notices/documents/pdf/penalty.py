"""Layout of the notice of a penalty with two amounts: reduced within 5 days of notification, full within 60.

Both on one page, as on pagoPA's form; each on a page of its own where it has its postal slip, or says all in two
languages.
"""

from typing import Final

from services.notices.documents.domain.content import Payment
from services.notices.documents.pdf import drawings
from services.notices.documents.pdf.fonts import BOLD, REGULAR
from services.notices.documents.pdf.formats import amount_text
from services.notices.documents.pdf.header import LEFT, LEFT_COLUMN_END, RIGHT, TEXT_IN_BAR
from services.notices.documents.pdf.instructions import draw_where, end_instructions, title_how_much
from services.notices.documents.pdf.page import Piece
from services.notices.documents.pdf.payment_details import DETAILS_HEIGHT, DETAILS_TOP, draw_payment
from services.notices.documents.pdf.penalty_texts import PENALTY_TEXTS, PenaltyTexts
from services.notices.documents.pdf.postal_slip import NARROW, draw_slip
from services.notices.documents.pdf.sheet import PAGE_END, Sheet, draw_bar, draw_heading, draw_parties
from services.notices.documents.pdf.text_layout import Paragraph

_TEXT_LEFT: Final = 16.0
_AMOUNTS_LEFT: Final = (LEFT, 57.0)
_AMOUNT_WIDTH: Final = 42.0
_LEADING: Final = 3.8
_TOGETHER_MM: Final = 32.28
"""How much lower than usual the details stand below the instructions of both amounts and the arrows."""
_ALONE_MM: Final = 25.13
"""The same on a page of one amount."""
_SLIP_BELOW_DETAILS: Final = 59.01


def draw_penalty(sheet: Sheet) -> None:
    """Draw the notice of a penalty."""
    if sheet.content.postal or sheet.texts.second:
        for which, payment in enumerate(sheet.content.payments):
            _page_of_one(sheet, which, payment)
    else:
        _page_of_both(sheet)


def _page_of_both(sheet: Sheet) -> None:
    end = DETAILS_TOP + _TOGETHER_MM + 2 * DETAILS_HEIGHT
    sheet.flow.room = PAGE_END - end
    draw_heading(sheet)
    draw_parties(sheet)
    start = sheet.shift
    last = _amounts(sheet)
    end_instructions(sheet, draw_where(sheet))
    # The instructions of a penalty are higher than those the details usually follow.
    sheet.flow.grow(max(last, 159.81 + start) - (159.81 + sheet.shift))
    _arrows(sheet, 167.75 + sheet.shift)
    for which, payment in enumerate(sheet.content.payments):
        top = DETAILS_TOP + _TOGETHER_MM + which * DETAILS_HEIGHT + sheet.shift
        _details(sheet, which, payment, top)


def _page_of_one(sheet: Sheet, which: int, payment: Payment) -> None:
    content = sheet.content
    end = DETAILS_TOP + _ALONE_MM + (_SLIP_BELOW_DETAILS + NARROW.height if content.postal else DETAILS_HEIGHT)
    if which:
        sheet = sheet.next(end)
        with sheet.page.decoration():
            draw_heading(sheet)
            draw_parties(sheet)
    else:
        sheet.flow.room = PAGE_END - end
        draw_heading(sheet)
        draw_parties(sheet)
    start = sheet.shift
    last = _one_amount(sheet, which, payment)
    sheet.flow.grow(max(last, draw_where(sheet), 160.6 + start) - (160.6 + start))
    top = DETAILS_TOP + _ALONE_MM + sheet.shift
    _details(sheet, which, payment, top)
    if content.postal:
        texts = PENALTY_TEXTS["it"]
        top = DETAILS_TOP + _ALONE_MM + _SLIP_BELOW_DETAILS + sheet.shift
        when = _pieces(texts.within[which])
        draw_slip(sheet.page, content, payment, content.postal, NARROW, top, room=sheet.flow.room, when=when)


def _languages(sheet: Sheet) -> tuple[PenaltyTexts, PenaltyTexts | None]:
    second = sheet.content.second_language
    return PENALTY_TEXTS[sheet.content.language], PENALTY_TEXTS[second] if second else None


def _amounts(sheet: Sheet) -> float:
    """Module 3.1 for both amounts; return the last baseline."""
    page, content, shift = sheet.page, sheet.content, sheet.shift
    texts, _ = _languages(sheet)
    with page.section():
        title_how_much(sheet, "how_much_and_when")
        last = 0.0
        for which, payment in enumerate(content.payments):
            left = _AMOUNTS_LEFT[which]
            page.line(texts.amount[which], left, 106.36 + shift, font=BOLD, size=8, width=_AMOUNT_WIDTH)
            amount = f"{amount_text(payment.amount_cents, content.language)} Euro"
            page.line(amount, left, 113.51 + shift, font=BOLD, size=16, width=_AMOUNT_WIDTH)
            bold, _, rest = texts.within_long[which].removeprefix("**").partition("** ")
            when = [
                Paragraph(bold, left, _AMOUNT_WIDTH, 118.8 + shift, font=BOLD),
                Paragraph(rest, left, _AMOUNT_WIDTH, 122.77 + shift, gap=_LEADING),
            ]
            last = max(last, page.fitted(when, 122.77 + shift + 4.2).last_baseline)
        return _answers(sheet, last + 7.4, with_choice=False)


def _one_amount(sheet: Sheet, which: int, payment: Payment) -> float:
    """Module 3.1 for one of the amounts; return the last baseline."""
    page, content, shift = sheet.page, sheet.content, sheet.shift
    texts, second = _languages(sheet)
    with page.section():
        title_how_much(sheet, "how_much_and_when")
        amount = f"{amount_text(payment.amount_cents, content.language)} Euro"
        left = LEFT + 6 + page.line(amount, LEFT, 108.74 + shift, font=BOLD, size=16, width=50)
        width = LEFT_COLUMN_END - left
        sentence = _sentence(texts, which)
        paragraphs = [Paragraph(sentence, left, width, 106.36 + shift, markup=True, leading=_LEADING)]
        if second:
            paragraphs.append(
                Paragraph(
                    _sentence(second, which), left, width, 106.36 + shift, markup=True, leading=_LEADING, grey=True
                )
            )
        last = page.fitted(paragraphs, 123 + shift).last_baseline
        return _answers(sheet, max(last, 110.07 + shift) + 7.93, with_choice=True)


def _sentence(texts: PenaltyTexts, which: int) -> str:
    """Say `**Importo ridotto dal 6º al 60º giorno** dalla notifica del verbale`."""
    return f"**{texts.amount[which]} {texts.within_long[which].removeprefix('**')}"


def _answers(sheet: Sheet, baseline: float, *, with_choice: bool) -> float:
    """Set the paragraphs with icons: which amount to choose, how days are counted, what of an unclaimed letter.

    The last is left out beside a second language, as on pagoPA's form.
    """
    page = sheet.page
    texts, second = _languages(sheet)
    asked = [("how_counted", drawings.calendar_icon)]
    if second is None:
        asked.append(("unclaimed", drawings.letter_icon))
    paragraphs: list[Paragraph] = []
    icons = []
    if with_choice:
        icons.append((len(paragraphs), drawings.info_icon))
        paragraphs += _both(texts, second, "choose", baseline)
    for name, icon in asked:
        icons.append((len(paragraphs), icon))
        paragraphs += _both(texts, second, name, baseline, font=BOLD, gap=5.55)
        paragraphs += _both(texts, second, f"{name}_answer", baseline, gap=4.5)
    placed = page.fitted(paragraphs, bottom=161.5 + sheet.shift + sheet.flow.room)
    for index, icon in icons:
        icon(page, (12.03, placed.first_baselines[index] - 0.66))
    return placed.last_baseline


def _both(
    texts: PenaltyTexts,
    second: PenaltyTexts | None,
    name: str,
    baseline: float,
    *,
    font: str = REGULAR,
    gap: float = _LEADING,
) -> list[Paragraph]:
    """Compose a text in both languages."""
    width = LEFT_COLUMN_END - _TEXT_LEFT
    paragraphs = [Paragraph(getattr(texts, name), _TEXT_LEFT, width, baseline, font=font, gap=gap, leading=_LEADING)]
    if second:
        paragraphs.append(
            Paragraph(
                getattr(second, name), _TEXT_LEFT, width, baseline, font=font, gap=3.9, leading=_LEADING, grey=True
            )
        )
    return paragraphs


def _arrows(sheet: Sheet, baseline: float) -> None:
    """Say between two arrows which of the following to choose."""
    page = sheet.page
    texts, _ = _languages(sheet)
    for x in (12.0, 198.0):
        drawings.down_arrow(page, (x, baseline - 0.9))
    width = 176.0
    taken = page.width_of(texts.choose, font=REGULAR, size=8, width=width)
    page.line(texts.choose, (LEFT + RIGHT - taken) / 2, baseline, font=REGULAR, size=8, width=width)


def _details(sheet: Sheet, which: int, payment: Payment, top: float) -> None:
    """Module 4 of one amount; its bar says which it is and within when."""
    page = sheet.page
    texts, second = _languages(sheet)
    with page.section():
        draw_bar(sheet, texts.amount[which], second.amount[which] if second else None, top)
        pieces = _pieces(texts.within[which])
        if second:
            pieces += (("· " + second.within[which].replace("**", ""), REGULAR),)
        page.pieces_to(pieces, RIGHT, top + TEXT_IN_BAR, size=10, width=92)
        draw_payment(sheet, payment, top)


def _pieces(marked: str) -> tuple[Piece, ...]:
    """Split a text into what is bold and what is not."""
    parts = marked.split("**")
    return tuple((part.strip(), BOLD if index % 2 else REGULAR) for index, part in enumerate(parts) if part.strip())
