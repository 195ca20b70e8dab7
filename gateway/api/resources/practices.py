"""Practices as their payer sees them: search, list, insertion, one practice, its documents."""

import base64
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from uuid import UUID

import falcon

from contracts.errors import ErrorCode, Refused
from contracts.rpc import notices, payments, practices
from contracts.shapes import Empty
from gateway.api import answers, bodies, examples
from gateway.api.cursors import link_next
from gateway.api.operation import Access, Asked, IdempotencyKey, Operation, Resource, operation
from gateway.api.tags import Tag
from gateway.debtors import by_name_alone, debtor_of
from gateway.edge.rates import DOCUMENT, INSERTION, SEARCH
from gateway.visit import Visit

_PDF: Final = "application/pdf"
_XML: Final = "application/xml"
_AMOUNT_ERRORS: Final = (
    ErrorCode.AMOUNT_OUT_OF_RANGE,
    ErrorCode.AMOUNT_NOT_ALLOWED,
    ErrorCode.DESCRIPTION_REQUIRED,
    ErrorCode.DESCRIPTION_TOO_LONG,
    ErrorCode.BENEFICIARY_REQUIRED,
    ErrorCode.STAMP_REQUIRED,
)


class SearchesResource(Resource):
    """Ricerca pratica."""

    @operation(
        Operation(
            summary="Search a practice by notice number, or by fiscal code and reference",
            tag=Tag.PRACTICES,
            access=Access.PAYER,
            body=bodies.SearchBody,
            answer=answers.PracticePage,
            errors=(
                ErrorCode.UNKNOWN_ENTITY,
                ErrorCode.INVALID_FISCAL_CODE,
                ErrorCode.INVALID_NOTICE_NUMBER,
                ErrorCode.PRACTICE_NOT_FOUND,
                ErrorCode.TOO_MANY_REQUESTS,
            ),
            body_example=examples.SEARCH,
            answer_example={"items": [examples.PRACTICE], "next_cursor": None},
        )
    )
    def on_post(self, asked: Asked[bodies.SearchBody], entity: str) -> answers.PracticePage:
        """Find, and remember for this visitor what was found: it may then be printed, put in the cart and paid."""
        self.context.rates.check(asked.req, SEARCH)
        request = practices.SearchRequest(
            entity_code=entity,
            notice_number=asked.body.notice_number,
            fiscal_code=asked.body.fiscal_code,
            reference=asked.body.reference,
        )
        found = asked.visit.call(practices.SEARCH, request).practices
        identified = not any(practice.masked for practice in found)
        asked.visit.grant((practice.id for practice in found), identified=identified)
        return answers.PracticePage(items=found, next_cursor=None)


class PracticesResource(Resource):
    """Pratiche associate, and Inserimento spontaneo."""

    @operation(
        Operation(
            summary="The practices the citizen is debtor of, newest first unless another order is asked for",
            tag=Tag.PRACTICES,
            access=Access.CITIZEN,
            query=bodies.PracticeQuery,
            answer=answers.PracticePage,
            errors=(ErrorCode.UNKNOWN_ENTITY,),
            answer_example={"items": [examples.PRACTICE], "next_cursor": None},
        )
    )
    def on_get(self, asked: Asked[Empty, bodies.PracticeQuery], entity: str) -> answers.PracticePage:
        """List one page."""
        request = practices.ListRequest(
            entity_code=entity,
            viewer=asked.visit.viewer,
            states=asked.query.state,
            service_code=asked.query.service_code,
            year=asked.query.year,
            due_from=asked.query.due_from,
            due_until=asked.query.due_until,
            order=asked.query.order,
            cursor=asked.query.cursor,
            limit=asked.query.limit,
        )
        page = asked.visit.call(practices.LIST, request)
        link_next(asked.req, asked.resp, "cursor", page.next_cursor)
        return answers.PracticePage(items=page.practices, next_cursor=page.next_cursor)

    @operation(
        Operation(
            summary="Insert a practice (Inserimento spontaneo)",
            tag=Tag.PRACTICES,
            access=Access.PAYER,
            body=bodies.InsertBody,
            answer=practices.Practice,
            status=HTTPStatus.CREATED,
            idempotency=IdempotencyKey.REQUIRED,
            errors=(
                ErrorCode.UNKNOWN_ENTITY,
                ErrorCode.UNKNOWN_SERVICE,
                ErrorCode.LOGIN_REQUIRED,
                ErrorCode.CONSENT_MISSING,
                ErrorCode.ANONYMOUS_NOT_ALLOWED,
                ErrorCode.PAYER_NOT_ALLOWED,
                *_AMOUNT_ERRORS,
                ErrorCode.EXTRA_FIELD_NOT_ALLOWED,
                ErrorCode.NAME_REQUIRED,
                ErrorCode.TOO_MANY_REQUESTS,
            ),
            body_example=examples.INSERTION,
            answer_example=examples.PRACTICE,
        )
    )
    def on_post(self, asked: Asked[bodies.InsertBody], entity: str) -> practices.Practice:
        """Insert for the citizen of the session, or without a debtor when `anonymous`."""
        self.context.rates.check(asked.req, INSERTION)
        insertion = asked.body
        citizen = None if insertion.anonymous else asked.visit.require_citizen()
        request = practices.InsertRequest(
            idempotency_key=asked.idempotency_key,
            entity_code=entity,
            service_code=insertion.service_code,
            viewer=asked.visit.viewer,
            anonymous=insertion.anonymous,
            debtor=debtor_of(citizen, asked.visit.organization) if citizen else by_name_alone(insertion.full_name),
            beneficiary=insertion.beneficiary,
            amount_cents=insertion.amount_cents,
            description=insertion.description,
            stamp=insertion.stamp,
            extras=insertion.extras,
        )
        practice = asked.visit.call(practices.INSERT, request)
        if citizen is None:
            asked.visit.grant([practice.id], identified=True)
        asked.resp.location = f"/api/v1/practices/{practice.id}"
        return practice


class PracticeResource(Resource):
    """One practice."""

    @operation(
        Operation(
            summary="One practice, with its state: reason, since, until",
            tag=Tag.PRACTICES,
            access=Access.PAYER,
            answer=practices.Practice,
            errors=(ErrorCode.PRACTICE_NOT_FOUND,),
            answer_example=examples.PRACTICE,
        )
    )
    def on_get(self, asked: Asked, practice_id: UUID) -> practices.Practice:
        """Show it to its debtor, or to who has searched or inserted it."""
        return visible(asked.visit, [practice_id])[0]


class NoticeResource(Resource):
    """Stampa bollettino."""

    @operation(
        Operation(
            summary="The payment notice (avviso di pagamento) as PDF",
            tag=Tag.PRACTICES,
            access=Access.PAYER,
            query=bodies.NoticeQuery,
            media_type=_PDF,
            errors=(
                ErrorCode.PRACTICE_NOT_FOUND,
                ErrorCode.PRACTICE_PAID,
                ErrorCode.PRACTICE_UNDERPAID,
                ErrorCode.PRACTICE_EXPIRED,
                ErrorCode.PRACTICE_CANCELLED,
                ErrorCode.PRACTICE_ONLINE_ONLY,
                ErrorCode.TOO_MANY_REQUESTS,
            ),
        )
    )
    def on_get(self, asked: Asked[Empty, bodies.NoticeQuery], practice_id: UUID) -> None:
        """Render the notice, in the language asked, for who may see the practice."""
        self.context.rates.check(asked.req, DOCUMENT)
        visit = asked.visit
        [practice] = visible(visit, [practice_id])
        request = notices.NoticeRequest(
            practice_id=practice_id,
            viewer=visit.viewer,
            language=visit.language,
            full_amount_id=asked.query.full_amount_id,
        )
        notice = self.context.public_notices.get(practice, request, lambda: visit.call(notices.NOTICE, request))
        answer_file(asked.resp, notice)


class ReceiptResource(Resource):
    """Quietanza."""

    @operation(
        Operation(
            summary="The receipt (quietanza) of a paid practice as PDF: every payment of it, or one",
            tag=Tag.PRACTICES,
            access=Access.PAYER,
            query=bodies.ReceiptQuery,
            media_type=_PDF,
            errors=(ErrorCode.PRACTICE_NOT_FOUND, ErrorCode.RECEIPT_NOT_FOUND, ErrorCode.TOO_MANY_REQUESTS),
        )
    )
    def on_get(self, asked: Asked[Empty, bodies.ReceiptQuery], practice_id: UUID) -> None:
        """Render the receipt, in the language asked, for who may see the practice."""
        self.context.rates.check(asked.req, DOCUMENT)
        visit = asked.visit
        visible(visit, [practice_id])
        request = notices.ReceiptRequest(
            practice_id=practice_id,
            viewer=visit.viewer,
            language=visit.language,
            receipt_id=asked.query.receipt_id,
        )
        answer_file(asked.resp, visit.call(notices.RECEIPT, request))


class StampResource(Resource):
    """The digital revenue stamp that was bought with a practice."""

    @operation(
        Operation(
            summary="The digital revenue stamp (marca da bollo digitale) that came with the payment, as it was signed",
            tag=Tag.PRACTICES,
            access=Access.PAYER,
            media_type=_XML,
            errors=(ErrorCode.PRACTICE_NOT_FOUND, ErrorCode.STAMP_NOT_FOUND),
        )
    )
    def on_get(self, asked: Asked, practice_id: UUID) -> None:
        """Answer the file to whoever sees the whole practice."""
        [practice] = visible(asked.visit, [practice_id])
        if practice.masked:
            raise Refused(ErrorCode.STAMP_NOT_FOUND)
        answer_file(asked.resp, asked.visit.call(payments.STAMP, payments.ReceiptsRequest(practice_id=practice_id)))


def answer_file(resp: falcon.Response, file: notices.Document | payments.StampFile) -> None:
    """Answer with a file made elsewhere."""
    resp.content_type = file.media_type
    resp.downloadable_as = file.file_name
    resp.data = base64.b64decode(file.content_base64)


def visible(visit: Visit, practice_ids: Sequence[UUID]) -> Sequence[practices.Practice]:
    """Return the practices asked, in order; one that the payer may not see is as one that does not exist.

    Raises Refused(SPID_LEVEL_TOO_LOW) for those that a session of a higher SPID level would see. From here on the visit
    is one in the pages of their entity.
    """
    found = _found(visit, practice_ids)
    for entity_code in sorted({practice.entity_code for practice in found}):
        visit.enter(entity_code)
        if visit.is_too_weak:
            return _found_as_visitor(visit, practice_ids)
    return found


def _found_as_visitor(visit: Visit, practice_ids: Sequence[UUID]) -> Sequence[practices.Practice]:
    try:
        return _found(visit, practice_ids)
    except Refused:
        visit.require_login()
        raise


def _found(visit: Visit, practice_ids: Sequence[UUID]) -> Sequence[practices.Practice]:
    request = practices.GetManyRequest(viewer=visit.viewer, practice_ids=practice_ids)
    found = visit.call(practices.GET_MANY, request).practices
    if {practice.id for practice in found} != set(practice_ids):
        raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
    return found
