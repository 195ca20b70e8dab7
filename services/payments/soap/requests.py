"""What the node asks: six operations, each request checked against our schema before it is read."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from lxml import etree

from services.payments import hostile_xml
from services.payments.hostile_xml import Unreadable
from services.payments.soap.elements import code_of, optional_text, text_of
from services.payments.soap.envelope import PA_NS, open_envelope
from services.payments.soap.receipt_shape import bring_into_shape

_SCHEMA_FILE: Final = Path(__file__).with_name("pa_for_node.rng")

# Numbers, dates and the like, around which the official schema allows white space that ours does not; and codes, around
# which it has no meaning.
_TRIMMED: Final = (
    "idPA",
    "idBrokerPA",
    "idStation",
    "receiptId",
    "noticeNumber",
    "fiscalCode",
    "outcome",
    "creditorReferenceId",
    "paymentAmount",
    "entityUniqueIdentifierType",
    "country",
    "e-mail",
    "idTransfer",
    "transferAmount",
    "fiscalCodePA",
    "IBAN",
    "fee",
    "primaryCiIncurredFee",
    "paymentDateTime",
    "applicationDate",
    "transferDate",
    "standIn",
    "amount",
    "transferType",
    "dueDate",
)


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

    `owner` and `notice_number` name the notice spoken of; both are empty for paDemandPaymentNotice. `receipt_id` is
    None where there is none. `extras`: a receipt held more than a receipt is made of, which was left out.
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
    receipt_id: str | None = None
    extras: bool = False


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
    extras = False
    schema = hostile_xml.relax_ng(_SCHEMA_FILE)
    if problem is None and not schema.validate(body):
        extras = _loosen(body, operation)
        problem = None if schema.validate(body) else _reason(schema)
    place = "receipt" if operation.sends_receipt else "qrCode"
    return NodeMessage(
        operation=operation,
        id_pa=code_of(body, "idPA"),
        broker=code_of(body, "idBrokerPA"),
        station=code_of(body, "idStation"),
        owner=text_of(body, f"{place}/fiscalCode"),
        notice_number=text_of(body, f"{place}/noticeNumber"),
        payment_note=optional_text(body, "receipt/paymentNote") or optional_text(body, "paymentNote"),
        postal=text_of(body, "transferType") == "POSTAL",
        body=body,
        problem=problem,
        receipt_id=None if body.find("receipt/receiptId") is None else code_of(body, "receipt/receiptId"),
        extras=extras,
    )


def _loosen(body: etree._Element, operation: Operation) -> bool:
    """Take off what the official schema allows and ours does not; of a receipt all that it is not made of.

    Returns whether any element was left out.
    """
    hostile_xml.drop_xsi(body)
    extras = bring_into_shape(body) if operation.sends_receipt else False
    for leaf in body.iter(*_TRIMMED):
        if leaf.text and leaf.text.strip():
            leaf.text = leaf.text.strip()
    return extras


def _unqualify(body: etree._Element) -> None:
    """Take the namespace off the children: by the schema they have none, but some toolkits qualify them."""
    for child in body.iterdescendants(f"{{{PA_NS}}}*"):
        child.tag = etree.QName(child).localname


def _reason(schema: etree.RelaxNG) -> str:
    """Return which element is wrong, not what it holds: a receipt is full of personal data."""
    entry = schema.error_log.last_error
    return f"{entry.type_name} {entry.path}" if entry is not None else "does not match the schema"
