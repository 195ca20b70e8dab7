"""What the node asks: six operations, each request checked against our schema before it is read."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

from lxml import etree

from services.payments.domain.node_time import from_node
from services.payments.domain.receipts import ReceiptFacts
from services.payments.soap.envelope import PA_NS, Unreadable, open_envelope
from services.payments.soap.stamps import attachment, bought, stamps_of

_SCHEMA_FILE: Final = Path(__file__).with_name("pa_for_node.rng")


class Operation(StrEnum):
    """The operations of paForNode, by their SOAPAction, with their root elements."""

    request_root: str
    response_root: str

    def __new__(cls, action: str, request_root: str, response_root: str) -> Self:
        """Keep the roots beside the action."""
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
        """Say whether the message brings news of money."""
        return self in (Operation.SEND_RECEIPT, Operation.SEND_RECEIPT_V2)


_BY_ROOT: Final = {f"{{{PA_NS}}}{operation.request_root}": operation for operation in Operation}


@dataclass(frozen=True, slots=True)
class Message:
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


def read_message(envelope: str, soap_action: str) -> Message:
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
    schema = _schema()
    if problem is None and not schema.validate(body):
        problem = _reason(schema)
    place = "receipt" if operation.sends_receipt else "qrCode"
    return Message(
        operation=operation,
        id_pa=_text(body, "idPA"),
        broker=_text(body, "idBrokerPA"),
        station=_text(body, "idStation"),
        owner=_text(body, f"{place}/fiscalCode"),
        notice_number=_text(body, f"{place}/noticeNumber"),
        payment_note=optional_text(body, "receipt/paymentNote") or optional_text(body, "paymentNote"),
        postal=_text(body, "transferType") == "POSTAL",
        body=body,
        problem=problem,
    )


def _unqualify(body: etree._Element) -> None:
    """Take the namespace off the children: by the schema they have none, but some toolkits qualify them."""
    for child in body.iterdescendants(f"{{{PA_NS}}}*"):
        child.tag = etree.QName(child).localname


@dataclass(frozen=True, slots=True)
class ReceivedReceipt:
    """A receipt as the node sent it. `details` has the shape of contracts.rpc.payments.Receipt, in JSON values."""

    facts: ReceiptFacts
    notice_number: str
    iuv: str
    psp_id: str
    psp_name: str
    payment_method: str | None
    payment_note: str | None
    application_date: date | None
    details: dict[str, Any]


def read_receipt(message: Message, now: datetime) -> ReceivedReceipt:
    """Read a checked paSendRT or paSendRTV2. A receipt without its own time was paid when it came."""
    receipt = message.body.find("receipt")
    if receipt is None:
        raise Unreadable("no receipt")
    transfers = [_transfer(transfer) for transfer in receipt.iterfind("transferList/transfer")]
    stamps = [stamp.shown() for stamp in stamps_of(receipt)]
    return ReceivedReceipt(
        facts=ReceiptFacts(
            receipt_id=_text(receipt, "receiptId"),
            recipient=message.id_pa,
            owner=message.owner,
            outcome=_text(receipt, "outcome"),
            amount_cents=cents(_text(receipt, "paymentAmount")),
            own_share_cents=sum(share["amount_cents"] for share in transfers if share["fiscal_code"] == message.id_pa),
            paid_at=_moment(optional_text(receipt, "paymentDateTime")) or now,
            stamps=bought(stamps),
        ),
        notice_number=message.notice_number,
        iuv=_text(receipt, "creditorReferenceId"),
        psp_id=_text(receipt, "idPSP"),
        psp_name=_text(receipt, "PSPCompanyName"),
        payment_method=optional_text(receipt, "paymentMethod"),
        payment_note=message.payment_note,
        application_date=_day(optional_text(receipt, "applicationDate")),
        details={
            "company_name": _text(receipt, "companyName"),
            "description": _text(receipt, "description"),
            "debtor": _subject(receipt, "debtor"),
            "payer": _subject(receipt, "payer"),
            "fee_cents": cents(fee) if (fee := optional_text(receipt, "fee")) else None,
            "transfers": transfers,
            "stamps": stamps,
        },
    )


def attached_stamp(envelope: str, transfer: int) -> bytes | None:
    """Return the digital stamp in a transfer of a receipt that we have kept, byte for byte."""
    receipt = read_message(envelope, "").body.find("receipt")
    return None if receipt is None else attachment(receipt, transfer)


def _transfer(transfer: etree._Element) -> dict[str, Any]:
    values: dict[str, Any] = {
        "id_transfer": int(_text(transfer, "idTransfer")),
        "amount_cents": cents(_text(transfer, "transferAmount")),
        "fiscal_code": _text(transfer, "fiscalCodePA"),
        "company_name": optional_text(transfer, "companyName"),
        "iban": optional_text(transfer, "IBAN"),
        "remittance_information": _text(transfer, "remittanceInformation"),
        "category": _text(transfer, "transferCategory"),
    }
    return {name: value for name, value in values.items() if value is not None}


def _subject(receipt: etree._Element, name: str) -> dict[str, Any] | None:
    subject = receipt.find(name)
    if subject is None:
        return None
    return {
        "entity_type": _text(subject, "uniqueIdentifier/entityUniqueIdentifierType"),
        "fiscal_code": _text(subject, "uniqueIdentifier/entityUniqueIdentifierValue"),
        "full_name": _text(subject, "fullName"),
        "street_name": optional_text(subject, "streetName"),
        "civic_number": optional_text(subject, "civicNumber"),
        "postal_code": optional_text(subject, "postalCode"),
        "city": optional_text(subject, "city"),
        "province": optional_text(subject, "stateProvinceRegion"),
        "country": optional_text(subject, "country"),
        "email": optional_text(subject, "e-mail"),
    }


def cents(amount: str) -> int:
    """Read an amount that the schema has passed."""
    euro, rest = amount.strip().split(".")
    return int(euro) * 100 + int(rest)


def _moment(text: str | None) -> datetime | None:
    """Read an xsd:dateTime. The few that Python cannot hold (24:00:00, year 0) count as not given."""
    try:
        return from_node(datetime.fromisoformat(text.strip())) if text else None
    except (ValueError, OverflowError):
        return None


def _day(text: str | None) -> date | None:
    """Read an xsd:date, whose offset says nothing to us."""
    try:
        return date.fromisoformat(text.strip()[:10]) if text else None
    except ValueError:
        return None


def optional_text(parent: etree._Element, path: str) -> str | None:
    """Return the text of a child, None where it is absent or empty."""
    return parent.findtext(path) or None


def _text(parent: etree._Element, path: str) -> str:
    return parent.findtext(path) or ""


@cache
def _schema() -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(_SCHEMA_FILE))


def _reason(schema: etree.RelaxNG) -> str:
    """Say which element is wrong, not what it holds: a receipt is full of personal data."""
    entry = schema.error_log.last_error
    return f"{entry.type_name} {entry.path}" if entry is not None else "does not match the schema"
