"""What the pages share: logos, title and subject on top, the bars, the payee's and the other party's column."""

import base64
from typing import Final

from services.notices.documents.domain.content import Artwork, Party, Payee, VerifiableContent
from services.notices.documents.pdf import drawings
from services.notices.documents.pdf.fonts import BOLD, MONO
from services.notices.documents.pdf.notice_texts import NOTICE_TEXTS
from services.notices.documents.pdf.page import WIDTH, Page, bar_title
from services.notices.documents.pdf.text_layout import Paragraph

LEFT: Final = 10.0
RIGHT: Final = 200.0
LEFT_COLUMN_END: Final = 100.0
RIGHT_COLUMN: Final = 114.0
BAR_HEIGHT: Final = 7.94
TEXT_IN_BAR: Final = 5.03
"""From the top of a bar to the baseline of its text."""


def heading(page: Page, content: VerifiableContent, title: str, second_title: str | None = None) -> None:
    """Module 1: pagoPA logo, title, subject, the entity's logo in its 30 mm square; how to verify, in small print."""
    artworks, verification = content.artworks, content.verification
    texts = NOTICE_TEXTS[content.language]
    with page.figure(texts.pagopa_logo, 10.05, 10.08, 14.85, 9.95):
        if artworks.pagopa:
            _artwork(page, artworks.pagopa, (10.05, 10.08, 14.85, 9.95))
        else:
            drawings.pagopa_logo(page)
    page.line(title.upper(), 29, 13.23, font=BOLD, size=10, width=130, style=bar_title(second_title, "H1"))
    if verification:
        where = texts.verify.format(link=verification.link)
        page.link(where, verification.link, 29, 17.6, size=7, width=136)
    width = (165.0 if artworks.entity else RIGHT) - LEFT
    page.fitted([Paragraph(content.subject, LEFT, width, 29.1, 16, BOLD, leading=6.6)], bottom=42.4)
    if artworks.entity:
        with page.figure(texts.payee_logo.format(payee=content.payee.name), 170.1, 10.05, 29.9, 29.9):
            _artwork(page, artworks.entity, (170.1, 10.05, 29.9, 29.9))


def split_bars(page: Page, top: float, bottom: float) -> None:
    """Draw the two grey bars over the columns."""
    page.box(0, top, 103.98, bottom)
    page.box(106.1, top, WIDTH, bottom)


def payee_column(page: Page, payee: Payee, label: str, second: str | None = None) -> None:
    """Module 2.1: who is owed."""
    taken = page.width_of(payee.fiscal_code, font=MONO, size=8, width=30)
    with page.section():
        page.line(
            label.upper(),
            LEFT,
            48.95,
            font=BOLD,
            size=10,
            width=86 - taken,
            style=bar_title(second),
        )
        page.line(payee.fiscal_code, LEFT_COLUMN_END, 48.95, font=MONO, size=8, width=30, right=True)
        width = LEFT_COLUMN_END - LEFT
        page.fitted(
            [
                Paragraph(payee.name, LEFT, width, 62.44, 14, BOLD, leading=5.8),
                Paragraph(payee.office or "", LEFT, width, 74.08, 12, leading=5.3, gap=6.3),
                Paragraph(payee.info or "", LEFT, width, 84.4, 8, gap=4.3),
            ],
            bottom=87.2,
        )


def party_column(page: Page, party: Party, label: str, second: str | None = None) -> None:
    """Module 2.2: who owes."""
    code = party.fiscal_code or ""
    taken = page.width_of(code, font=MONO, size=8, width=40)
    with page.section():
        page.line(
            label.upper(),
            RIGHT_COLUMN,
            48.95,
            font=BOLD,
            size=10,
            width=82 - taken,
            style=bar_title(second),
        )
        if code:
            page.line(code, RIGHT, 48.95, font=MONO, size=8, width=40, right=True)
        width = RIGHT - RIGHT_COLUMN
        name = Paragraph(party.full_name, RIGHT_COLUMN, width, 62.44, 14, BOLD, leading=5.8)
        address = [Paragraph(line, RIGHT_COLUMN, width, 74.08, 12, leading=5.3, gap=6.09) for line in party.address]
        page.fitted([name, *address], bottom=87.2)


def _artwork(page: Page, artwork: Artwork, place: tuple[float, float, float, float]) -> None:
    content = base64.b64decode(artwork.content_base64)
    if artwork.media_type == "image/svg+xml":
        page.svg(content, *place)
    else:
        page.photo(content, *place)
