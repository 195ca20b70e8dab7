"""One operator at work in the office of one entity, and what every page of an office has."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import falcon

from contracts.error_details import RoleMissing
from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation, is_allowed, services_for
from contracts.rpc import operators
from contracts.rpc.operators import OfficeSession, Operator
from contracts.rpc.practices import Entity
from gateway.browser_memory import CSRF_FIELD
from gateway.edge.bodies import read_form
from gateway.visit import visit_of
from gateway.web.page import Form, Page, checked_or_stale

LOST: Final = frozenset({ErrorCode.LOGIN_REQUIRED, ErrorCode.SESSION_EXPIRED})


@dataclass(frozen=True)
class Desk:
    """The entity, and who works there in which session."""

    entity: Entity
    session: OfficeSession

    @property
    def operator(self) -> Operator:
        """Who works here."""
        return self.session.operator

    def may(self, operation: str) -> bool:
        """Return whether the operator's roles allow an operation, for templates by its name."""
        return is_allowed(self.operator.grants, Operation(operation))

    def services(self, operation: Operation) -> list[str] | None:
        """Return for which services they do; None for every one."""
        return services_for(self.operator.grants, operation)


class OfficePage(Page):
    """A page of an office: for its operators alone, as far as their roles go."""

    def enter(self, req: falcon.Request, entity_code: str, operation: Operation | None = None) -> Desk:
        """Return the desk of who asks.

        Raises Refused: LOGIN_REQUIRED, SESSION_EXPIRED, NOT_FOUND in the office of another entity, SPID_LEVEL_TOO_LOW,
        ROLE_MISSING.
        """
        visit = visit_of(req)
        if visit.office_token is None:
            raise Refused(ErrorCode.LOGIN_REQUIRED)
        asked = operators.OfficeRequest(office_token=visit.office_token, entity_code=entity_code)
        session = visit.call(operators.OFFICE_SESSION, asked)
        if operation is not None and not is_allowed(session.operator.grants, operation):
            raise Refused(ErrorCode.ROLE_MISSING, RoleMissing(operation=operation.value))
        return Desk(self.site.entity(visit, entity_code), session)

    def show(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        template: str,
        desk: Desk,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        **values: Any,
    ) -> None:
        """Write a page of an office: no citizen and no cart on it."""
        self.site.render(
            req, resp, f"office/{template}", status=status, entity=desk.entity, offline=True, desk=desk, **values
        )


class OfficeForm(OfficePage):
    """A page with a form: what was typed is kept when the session was lost, or the page was made before a login."""

    operation: Operation

    def read(self, req: falcon.Request) -> Form:
        """Read the form. Raises Refused(INVALID_REQUEST) when unreadable."""
        return read_form(req)

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str, **params: Any) -> None:
        """Do what the form says (`send`), or show it again with what was typed (`again`), or say how to go on."""
        form, is_stale = checked_or_stale(req, self.read(req))
        try:
            desk = self.enter(req, entity, self.operation)
        except Refused as refusal:
            if refusal.code not in LOST:
                raise
            write_lost(self, req, resp, entity, form)
            return
        if is_stale:
            self.again(req, resp, desk, form, **params)
        else:
            self.send(req, resp, desk, form, **params)

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Do what the form says."""
        raise NotImplementedError

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Show the form again, as it was typed: nothing has been done."""
        raise NotImplementedError


def write_lost(page: Page, req: falcon.Request, resp: falcon.Response, entity_code: str, form: Form) -> None:
    """Say that the session is over, and carry what was typed until there is another one."""
    typed: Mapping[str, str] = {name: text for name, text in form.items() if name != CSRF_FIELD}
    entity = page.site.entity(visit_of(req), entity_code)
    page.site.render(
        req,
        resp,
        "office/session_lost.html",
        status=HTTPStatus.UNAUTHORIZED,
        entity=entity,
        offline=True,
        desk=None,
        action=req.path,
        typed=typed,
    )
