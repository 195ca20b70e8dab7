"""For the entity's accounting: settlement flows, bank credits, what a human must look at, the report of a day."""

import base64
from datetime import date
from http import HTTPStatus
from typing import Any, Final

from contracts.errors import ErrorCode, Refused
from contracts.message import schema_of
from contracts.rpc import notices, settlement
from gateway.api import examples, schemas, uploads
from gateway.api.cursors import link_next
from gateway.api.field_errors import FieldError
from gateway.api.keys import Scope
from gateway.api.operation import Access, Asked, Operation, Resource, operation
from gateway.api.request import invalid

_TAG: Final = "Settlement (API key)"
_MEDIA_TYPES: Final = ("application/xml", "text/xml", "application/zip", "text/plain", "application/octet-stream")


class SettlementsResource(Resource):
    """Settlement flows (FdR)."""

    @operation(
        Operation(
            summary="Upload a settlement flow (FdR): XML 1.0.4 or 1.0.5, as it is, in base64, or zipped",
            tag=_TAG,
            access=Access.KEY,
            scope=Scope.SETTLEMENTS_WRITE,
            file_types=(*_MEDIA_TYPES, "multipart/form-data"),
            answer=schema_of(settlement.Settlement),
            status=HTTPStatus.CREATED,
            errors=(
                ErrorCode.IMPORT_EMPTY,
                ErrorCode.IMPORT_TOO_LARGE,
                ErrorCode.SETTLEMENT_UNREADABLE,
                ErrorCode.SETTLEMENT_TOTALS_DIFFER,
                ErrorCode.SETTLEMENT_OTHER_BODY,
            ),
            answer_example=examples.SETTLEMENT,
        )
    )
    def on_post(self, asked: Asked, entity: str) -> dict[str, Any]:
        """Take the file. The same flow again changes nothing; a newer one of its id replaces it."""
        upload = uploads.receive(asked.req, _MEDIA_TYPES)
        if not upload.content:
            raise Refused(ErrorCode.IMPORT_EMPTY)
        content = base64.b64encode(upload.content).decode()
        taken = asked.visit.call(settlement.TAKE_SETTLEMENT, entity_code=entity, content_base64=content)
        asked.resp.location = f"/api/v1/creditors/{entity}/settlements/{taken['flow_id']}"
        return taken

    @operation(
        Operation(
            summary="Settlement flows, the newest day first",
            tag=_TAG,
            access=Access.KEY,
            scope=Scope.PAYMENTS_READ,
            query=schemas.SettlementQuery(),
            answer=schemas.SettlementPage(),
            answer_example={"items": [examples.SETTLEMENT]},
        )
    )
    def on_get(self, asked: Asked, entity: str) -> dict[str, Any]:
        """List them."""
        listed = asked.visit.call(settlement.SETTLEMENTS, entity_code=entity, **asked.query)
        return {"items": listed["settlements"]}


class SettlementResource(Resource):
    """One flow."""

    @operation(
        Operation(
            summary="What became of a settlement flow's rows",
            tag=_TAG,
            access=Access.KEY,
            scope=Scope.PAYMENTS_READ,
            answer=schema_of(settlement.Settlement),
            errors=(ErrorCode.SETTLEMENT_NOT_FOUND,),
            answer_example=examples.SETTLEMENT,
        )
    )
    def on_get(self, asked: Asked, entity: str, flow_id: str) -> dict[str, Any]:
        """Show it."""
        return asked.visit.call(settlement.SETTLEMENT, entity_code=entity, flow_id=flow_id)


class WorklistResource(Resource):
    """Rows that are not simply a payment of ours."""

    @operation(
        Operation(
            summary="Settled amounts a human must look at, oldest first",
            tag=_TAG,
            access=Access.KEY,
            scope=Scope.PAYMENTS_READ,
            query=schemas.WorklistQuery(),
            answer=schemas.WorklistPage(),
            answer_example={"items": [examples.WORKLIST_ITEM], "next_after": None},
        )
    )
    def on_get(self, asked: Asked, entity: str) -> dict[str, Any]:
        """List one page."""
        items = asked.visit.call(settlement.WORKLIST, entity_code=entity, **asked.query)["items"]
        after = str(items[-1]["id"]) if len(items) == asked.query["limit"] else None
        link_next(asked.req, asked.resp, "after", after)
        return {"items": items, "next_after": after and int(after)}


class BankCreditResource(Resource):
    """A credit on the entity's bank account, under the bank's reference of it."""

    @operation(
        Operation(
            summary="Register a bank credit; it is matched by the flow its text names and by its amount",
            tag=_TAG,
            access=Access.KEY,
            scope=Scope.SETTLEMENTS_WRITE,
            body=schemas.BankCreditBody(),
            answer=schema_of(settlement.Credit),
            body_example=examples.BANK_CREDIT,
            answer_example=examples.CREDIT,
        )
    )
    def on_put(self, asked: Asked, entity: str, reference: str) -> dict[str, Any]:
        """Put it."""
        return asked.visit.call(settlement.PUT_CREDIT, entity_code=entity, reference=reference, **asked.body)


class DayReportResource(Resource):
    """The reconciliation report of a day of settlement."""

    @operation(
        Operation(
            summary="The reconciliation report of a day (CSV): each transfer, each flow beside its credit, the totals",
            tag=_TAG,
            access=Access.KEY,
            scope=Scope.PAYMENTS_READ,
            media_type="text/csv",
        )
    )
    def on_get(self, asked: Asked, entity: str, day: str) -> None:
        """Hand it out."""
        report = asked.visit.call(settlement.DAY_REPORT, entity_code=entity, day=_day(day))
        asked.resp.content_type = "text/csv; charset=utf-8"
        asked.resp.downloadable_as = report["file_name"]
        asked.resp.text = report["csv"]


class DayReportPdfResource(Resource):
    """The same report to be read and filed."""

    @operation(
        Operation(
            summary="The reconciliation report of a day (PDF), in the language of the request",
            tag=_TAG,
            access=Access.KEY,
            scope=Scope.PAYMENTS_READ,
            media_type="application/pdf",
        )
    )
    def on_get(self, asked: Asked, entity: str, day: str) -> None:
        """Hand it out."""
        wanted = {"entity_code": entity, "day": _day(day), "language": asked.visit.language}
        report = asked.visit.call(notices.DAY_REPORT, **wanted)
        asked.resp.content_type = report["media_type"]
        asked.resp.downloadable_as = report["file_name"]
        asked.resp.data = base64.b64decode(report["content_base64"])


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise invalid([FieldError("parameter", "day", "invalid_date")]) from None
