"""What the node asks: six operations, each request checked against our schema before it is read."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from lxml import etree

from services.payments import hostile_xml
from services.payments.hostile_xml import Unreadable
from services.payments.soap.elements import optional_text, text_of
from services.payments.soap.envelope import PA_NS, open_envelope

_SCHEMA_FILE: Final = Path(__file__).with_name("pa_for_node.rng")


class Operation(StrEnum):
    """The operations of paForNode, by their SOAPAction, with their root elements."""

    request_root: str
    response_root: str

    def __new__(cls, action: str, request_root: str, response_root: str) -> Self:
        """Put the roots beside the action."""
        operation = str.__new__(cls, action)
        operation._value_ = action
        operation.request_root = request_root
        operation.response_root = response_root
        return operation

    VERIFY = "paVerifyPaymentNotice", "paVerifyPaymentNoticeReq", "paVerifyPaymentNoticeRes"
    GET_PAYMENT = "paGetPayment", "paGetPaymentReq", "paGetPaymentRes"
    GET_PAYMENT_V2 = "paGetPaymentV2", "paGetPaymentV2Request", "paGetPaymentV2Response"
    SEND_RECEIPT = "paSendRT", "paSendRTReq", "paSendRTRes"
    SEND_RECEIPT_V2 = "paSendRTV2", "paSendRTV2Request", "paSendRTV2Response"
    DEMAND_NOTICE = "paDemandPaymentNotice", "paDemandPaymentNoticeRequest", "paDemandPaymentNoticeResponse"

    @property
    def sends_receipt(self) -> bool:
        """Return whether the message brings news of money."""
        return self in (Operation.SEND_RECEIPT, Operation.SEND_RECEIPT_V2)


_BY_ROOT: Final = {f"{{{PA_NS}}}{operation.request_root}": operation for operation in Operation}


@dataclass(frozen=True, slots=True)
class NodeMessage:
    """A request of the node. With `problem`, only the head may be used, and of it only what was there.

    `owner` and `notice_number` name the notice spoken of; both are empty for paDemandPaymentNotice.
    """

    operation: Operation
    id_pa: str
    broker: str
    station: str
    owner: str
    notice_number: str
    payment_note: str | None
    postal: bool
    body: etree._Element
    problem: str | None


def read_message(envelope: str, soap_action: str) -> NodeMessage:
    """Read a request. The body element says the operation; SOAPAction must not contradict it where it is given.

    Raises Unreadable when not even the operation can be told.
    """
    body = open_envelope(envelope)
    _unqualify(body)
    operation = _BY_ROOT.get(str(body.tag))
    if operation is None:
        raise Unreadable("no operation of paForNode")
    action = soap_action.strip().strip("\"'")
    problem = None if action in ("", operation) else f"SOAPAction {action[:40]} does not go with this body"
    schema = hostile_xml.relax_ng(_SCHEMA_FILE)
    if problem is None and not schema.validate(body):
        problem = _reason(schema)
    place = "receipt" if operation.sends_receipt else "qrCode"
    return NodeMessage(
        operation=operation,
        id_pa=text_of(body, "idPA"),
        broker=text_of(body, "idBrokerPA"),
        station=text_of(body, "idStation"),
        owner=text_of(body, f"{place}/fiscalCode"),
        notice_number=text_of(body, f"{place}/noticeNumber"),
        payment_note=optional_text(body, "receipt/paymentNote") or optional_text(body, "paymentNote"),
        postal=text_of(body, "transferType") == "POSTAL",
        body=body,
        problem=problem,
    )


def _unqualify(body: etree._Element) -> None:
    """Take the namespace off the children: by the schema they have none, but some toolkits qualify them."""
    for child in body.iterdescendants(f"{{{PA_NS}}}*"):
        child.tag = etree.QName(child).localname


def _reason(schema: etree.RelaxNG) -> str:
    """Return which element is wrong, not what it holds: a receipt is full of personal data."""
    entry = schema.error_log.last_error
    return f"{entry.type_name} {entry.path}" if entry is not None else "does not match the schema"
