"""A notice and a receipt to start from, and eyes for what is on a page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
import zxingcpp

from contracts.calendar import ROME
from contracts.codes import NoticeNumber
from services.notices.documents.domain.content import (
    Artworks,
    NoticeContent,
    PaidReceipt,
    Party,
    Payee,
    Payment,
    PostalAccount,
    ReceiptContent,
)

MM = 72 / 25.4
LEANING_MM = 0.6


@dataclass(frozen=True)
class Box:
    """Ink of one piece of text, in millimetres from the top left corner."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box", tolerance: float) -> bool:
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        # Letters of two fonts that are read as one text lean over each other a little.
        leaning = LEANING_MM if self.text == other.text else 0.0
        return wide > tolerance + leaning and high > tolerance


def instalments(count: int, *, due: bool = True) -> tuple[Payment, ...]:
    """Make as many instalments, of different amounts and months."""
    return tuple(
        Payment(
            NoticeNumber(f"3010000000000{number:05d}"),
            10_000 + number,
            date(2026, 1 + number % 12, 28) if due else None,
            number,
        )
        for number in range(1, count + 1)
    )


def a_notice() -> NoticeContent:
    """Make the notice of the official references."""
    return NoticeContent(
        language="it",
        subject="Avviso Pagamento di TEST",
        payee=Payee("99999000013", "Comune di Test", "Settore di Test", "Info di Test", "CBI1234", has_website=True),
        recipient=Party("FFFCST83A15L113V", "Mario Rossi", ("Via Nazionale 1", "00100 Roma (RM)")),
        payment=Payment(NoticeNumber("470000008800999051"), 150_000, date(2024, 12, 31), None),
        postal=PostalAccount("000000123456", "Comune di Test", "AUT. 08/5 S3/81 53079 08129.07.20211"),
        artworks=Artworks(),
    )


@pytest.fixture(scope="session")
def notice() -> NoticeContent:
    return a_notice()


@pytest.fixture(scope="session")
def paid_receipt() -> PaidReceipt:
    return PaidReceipt(
        receipt_id="c110729d258c4ab1b765fe902aae41d6",
        notice_number=NoticeNumber("301000000000000144"),
        iuv="01000000000000144",
        amount_cents=150_000,
        fee_cents=150,
        psp="Banca di Prova S.p.A.",
        payment_method="creditCard",
        paid_at=datetime(2026, 7, 1, 11, 40, 5, tzinfo=ROME),
        application_date=date(2026, 7, 2),
        payer=Party("VRDLCU80A01F205X", "Luca Verdi"),
        duplicate=False,
    )


@pytest.fixture(scope="session")
def receipt(notice: NoticeContent, paid_receipt: PaidReceipt) -> ReceiptContent:
    return ReceiptContent(
        language="it",
        subject="Contributo 2026/2027",
        payee=notice.payee,
        debtor=replace(notice.recipient, address=()),
        beneficiary="Anna Rossi",
        receipts=(paid_receipt,),
        artworks=Artworks(),
    )


@pytest.fixture(scope="session")
def codes_in() -> Callable[[bytes], dict[str, str]]:
    """Read every code on every page at 300 dots per inch: format -> text."""

    def read(pdf: bytes) -> dict[str, str]:
        pages = (page.render(scale=300 / 72).to_pil() for page in pypdfium2.PdfDocument(pdf))
        return {str(code.format): code.text for page in pages for code in zxingcpp.read_barcodes(page)}

    return read


@pytest.fixture(scope="session")
def text_of() -> Callable[[bytes], str]:
    """Read the words of all pages."""

    def read(pdf: bytes) -> str:
        pages = (page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf))
        return " ".join(" ".join(pages).split())

    return read


@pytest.fixture(scope="session")
def boxes_of() -> Callable[[bytes], list[list[Box]]]:
    """Measure the ink of every piece of text and of every two-dimensional code, page by page."""

    def read(pdf: bytes) -> list[list[Box]]:
        return [_boxes(page) for page in pypdfium2.PdfDocument(pdf)]

    return read


def _boxes(page: pypdfium2.PdfPage) -> list[Box]:
    words = page.get_textpage()
    height = page.get_height()
    boxes = []
    for piece in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT]):
        left, bottom, right, top = piece.get_bounds()
        text = words.get_text_bounded(left, bottom, right, top)
        boxes.append(Box(text, left / MM, (height - top) / MM, right / MM, (height - bottom) / MM))
    return boxes + list(_codes(page))


def _codes(page: pypdfium2.PdfPage) -> Iterator[Box]:
    """The squares of 20 and 25 mm, each one filled path."""
    height = page.get_height()
    for path in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH]):
        left, bottom, right, top = path.get_bounds()
        sides = (right - left) / MM, (top - bottom) / MM
        if any(abs(sides[0] - side) < 0.1 and abs(sides[1] - side) < 0.1 for side in (20, 25)):
            yield Box("(code)", left / MM, (height - top) / MM, right / MM, (height - bottom) / MM)
