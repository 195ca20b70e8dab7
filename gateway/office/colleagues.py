"""Colleagues: who works in the office, invited, given other roles, removed."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import falcon

from chassis.logs import get_logger
from contracts.error_details import ChangedMeanwhile, InvalidRequest, detail_of
from contracts.errors import ErrorCode, Refused, RpcError
from contracts.roles import Operation
from contracts.rpc import notices, operators
from contracts.rpc.operators import Colleagues, InvitationToken, Operator
from gateway.edge.rates import EMAIL
from gateway.messages import MESSAGES
from gateway.office import addresses
from gateway.office.changes import ChangeTold, told
from gateway.office.desk import Desk, OfficeForm, OfficePage
from gateway.office.login import office_token
from gateway.office.role_form import RoleForm
from gateway.translations import marked as _
from gateway.visit import Visit, visit_of
from gateway.web.addresses import announcing
from gateway.web.announcements import COLLEAGUE_CHANGED, COLLEAGUE_REMOVED, INVITATION_WITHDRAWN
from gateway.web.page import Form, checked_form, cleaned, see_other

_log = get_logger("gateway.office")
_NO_ROLE: Final = _("Scegli almeno un ruolo.")
_NO_EMAIL: Final = _("Scrivi un indirizzo e-mail completo, come nome@ente.it.")


class ColleaguesPage(OfficePage):
    """Who works here, who is invited, who did work here."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show them. Raises as `enter` does."""
        desk = self.enter(req, entity, Operation.READ_PEOPLE)
        found = _colleagues(req, desk)
        self.show(
            req,
            resp,
            "colleagues.html",
            desk,
            present=[one for one in found.operators if not one.removed],
            past=[one for one in found.operators if one.removed],
            invitations=found.invitations,
        )


class InvitePage(OfficeForm):
    """Invite a colleague by e-mail; the fiscal code says who alone can accept."""

    operation = Operation.WRITE_PEOPLE

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show the form."""
        self._write(req, resp, self.enter(req, entity, self.operation), RoleForm(), {}, {})

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Show the form as it was typed."""
        self._write(req, resp, desk, RoleForm.read(form, desk.entity), _typed(form), {})

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Invite, send the link, and show it this once: the one page that is the answer to a POST itself."""
        self.site.rates.check(req, EMAIL)
        roles, typed = RoleForm.read(form, desk.entity), _typed(form)
        errors = {} if roles.grants else {"ruoli": _NO_ROLE}
        made = None if errors else self._invite(req, desk, roles, typed, errors)
        if made is None:
            self._write(req, resp, desk, roles, typed, errors)
            return
        visit = visit_of(req)
        self.show(
            req,
            resp,
            "invited.html",
            desk,
            invitation=made.invitation,
            link=f"{visit.public_url}{addresses.invitation(made.invitation_token)}",
            is_sent=_mailed(visit, desk, made),
        )

    def _invite(
        self, req: falcon.Request, desk: Desk, roles: RoleForm, typed: Mapping[str, str], errors: dict[str, str]
    ) -> InvitationToken | None:
        """Return the invitation; None where the form has to be corrected, which `errors` then says."""
        request = operators.InviteRequest(
            office_token=office_token(req),
            entity_code=desk.entity.code,
            email=typed["email"] or "-",
            fiscal_code=typed["fiscal_code"] or "-",
            grants=roles.grants,
        )
        try:
            return visit_of(req).call(operators.INVITE, request)
        except Refused as refusal:
            detail = detail_of(refusal, InvalidRequest)
            if refusal.code is ErrorCode.INVALID_FISCAL_CODE or refusal.code is ErrorCode.ALREADY_AN_OPERATOR:
                errors["fiscal_code"] = MESSAGES[refusal.code].sentence
            elif detail is not None and detail.field == "email":
                errors["email"] = _NO_EMAIL
            else:
                raise
        return None

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        roles: RoleForm,
        typed: Mapping[str, str],
        errors: Mapping[str, str],
    ) -> None:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
        self.show(req, resp, "invite.html", desk, status=status, roles=roles, typed=typed, errors=errors)


class WithdrawInvitation(OfficePage):
    """Ritira l'invito."""

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str, invitation_id: UUID) -> None:
        """Make it void at once."""
        checked_form(req)
        desk = self.enter(req, entity, Operation.WRITE_PEOPLE)
        request = operators.WithdrawInvitationRequest(
            office_token=office_token(req), entity_code=desk.entity.code, invitation_id=invitation_id
        )
        visit_of(req).call(operators.WITHDRAW_INVITATION, request)
        see_other(resp, announcing(addresses.colleagues(entity), INVITATION_WITHDRAWN))


class ColleaguePage(OfficeForm):
    """The roles of a colleague."""

    operation = Operation.WRITE_PEOPLE

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, operator_id: UUID) -> None:
        """Show the form. Raises Refused(NOT_FOUND) for who does not work here."""
        desk = self.enter(req, entity, self.operation)
        colleague = _colleague(req, desk, operator_id)
        self._write(req, resp, desk, colleague, RoleForm.of(colleague.grants))

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Show the form as it was ticked."""
        colleague = _colleague(req, desk, params["operator_id"])
        self._write(req, resp, desk, colleague, RoleForm.read(form, desk.entity))

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Give the colleague these roles, which count from the next page on."""
        roles, operator_id = RoleForm.read(form, desk.entity), params["operator_id"]
        error = None
        if not roles.grants:
            self._write(req, resp, desk, _colleague(req, desk, operator_id), roles, error=_NO_ROLE)
            return
        request = operators.ChangeRolesRequest(
            office_token=office_token(req),
            entity_code=desk.entity.code,
            operator_id=operator_id,
            version=version_of(form),
            grants=roles.grants,
        )
        try:
            visit_of(req).call(operators.CHANGE_ROLES, request)
        except Refused as refusal:
            change = detail_of(refusal, ChangedMeanwhile)
            if refusal.code is ErrorCode.LAST_ADMINISTRATOR:
                error = MESSAGES[refusal.code].sentence
            elif change is None:
                raise
            colleague = _colleague(req, desk, operator_id)
            changed = told(visit_of(req), desk, change) if change else None
            self._write(req, resp, desk, colleague, roles, error=error, changed=changed)
            return
        place = addresses.colleague_place(operator_id)
        see_other(resp, announcing(addresses.colleagues(desk.entity.code), COLLEAGUE_CHANGED, place))

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        colleague: Operator,
        roles: RoleForm,
        *,
        error: str | None = None,
        changed: ChangeTold | None = None,
    ) -> None:
        status = HTTPStatus.CONFLICT if changed else HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
        errors = {"ruoli": error} if error else {}
        values = {"colleague": colleague, "roles": roles, "errors": errors, "changed": changed}
        self.show(req, resp, "colleague.html", desk, status=status, **values)


class RemoveColleague(OfficeForm):
    """Rimuovi: asked once, done at once."""

    operation = Operation.WRITE_PEOPLE

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, operator_id: UUID) -> None:
        """Ask whether it is meant."""
        desk = self.enter(req, entity, self.operation)
        self._write(req, resp, desk, operator_id)

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Ask once more."""
        self._write(req, resp, desk, params["operator_id"])

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Remove the colleague; whoever removed themselves is out with this answer."""
        operator_id = params["operator_id"]
        request = operators.RemoveOperatorRequest(
            office_token=office_token(req),
            entity_code=desk.entity.code,
            operator_id=operator_id,
            version=version_of(form),
        )
        visit = visit_of(req)
        try:
            visit.call(operators.REMOVE_OPERATOR, request)
        except Refused as refusal:
            change = detail_of(refusal, ChangedMeanwhile)
            if change is None and refusal.code is not ErrorCode.LAST_ADMINISTRATOR:
                raise
            changed = told(visit, desk, change) if change else None
            error = None if change else MESSAGES[refusal.code].sentence
            self._write(req, resp, desk, operator_id, error=error, changed=changed)
            return
        if operator_id == desk.operator.id:
            visit.cookies.forget_office(resp)
            see_other(resp, addresses.OFFICES)
            return
        see_other(resp, announcing(addresses.colleagues(desk.entity.code), COLLEAGUE_REMOVED))

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        operator_id: UUID,
        *,
        error: str | None = None,
        changed: ChangeTold | None = None,
    ) -> None:
        status = HTTPStatus.CONFLICT if error or changed else HTTPStatus.OK
        values = {"colleague": _colleague(req, desk, operator_id), "error": error, "changed": changed}
        self.show(req, resp, "remove_colleague.html", desk, status=status, **values)


def version_of(form: Form) -> int:
    """Return the version that a form was made of. Raises Refused(INVALID_REQUEST)."""
    text = form.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refused(ErrorCode.INVALID_REQUEST)
    return int(text)


def _colleagues(req: falcon.Request, desk: Desk) -> Colleagues:
    request = operators.OfficeRequest(office_token=office_token(req), entity_code=desk.entity.code)
    return visit_of(req).call(operators.COLLEAGUES, request)


def _colleague(req: falcon.Request, desk: Desk, operator_id: UUID) -> Operator:
    """Return who works here now. Raises Refused(NOT_FOUND)."""
    for one in _colleagues(req, desk).operators:
        if one.id == operator_id and not one.removed:
            return one
    raise Refused(ErrorCode.NOT_FOUND)


def _typed(form: Form) -> dict[str, str]:
    return {name: cleaned(form, name)[:256] for name in ("email", "fiscal_code")}


def _mailed(visit: Visit, desk: Desk, made: InvitationToken) -> bool:
    """Send the link; whether it was sent. Who invites has it on the page too, so nothing is lost where it was not."""
    request = notices.InvitationMailRequest(
        email=made.invitation.email,
        language=visit.language,
        entity_name=desk.entity.creditor.company_name,
        invitation_token=made.invitation_token,
        expires_at=made.invitation.expires_at,
    )
    try:
        return visit.call(notices.MAIL_INVITATION, request).sent
    except RpcError as error:
        _log.warning("invitation_not_mailed", code=error.code.value)
        return False
