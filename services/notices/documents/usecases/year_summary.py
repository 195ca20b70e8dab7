"""What a citizen paid in a year, for the tax return."""

from collections.abc import Sequence
from datetime import datetime

from contracts.errors import ErrorCode, Refused
from contracts.rpc import notices, practices
from contracts.rpc.notices import YearSummaryRequest
from contracts.rpc.practices import PaidYearRequest, YearPayment
from services.notices.documents.domain.summary import year_summary_content
from services.notices.documents.usecases.dependencies import DocumentDependencies
from services.notices.documents.usecases.document_store import pdf_reply
from services.notices.documents.usecases.lookup import entity_of


def year_summary(dependencies: DocumentDependencies, request: YearSummaryRequest, now: datetime) -> notices.Document:
    """Return the summary as PDF, drawn anew each time: receipts of a year still come in after it.

    Raises Refused(RECEIPT_NOT_FOUND) where nothing was paid.
    """
    payments = _payments(dependencies, request)
    if not payments:
        raise Refused(ErrorCode.RECEIPT_NOT_FOUND)
    entity = entity_of(dependencies, request.entity_code)
    content = year_summary_content(request, entity.creditor, payments, now)
    return pdf_reply(f"pagamenti_{request.entity_code}_{request.year}.pdf", dependencies.renderers.render(content))


def _payments(dependencies: DocumentDependencies, request: YearSummaryRequest) -> Sequence[YearPayment]:
    found: list[YearPayment] = []
    cursor: str | None = None
    while True:
        asked = PaidYearRequest(
            entity_code=request.entity_code, viewer=request.viewer, year=request.year, cursor=cursor
        )
        page = dependencies.rpc.call(practices.PAID_YEAR, asked)
        found += page.payments
        cursor = page.next_cursor
        if cursor is None:
            return found
