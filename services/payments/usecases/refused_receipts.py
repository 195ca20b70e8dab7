"""Receipts that had to be refused, and those that were asked of pagoPA: what an office sees of them, and takes in."""

from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from contracts.rpc.office_receipts import (
    Recoveries,
    RecoveriesRequest,
    Recovery,
    RefusedReceipt,
    RefusedReceipts,
    RefusedReceiptsRequest,
    TakeRefusedRequest,
)
from contracts.rpc.payments import TakenReceipt, TakeReceiptRequest
from services.payments.hostile_xml import Unreadable
from services.payments.models import NodeCall
from services.payments.repository import node_calls, positions, receipts, recoveries
from services.payments.repository.recoveries import State
from services.payments.soap.requests import read_message
from services.payments.usecases import late_receipt
from services.payments.usecases.node.context import NodeContext


def listed(database: Database, request: RefusedReceiptsRequest) -> RefusedReceipts:
    """Return a page of the receipts sent to an entity that had to be refused, newest first."""
    with database.reading() as session:
        creditor = positions.creditor_of_entity(session, request.entity_code)
        if creditor is None:
            return RefusedReceipts(receipts=[])
        calls = node_calls.refused_of(session, creditor.fiscal_code, request.before, request.limit + 1)
        page = {call.id: _receipt_id(call) for call in calls[: request.limit]}
        ids = [one for one in page.values() if one is not None]
        stored = {one.receipt_id for one in receipts.by_receipt_ids(session, creditor.fiscal_code, ids)}
        found = [
            RefusedReceipt(
                id=call.id,
                at=call.at,
                notice_number=call.notice_number,
                fault=call.fault,
                receipt_id=page[call.id],
                taken=page[call.id] in stored,
            )
            for call in calls[: request.limit]
        ]
    return RefusedReceipts(receipts=found, next_before=found[-1].id if len(calls) > request.limit else None)


def take(context: NodeContext, request: TakeRefusedRequest) -> TakenReceipt:
    """Take a refused receipt in, as if the node sent it again. Raises Refused(NOT_FOUND), and as `take_for_entity`."""
    with context.database.reading() as session:
        creditor = positions.creditor_of_entity(session, request.entity_code)
        call = node_calls.refused(session, creditor.fiscal_code, request.id) if creditor else None
        if call is None or call.raw_xml is None:
            raise Refused(ErrorCode.NOT_FOUND)
        envelope = call.raw_xml
    asked = TakeReceiptRequest(entity_code=request.entity_code, envelope=envelope, actor=request.actor)
    return late_receipt.take_for_entity(context, asked)


def recoveries_of(database: Database, request: RecoveriesRequest) -> Recoveries:
    """Return the receipts of an entity that were asked for, newest first."""
    with database.reading() as session:
        creditor = positions.creditor_of_entity(session, request.entity_code)
        rows = recoveries.newest(session, creditor.fiscal_code, request.limit) if creditor else []
    return Recoveries(
        recoveries=[
            Recovery(
                iur=row.iur,
                iuv=row.iuv,
                state=row.state,
                problem=row.problem,
                requested_at=row.requested_at,
                next_try_at=row.next_try_at if row.state == State.WAITING else None,
            )
            for row in rows
        ]
    )


def _receipt_id(call: NodeCall) -> str | None:
    try:
        return read_message(call.raw_xml or "", "").receipt_id
    except Unreadable:
        return None
