"""What the pages share: logos, title and subject on top, the bars, the payee's and the other party's column."""

import base64
from dataclasses import dataclass
from typing import Final

from services.notices.documents.domain.content import Artwork, Party, Payee, VerifiableContent
from services.notices.documents.pdf import drawings
from services.notices.documents.pdf.fonts import BOLD, MONO, REGULAR
from services.notices.documents.pdf.notice_texts import NOTICE_TEXTS
from services.notices.documents.pdf.page import WIDTH, Flow, Page, bar_title
from services.notices.documents.pdf.text_layout import Paragraph, line_count

LEFT: Final = 10.0
RIGHT: Final = 200.0
LEFT_COLUMN_END: Final = 100.0
RIGHT_COLUMN: Final = 114.0
BAR_HEIGHT: Final = 7.94
TEXT_IN_BAR: Final = 5.03
"""From the top of a bar to the baseline of its text."""

_SUBJECT_LAST: Final = 38.0
"""Lowest baseline of a subject that moves nothing: beside the entity's logo."""
_NAME_SIZE: Final = 14.0
_NAME_LINE: Final = 5.95
_OFFICE_SIZE: Final = 12.0
_OFFICE_LINE: Final = 5.93
_INFO_SIZE: Final = 8.0
_INFO_LINE: Final = 3.81
_ROW_GAP: Final = 6.0


def heading(
    page: Page, content: VerifiableContent, title: str, second_title: str | None = None, flow: Flow | None = None
) -> None:
    """Module 1: pagoPA logo, title, subject, the entity's logo in its 30 mm square; how to verify, in small print.

    With `flow` a subject of three lines moves what follows down, else it becomes smaller.
    """
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
    subject = Paragraph(content.subject, LEFT, width, 29.1, 16, BOLD, leading=6.6)
    placed = page.fitted([subject], bottom=42.4 + (flow.room if flow else 0))
    if flow:
        flow.grow(max(0.0, placed.last_baseline - _SUBJECT_LAST))
    if artworks.entity:
        with page.figure(texts.payee_logo.format(payee=content.payee.name), 170.1, 10.05, 29.9, 29.9):
            _artwork(page, artworks.entity, (170.1, 10.05, 29.9, 29.9))


def split_bars(page: Page, top: float, bottom: float) -> None:
    """Draw the two grey bars over the columns."""
    page.box(0, top, 103.98, bottom)
    page.box(106.1, top, WIDTH, bottom)


@dataclass(frozen=True)
class Rows:
    """Baselines of what stands under the bars of both parties, and where the last of it must end."""

    name: float = 62.44
    office: float = 74.08
    info: float = 84.4
    bottom: float = 87.2


def rows_of(page_top: float, payee: Payee, party: Party) -> Rows:
    """Return where the template has the rows of these two: names, office and address, contacts.

    Both columns share their rows: a name of two lines moves both down, and a row without content leaves the gaps alone.
    The address stands beside office and contacts; where it is the higher, both take half of the difference.
    """
    names = max(
        line_count(payee.name, BOLD, _NAME_SIZE, LEFT_COLUMN_END - LEFT),
        line_count(party.full_name, BOLD, _NAME_SIZE, RIGHT - RIGHT_COLUMN),
    )
    office = _OFFICE_LINE * line_count(payee.office or "", REGULAR, _OFFICE_SIZE, LEFT_COLUMN_END - LEFT)
    info = _INFO_LINE * line_count(payee.info or "", REGULAR, _INFO_SIZE, LEFT_COLUMN_END - LEFT)
    address = _OFFICE_LINE * sum(
        line_count(line, REGULAR, _OFFICE_SIZE, RIGHT - RIGHT_COLUMN) for line in party.address
    )
    spare = max(0.0, address - office - _ROW_GAP - info) / 2
    standard = Rows()
    below_names = page_top + (names - 1) * _NAME_LINE
    to_info = office + spare - _OFFICE_LINE
    to_bottom = to_info + info + spare - _INFO_LINE
    return Rows(
        name=page_top + standard.name,
        office=below_names + standard.office,
        info=below_names + standard.info + to_info,
        bottom=below_names + standard.bottom + to_bottom,
    )


def payee_column(
    page: Page, payee: Payee, label: str, second: str | None = None, *, top: float = 0.0, rows: Rows = Rows()
) -> None:
    """Module 2.1: who is owed; `top`: how much lower than usual the bar stands."""
    taken = page.width_of(payee.fiscal_code, font=MONO, size=8, width=30)
    with page.section():
        page.line(
            label.upper(),
            LEFT,
            top + 48.95,
            font=BOLD,
            size=10,
            width=86 - taken,
            style=bar_title(second),
        )
        page.line(payee.fiscal_code, LEFT_COLUMN_END, top + 48.95, font=MONO, size=8, width=30, right=True)
        width = LEFT_COLUMN_END - LEFT
        page.fitted(
            [
                Paragraph(payee.name, LEFT, width, rows.name, _NAME_SIZE, BOLD, leading=_NAME_LINE),
                Paragraph(payee.office or "", LEFT, width, rows.office, _OFFICE_SIZE, leading=_OFFICE_LINE, gap=6.3),
                Paragraph(payee.info or "", LEFT, width, rows.info, _INFO_SIZE, leading=_INFO_LINE, gap=4.3),
            ],
            bottom=rows.bottom,
        )


def party_column(
    page: Page, party: Party, label: str, second: str | None = None, *, top: float = 0.0, rows: Rows = Rows()
) -> None:
    """Module 2.2: who owes; `top`: how much lower than usual the bar stands."""
    code = party.fiscal_code or ""
    taken = page.width_of(code, font=MONO, size=8, width=40)
    with page.section():
        page.line(
            label.upper(),
            RIGHT_COLUMN,
            top + 48.95,
            font=BOLD,
            size=10,
            width=82 - taken,
            style=bar_title(second),
        )
        if code:
            page.line(code, RIGHT, top + 48.95, font=MONO, size=8, width=40, right=True)
        width = RIGHT - RIGHT_COLUMN
        name = Paragraph(party.full_name, RIGHT_COLUMN, width, rows.name, _NAME_SIZE, BOLD, leading=_NAME_LINE)
        address = [
            Paragraph(line, RIGHT_COLUMN, width, rows.office, _OFFICE_SIZE, leading=_OFFICE_LINE, gap=6.09)
            for line in party.address
        ]
        page.fitted([name, *address], bottom=rows.bottom)


def _artwork(page: Page, artwork: Artwork, place: tuple[float, float, float, float]) -> None:
    content = base64.b64decode(artwork.content_base64)
    if artwork.media_type == "image/svg+xml":
        page.svg(content, *place)
    else:
        page.photo(content, *place)
