"""Layout of the reconciliation report: the totals first, then each flow with its rows beside its bank credit.

What is to be drawn is first laid out as lines of known height, so that the pages can be numbered before they are drawn.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from services.notices.documents.domain.content import DayReportContent, Flow, FlowRow
from services.notices.documents.pdf.day_report_texts import DAY_REPORT_TEXTS, DayReportTexts
from services.notices.documents.pdf.fonts import BOLD, MONO, MONO_BOLD, REGULAR
from services.notices.documents.pdf.formats import amount_text, date_text, moment_text
from services.notices.documents.pdf.header import LEFT, RIGHT
from services.notices.documents.pdf.page import BAR, WIDTH, Page, bar_title
from services.notices.documents.pdf.sheets import Item, sheets_of

_FIRST_TOP: Final = 40.0
_NEXT_TOP: Final = 22.0
_LINE: Final = 4.2
_TOTAL: Final = 6.0
_BAR: Final = 7.94
_GAP: Final = 5.0
# Where each column begins, and how wide it may be; the amount ends at RIGHT.
_COLUMNS: Final = ((LEFT, 37.0), (49.0, 58.0), (109.0, 8.0), (119.0, 30.0), (151.0, 25.0))
_AMOUNT_WIDTH: Final = 23.0


def render_day_report(report: DayReportContent) -> bytes:
    """Return the PDF of the report; the same report always gives the same bytes."""
    texts = DAY_REPORT_TEXTS[report.language]
    title = texts.title.format(day=date_text(report.day))
    page = Page(title=title, author=report.entity_name, subject=title, language=report.language)
    sheets = sheets_of(list(_items(report, texts)), first_top=_FIRST_TOP, next_top=_NEXT_TOP)
    for number, sheet in enumerate(sheets, start=1):
        if number > 1:
            page.turn()
        top = _heading(page, report, texts, title) if number == 1 else _running_title(page, report, title)
        if number > 1 and sheet[0].is_row:
            with page.decoration():
                _columns(texts.columns, BOLD).draw(page, _NEXT_TOP - _LINE)
        for item in sheet:
            item.draw(page, top)
            top += item.height
        with page.decoration():
            _footer(page, report, texts, number, len(sheets))
    return page.finish()


def _items(report: DayReportContent, texts: DayReportTexts) -> Iterator[Item]:
    yield _bar(texts.summary, "")
    if not report.flows:
        yield _total(texts.nothing, "")
    for finding, count, cents in report.by_finding():
        label = texts.findings[finding] if finding else texts.pending
        yield _total(f"{label}, {texts.row_count.format(count=count)}", _signed(cents, report.language))
    sums = (
        (texts.day_total, report.total_cents),
        (texts.credits_total, report.credited_cents),
        (texts.difference, report.total_cents - report.credited_cents),
    )
    for label, cents in sums:
        yield _total(label, _signed(cents, report.language), font=BOLD)
    for flow in report.flows:
        yield Item(_GAP, lambda _page, _top: None, followers=4)
        yield from _flow_items(flow, texts, report.language)


def _flow_items(flow: Flow, texts: DayReportTexts, language: str) -> Iterator[Item]:
    yield _bar(
        f"{texts.flow} {flow.flow_id}", texts.reconciled if flow.reconciled else texts.not_reconciled, followers=3
    )
    yield _total(texts.sent_by.format(sender=flow.sender, regulation=flow.regulation_id), "", followers=2)
    yield _columns(texts.columns, BOLD, followers=1)
    for row in flow.rows:
        yield _columns(_cells(row, texts, language), MONO)
    total = texts.flow_total.format(count=len(flow.rows))
    yield _total(total, _signed(flow.total_cents, language), font=BOLD, followers=1)
    told = flow.credit_reference is not None or flow.credited_cents
    credit = texts.credited.format(reference=flow.credit_reference or "") if told else texts.not_credited
    yield _total(credit.strip(), _signed(flow.credited_cents, language))


def _cells(row: FlowRow, texts: DayReportTexts, language: str) -> tuple[str, ...]:
    return (
        row.iuv,
        row.iur,
        str(row.index or ""),
        texts.outcomes.get(row.outcome, str(row.outcome)),
        texts.findings[row.finding] if row.finding else texts.pending,
        _signed(row.amount_cents, language),
    )


def _columns(cells: Sequence[str], font: str, *, followers: int = 0) -> Item:
    fonts = (font, font, font, REGULAR, REGULAR) if font == MONO else (font,) * 5

    def draw(page: Page, top: float) -> None:
        baseline = top + 3.2
        for (x, width), cell, its_font in zip(_COLUMNS, cells, fonts, strict=False):
            if cell:
                page.line(cell, x, baseline, font=its_font, size=7, width=width)
        page.line(cells[-1], RIGHT, baseline, font=font, size=7, width=_AMOUNT_WIDTH, right=True)

    return Item(_LINE, draw, followers, is_row=font == MONO)


def _total(label: str, amount: str, *, font: str = REGULAR, followers: int = 0) -> Item:
    def draw(page: Page, top: float) -> None:
        baseline = top + 4.6
        page.line(label, LEFT, baseline, font=font, size=8.5, width=150)
        if amount:
            mono = MONO_BOLD if font == BOLD else MONO
            page.line(f"{amount} Euro", RIGHT, baseline, font=mono, size=8.5, width=38, right=True)

    return Item(_TOTAL, draw, followers)


def _bar(text: str, state: str, *, followers: int = 0) -> Item:
    def draw(page: Page, top: float) -> None:
        page.box(0, top, WIDTH, top + _BAR, BAR)
        page.line(text, LEFT, top + 5.03, font=BOLD, size=10, width=140, style=bar_title())
        if state:
            page.line(state, RIGHT, top + 5.03, font=REGULAR, size=9, width=45, right=True)

    return Item(_BAR + 1.0, draw, followers)


def _heading(page: Page, report: DayReportContent, texts: DayReportTexts, title: str) -> float:
    page.line(title, LEFT, 18, font=BOLD, size=16, width=RIGHT - LEFT, style=bar_title(None, "H1"))
    page.line(report.entity_name, LEFT, 26, font=BOLD, size=11, width=RIGHT - LEFT)
    code = texts.fiscal_code.format(code=report.entity_fiscal_code)
    page.line(code, LEFT, 32, font=REGULAR, size=9, width=RIGHT - LEFT)
    return _FIRST_TOP


def _running_title(page: Page, report: DayReportContent, title: str) -> float:
    with page.decoration():
        page.line(f"{title} · {report.entity_name}", LEFT, 15, font=REGULAR, size=8, width=RIGHT - LEFT)
    return _NEXT_TOP


def _footer(page: Page, report: DayReportContent, texts: DayReportTexts, number: int, total: int) -> None:
    made = texts.footer.format(made_at=moment_text(report.made_at))
    page.line(made, LEFT, 289, font=REGULAR, size=7, width=140)
    page.line(texts.page.format(number=number, total=total), RIGHT, 289, font=REGULAR, size=7, width=40, right=True)


def _signed(cents: int, language: str) -> str:
    return f"{'-' if cents < 0 else ''}{amount_text(abs(cents), language)}"
