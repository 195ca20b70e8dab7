"""The one way in: what a document says to PDF bytes. The same content always gives the same bytes."""

from services.notices.documents.domain.content import Content, NoticeContent, ReceiptContent, YearSummaryContent
from services.notices.documents.pdf.day_report import render_day_report
from services.notices.documents.pdf.notice import render_notice
from services.notices.documents.pdf.receipt import render_receipt
from services.notices.documents.pdf.year_summary import render_year_summary


def render(content: Content) -> bytes:
    """Return the PDF of a notice, a receipt, the summary of a year or the report of a day."""
    if isinstance(content, NoticeContent):
        return render_notice(content)
    if isinstance(content, ReceiptContent):
        return render_receipt(content)
    if isinstance(content, YearSummaryContent):
        return render_year_summary(content)
    return render_day_report(content)
