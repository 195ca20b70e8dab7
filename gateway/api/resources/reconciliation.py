"""For the entity's accounting: payments received, and the merged feed of events."""

from typing import Final

from contracts.errors import ErrorCode, Refused
from contracts.rpc import payments
from contracts.scopes import Scope
from contracts.shapes import Empty
from gateway.api import answers, bodies, csv_files, examples, merged_feed, uploads
from gateway.api.cursors import link_next
from gateway.api.operation import Access, Asked, Operation, Resource, operation
from gateway.api.tags import Tag

_RECEIPT_TYPES: Final = ("application/xml", "text/xml")


class PaymentsResource(Resource):
    """Receipts of the node."""

    @operation(
        Operation(
            summary="Payments received, oldest first, with their receipts' content",
            tag=Tag.RECONCILIATION,
            access=Access.KEY,
            scope=Scope.PAYMENTS_READ,
            query=bodies.PaymentQuery,
            answer=answers.PaymentPage,
            errors=(ErrorCode.UNKNOWN_ENTITY,),
            answer_example={"items": [examples.RECEIPT], "next_cursor": None},
        )
    )
    def on_get(self, asked: Asked[Empty, bodies.PaymentQuery], entity: str) -> answers.PaymentPage:
        """List one page."""
        query = asked.query
        request = payments.PaymentsRequest(
            entity_code=entity,
            since=query.since,
            until=query.until,
            cursor=query.cursor,
            limit=query.limit,
            flagged=query.flagged,
        )
        page = asked.visit.call(payments.LIST_PAYMENTS, request)
        link_next(asked.req, asked.resp, "cursor", page.next_cursor)
        return answers.PaymentPage(items=page.receipts, next_cursor=page.next_cursor)


class PaymentsFileResource(Resource):
    """The same as a file."""

    @operation(
        Operation(
            summary="Payments received in a period, oldest first, as CSV for a spreadsheet",
            tag=Tag.RECONCILIATION,
            access=Access.KEY,
            scope=Scope.PAYMENTS_READ,
            query=bodies.PaymentFileQuery,
            media_type="text/csv",
            errors=(ErrorCode.UNKNOWN_ENTITY,),
        )
    )
    def on_get(self, asked: Asked[Empty, bodies.PaymentFileQuery], entity: str) -> None:
        """Send it as it is put together."""
        query = asked.query
        request = payments.PaymentsRequest(
            entity_code=entity, since=query.since, until=query.until, flagged=query.flagged
        )
        asked.resp.stream = csv_files.of_payments(asked.visit, request)
        asked.resp.content_type = "text/csv; charset=utf-8"
        asked.resp.downloadable_as = f"pagamenti-{entity}.csv"


class ReceiptsResource(Resource):
    """Receipts that pagoPA's support sends by hand."""

    @operation(
        Operation(
            summary="Take in a receipt that was refused or lost: the SOAP envelope of paSendRTV2, or the message alone",
            tag=Tag.RECONCILIATION,
            access=Access.KEY,
            scope=Scope.SETTLEMENTS_WRITE,
            file_types=(*_RECEIPT_TYPES, "multipart/form-data"),
            answer=payments.TakenReceipt,
            errors=(ErrorCode.IMPORT_EMPTY, ErrorCode.IMPORT_TOO_LARGE, ErrorCode.UNKNOWN_ENTITY),
            answer_example=examples.TAKEN_RECEIPT,
        )
    )
    def on_post(self, asked: Asked, entity: str) -> payments.TakenReceipt:
        """Take it; the same receipt again changes nothing. `fault` is what the node would have been told."""
        upload = uploads.receive(asked.req, _RECEIPT_TYPES)
        if not upload.content:
            raise Refused(ErrorCode.IMPORT_EMPTY)
        try:
            envelope = upload.content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Refused(ErrorCode.INVALID_REQUEST) from None
        request = payments.TakeReceiptRequest(entity_code=entity, envelope=envelope, actor=asked.key.actor)
        return asked.visit.call(payments.TAKE_RECEIPT, request)


class EventsResource(Resource):
    """The feed for software that cannot listen to the broker."""

    @operation(
        Operation(
            summary="Events of the entity's practices and payments, as published, by type, subject and period",
            tag=Tag.RECONCILIATION,
            access=Access.KEY,
            scope=Scope.EVENTS_READ,
            query=bodies.EventQuery,
            answer=answers.EventPage,
            answer_example=examples.EVENTS,
        )
    )
    def on_get(self, asked: Asked[Empty, bodies.EventQuery]) -> answers.EventPage:
        """Hand out a page of the feed."""
        page = merged_feed.page(asked.visit, asked.query, asked.key.entity_code)
        link_next(asked.req, asked.resp, "after", page.next_cursor)
        return page
