"""The page on which whoever paid too much says where the money shall go."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final
from uuid import UUID

import falcon

from contracts.errors import ErrorCode, Refused, RpcError
from contracts.rpc import money_cases
from contracts.rpc.money_cases import HOLDER_MAX, PayerCase
from contracts.rpc.practices import Practice
from gateway.messages import MESSAGES
from gateway.translations import marked as _
from gateway.visit import Visit, visit_of
from gateway.web import addresses
from gateway.web.announcements import REFUND_ASKED
from gateway.web.case_states import TOLD_TO_PAYER, UNEXPECTED
from gateway.web.page import Form, Page, checked_form, cleaned, see_other
from gateway.web.practice_lookup import one_practice

_IBAN_MAX_CHARS: Final = 60
_NO_HOLDER: Final = _("Scrivi a chi è intestato il conto.")
_FIELD_OF_CODE: Final = {ErrorCode.INVALID_IBAN: "iban", ErrorCode.NAME_REQUIRED: "intestatario"}
_OVERTAKEN: Final = (ErrorCode.CHANGED_MEANWHILE, ErrorCode.MONEY_CASE_STEP_NOT_ALLOWED)
"""Something has happened since the page was made: it is shown anew, with what there is now."""


class RefundPage(Page):
    """Chiedi il rimborso."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID, case_id: UUID) -> None:
        """Show the form to whoever paid.

        Raises Refused: LOGIN_REQUIRED and its kin, PRACTICE_NOT_FOUND, MONEY_CASE_NOT_FOUND for anybody else.
        """
        visit = visit_of(req)
        visit.require_citizen()
        practice = one_practice(visit, entity, practice_id)
        case = _own_case(visit, practice, case_id)
        self._write(req, resp, practice, case, {"iban": "", "intestatario": case.holder_name}, {})

    def on_post(
        self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID, case_id: UUID
    ) -> None:
        """Ask for the money back, or show the form again with what is wrong. Raises as `on_get` does."""
        form = checked_form(req)
        visit = visit_of(req)
        visit.require_citizen()
        practice = one_practice(visit, entity, practice_id)
        typed = {
            "iban": cleaned(form, "iban")[:_IBAN_MAX_CHARS],
            "intestatario": cleaned(form, "intestatario")[:HOLDER_MAX],
        }
        try:
            visit.call(money_cases.ASK_REFUND, _request(visit, practice, case_id, form, typed))
        except Refused as refusal:
            name = "" if refusal.code in _OVERTAKEN else _FIELD_OF_CODE.get(refusal.code)
            if name is None:
                raise
            sentence = _NO_HOLDER if name == "intestatario" else MESSAGES[refusal.code].sentence
            self._write(req, resp, practice, _own_case(visit, practice, case_id), typed, {name: sentence})
            return
        see_other(resp, addresses.announcing(addresses.practice(entity, practice_id), REFUND_ASKED))

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        practice: Practice,
        case: PayerCase,
        typed: Mapping[str, str],
        errors: Mapping[str, str],
    ) -> None:
        entity = self.site.entity(visit_of(req), practice.entity_code)
        self.site.render(
            req,
            resp,
            "refund.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
            entity=entity,
            practice=practice,
            case=case,
            typed=typed,
            errors=errors,
            told_to_payer=TOLD_TO_PAYER,
            reasons=UNEXPECTED,
        )


def own_cases(visit: Visit, practice: Practice) -> Sequence[PayerCase]:
    """Return the cases of who is logged in; none while payments does not answer, without which the page can be."""
    if visit.viewer.fiscal_code is None:
        return []
    try:
        return _cases(visit, practice)
    except RpcError:
        return []


def _cases(visit: Visit, practice: Practice) -> Sequence[PayerCase]:
    fiscal_code = visit.viewer.fiscal_code
    if fiscal_code is None:
        return []
    request = money_cases.PayerCasesRequest(
        entity_code=practice.entity_code, practice_id=practice.id, fiscal_code=fiscal_code
    )
    return visit.call(money_cases.PAYER_CASES, request).cases


def _own_case(visit: Visit, practice: Practice, case_id: UUID) -> PayerCase:
    for case in _cases(visit, practice):
        if case.id == case_id:
            return case
    raise Refused(ErrorCode.MONEY_CASE_NOT_FOUND)


def _request(
    visit: Visit, practice: Practice, case_id: UUID, form: Form, typed: Mapping[str, str]
) -> money_cases.AskRefundRequest:
    citizen = visit.require_citizen()
    version = form.get("version", "")
    return money_cases.AskRefundRequest(
        entity_code=practice.entity_code,
        practice_id=practice.id,
        fiscal_code=visit.viewer.fiscal_code or citizen.fiscal_code,
        case_id=case_id,
        version=int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else 0,
        citizen_id=citizen.id,
        iban=typed["iban"],
        holder=typed["intestatario"],
    )
