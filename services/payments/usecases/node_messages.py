"""The node's messages about a payment, for whoever follows it: masked, and whole for a reason that is written down."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from chassis.audit import entries
from chassis.audit.entries import Change
from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from contracts.rpc.payment_story import (
    NodeMessage,
    NodeMessages,
    NodeMessagesRequest,
    ReadMessageRequest,
    WholeMessage,
)
from services.payments.models import NodeCall, Receipt
from services.payments.repository import node_calls, positions, receipts
from services.payments.soap.masked_messages import masked

_READ: Final = "payments.read_message"
_BY_SETTLEMENT: Final = "settlement"


def messages(database: Database, request: NodeMessagesRequest) -> NodeMessages:
    """Return the messages about a practice that are stored whole, masked, oldest first."""
    with database.reading() as session:
        found = [
            *(_of_receipt(one) for one in _receipts(session, request)),
            *(_of_refused(one) for one in _refused(session, request)),
        ]
    return NodeMessages(messages=sorted(found, key=lambda one: one.at))


def read(database: Database, request: ReadMessageRequest, now: datetime) -> WholeMessage:
    """Return one of them as it came, and write down who read it and why.

    Raises Refused(DESCRIPTION_REQUIRED) without a reason, (NOT_FOUND) for what is not about this practice.
    """
    reason = " ".join(request.reason.split())
    if not reason:
        raise Refused(ErrorCode.DESCRIPTION_REQUIRED)
    with database.transaction() as tx:
        stored = {
            **{_receipt_name(one): one.raw_xml for one in _receipts(tx.session, request)},
            **{_refused_name(one): one.raw_xml for one in _refused(tx.session, request)},
        }
        xml = stored.get(request.message_id)
        if xml is None:
            raise Refused(ErrorCode.NOT_FOUND)
        change = Change(
            entity_code=request.entity_code,
            actor=request.actor,
            operation=_READ,
            subject=str(request.practice_id),
            reason=reason,
            after={"message": request.message_id},
        )
        entries.append(tx, change, now)
    return WholeMessage(xml=xml)


def _receipts(session: Session, request: NodeMessagesRequest) -> list[Receipt]:
    found = receipts.of_practice(session, request.practice_id)
    return [one for one in found if one.entity_code == request.entity_code and one.source != _BY_SETTLEMENT]


def _refused(session: Session, request: NodeMessagesRequest) -> list[NodeCall]:
    position = positions.by_practice(session, [request.practice_id]).get(request.practice_id)
    if position is None or position.entity_code != request.entity_code:
        return []
    return list(node_calls.refused_receipts(session, position.creditor_fiscal_code, position.notice_number))


def _of_receipt(receipt: Receipt) -> NodeMessage:
    return NodeMessage(
        id=_receipt_name(receipt),
        kind="receipt",
        at=receipt.received_at,
        source=receipt.source,
        receipt_id=receipt.receipt_id,
        masked_xml=masked(receipt.raw_xml),
    )


def _of_refused(call: NodeCall) -> NodeMessage:
    return NodeMessage(
        id=_refused_name(call),
        kind="refused_receipt",
        at=call.at,
        source="node",
        fault=call.fault,
        masked_xml=masked(call.raw_xml or ""),
    )


def _receipt_name(receipt: Receipt) -> str:
    return f"receipt:{receipt.id}"


def _refused_name(call: NodeCall) -> str:
    return f"refused_receipt:{call.id}"
