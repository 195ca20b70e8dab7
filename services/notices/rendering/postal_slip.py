"""The Bollettino Postale PA under a notice. Poste Italiane's form: always in Italian."""

from typing import Final

from contracts.codes import NoticeNumber
from services.notices.codes import postal_text
from services.notices.domain import NoticeContent, PostalAccount
from services.notices.rendering import drawings
from services.notices.rendering.fitting import Paragraph
from services.notices.rendering.fonts import BOLD, MONO_BOLD, REGULAR
from services.notices.rendering.page import GREY, WIDTH, Page
from services.notices.rendering.symbols import data_matrix_cells
from services.notices.rendering.texts import written_amount, written_date

_LEFT: Final = 10.0
_MIDDLE: Final = 58.99
_RIGHT: Final = 200.0
_PAYABLE: Final = (
    "Bollettino Postale pagabile in tutti gli Uffici Postali e sui canali fisici o digitali abilitati di Poste Italiane"
    " e dell’Ente Creditore"
)


def draw_slip(page: Page, content: NoticeContent, account: PostalAccount, top: float) -> None:
    """Draw the slip whose grey bar starts at `top`; it takes 63 mm."""
    drawings.scissors(page, top - 2.8)
    page.box(0, top, WIDTH, top + 7.94)
    page.line("BOLLETTINO POSTALE PA", _LEFT, top + 5.03, font=BOLD, size=10, width=45)
    drawings.banco_posta(page, 59.1, top + 5.2, 11)
    page.line(_which(content), _RIGHT, top + 5.03, font=BOLD, size=10, width=110, right=True)
    _left_column(page, account, top)
    drawings.euro_mark(page, 59.28, top + 14.03)
    word = page.line("sul C/C n.", 68.99, top + 19.05, font=REGULAR, size=10, width=20)
    page.line(account.number, 68.99 + word + 2.2, top + 19.05, font=MONO_BOLD, size=12, width=50)
    digits = page.line(
        written_amount(content.payment.amount_cents, "it"),
        _RIGHT,
        top + 19.05,
        font=MONO_BOLD,
        size=12,
        width=40,
        right=True,
    )
    page.line("Euro", _RIGHT - digits - 2, top + 19.05, font=REGULAR, size=10, width=10, right=True)
    _parties(page, content, account, top)
    _codes(page, content, top)
    _code(page, content, account, top)


def _which(content: NoticeContent) -> str:
    payment = content.payment
    which = f"Rata {payment.instalment}" if payment.instalment else "Rata unica"
    return f"{which} entro il {written_date(payment.due_date)}" if payment.due_date else which


def _left_column(page: Page, account: PostalAccount, top: float) -> None:
    drawings.poste_italiane(page, top + 19.3)
    drawings.slip_circuit(page, top + 23.72)
    page.fitted([Paragraph(_PAYABLE, _LEFT, 42, top + 43.39, leading=3.79)], bottom=top + 59)
    if account.authorisation:
        page.line(account.authorisation, _LEFT, top + 62.18, font=REGULAR, size=7, width=47, color=GREY)


def _parties(page: Page, content: NoticeContent, account: PostalAccount, top: float) -> None:
    rows = (
        ("Intestato a", account.holder, 29.9),
        ("Destinatario", content.recipient.full_name, 35.46),
        ("Oggetto pagamento", content.subject, 40.75),
    )
    page.fitted(
        [
            Paragraph(value, _MIDDLE, 112, top + baseline, font=BOLD, label=label, gap=5.2, leading=3.6)
            for label, value, baseline in rows
        ],
        bottom=top + 47.4,
    )


def _codes(page: Page, content: NoticeContent, top: float) -> None:
    label, value = top + 50.54, top + 56.09
    page.line("Cod. Avviso", _MIDDLE, label, font=REGULAR, size=8, width=40)
    page.line(NoticeNumber(content.payment.notice_number).grouped, _MIDDLE, value, font=MONO_BOLD, size=10, width=55)
    page.line("Tipo", 115.75, label, font=REGULAR, size=8, width=15)
    page.line("P1", 115.75, value, font=MONO_BOLD, size=10, width=15)
    page.line("Cod. Fiscale Ente Creditore", 168.5, label, font=REGULAR, size=8, width=40, right=True)
    page.line(content.payee.fiscal_code, 168.5, value, font=MONO_BOLD, size=10, width=40, right=True)


def _code(page: Page, content: NoticeContent, account: PostalAccount, top: float) -> None:
    text = postal_text(
        notice_number=content.payment.notice_number,
        account=account.number,
        amount_cents=content.payment.amount_cents,
        creditor_fiscal_code=content.payee.fiscal_code,
        debtor_fiscal_code=content.recipient.fiscal_code or "",
        debtor_name=content.recipient.full_name,
        description=content.subject,
    )
    page.cells(data_matrix_cells(text), 175, top + 29.17, 25)
    drawings.corners(page, 172.61, top + 26.78, 29.78)
