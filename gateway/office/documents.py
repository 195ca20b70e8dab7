"""The papers of a practice, printed at the counter: notice and receipt."""

from uuid import UUID

import falcon

from contracts.roles import Operation
from contracts.rpc import notices
from contracts.shapes import Viewer
from gateway.edge.rates import DOCUMENT
from gateway.office.desk import OfficePage
from gateway.office.practices import one_practice, viewer_of
from gateway.visit import visit_of
from gateway.web.documents import answer_document


class OfficeNoticePdf(OfficePage):
    """The notice, whole: an operator knows the debtor. By `rate=tutte` with all instalments of its plan."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Answer it in the language of the interface. Raises as `enter` does, and Refused(PRACTICE_NOT_FOUND)."""
        viewer = self._viewer(req, entity, practice_id)
        visit = visit_of(req)
        request = notices.NoticeRequest(
            practice_id=practice_id,
            viewer=viewer,
            language=visit.language,
            whole_plan=req.get_param("rate") == "tutte",
        )
        answer_document(resp, visit.call(notices.NOTICE, request))

    def _viewer(self, req: falcon.Request, entity: str, practice_id: UUID) -> Viewer:
        self.site.rates.check(req, DOCUMENT)
        desk = self.enter(req, entity, Operation.PRINT_PRACTICES)
        one_practice(visit_of(req), desk, practice_id, Operation.PRINT_PRACTICES)
        return viewer_of(desk, practice_id)


class OfficeReceiptPdf(OfficeNoticePdf):
    """The receipt of every payment of the practice."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Answer it. Raises as the notice does, and Refused(RECEIPT_NOT_FOUND)."""
        viewer = self._viewer(req, entity, practice_id)
        visit = visit_of(req)
        request = notices.ReceiptRequest(practice_id=practice_id, viewer=viewer, language=visit.language)
        answer_document(resp, visit.call(notices.RECEIPT, request))
