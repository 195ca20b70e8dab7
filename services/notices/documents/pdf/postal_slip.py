"""The Bollettino Postale PA of a payment. Poste Italiane's form: always in Italian."""

from dataclasses import dataclass, replace
from typing import Final

from services.notices.documents.domain.content import NoticeContent, Payment, PostalAccount
from services.notices.documents.domain.payment_codes import postal_text
from services.notices.documents.pdf import drawings
from services.notices.documents.pdf.bilingual_texts import which
from services.notices.documents.pdf.fonts import BOLD, MONO_BOLD, REGULAR, latin, width_pt
from services.notices.documents.pdf.formats import amount_text
from services.notices.documents.pdf.notice_texts import NOTICE_TEXTS
from services.notices.documents.pdf.page import GREY, WIDTH, Page, Piece, Style, bar_title
from services.notices.documents.pdf.symbols import data_matrix_cells
from services.notices.documents.pdf.text_layout import MM, Paragraph, line_count

_LEFT: Final = 10.0
_MIDDLE: Final = 58.99
_RIGHT: Final = 200.0
_SIZE: Final = 8.0
_LINE: Final = 3.43
_PARTIES_WIDTH: Final = 112.0
_LABEL_GAP: Final = 2.0
_TO_VALUE: Final = 5.55
_PAYABLE: Final = (
    "Bollettino Postale pagabile in tutti gli Uffici Postali e sui canali fisici o digitali abilitati di Poste Italiane"
    " e dell’Ente Creditore"
)


@dataclass(frozen=True)
class Measures:
    """Where the parts of a slip stand, in mm below its upper edge, and how high it is."""

    poste: float
    circuit: float
    payable: float
    authorisation: float
    account: float
    parties: tuple[float, ...]
    codes: float
    data_matrix: float
    height: float


WIDE: Final = Measures(19.3, 23.72, 43.39, 62.18, 19.05, (29.9, 35.46, 40.75), 50.54, 29.17, 63.0)
"""A slip of 63 mm: alone on its page, or two."""
NARROW: Final = Measures(17.4, 19.4, 37.31, 54.0, 16.93, (25.91, 31.21, 36.81), 46.31, 25.27, 55.0)
"""A slip of 55 mm: three on a page."""


def slip_growth(content: NoticeContent, account: PostalAccount, at: Measures) -> float:
    """Return how much higher than its measures a slip is whose names or subject take more than a line."""
    rise = len(at.parties) * _row_growth(content, account)
    return max(0.0, at.codes + _TO_VALUE + rise - at.authorisation) if rise else 0.0


def draw_slip(
    page: Page,
    content: NoticeContent,
    payment: Payment,
    account: PostalAccount,
    at: Measures,
    top: float,
    *,
    room: float = 0.0,
    when: tuple[Piece, ...] = (),
) -> float:
    """Draw the slip of one payment; its grey bar starts at `top` and says `when`, by default until which day.

    Returns how much higher than its measures it is, `room` at most: what does not fit becomes smaller.
    """
    growth = slip_growth(content, account, at)
    if growth <= room:
        rise = _row_growth(content, account)
        parties = tuple(baseline + index * rise for index, baseline in enumerate(at.parties))
        at = replace(at, parties=parties, codes=at.codes + len(parties) * rise)
    else:
        growth = 0.0
    with page.section(language=None if content.language == "it" else "it"):
        drawings.scissors(page, top - 2.8)
        page.box(0, top, WIDTH, top + 7.94)
        page.line("BOLLETTINO POSTALE PA", _LEFT, top + 5.03, font=BOLD, size=10, width=45, style=bar_title())
        drawings.banco_posta(page, 59.1, top + 5.2, 11)
        page.pieces_to(when or ((which(NOTICE_TEXTS["it"], payment), BOLD),), _RIGHT, top + 5.03, size=10, width=110)
        _left_column(page, account, at, top)
        _account(page, payment, account, at, top)
        _parties(page, content, account, at, top)
        _codes(page, content, payment, top + at.codes)
        _code(page, content, payment, account, top + at.data_matrix)
    return growth


def _labelled_parties(content: NoticeContent, account: PostalAccount) -> tuple[tuple[str, str], ...]:
    """Return what the slip says of whom, in letters that any counter can read."""
    return (
        ("Intestato a", latin(account.holder, BOLD)),
        ("Destinatario", latin(content.recipient.full_name, BOLD)),
        ("Oggetto pagamento", latin(content.subject, BOLD)),
    )


def _row_growth(content: NoticeContent, account: PostalAccount) -> float:
    """Return what each row of the parties gains: all three are as high as the highest of them."""
    lines = max(
        line_count(value, BOLD, _SIZE, _PARTIES_WIDTH - _LABEL_GAP - width_pt(label, REGULAR, _SIZE) / MM)
        for label, value in _labelled_parties(content, account)
    )
    return (lines - 1) * _LINE


def _left_column(page: Page, account: PostalAccount, at: Measures, top: float) -> None:
    drawings.poste_italiane(page, top + at.poste)
    drawings.slip_circuit(page, top + at.circuit)
    payable = Paragraph(_PAYABLE, _LEFT, 42, top + at.payable, leading=3.79)
    page.fitted([payable], bottom=top + at.payable + 15.2)
    if account.authorisation:
        page.line(
            account.authorisation,
            _LEFT,
            top + at.authorisation,
            font=REGULAR,
            size=7,
            width=47,
            style=Style(color=GREY),
        )


def _account(page: Page, payment: Payment, account: PostalAccount, at: Measures, top: float) -> None:
    baseline = top + at.account
    drawings.euro_mark(page, 59.28, baseline - 5.02)
    word = page.line("sul C/C n.", 68.99, baseline, font=REGULAR, size=10, width=20)
    page.line(account.number, 68.99 + word + 2.2, baseline, font=MONO_BOLD, size=12, width=50)
    amount = amount_text(payment.amount_cents, "it")
    digits = page.width_of(amount, font=MONO_BOLD, size=12, width=40)
    page.line("Euro", _RIGHT - digits - 2, baseline, font=REGULAR, size=10, width=10, right=True)
    page.line(amount, _RIGHT, baseline, font=MONO_BOLD, size=12, width=40, right=True)


def _parties(page: Page, content: NoticeContent, account: PostalAccount, at: Measures, top: float) -> None:
    page.fitted(
        [
            Paragraph(value, _MIDDLE, _PARTIES_WIDTH, top + y, _SIZE, BOLD, label=label, gap=5.2, leading=_LINE)
            for (label, value), y in zip(_labelled_parties(content, account), at.parties, strict=True)
        ],
        bottom=top + at.codes - 3.14,
    )


def _codes(page: Page, content: NoticeContent, payment: Payment, label: float) -> None:
    value = label + _TO_VALUE
    page.line("Cod. Avviso", _MIDDLE, label, font=REGULAR, size=8, width=40)
    page.line(payment.notice_number.grouped, _MIDDLE, value, font=MONO_BOLD, size=10, width=55)
    page.line("Tipo", 115.75, label, font=REGULAR, size=8, width=15)
    page.line("P1", 115.75, value, font=MONO_BOLD, size=10, width=15)
    page.line("Cod. Fiscale Ente Creditore", 168.5, label, font=REGULAR, size=8, width=40, right=True)
    page.line(content.payee.fiscal_code, 168.5, value, font=MONO_BOLD, size=10, width=40, right=True)


def _code(page: Page, content: NoticeContent, payment: Payment, account: PostalAccount, top: float) -> None:
    text = postal_text(
        notice_number=payment.notice_number,
        account=account.number,
        amount_cents=payment.amount_cents,
        creditor_fiscal_code=content.payee.fiscal_code,
        debtor_fiscal_code=content.recipient.fiscal_code or "",
        debtor_name=content.recipient.full_name,
        description=content.subject,
    )
    number = payment.notice_number.grouped
    with page.figure(f"Codice Data Matrix del bollettino postale {number}", 175, top, 25, 25):
        page.cells(data_matrix_cells(text), 175, top, 25)
    drawings.corners(page, 172.61, top - 2.39, 29.78)
