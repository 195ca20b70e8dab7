"""Inserimento spontaneo: the entity's services, and the form Inserimento pratica of one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import falcon

from contracts.error_details import ExtraFieldNotAllowed, detail_of
from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices
from contracts.rpc.identity import Citizen, RememberedBeneficiary
from contracts.rpc.practices import CatalogueService, Entity, Practice
from gateway.debtors import by_name_alone, debtor_of
from gateway.edge.rates import INSERTION
from gateway.messages import MESSAGES
from gateway.visit import Visit, visit_of
from gateway.web import addresses
from gateway.web.amount_rules import amount_refusal
from gateway.web.announcements import INSERTED
from gateway.web.beneficiaries import remember, remembered
from gateway.web.extra_fields import form_name, sentence_of
from gateway.web.insertion_fields import shown_fields
from gateway.web.insertion_form import (
    FormKind,
    Insertion,
    InsertionForm,
    prefilled,
    read,
)
from gateway.web.links import make_private_link
from gateway.web.page import Form, Page, document_form, see_other

_FIELD_OF_CODE: Final[Mapping[ErrorCode, str]] = {
    ErrorCode.INVALID_AMOUNT: "amount",
    ErrorCode.AMOUNT_OUT_OF_RANGE: "amount",
    ErrorCode.AMOUNT_NOT_ALLOWED: "amount",
    ErrorCode.DESCRIPTION_REQUIRED: "description",
    ErrorCode.DESCRIPTION_TOO_LONG: "description",
    ErrorCode.BENEFICIARY_REQUIRED: "full_name",
    ErrorCode.NAME_REQUIRED: "full_name",
    ErrorCode.EXTRA_FIELD_NOT_ALLOWED: "",
    # Which one is not told: the form is shown again, with everything in it.
    ErrorCode.INVALID_REQUEST: "",
}
_SESSION_IS_OVER: Final = frozenset({ErrorCode.SESSION_EXPIRED, ErrorCode.LOGIN_REQUIRED, ErrorCode.SPID_LEVEL_TOO_LOW})


class ServicesPage(Page):
    """The services one can pay for without having been asked to."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """List them; those that need a login say so."""
        found = self.site.entity(visit_of(req), entity)
        services = [service for service in found.services if service.spontaneous]
        self.site.render(req, resp, "insertion_list.html", entity=found, services=services)


@dataclass(frozen=True)
class _Offer:
    """What the page is about: a service that an entity offers for spontaneous insertion."""

    entity: Entity
    service: CatalogueService


class InsertionPage(Page):
    """Inserimento pratica for one service."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, service: str) -> None:
        """Show the form that this service and who inserts need. Raises Refused(LOGIN_REQUIRED), (PAYER_NOT_ALLOWED)."""
        visit = visit_of(req)
        offer = self._offer(visit, entity, service)
        citizen = _inserting_citizen(visit, offer.service)
        _check_payer(visit, offer.service)
        kind = FormKind.of(offer.service, anonymous=citizen is None)
        offered = remembered(visit) if citizen and kind.takes_beneficiary else ()
        chosen = next((one for one in offered if str(one.id) == req.get_param("studente")), None)
        filled_in = prefilled(req.get_param("importo") or "", req.get_param("causale") or "", kind)
        self._render(req, resp, offer, InsertionForm.empty(kind, offer.service, chosen, filled_in), offered)

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str, service: str) -> None:
        """Insert, and show the new practice, in the list or by its code; else the form with what is wrong."""
        form, is_stale = document_form(req)
        visit = visit_of(req)
        offer = self._offer(visit, entity, service)
        if is_stale:
            kind = FormKind.of(offer.service, anonymous=visit.known_session is None)
            self._render(req, resp, offer, replace(read(form, kind, offer.service), is_stale=True))
            return
        answer = self._submitted(req, visit, offer, form)
        if isinstance(answer, InsertionForm):
            self._render(req, resp, offer, answer)
        else:
            see_other(resp, answer)

    def _offer(self, visit: Visit, entity_code: str, service_code: str) -> _Offer:
        entity = self.site.entity(visit, entity_code)
        return _Offer(entity, self.site.service(entity, service_code))

    def _submitted(self, req: falcon.Request, visit: Visit, offer: _Offer, form: Form) -> str | InsertionForm:
        """Insert, and return the address that shows the new practice; else the form as it is to be shown again.

        What was typed outlives a session that is over: the citizen logs in beside it and sends it again.
        """
        try:
            citizen = _inserting_citizen(visit, offer.service)
        except Refused as refusal:
            if refusal.code not in _SESSION_IS_OVER:
                raise
            return replace(read(form, FormKind.of(offer.service), offer.service), session_is_over=True)
        typed = read(form, FormKind.of(offer.service, anonymous=citizen is None), offer.service)
        self.site.rates.check(req, INSERTION)
        if typed.insertion is None:
            return typed
        try:
            practice = visit.call(practices.INSERT, _request(visit, offer, typed.key, typed.insertion, citizen))
        except Refused as refusal:
            if refusal.code not in _FIELD_OF_CODE:
                raise
            return typed.with_error(*_error(refusal, visit, offer.service))
        return addresses.announcing(_page_with(visit, practice, typed.insertion, citizen), INSERTED)

    def _render(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        offer: _Offer,
        form: InsertionForm,
        offered: Sequence[RememberedBeneficiary] = (),
    ) -> None:
        self.site.render(
            req,
            resp,
            "insertion_form.html",
            status=form.status,
            entity=offer.entity,
            service=offer.service,
            form=form,
            beneficiaries=offered,
            **shown_fields(offer.service, visit_of(req).language),
        )


def _error(refusal: Refused, visit: Visit, service: CatalogueService) -> tuple[str, str]:
    """Return at which field what is said: where practices has refused what the form let through."""
    detail = detail_of(refusal, ExtraFieldNotAllowed)
    asked = next((one for one in service.extra_fields if detail and one.name == detail.field), None)
    if detail and asked:
        return form_name(asked), sentence_of(detail.problem)
    return _FIELD_OF_CODE[refusal.code], _sentence(refusal.code, visit, service)


def _sentence(code: ErrorCode, visit: Visit, service: CatalogueService) -> str:
    """Return what is said at the field: which rule of the service an amount broke, else what the code says."""
    broken = amount_refusal(service, visit.language) if code is ErrorCode.AMOUNT_NOT_ALLOWED else None
    return broken or MESSAGES[code].sentence


def _inserting_citizen(visit: Visit, service: CatalogueService) -> Citizen | None:
    """Return the registered citizen who inserts; None for a visitor, where the service allows it without login.

    Raises Refused as Visit.require_citizen does.
    """
    if visit.session is None and service.allows_anonymous:
        return None
    return visit.require_citizen()


def _check_payer(visit: Visit, service: CatalogueService) -> None:
    """Raise Refused(PAYER_NOT_ALLOWED) before anything is typed, where the service is not for who is here."""
    if service.payers and ("company" if visit.organization else "person") not in service.payers:
        raise Refused(ErrorCode.PAYER_NOT_ALLOWED)


def _request(
    visit: Visit, offer: _Offer, key: str, insertion: Insertion, citizen: Citizen | None
) -> practices.InsertRequest:
    """Return what practices is asked for. The debtor comes from the session, never from the form."""
    return practices.InsertRequest(
        idempotency_key=key,
        entity_code=offer.entity.code,
        service_code=offer.service.code,
        viewer=visit.viewer,
        anonymous=citizen is None,
        debtor=debtor_of(citizen, visit.organization) if citizen else by_name_alone(insertion.payer_name),
        beneficiary=insertion.beneficiary,
        amount_cents=insertion.amount_cents,
        description=insertion.description,
        stamp=insertion.stamp,
        extras=insertion.extras,
    )


def _page_with(visit: Visit, practice: Practice, insertion: Insertion, citizen: Citizen | None) -> str:
    """Return where the new practice is shown: in the citizen's list, or by the code that a visitor has to keep.

    A citizen's student is remembered.
    """
    if citizen is None:
        visit.grant([practice.id], identified=True)
        make_private_link(visit, practice.id)
        return addresses.notice_code(practice.entity_code, practice.id)
    if insertion.beneficiary:
        remember(visit, insertion.beneficiary)
    return addresses.practices(practice.entity_code)
