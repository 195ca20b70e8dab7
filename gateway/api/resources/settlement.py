"""For the entity's accounting: settlement flows, bank credits, what a human must look at, the report of a day."""

import base64
from datetime import date
from http import HTTPStatus
from typing import Final

from contracts.errors import ErrorCode, Refused
from contracts.rpc import notices, settlement
from contracts.scopes import Scope
from contracts.shapes import Empty
from gateway import flow_files
from gateway.api import answers, bodies, settlement_examples, uploads
from gateway.api.cursors import link_next
from gateway.api.field_errors import FieldError, invalid
from gateway.api.operation import Access, Asked, Operation, Resource, operation
from gateway.api.resources.practices import answer_file
from gateway.api.tags import Tag

_MEDIA_TYPES: Final = ("application/xml", "text/xml", "application/zip", "text/plain", "application/octet-stream")


class SettlementsResource(Resource):
    """Settlement flows (FdR)."""

    @operation(
        Operation(
            summary="Upload a settlement flow (FdR): XML 1.0.4 or 1.0.5, as it is, in base64, or zipped",
            tag=Tag.SETTLEMENT,
            access=Access.KEY,
            scope=Scope.SETTLEMENTS_WRITE,
            file_types=(*_MEDIA_TYPES, "multipart/form-data"),
            answer=settlement.Settlement,
            status=HTTPStatus.CREATED,
            errors=(
                ErrorCode.IMPORT_EMPTY,
                ErrorCode.IMPORT_TOO_LARGE,
                ErrorCode.SETTLEMENT_UNREADABLE,
                ErrorCode.SETTLEMENT_TOTALS_DIFFER,
                ErrorCode.SETTLEMENT_OTHER_BODY,
            ),
            answer_example=settlement_examples.SETTLEMENT,
        )
    )
    def on_post(self, asked: Asked, entity: str) -> settlement.Settlement:
        """Take the file. The same flow again changes nothing; a newer one of its id replaces it.

        A large one is answered as soon as its head is read, all its rows pending: its address says what becomes of it.
        """
        upload = uploads.receive(asked.req, _MEDIA_TYPES, max_bytes=flow_files.UPLOAD_MAX_BYTES)
        if not upload.content:
            raise Refused(ErrorCode.IMPORT_EMPTY)
        content = base64.b64encode(flow_files.for_payments(upload.content)).decode()
        request = settlement.TakeSettlementRequest(entity_code=entity, content_base64=content, actor=asked.key.actor)
        taken = asked.visit.call(settlement.TAKE_SETTLEMENT, request)
        asked.resp.location = f"/api/v1/creditors/{entity}/settlements/{taken.flow_id}"
        return taken

    @operation(
        Operation(
            summary="Settlement flows, the newest day first",
            tag=Tag.SETTLEMENT,
            access=Access.KEY,
            scope=Scope.PAYMENTS_READ,
            query=bodies.SettlementQuery,
            answer=answers.SettlementPage,
            answer_example={"items": [settlement_examples.SETTLEMENT]},
        )
    )
    def on_get(self, asked: Asked[Empty, bodies.SettlementQuery], entity: str) -> answers.SettlementPage:
        """List them."""
        request = settlement.SettlementsRequest(entity_code=entity, limit=asked.query.limit)
        return answers.SettlementPage(items=asked.visit.call(settlement.SETTLEMENTS, request).settlements)


class SettlementResource(Resource):
    """One flow."""

    @operation(
        Operation(
            summary="What became of a settlement flow's rows",
            tag=Tag.SETTLEMENT,
            access=Access.KEY,
            scope=Scope.PAYMENTS_READ,
            answer=settlement.Settlement,
            errors=(ErrorCode.SETTLEMENT_NOT_FOUND, ErrorCode.SETTLEMENT_UNREADABLE),
            answer_example=settlement_examples.SETTLEMENT,
        )
    )
    def on_get(self, asked: Asked, entity: str, flow_id: str) -> settlement.Settlement:
        """Show it."""
        request = settlement.SettlementRequest(entity_code=entity, flow_id=flow_id)
        return asked.visit.call(settlement.SETTLEMENT, request)


class WorklistResource(Resource):
    """Rows that are not simply a payment of ours."""

    @operation(
        Operation(
            summary="Settled amounts a human must look at, oldest first",
            tag=Tag.SETTLEMENT,
            access=Access.KEY,
            scope=Scope.PAYMENTS_READ,
            query=bodies.WorklistQuery,
            answer=answers.WorklistPage,
            answer_example={"items": [settlement_examples.WORKLIST_ITEM], "next_after": None},
        )
    )
    def on_get(self, asked: Asked[Empty, bodies.WorklistQuery], entity: str) -> answers.WorklistPage:
        """List one page."""
        query = asked.query
        request = settlement.WorklistRequest(entity_code=entity, after=query.after, limit=query.limit)
        items = asked.visit.call(settlement.WORKLIST, request).items
        after = items[-1].id if len(items) == query.limit else None
        link_next(asked.req, asked.resp, "after", None if after is None else str(after))
        return answers.WorklistPage(items=items, next_after=after)


class BankCreditsResource(Resource):
    """Credits on the entity's bank account."""

    @operation(
        Operation(
            summary="Bank credits that no flow belongs to, oldest first, with the flows they might be of",
            tag=Tag.SETTLEMENT,
            access=Access.KEY,
            scope=Scope.PAYMENTS_READ,
            query=bodies.UnmatchedQuery,
            answer=answers.UnmatchedPage,
            answer_example={"items": [settlement_examples.UNMATCHED_CREDIT], "next_after": None},
        )
    )
    def on_get(self, asked: Asked[Empty, bodies.UnmatchedQuery], entity: str) -> answers.UnmatchedPage:
        """List one page."""
        query = asked.query
        request = settlement.UnmatchedCreditsRequest(entity_code=entity, after=query.after, limit=query.limit)
        items = asked.visit.call(settlement.UNMATCHED_CREDITS, request).credits
        after = items[-1].reference if len(items) == query.limit else None
        link_next(asked.req, asked.resp, "after", after)
        return answers.UnmatchedPage(items=items, next_after=after)


class BankCreditResource(Resource):
    """A credit on the entity's bank account, under the bank's reference of it."""

    @operation(
        Operation(
            summary="Register a bank credit; it is matched by the flow its text names and by its amount",
            tag=Tag.SETTLEMENT,
            access=Access.KEY,
            scope=Scope.SETTLEMENTS_WRITE,
            body=bodies.BankCreditBody,
            answer=settlement.Credit,
            body_example=settlement_examples.BANK_CREDIT,
            answer_example=settlement_examples.CREDIT,
        )
    )
    def on_put(self, asked: Asked[bodies.BankCreditBody], entity: str, reference: str) -> settlement.Credit:
        """Put it."""
        request = settlement.PutCreditRequest(
            entity_code=entity,
            reference=reference,
            booked_on=asked.body.booked_on,
            amount_cents=asked.body.amount_cents,
            remittance_text=asked.body.remittance_text,
            actor=asked.key.actor,
        )
        return asked.visit.call(settlement.PUT_CREDIT, request)


class DayReportResource(Resource):
    """The reconciliation report of a day of settlement."""

    @operation(
        Operation(
            summary="The reconciliation report of a day (CSV): each transfer, each flow beside its credit, the totals",
            tag=Tag.SETTLEMENT,
            access=Access.KEY,
            scope=Scope.PAYMENTS_READ,
            media_type="text/csv",
        )
    )
    def on_get(self, asked: Asked, entity: str, day: str) -> None:
        """Hand it out."""
        request = settlement.DayRequest(entity_code=entity, day=_day(day))
        report = asked.visit.call(settlement.DAY_REPORT, request)
        asked.resp.content_type = "text/csv; charset=utf-8"
        asked.resp.downloadable_as = report.file_name
        asked.resp.text = report.csv


class DayReportPdfResource(Resource):
    """The same report to be read and filed."""

    @operation(
        Operation(
            summary="The reconciliation report of a day (PDF), in the language of the request",
            tag=Tag.SETTLEMENT,
            access=Access.KEY,
            scope=Scope.PAYMENTS_READ,
            media_type="application/pdf",
        )
    )
    def on_get(self, asked: Asked, entity: str, day: str) -> None:
        """Hand it out."""
        request = notices.DayReportRequest(entity_code=entity, day=_day(day), language=asked.visit.language)
        answer_file(asked.resp, asked.visit.call(notices.DAY_REPORT, request))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise invalid([FieldError("parameter", "day", "invalid_date")]) from None
