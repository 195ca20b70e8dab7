"""Inserimento spontaneo: the entity's services, and the form Inserimento pratica of one of them."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import falcon

from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices
from gateway.catalogue import Entity
from gateway.debtors import debtor_of
from gateway.edge.rates import INSERTION
from gateway.messages import MESSAGES
from gateway.visit import Visit, visit_of
from gateway.web import addresses
from gateway.web.announcements import INSERTED
from gateway.web.beneficiaries import remember, remembered
from gateway.web.insertion_form import BENEFICIARY_FIELDS, FormKind, InsertionForm, read
from gateway.web.page import Page, checked_document_form, see_other

_FIELD_OF_CODE: Final[Mapping[ErrorCode, str]] = {
    ErrorCode.INVALID_AMOUNT: "amount",
    ErrorCode.AMOUNT_OUT_OF_RANGE: "amount",
    ErrorCode.AMOUNT_NOT_ALLOWED: "amount",
    ErrorCode.DESCRIPTION_REQUIRED: "description",
    ErrorCode.DESCRIPTION_TOO_LONG: "description",
    ErrorCode.BENEFICIARY_REQUIRED: "full_name",
    ErrorCode.NAME_REQUIRED: "full_name",
    # Which one is not told: the form is shown again, with everything in it.
    ErrorCode.INVALID_REQUEST: "",
}


class ServicesPage(Page):
    """The services one can pay for without having been asked to."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """List them; those that need a login say so."""
        found = self.site.entity(visit_of(req), entity)
        services = [service for service in found["services"] if service["spontaneous"]]
        self.site.render(req, resp, "insertion_list.html", entity=found, services=services)


class InsertionPage(Page):
    """Inserimento pratica for one service."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, service: str) -> None:
        """Show the form that this service and this person need. Raises Refused(LOGIN_REQUIRED)."""
        visit = visit_of(req)
        found_entity = self.site.entity(visit, entity)
        found_service = self.site.service(found_entity, service)
        kind = _kind_for(visit, found_service)
        students = remembered(visit) if kind.has_beneficiary else ()
        chosen = next((one for one in students if str(one["id"]) == req.get_param("studente")), None)
        form = InsertionForm.empty(kind, str(uuid4()), chosen, needs_stamp=bool(found_service["stamp_cents"]))
        self._write(req, resp, found_entity, found_service, form, students=students)

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str, service: str) -> None:
        """Insert, and show the list with the new practice in it; else the form with what is wrong."""
        form = checked_document_form(req)
        visit = visit_of(req)
        found_entity = self.site.entity(visit, entity)
        found_service = self.site.service(found_entity, service)
        try:
            typed = read(form, _kind_for(visit, found_service), needs_stamp=bool(found_service["stamp_cents"]))
        except Refused as refusal:
            if refusal.code not in {ErrorCode.SESSION_EXPIRED, ErrorCode.LOGIN_REQUIRED, ErrorCode.SPID_LEVEL_TOO_LOW}:
                raise
            self._write_for_later(req, resp, found_entity, found_service, form)
            return
        self.site.rates.check(req, INSERTION)
        if typed.errors:
            self._write(req, resp, found_entity, found_service, typed)
            return
        try:
            practice = visit.call(practices.INSERT, **_request(visit, found_entity, found_service, typed))
        except Refused as refusal:
            if refusal.code not in _FIELD_OF_CODE:
                raise
            typed.errors[_FIELD_OF_CODE[refusal.code]] = MESSAGES[refusal.code].sentence
            self._write(req, resp, found_entity, found_service, typed)
            return
        if typed.kind.has_beneficiary:
            remember(visit, typed.beneficiary)
        self._show_inserted(resp, visit, found_entity, practice)

    def _show_inserted(self, resp: falcon.Response, visit: Visit, entity: Entity, practice: Mapping[str, Any]) -> None:
        if visit.registered_citizen:
            address = addresses.practices(entity["code"])
        else:
            visit.grant([practice["id"]], identified=True)
            address = addresses.results(entity["code"])
        see_other(resp, addresses.announcing(address, INSERTED))

    def _write_for_later(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        entity: Entity,
        service: Mapping[str, Any],
        form: Mapping[str, str],
    ) -> None:
        """Keep what was typed although the session is over: the person logs in beside it and sends again."""
        kind = FormKind.beneficiary if service["requires_beneficiary"] else FormKind.description
        typed = read(form, kind, needs_stamp=bool(service["stamp_cents"]))
        self._write(req, resp, entity, service, typed, HTTPStatus.UNAUTHORIZED)

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        entity: Entity,
        service: Mapping[str, Any],
        form: InsertionForm,
        status: HTTPStatus | None = None,
        students: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        usual = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
        self.site.render(
            req,
            resp,
            "insertion_form.html",
            status=status or usual,
            entity=entity,
            service=service,
            form=form,
            beneficiary_fields=BENEFICIARY_FIELDS,
            students=students,
            session_is_over=status is HTTPStatus.UNAUTHORIZED,
        )


def _kind_for(visit: Visit, service: Mapping[str, Any]) -> FormKind:
    """Which form: a visitor inserts anonymously where the service allows it, naming the student."""
    if visit.session is None and service["allows_anonymous"]:
        return FormKind.anonymous
    visit.require_citizen()
    return FormKind.beneficiary if service["requires_beneficiary"] else FormKind.description


def _request(visit: Visit, entity: Entity, service: Mapping[str, Any], form: InsertionForm) -> dict[str, Any]:
    """The debtor comes from the session, never from the form."""
    citizen = visit.registered_citizen
    return {
        "idempotency_key": form.key,
        "entity_code": entity["code"],
        "service_code": service["code"],
        "viewer": visit.viewer,
        "anonymous": form.kind is FormKind.anonymous,
        "debtor": debtor_of(citizen) if citizen else None,
        "beneficiary": form.beneficiary if form.kind.has_beneficiary else None,
        "amount_cents": form.amount_cents,
        "description": form.values["description"] or None,
        "stamp": form.stamp,
    }
