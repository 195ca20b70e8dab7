"""The reconciliation report of a day of settlement, for the entity's accounting."""

from datetime import datetime

from contracts.rpc import notices, settlement
from contracts.rpc.notices import DayReportRequest
from contracts.rpc.settlement import DayRequest
from services.notices.documents.domain import composition
from services.notices.documents.usecases.dependencies import DocumentDependencies
from services.notices.documents.usecases.document_store import pdf_reply
from services.notices.documents.usecases.lookup import entity_of


def day_report(dependencies: DocumentDependencies, request: DayReportRequest, now: datetime) -> notices.Document:
    """Return the report as PDF. It is drawn anew each time: flows and credits of a day still come in."""
    entity = entity_of(dependencies, request.entity_code)
    day = dependencies.rpc.call(settlement.DAY, DayRequest(entity_code=request.entity_code, day=request.day))
    content = composition.day_report_content(request, entity.creditor, day, now)
    pdf = dependencies.renderers.render(content)
    return pdf_reply(f"riconciliazione_{request.entity_code}_{request.day:%Y-%m-%d}.pdf", pdf)
