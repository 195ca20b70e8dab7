"""The page that a printed document's link leads to: whether it is genuine and can still be paid."""

import falcon

from contracts.rpc import notices
from gateway.edge.rates import VERIFICATION
from gateway.visit import visit_of
from gateway.web.page import Page

_MAX_TYPED_CHARS = 80


class VerificationPage(Page):
    """Asks for a code, or answers for one without telling anything that stands in the document."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, code: str = "") -> None:
        """Answer for the code in the address, or the one typed."""
        typed = (code or req.get_param("codice", default=""))[:_MAX_TYPED_CHARS].strip()
        answer = None
        if typed:
            self.site.rates.check(req, VERIFICATION)
            answer = visit_of(req).call(notices.VERIFY, notices.VerifyRequest(code=typed))
        self.site.render(req, resp, "verification.html", alone=True, code=typed, answer=answer)
