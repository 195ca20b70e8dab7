"""The one way in: a document's JSON form to PDF bytes."""

from collections.abc import Mapping
from typing import Any

from services.notices.documents.domain.content import Content, NoticeContent
from services.notices.documents.domain.document_key import from_json
from services.notices.documents.pdf.day_report import render_day_report
from services.notices.documents.pdf.notice import render_notice
from services.notices.documents.pdf.receipt import render_receipt
from services.notices.documents.usecases import day_report


def render(content: Content) -> bytes:
    """Return the PDF of a notice or a receipt; the same content always gives the same bytes."""
    return render_notice(content) if isinstance(content, NoticeContent) else render_receipt(content)


def render_json(document: Mapping[str, Any]) -> bytes:
    """Return the PDF of what `domain.to_json` or `day_report.to_json` wrote."""
    if document["kind"] == day_report.KIND:
        return render_day_report(day_report.from_json(document))
    return render(from_json(document))
