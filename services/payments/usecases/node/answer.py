"""The door for the node: which use case answers which operation."""

from collections.abc import Callable, Mapping
from typing import Final

from chassis.logs import get_logger
from contracts.errors import RpcError
from contracts.rpc.payments import NodeReply, NodeRequest
from services.payments.domain.node import Fault
from services.payments.hostile_xml import Unreadable
from services.payments.soap import responses
from services.payments.soap.envelope import http_status, soap_fault
from services.payments.soap.requests import NodeMessage, Operation, read_message
from services.payments.usecases.node.context import NodeContext
from services.payments.usecases.node.demand import answer_demand
from services.payments.usecases.node.payment import answer_payment
from services.payments.usecases.node.receipt import answer_receipt

log = get_logger(__name__)

_ANSWERS: Final[Mapping[Operation, Callable[[NodeContext, NodeMessage, str], str]]] = {
    Operation.VERIFY: answer_payment,
    Operation.GET_PAYMENT: answer_payment,
    Operation.GET_PAYMENT_V2: answer_payment,
    Operation.SEND_RECEIPT: answer_receipt,
    Operation.SEND_RECEIPT_V2: answer_receipt,
    Operation.DEMAND_NOTICE: answer_demand,
}


def answer_node(context: NodeContext, request: NodeRequest) -> NodeReply:
    """Return the SOAP envelope to answer with: always one, a fault bean where anything goes wrong."""
    answer = _answer(context, request)
    return NodeReply(envelope=answer, status=http_status(answer))


def _answer(context: NodeContext, request: NodeRequest) -> str:
    try:
        message = read_message(request.envelope, request.soap_action)
    except Unreadable as unreadable:
        return _answer_unreadable(request.soap_action, str(unreadable))
    try:
        return _ANSWERS[message.operation](context, message, request.envelope)
    except Exception as error:
        log.warning("node_call_failed", operation=message.operation, exc_info=not isinstance(error, RpcError))
        return responses.fault(message.operation, Fault.SYSTEM_ERROR, message.id_pa)


def _answer_unreadable(soap_action: str, reason: str) -> str:
    action = soap_action.strip().strip("\"'")
    log.warning("node_call_unreadable", reason=reason)
    operation = next((operation for operation in Operation if operation == action), None)
    return responses.fault(operation, Fault.SYNTAX, "", reason) if operation else soap_fault(reason)
