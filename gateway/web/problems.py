"""The page that explains what went wrong and what to do next."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import falcon

from contracts.error_details import LoginRefused, SessionEnded, TooManyRequests
from contracts.errors import ErrorCode
from gateway.messages import MESSAGES, Explanation, title_of
from gateway.problems import Problem
from gateway.translations import marked as _
from gateway.visit import visit_of
from gateway.web import addresses
from gateway.web.login_anomalies import anomaly_text
from gateway.web.origins import page_address
from gateway.web.site import Site

_STATUS_MESSAGES: Final[Mapping[int, Explanation]] = {
    HTTPStatus.METHOD_NOT_ALLOWED: Explanation(
        _("Questo indirizzo serve a inviare un modulo, non ad aprire una pagina."), _("Riparti dalla pagina iniziale.")
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Explanation(
        _("Hai inviato più dati di quanti ne accettiamo."), _("Riduci il testo e invia di nuovo.")
    ),
    HTTPStatus.FORBIDDEN: Explanation(_("Questa pagina non è aperta a tutti."), _("Riparti dalla pagina iniziale.")),
}
_SESSION_ENDED: Final[Mapping[str, Explanation]] = {
    "new_login": Explanation(
        _("Questa sessione è finita perché in questo browser è stato fatto un altro accesso."),
        _("Continua con il nuovo accesso, oppure entra di nuovo con SPID: tornerai al punto in cui eri."),
    ),
    "too_many": Explanation(
        _("Questa sessione è finita perché sei entrato da troppi dispositivi: era la più vecchia."),
        _("Entra di nuovo con SPID, e da «Accessi e dispositivi» termina quelli che non usi."),
    ),
}
# Only payments says so with a detail: the gateway's own rates have none.
_TOO_MANY_CHECKOUTS: Final = Explanation(
    _("Hai già cinque pagamenti aperti su pagoPA, il massimo nello stesso momento. Non hai pagato nulla adesso."),
    _("Concludine uno, oppure annullalo dalla pagina di pagoPA. Il primo si chiude da solo entro %(minutes)s minuti."),
)
_HTTP_ONLY: Final = frozenset(_STATUS_MESSAGES)


class PageProblems:
    """Writes a problem as a page, or sends to where it is solved: login, registration."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def write(self, req: falcon.Request, resp: falcon.Response, problem: Problem) -> None:
        """Answer with the problem's own status, except where the way on is a redirect."""
        if problem.code is ErrorCode.LOGIN_REQUIRED:
            self._send(resp, addresses.login(visit_of(req).browser.visitor.entity_code, page_address(req)))
        elif problem.code is ErrorCode.FRESH_LOGIN_REQUIRED:
            entity_code = visit_of(req).browser.visitor.entity_code
            self._send(resp, addresses.login(entity_code, page_address(req), fresh=True))
        elif problem.code is ErrorCode.CONSENT_MISSING:
            self._send(resp, addresses.registration(page_address(req)))
        elif problem.code is ErrorCode.LOGIN_REFUSED:
            self._write_login_refused(req, resp, problem)
        else:
            self._write_problem(req, resp, problem)

    def _send(self, resp: falcon.Response, address: str) -> None:
        resp.status = HTTPStatus.SEE_OTHER
        resp.location = address

    def _write_problem(self, req: falcon.Request, resp: falcon.Response, problem: Problem) -> None:
        self._site.render(
            req,
            resp,
            "problem.html",
            status=problem.status,
            offline=problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR,
            alone=problem.code is ErrorCode.UNKNOWN_ENTITY,
            code=problem.code.value,
            heading=title_of(problem.code, problem.status),
            message=message_of(problem),
            message_values=_message_values(problem),
            params=problem.params,
            reference=req.context.correlation_id,
            way_back=page_address(req),
            repeatable=req.method == "GET",
        )

    def _write_login_refused(self, req: falcon.Request, resp: falcon.Response, problem: Problem) -> None:
        refused = problem.detail if isinstance(problem.detail, LoginRefused) else LoginRefused()
        self._site.render(
            req,
            resp,
            "login_refused.html",
            status=problem.status,
            entity=self._site.catalogue.known(refused.entity_code),
            entity_code=refused.entity_code,
            anomaly=anomaly_text(refused.anomaly, refused.reason),
            level="" if refused.spid_level is None else refused.spid_level,
            reference=refused.reference or req.context.correlation_id,
        )


def message_of(problem: Problem) -> Explanation:
    """Return what happened and what to do next."""
    if isinstance(problem.detail, SessionEnded) and (told := _SESSION_ENDED.get(problem.detail.reason or "")):
        return told
    if isinstance(problem.detail, TooManyRequests):
        return _TOO_MANY_CHECKOUTS
    generic = problem.code in {ErrorCode.INVALID_REQUEST, ErrorCode.INTERNAL_ERROR}
    if generic and problem.status in _HTTP_ONLY:
        return _STATUS_MESSAGES[problem.status]
    return MESSAGES[problem.code]


def _message_values(problem: Problem) -> Mapping[str, int]:
    """Return what the message's next step is filled in with."""
    if not isinstance(problem.detail, TooManyRequests):
        return {}
    return {"minutes": -(-(problem.detail.retry_after_s or 60) // 60)}
