"""For the entity's accounting: money that nobody expected, decided case by case, and refunds as files for the bank."""

from http import HTTPStatus
from typing import Final
from uuid import UUID

from contracts.errors import ErrorCode
from contracts.rpc import money_cases
from contracts.shapes import Empty
from gateway.api import answers, bodies, money_examples
from gateway.api.cursors import link_next
from gateway.api.keys import Scope
from gateway.api.operation import Access, Asked, IdempotencyKey, Operation, Resource, operation
from gateway.api.tags import Tag

_STEP_ERRORS: Final = (
    ErrorCode.MONEY_CASE_NOT_FOUND,
    ErrorCode.CHANGED_MEANWHILE,
    ErrorCode.MONEY_CASE_STEP_NOT_ALLOWED,
    ErrorCode.SECOND_PERSON_REQUIRED,
    ErrorCode.REASON_REQUIRED,
    ErrorCode.INVALID_IBAN,
    ErrorCode.NAME_REQUIRED,
    ErrorCode.REFUND_TOO_LARGE,
    ErrorCode.INVALID_NOTICE_NUMBER,
    ErrorCode.PRACTICE_NOT_FOUND,
    ErrorCode.PRACTICE_PAID,
    ErrorCode.PRACTICE_CANCELLED,
)


class MoneyCasesResource(Resource):
    """All of an entity."""

    @operation(
        Operation(
            summary="Payments that nobody expected, oldest first, and what becomes of them",
            tag=Tag.UNEXPECTED_MONEY,
            access=Access.KEY,
            scope=Scope.PAYMENTS_READ,
            query=bodies.MoneyCaseQuery,
            answer=answers.MoneyCasePage,
            answer_example=money_examples.CASES,
        )
    )
    def on_get(self, asked: Asked[Empty, bodies.MoneyCaseQuery], entity: str) -> answers.MoneyCasePage:
        """List one page; the payer's account is masked for a key without `refunds:write`."""
        query = asked.query
        request = money_cases.MoneyCasesRequest(
            entity_code=entity,
            states=query.state,
            cursor=query.cursor,
            limit=query.limit,
            show_iban=asked.key.has(Scope.REFUNDS_WRITE),
        )
        page = asked.visit.call(money_cases.MONEY_CASES, request)
        link_next(asked.req, asked.resp, "cursor", page.next_cursor)
        return answers.MoneyCasePage(items=page.cases, totals=page.totals, next_cursor=page.next_cursor)


class MoneyCaseResource(Resource):
    """One of them."""

    @operation(
        Operation(
            summary="One payment that nobody expected, and who did what with it",
            tag=Tag.UNEXPECTED_MONEY,
            access=Access.KEY,
            scope=Scope.PAYMENTS_READ,
            answer=money_cases.MoneyCaseReply,
            errors=(ErrorCode.MONEY_CASE_NOT_FOUND,),
            answer_example=money_examples.CASE_REPLY,
        )
    )
    def on_get(self, asked: Asked, entity: str, case_id: UUID) -> money_cases.MoneyCaseReply:
        """Show it."""
        request = money_cases.MoneyCaseRequest(
            entity_code=entity, case_id=case_id, show_iban=asked.key.has(Scope.REFUNDS_WRITE)
        )
        return asked.visit.call(money_cases.MONEY_CASE, request)


class MoneyCaseStepsResource(Resource):
    """What is done with one."""

    @operation(
        Operation(
            summary="Take a step: ask, decide, confirm or withdraw a refund, say what the bank did, offset or explain",
            tag=Tag.UNEXPECTED_MONEY,
            access=Access.KEY,
            scope=Scope.REFUNDS_WRITE,
            body=bodies.MoneyCaseStepBody,
            answer=money_cases.MoneyCase,
            errors=_STEP_ERRORS,
            body_example=money_examples.STEP,
            answer_example=money_examples.CASE,
        )
    )
    def on_post(self, asked: Asked[bodies.MoneyCaseStepBody], entity: str, case_id: UUID) -> money_cases.MoneyCase:
        """Take it, in the version that was read; the audit names the key."""
        body = asked.body
        request = money_cases.MoveCaseRequest(
            entity_code=entity,
            case_id=case_id,
            version=body.version,
            actor=asked.key.actor,
            step=body.step,
            reason=body.reason,
            iban=body.iban,
            holder=body.holder,
            refund_cents=body.refund_cents,
            offset_notice_number=body.offset_notice_number,
        )
        return asked.visit.call(money_cases.MOVE_CASE, request)


class RefundExportsResource(Resource):
    """Files of refunds."""

    @operation(
        Operation(
            summary="Files of refunds, newest first",
            tag=Tag.UNEXPECTED_MONEY,
            access=Access.KEY,
            scope=Scope.REFUNDS_WRITE,
            query=bodies.RefundExportQuery,
            answer=money_cases.RefundExports,
            answer_example={"exports": [money_examples.EXPORT], "account_iban": money_examples.EXPORT["account_iban"]},
        )
    )
    def on_get(self, asked: Asked[Empty, bodies.RefundExportQuery], entity: str) -> money_cases.RefundExports:
        """List them."""
        request = money_cases.RefundExportsRequest(entity_code=entity, limit=asked.query.limit)
        return asked.visit.call(money_cases.REFUND_EXPORTS, request)

    @operation(
        Operation(
            summary="Put all decided refunds into one file; with the same key again it is the same file",
            tag=Tag.UNEXPECTED_MONEY,
            access=Access.KEY,
            scope=Scope.REFUNDS_WRITE,
            idempotency=IdempotencyKey.REQUIRED,
            body=bodies.RefundExportBody,
            answer=money_cases.RefundExport,
            status=HTTPStatus.CREATED,
            errors=(ErrorCode.NO_REFUNDS_TO_EXPORT, ErrorCode.INVALID_IBAN, ErrorCode.INVALID_DATE),
            body_example=money_examples.EXPORT_BODY,
            answer_example=money_examples.EXPORT,
        )
    )
    def on_post(self, asked: Asked[bodies.RefundExportBody], entity: str) -> money_cases.RefundExport:
        """Make it; of two at once the second is told that there is nothing left."""
        request = money_cases.ExportRefundsRequest(
            idempotency_key=asked.idempotency_key,
            entity_code=entity,
            actor=asked.key.actor,
            pay_on=asked.body.pay_on,
            account_iban=asked.body.account_iban,
        )
        return asked.visit.call(money_cases.EXPORT_REFUNDS, request)


class RefundTableResource(Resource):
    """A file for a spreadsheet."""

    @operation(
        Operation(
            summary="A file of refunds (CSV)",
            tag=Tag.UNEXPECTED_MONEY,
            access=Access.KEY,
            scope=Scope.REFUNDS_WRITE,
            media_type="text/csv",
            errors=(ErrorCode.REFUND_EXPORT_NOT_FOUND,),
        )
    )
    def on_get(self, asked: Asked, entity: str, export_id: UUID) -> None:
        """Hand it out."""
        _hand_out(asked, entity, export_id, "csv")


class RefundTransferResource(Resource):
    """A file for the bank."""

    @operation(
        Operation(
            summary="A file of refunds as a SEPA credit transfer (ISO 20022 pain.001.001.09)",
            tag=Tag.UNEXPECTED_MONEY,
            access=Access.KEY,
            scope=Scope.REFUNDS_WRITE,
            media_type="application/xml",
            errors=(ErrorCode.REFUND_EXPORT_NOT_FOUND,),
        )
    )
    def on_get(self, asked: Asked, entity: str, export_id: UUID) -> None:
        """Hand it out."""
        _hand_out(asked, entity, export_id, "xml")


class RefundPaymentResource(Resource):
    """What the bank did with a file."""

    @operation(
        Operation(
            summary="Say that the bank has paid a file: all its refunds still open are done",
            tag=Tag.UNEXPECTED_MONEY,
            access=Access.KEY,
            scope=Scope.REFUNDS_WRITE,
            answer=money_cases.RefundExport,
            errors=(ErrorCode.REFUND_EXPORT_NOT_FOUND,),
            answer_example={**money_examples.EXPORT, "open_count": 0},
        )
    )
    def on_post(self, asked: Asked, entity: str, export_id: UUID) -> money_cases.RefundExport:
        """Note it; again is the same as once."""
        request = money_cases.SettleExportRequest(entity_code=entity, export_id=export_id, actor=asked.key.actor)
        return asked.visit.call(money_cases.SETTLE_EXPORT, request)


def _hand_out(asked: Asked, entity: str, export_id: UUID, file_format: str) -> None:
    request = money_cases.RefundFileRequest(entity_code=entity, export_id=export_id, format=file_format)
    file = asked.visit.call(money_cases.REFUND_FILE, request)
    asked.resp.content_type = file.media_type
    asked.resp.downloadable_as = file.file_name
    asked.resp.text = file.content
