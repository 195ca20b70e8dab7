"""Job of the accountant: the worklist of money that nobody expected, each case decided on a page of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import falcon

from contracts.codes import AmountCents
from contracts.error_details import ChangedMeanwhile, detail_of
from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc import money_cases
from contracts.rpc.money_cases import HOLDER_MAX, MoneyCaseReply
from contracts.rpc.operators import actor_of
from gateway.messages import MESSAGES
from gateway.office import addresses
from gateway.office.changes import ChangeTold, rows_of, told
from gateway.office.colleagues import version_of
from gateway.office.desk import Desk, OfficeForm, OfficePage
from gateway.translations import marked as _
from gateway.visit import Visit, visit_of
from gateway.web.addresses import announcing
from gateway.web.announcements import CASE_MOVED
from gateway.web.case_states import CASE_STATES, UNEXPECTED
from gateway.web.formats import filters_of
from gateway.web.page import Form, cleaned, see_other

_ROWS_PER_PAGE: Final = 50
_REASON_MAX: Final = money_cases.CASE_REASON_MAX
_NO_HOLDER: Final = _("Scrivi a chi è intestato il conto.")


@dataclass(frozen=True)
class CaseFilter:
    """A part of the worklist: its name, and the states in it."""

    label: str
    states: tuple[str, ...]


FILTERS: Final[Mapping[str, CaseFilter]] = {
    "da-decidere": CaseFilter(_("Da decidere"), ("open", "refund_asked")),
    "da-confermare": CaseFilter(_("Da confermare"), ("to_confirm",)),
    "decisi": CaseFilter(_("Decisi"), ("decided",)),
    "in-banca": CaseFilter(_("In banca"), ("exported",)),
    "chiusi": CaseFilter(_("Chiusi"), ("done", "offset", "explained")),
}
_FIRST_FILTER: Final = "da-decidere"

STEPS: Final[Mapping[str, str]] = {
    "iban": "ask_refund",
    "rimborsa": "refund",
    "conferma": "confirm",
    "ritira": "withdraw",
    "pagato": "refund_done",
    "restituito": "refund_returned",
    "compensa": "offset",
    "chiudi": "explain",
    "riapri": "reopen",
}
"""What stands in the address of each form, and the step that it is."""
_FIELD_OF_CODE: Final = {
    ErrorCode.INVALID_IBAN: "iban",
    ErrorCode.NAME_REQUIRED: "intestatario",
    ErrorCode.INVALID_AMOUNT: "importo",
    ErrorCode.AMOUNT_OUT_OF_RANGE: "importo",
    ErrorCode.REFUND_TOO_LARGE: "importo",
    ErrorCode.INVALID_NOTICE_NUMBER: "avviso",
    ErrorCode.PRACTICE_NOT_FOUND: "avviso",
    ErrorCode.PRACTICE_PAID: "avviso",
    ErrorCode.PRACTICE_CANCELLED: "avviso",
    ErrorCode.SECOND_PERSON_REQUIRED: "",
    ErrorCode.MONEY_CASE_STEP_NOT_ALLOWED: "",
}
"""Which field a refusal is about; "" is the whole form."""
_SENTENCES: Final = {
    ErrorCode.NAME_REQUIRED: _NO_HOLDER,
    ErrorCode.PRACTICE_NOT_FOUND: _("Nessuna pratica dell'ente ha questo codice avviso."),
    ErrorCode.PRACTICE_PAID: _("La pratica con questo codice avviso è già pagata: scegline una da pagare."),
    ErrorCode.PRACTICE_CANCELLED: _("La pratica con questo codice avviso è annullata: scegline una da pagare."),
}


@dataclass(frozen=True)
class _Again:
    """What a form that was not right is shown again with."""

    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    changed: ChangeTold | None = None

    @property
    def status(self) -> HTTPStatus:
        """The HTTP status of the page."""
        if self.changed:
            return HTTPStatus.CONFLICT
        return HTTPStatus.UNPROCESSABLE_ENTITY if self.errors else HTTPStatus.OK


class MoneyCasesPage(OfficePage):
    """Pagamenti non attesi: what waits for a decision, and what became of the rest."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show a page of one part of the worklist, oldest first. Raises as `enter` does."""
        desk = self.enter(req, entity, Operation.READ_PAYMENTS)
        asked = req.get_param("parte") or ""
        part = asked if asked in FILTERS else _FIRST_FILTER
        cursor = req.get_param("cursor")
        request = money_cases.MoneyCasesRequest(
            entity_code=desk.entity.code,
            service_codes=desk.services(Operation.READ_PAYMENTS),
            states=FILTERS[part].states,
            cursor=cursor,
            limit=_ROWS_PER_PAGE,
        )
        page = visit_of(req).call(money_cases.MONEY_CASES, request)
        counts = {one.state: one.count for one in page.totals}
        self.show(
            req,
            resp,
            "money_cases.html",
            desk,
            part=part,
            filters=FILTERS,
            counts={name: sum(counts.get(state, 0) for state in one.states) for name, one in FILTERS.items()},
            cases=page.cases,
            next_cursor=page.next_cursor,
            is_first_page=cursor is None,
            case_states=CASE_STATES,
            reasons=UNEXPECTED,
        )


class MoneyCasePage(OfficePage):
    """One payment that nobody expected: what it is, who did what, and what can be done now."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, case_id: UUID) -> None:
        """Show it. Raises as `enter` does, and Refused(MONEY_CASE_NOT_FOUND)."""
        _write(self, req, resp, self.enter(req, entity, Operation.READ_PAYMENTS), case_id, _Again())


class MoneyCaseStep(OfficeForm):
    """A step with a case, in the version that was shown."""

    operation = Operation.WRITE_REFUNDS

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, case_id: UUID, step: str) -> None:
        """Lead who reloads the address of a form to its page."""
        self.enter(req, entity, self.operation)
        see_other(resp, addresses.money_case(entity, case_id))

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Show the page with what was typed."""
        _write(self, req, resp, desk, params["case_id"], _Again(typed=_typed(form, params["step"])))

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Take the step, or show the page with what is wrong, or with what a colleague did meanwhile."""
        case_id, word = params["case_id"], params["step"]
        if word not in STEPS:
            raise Refused(ErrorCode.NOT_FOUND)
        typed = _typed(form, word)
        try:
            visit_of(req).call(money_cases.MOVE_CASE, _request(desk, case_id, version_of(form), word, typed))
        except Refused as refusal:
            _write(self, req, resp, desk, case_id, _again(visit_of(req), desk, refusal, word, typed))
            return
        see_other(resp, announcing(addresses.money_case(desk.entity.code, case_id), CASE_MOVED))


def _request(
    desk: Desk, case_id: UUID, version: int, word: str, typed: Mapping[str, str]
) -> money_cases.MoveCaseRequest:
    """Read a form. Raises Refused for an amount that cannot be read."""
    amount = typed.get("importo")
    return money_cases.MoveCaseRequest(
        entity_code=desk.entity.code,
        service_codes=desk.services(Operation.WRITE_REFUNDS),
        case_id=case_id,
        version=version,
        actor=actor_of(desk.operator),
        step=STEPS[word],
        reason=typed[_reason_field(word)] or None,
        iban=typed["iban"] or None,
        holder=typed["intestatario"] or None,
        refund_cents=AmountCents.typed(amount) if amount else None,
        offset_notice_number=typed["avviso"] or None,
    )


def _reason_field(word: str) -> str:
    """The reason of each form has a name of its own: several stand on one page."""
    return f"motivo-{word}"


def _typed(form: Form, word: str) -> dict[str, str]:
    reason = _reason_field(word)
    limits = {"iban": 60, "intestatario": HOLDER_MAX, "importo": 40, "avviso": 40, reason: _REASON_MAX}
    return {name: cleaned(form, name)[:limit] for name, limit in limits.items()}


def _again(visit: Visit, desk: Desk, refusal: Refused, word: str, typed: Mapping[str, str]) -> _Again:
    """Return what the page is shown again with. Raises the refusal where it is none of a form's."""
    meanwhile = detail_of(refusal, ChangedMeanwhile)
    if meanwhile is not None:
        return _Again(typed, changed=told(visit, desk, meanwhile))
    name = _reason_field(word) if refusal.code is ErrorCode.REASON_REQUIRED else _FIELD_OF_CODE.get(refusal.code)
    if name is None:
        raise refusal
    return _Again(typed, errors={name: _SENTENCES.get(refusal.code) or MESSAGES[refusal.code].sentence})


def _write(
    page: OfficePage, req: falcon.Request, resp: falcon.Response, desk: Desk, case_id: UUID, again: _Again
) -> None:
    visit = visit_of(req)
    reply = _case(visit, desk, case_id)
    amount = filters_of(visit.language)["plain_amount"](reply.case.refund_cents or reply.case.unexpected_cents)
    shown = {"importo": amount, "intestatario": reply.case.holder or reply.case.payer_name}
    page.show(
        req,
        resp,
        "money_case.html",
        desk,
        status=again.status,
        case=reply.case,
        history=rows_of(visit, desk, reply.history),
        second_person=reply.second_person,
        is_own=reply.case.decided_by == actor_of(desk.operator),
        typed={**shown, **again.typed},
        errors=again.errors,
        changed=again.changed,
        case_states=CASE_STATES,
        reasons=UNEXPECTED,
    )


def _case(visit: Visit, desk: Desk, case_id: UUID) -> MoneyCaseReply:
    """Return a case of the services for which the operator may see payments. Raises Refused(MONEY_CASE_NOT_FOUND)."""
    request = money_cases.MoneyCaseRequest(
        entity_code=desk.entity.code,
        service_codes=desk.services(Operation.READ_PAYMENTS),
        case_id=case_id,
        show_iban=desk.may(Operation.WRITE_REFUNDS),
    )
    return visit.call(money_cases.MONEY_CASE, request)
