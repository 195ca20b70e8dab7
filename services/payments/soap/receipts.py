"""Receipts of the node: paSendRT and paSendRTV2."""

from dataclasses import dataclass
from datetime import date, datetime

from lxml import etree

from contracts.codes import AmountCents, CreditorFiscalCode, NoticeNumber
from contracts.rpc.payments import ReceivedTransfer
from contracts.shapes import Subject
from services.payments.domain.receipts import ReceiptDetails, ReceiptFacts
from services.payments.hostile_xml import Unreadable
from services.payments.soap.elements import cents, moment, optional_text, text_of
from services.payments.soap.requests import NodeMessage, read_message
from services.payments.soap.stamps import attachment, stamps_of


@dataclass(frozen=True, slots=True)
class ReceivedReceipt:
    """A receipt as the node sent it."""

    facts: ReceiptFacts
    notice_number: NoticeNumber
    iuv: str
    psp_id: str
    psp_name: str
    payment_method: str | None
    payment_note: str | None
    application_date: date | None
    details: ReceiptDetails


def read_receipt(message: NodeMessage, now: datetime) -> ReceivedReceipt:
    """Read a checked paSendRT or paSendRTV2. A receipt without its own time was paid when it came."""
    receipt = _child(message.body, "receipt")
    details = _details(receipt)
    own = [transfer for transfer in details.transfers if transfer.fiscal_code == message.id_pa]
    return ReceivedReceipt(
        facts=ReceiptFacts(
            receipt_id=text_of(receipt, "receiptId"),
            recipient=message.id_pa,
            owner=message.owner,
            outcome=text_of(receipt, "outcome"),
            amount_cents=cents(text_of(receipt, "paymentAmount")),
            own_share_cents=sum(transfer.amount_cents or 0 for transfer in own),
            paid_at=moment(receipt.findtext("paymentDateTime")) or now,
            stamps=details.stamps,
        ),
        notice_number=NoticeNumber(message.notice_number),
        iuv=text_of(receipt, "creditorReferenceId"),
        psp_id=text_of(receipt, "idPSP"),
        psp_name=text_of(receipt, "PSPCompanyName"),
        payment_method=optional_text(receipt, "paymentMethod"),
        payment_note=message.payment_note,
        application_date=_day(optional_text(receipt, "applicationDate")),
        details=details,
    )


def attached_stamp(envelope: str, transfer: int) -> bytes | None:
    """Return the digital stamp in a transfer of a receipt that we have stored, byte for byte."""
    receipt = read_message(envelope, "").body.find("receipt")
    return None if receipt is None else attachment(receipt, transfer)


def _details(receipt: etree._Element) -> ReceiptDetails:
    payer, fee = receipt.find("payer"), optional_text(receipt, "fee")
    return ReceiptDetails(
        company_name=text_of(receipt, "companyName"),
        description=text_of(receipt, "description"),
        debtor=_subject(_child(receipt, "debtor")),
        payer=None if payer is None else _subject(payer),
        fee_cents=cents(fee) if fee else None,
        transfers=[_transfer(transfer) for transfer in receipt.iterfind("transferList/transfer")],
        stamps=list(stamps_of(receipt)),
    )


def _transfer(transfer: etree._Element) -> ReceivedTransfer:
    return ReceivedTransfer(
        id_transfer=int(text_of(transfer, "idTransfer")),
        amount_cents=AmountCents(cents(text_of(transfer, "transferAmount"))),
        fiscal_code=CreditorFiscalCode(text_of(transfer, "fiscalCodePA")),
        company_name=optional_text(transfer, "companyName"),
        iban=optional_text(transfer, "IBAN"),
        remittance_information=text_of(transfer, "remittanceInformation"),
        category=text_of(transfer, "transferCategory"),
    )


def _subject(subject: etree._Element) -> Subject:
    return Subject(
        entity_type=text_of(subject, "uniqueIdentifier/entityUniqueIdentifierType"),
        fiscal_code=text_of(subject, "uniqueIdentifier/entityUniqueIdentifierValue"),
        full_name=text_of(subject, "fullName"),
        street_name=optional_text(subject, "streetName"),
        civic_number=optional_text(subject, "civicNumber"),
        postal_code=optional_text(subject, "postalCode"),
        city=optional_text(subject, "city"),
        province=optional_text(subject, "stateProvinceRegion"),
        country=optional_text(subject, "country"),
        email=optional_text(subject, "e-mail"),
    )


def _day(text: str | None) -> date | None:
    """Read an xsd:date, whose offset says nothing to us."""
    try:
        return date.fromisoformat(text.strip()[:10]) if text else None
    except ValueError:
        return None


def _child(parent: etree._Element, name: str) -> etree._Element:
    """Return a child that the schema asks for."""
    child = parent.find(name)
    if child is None:
        raise Unreadable(f"no {name}")
    return child
