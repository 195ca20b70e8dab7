"""Take in a receipt that the node sent and that was refused or lost: as if the node sent it again."""

from dataclasses import replace
from typing import Final

from chassis.audit.entries import Change
from contracts.errors import ErrorCode, Refused
from contracts.rpc.payments import TakenReceipt, TakeReceiptRequest
from services.payments.hostile_xml import Unreadable
from services.payments.repository import positions
from services.payments.soap.envelope import enveloped
from services.payments.soap.requests import NodeMessage, read_message
from services.payments.usecases.node.context import NodeContext
from services.payments.usecases.node.receipt import receive

_TAKEN: Final = "payments.take_receipt"


def take_late_receipt(context: NodeContext, content: bytes) -> TakenReceipt:
    """Take in a receipt as it stands in a file. Raises Unreadable for what is no receipt."""
    envelope = enveloped(content)
    return _take(context, _read(envelope), envelope)


def take_recovered(context: NodeContext, envelope: str) -> TakenReceipt:
    """Take in a receipt that pagoPA told of when it was asked. Raises Unreadable for what is no receipt."""
    return _take(context, _read(envelope), envelope, source="recovered")


def take_for_entity(context: NodeContext, request: TakeReceiptRequest) -> TakenReceipt:
    """Take in a receipt that an entity's clerk has.

    Raises Refused(INVALID_REQUEST) for what is no receipt, Refused(UNKNOWN_ENTITY) for one sent to another entity.
    """
    try:
        envelope = enveloped(request.envelope.encode())
        message = _read(envelope)
    except (Unreadable, UnicodeEncodeError):
        raise Refused(ErrorCode.INVALID_REQUEST) from None
    with context.database.reading() as session:
        creditor = positions.creditor_of_entity(session, request.entity_code)
    if creditor is None or creditor.fiscal_code != message.id_pa:
        raise Refused(ErrorCode.UNKNOWN_ENTITY)
    if request.actor is not None:
        change = Change(
            entity_code=request.entity_code,
            actor=request.actor,
            operation=_TAKEN,
            subject=message.notice_number,
            after={"receipt": message.receipt_id},
        )
        context = replace(context, taken_by=change)
    return _take(context, message, envelope)


def _read(envelope: str) -> NodeMessage:
    message = read_message(envelope, "")
    if not message.operation.sends_receipt:
        raise Unreadable("no paSendRT or paSendRTV2")
    return message


def _take(context: NodeContext, message: NodeMessage, envelope: str, source: str = "node") -> TakenReceipt:
    fault = receive(context, message, envelope, source)
    return TakenReceipt(
        receipt_id=message.receipt_id,
        notice_number=message.notice_number,
        fault=fault.value if fault else None,
    )
