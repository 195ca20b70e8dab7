"""What went wrong on a page of an office, and what to do next."""

from http import HTTPStatus
from typing import Final

import falcon

from contracts.error_details import LoginRefused, SessionEnded
from contracts.errors import ErrorCode
from gateway.messages import Explanation, title_of
from gateway.office import addresses
from gateway.problems import Problem
from gateway.translations import marked as _
from gateway.visit import visit_of
from gateway.web.origins import page_address
from gateway.web.problems import message_of
from gateway.web.site import Site

_ELSEWHERE: Final = frozenset({ErrorCode.NOT_FOUND, ErrorCode.UNKNOWN_ENTITY, ErrorCode.NOT_AN_OPERATOR})
_LOGIN: Final = frozenset({ErrorCode.SESSION_EXPIRED, ErrorCode.SPID_LEVEL_TOO_LOW})
_TOO_MANY: Final = Explanation(
    _("Questa sessione è finita perché sei entrato da troppi dispositivi: era la più vecchia."),
    _("Entra di nuovo. Una sessione che non usi finisce da sola dopo 15 minuti."),
)


class OfficeProblems:
    """Writes a problem as a page of an office, or sends to its login."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def write(self, req: falcon.Request, resp: falcon.Response, problem: Problem) -> None:
        """Answer with the problem's own status; who is not logged in is led to the login."""
        entity_code = _entity_code(req.path)
        way_back = page_address(req)
        if problem.code is ErrorCode.LOGIN_REQUIRED:
            resp.status = HTTPStatus.SEE_OTHER
            resp.location = self._login(req, entity_code, way_back)
            return
        entity = self._site.catalogue.known(entity_code)
        # Of what is no office of the person's there is nothing to go back to.
        office_code = None if problem.code in _ELSEWHERE else entity_code
        self._site.render(
            req,
            resp,
            "office/problem.html",
            status=problem.status,
            entity=entity,
            alone=entity is None,
            offline=True,
            desk=None,
            code=problem.code.value,
            heading=title_of(problem.code, problem.status),
            message=_told(problem),
            detail=problem.detail if isinstance(problem.detail, LoginRefused) else None,
            reference=req.context.correlation_id,
            way_back=way_back,
            login=self._login(req, entity_code, way_back) if problem.code in _LOGIN else None,
            office=addresses.home(office_code) if office_code else addresses.OFFICES,
        )

    def _login(self, req: falcon.Request, entity_code: str | None, return_to: str) -> str:
        """Return where one logs in: in which entity's pages, the address says or the browser remembers."""
        code = entity_code or visit_of(req).browser.visitor.entity_code
        return addresses.login(code, return_to) if code else addresses.OFFICES


def _told(problem: Problem) -> Explanation:
    is_too_many = isinstance(problem.detail, SessionEnded) and problem.detail.reason == "too_many"
    return _TOO_MANY if is_too_many else message_of(problem)


def _entity_code(path: str) -> str | None:
    """Return whose office an address is in; None for those that belong to none."""
    parts = path.split("/")
    return parts[2] if len(parts) > 2 and parts[2] not in ("", "esci", "invito") else None
