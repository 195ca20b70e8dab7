"""A notice with postal slip drawn on one core, against a bare reportlab page with the same fonts and both codes.

The bare page sets as many strings, in the same fonts, at fixed places: no wrapping, no measuring, no drawings.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from io import BytesIO
from itertools import count
from typing import Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from benchmarks.harness import program
from benchmarks.harness.figures import Figure, compared
from benchmarks.harness.turns import Turn, here, taken
from contracts.codes import NoticeNumber
from services.notices.documents.domain.content import (
    Artworks,
    NoticeContent,
    Party,
    Payee,
    Payment,
    PostalAccount,
)
from services.notices.documents.domain.payment_codes import postal_text, qr_text
from services.notices.documents.pdf.fonts import fonts_dir
from services.notices.documents.pdf.notice import render_notice
from services.notices.documents.pdf.symbols import Cells, data_matrix_cells, qr_cells

PAGES: Final = 20
STRINGS_SINGLE, STRINGS_WITH_SLIP = 56, 84
_numbers = count(1)
FONTS = {
    "BareRegular": "titillium-web-*-regular.ttf",
    "BareBold": "titillium-web-*-700.ttf",
    "BareMono": "roboto-mono-*-regular.ttf",
    "BareMonoBold": "roboto-mono-*-700.ttf",
}
SENTENCE = "In fase di pagamento, se previsto dall’ente, l’importo potrebbe essere"


def notice(number: int, *, with_slip: bool) -> NoticeContent:
    """Make the content of one of many different notices."""
    content = NoticeContent(
        language="it",
        subject=f"Contributo scolastico 2026/2027, rata {number}",
        payee=Payee(
            "80012345676", "Conservatorio di Musica", "Segreteria", "conservatorio.example", "CJM08", has_website=True
        ),
        recipient=Party("RSSMRA85T10A562S", f"Mario Rossi {number}", ("Via Nazionale 1", "00100 Roma (RM)")),
        payment=Payment(NoticeNumber(f"3010{number:014d}"), 10_000 + number, date(2026, 12, 31), None),
        postal=PostalAccount("001012345678", "Conservatorio di Musica", None),
        artworks=Artworks(),
    )
    return content if with_slip else replace(content, postal=None)


def bare_page(content: NoticeContent) -> bytes:
    """Draw the same codes and as many strings with reportlab alone."""
    payment = content.payment
    assert payment is not None
    buffer = BytesIO()
    canvas = Canvas(buffer, invariant=1, pageCompression=1)
    names = list(FONTS)
    for index in range(STRINGS_WITH_SLIP if content.postal else STRINGS_SINGLE):
        canvas.setFont(names[index % 4], 8)
        canvas.drawString(30, 820 - index * 9, f"{SENTENCE[: 12 + index % 50]} {payment.notice_number}")
    draw(canvas, qr_cells(qr_text(payment.notice_number, content.payee.fiscal_code, payment.amount_cents)))
    if content.postal:
        text = postal_text(
            notice_number=payment.notice_number,
            account=content.postal.number,
            amount_cents=payment.amount_cents,
            creditor_fiscal_code=content.payee.fiscal_code,
            debtor_fiscal_code=content.recipient.fiscal_code or "",
            debtor_name=content.recipient.full_name,
            description=content.subject,
        )
        draw(canvas, data_matrix_cells(text))
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def draw(canvas: Canvas, cells: Cells) -> None:
    """Draw a code as one path, written out as compactly as the notice does."""
    squares = " ".join(
        f"{x} {-y} 1 1 re" for y, line in enumerate(cells) for x, is_black in enumerate(line) if is_black
    )
    canvas.addLiteral(f"q 1.5 0 0 1.5 30 100 cm {squares} f Q")


def drawn(render: Callable[[NoticeContent], bytes], *, with_slip: bool) -> Turn:
    """Draw different notices."""
    return here(lambda: render(notice(next(_numbers), with_slip=with_slip)), repeats=PAGES)


def measure(rounds: int) -> list[Figure]:
    """Measure both variants; the goals are for the one with the slip."""
    for name, pattern in FONTS.items():
        pdfmetrics.registerFont(TTFont(name, str(next(fonts_dir().rglob(pattern)))))
    sides = taken(
        {
            f"{name}, {variant}": partial(drawn, render, with_slip=variant == "slip")
            for variant in ("slip", "single")
            for name, render in (("notice", render_notice), ("bare", bare_page))
        },
        rounds,
    )
    ours, single = sides["notice, slip"], sides["notice, single"]
    size = len(render_notice(notice(1, with_slip=True)))
    return [
        *compared(ours, sides["bare, slip"], "notice", processor_ms=1_000 / 60, by_processor=True),
        Figure(name="without slip", value=single.processor_ms, unit="ms/notice"),
        Figure(
            name="without slip, ratio",
            value=sides["bare, single"].processor_ms / single.processor_ms,
            unit="of a bare page",
        ),
        Figure(name="size", value=size / 1_000, unit="kB/notice"),
    ]


if __name__ == "__main__":
    program.main(measure, rounds=7)
