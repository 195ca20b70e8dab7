"""Notices drawn per second and core, against a bare reportlab page with the same fonts and both codes.

    python benchmarks/notices.py [ROUNDS]

Both are drawn in turn in the same run and timed in processor seconds, so that a busy machine slows them alike. The bare
page sets as many strings, in the same fonts, at fixed places: no wrapping, no measuring, no drawings.
"""

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from reportlab.pdfbase import pdfmetrics  # noqa: E402 - after the path is set
from reportlab.pdfbase.ttfonts import TTFont  # noqa: E402
from reportlab.pdfgen.canvas import Canvas  # noqa: E402

from contracts.codes import NoticeNumber  # noqa: E402
from services.notices.documents.domain.content import (  # noqa: E402
    Artworks,
    NoticeContent,
    Party,
    Payee,
    Payment,
    PostalAccount,
)
from services.notices.documents.domain.payment_codes import postal_text, qr_text  # noqa: E402
from services.notices.documents.pdf.fonts import fonts_dir  # noqa: E402
from services.notices.documents.pdf.notice import render_notice  # noqa: E402
from services.notices.documents.pdf.symbols import Cells, data_matrix_cells, qr_cells  # noqa: E402

PAGES_PER_ROUND = 20
STRINGS_SINGLE, STRINGS_WITH_SLIP = 56, 84
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
    buffer = BytesIO()
    canvas = Canvas(buffer, invariant=1, pageCompression=1)
    names = list(FONTS)
    for index in range(STRINGS_WITH_SLIP if content.postal else STRINGS_SINGLE):
        canvas.setFont(names[index % 4], 8)
        canvas.drawString(30, 820 - index * 9, f"{SENTENCE[: 12 + index % 50]} {content.payment.notice_number}")
    payment = content.payment
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


def pages_per_second(render: Callable[[NoticeContent], bytes], first: int, *, with_slip: bool) -> float:
    """Draw a round of different notices; return how many a processor second holds."""
    started = time.process_time()
    for number in range(first, first + PAGES_PER_ROUND):
        render(notice(number, with_slip=with_slip))
    return PAGES_PER_ROUND / (time.process_time() - started)


def main() -> None:
    """Measure both variants and print the ratios."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    for name, pattern in FONTS.items():
        pdfmetrics.registerFont(TTFont(name, str(next(fonts_dir().rglob(pattern)))))
    for with_slip in (False, True):
        rates: dict[str, list[float]] = {"notice": [], "bare": []}
        for index in range(rounds + 1):
            first = index * PAGES_PER_ROUND
            ours = pages_per_second(render_notice, first, with_slip=with_slip)
            bare = pages_per_second(bare_page, first, with_slip=with_slip)
            if index:  # the first round loads fonts and code
                rates["notice"].append(ours)
                rates["bare"].append(bare)
        ours, bare = (statistics.median(rates[name]) for name in ("notice", "bare"))
        size = len(render_notice(notice(1, with_slip=with_slip)))
        print(
            f"{'with postal slip' if with_slip else 'single':<17}{ours:6.1f} notices/s per core"
            f"   bare page {bare:6.1f}/s   ratio {ours / bare:.2f}   {size / 1000:.1f} kB each"
        )


if __name__ == "__main__":
    main()
