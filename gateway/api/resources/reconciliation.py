"""For the entity's accounting: payments received, and the merged feed of events."""

import heapq
from collections.abc import Mapping, Sequence
from typing import Any, Final

from contracts.call import Call
from contracts.errors import ErrorCode, Refused
from contracts.rpc import payments, practices
from contracts.shapes import Empty
from gateway.api import answers, bodies, examples, uploads
from gateway.api.cursors import FeedCursor, link_next
from gateway.api.keys import Scope
from gateway.api.operation import Access, Asked, Operation, Resource, operation
from gateway.api.tags import Tag
from gateway.visit import Visit

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
            entity_code=entity, since=query.since, cursor=query.cursor, limit=query.limit, flagged=query.flagged
        )
        page = asked.visit.call(payments.LIST_PAYMENTS, request)
        link_next(asked.req, asked.resp, "cursor", page.next_cursor)
        return answers.PaymentPage(items=page.receipts, next_cursor=page.next_cursor)


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
        request = payments.TakeReceiptRequest(entity_code=entity, envelope=envelope)
        return asked.visit.call(payments.TAKE_RECEIPT, request)


class EventsResource(Resource):
    """The feed for software that cannot listen to the broker."""

    @operation(
        Operation(
            summary="Events of the entity's practices and payments after a cursor, as published",
            tag=Tag.RECONCILIATION,
            access=Access.KEY,
            scope=Scope.EVENTS_READ,
            query=bodies.EventQuery,
            answer=answers.EventPage,
            answer_example=examples.EVENTS,
        )
    )
    def on_get(self, asked: Asked[Empty, bodies.EventQuery]) -> answers.EventPage:
        """Merge the feeds of practices and payments by time, leaving out other entities' events.

        The cursor also moves past what is left out, so a page may be empty with `more` still true.
        """
        cursor = FeedCursor.parse(asked.query.after)
        limit = asked.query.limit
        sources = {
            "practices": _read(asked.visit, practices.EVENTS, cursor.practices, limit),
            "payments": _read(asked.visit, payments.EVENTS, cursor.payments, limit),
        }
        labelled = [[(item.event["time"], name, item) for item in items] for name, items in sources.items()]
        taken = list(heapq.merge(*labelled, key=lambda row: row[0]))[:limit]
        positions = {"practices": cursor.practices, "payments": cursor.payments}
        positions |= {name: item.position for _, name, item in taken}
        after = str(FeedCursor(**positions))
        more = any(len(items) == limit for items in sources.values()) or len(taken) < sum(map(len, sources.values()))
        link_next(asked.req, asked.resp, "after", after)
        own = [item.event for _, _, item in taken if _entity_of(item.event) == asked.key.entity_code]
        return answers.EventPage(items=own, next_cursor=after, more=more)


Feed = Call[practices.EventsRequest, practices.EventsReply]


def _read(visit: Visit, call: Feed, after: int, limit: int) -> Sequence[practices.FeedItem]:
    return visit.call(call, practices.EventsRequest(after=after, limit=limit)).items


def _entity_of(event: Mapping[str, Any]) -> str | None:
    """Return whose event it is: `entity_code`, or the creditor of a position. It is JSON, of whatever type it is."""
    data = event["data"]
    code: str | None = data.get("entity_code") or data.get("creditor", {}).get("code")
    return code
