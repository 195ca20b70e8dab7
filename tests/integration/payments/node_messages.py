"""What the node says to the door, written by hand: envelopes, notices, receipts; and how its answers are read."""

import base64
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from contracts.codes import CreditorFiscalCode
from contracts.events.practices import PRACTICE_EXPIRED, PracticeEnded
from contracts.rpc.practices import Practice

CREDITOR = "80012345676"
HEAD = f"<idPA>{CREDITOR}</idPA><idBrokerPA>{CREDITOR}</idBrokerPA><idStation>{CREDITOR}_01</idStation>"
ROOTS = {
    "paVerifyPaymentNotice": "paVerifyPaymentNoticeReq",
    "paGetPayment": "paGetPaymentReq",
    "paGetPaymentV2": "paGetPaymentV2Request",
    "paSendRT": "paSendRTReq",
    "paSendRTV2": "paSendRTV2Request",
    "paDemandPaymentNotice": "paDemandPaymentNoticeRequest",
}
ASKING = ["paVerifyPaymentNotice", "paGetPayment", "paGetPaymentV2"]
SENDING = ["paSendRT", "paSendRTV2"]


def envelope(action: str, inside: str) -> str:
    root = ROOTS[action]
    return (
        '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:p="http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd">'
        f"<s:Body><p:{root}>{inside}</p:{root}></s:Body></s:Envelope>"
    )


def notice(notice_number: str, owner: str = CREDITOR) -> str:
    return f"<qrCode><fiscalCode>{owner}</fiscalCode><noticeNumber>{notice_number}</noticeNumber></qrCode>"


def receipt(
    notice_number: str,
    *,
    receipt_id: str | None = None,
    amount: str = "12.34",
    outcome: str = "OK",
    owner: str = CREDITOR,
    shares: Sequence[tuple[str, str]] | None = None,
    note: str = "",
    at: str = "",
) -> str:
    transfers = "".join(
        f"<transfer><idTransfer>{number}</idTransfer><transferAmount>{share}</transferAmount>"
        f"<fiscalCodePA>{code}</fiscalCodePA><IBAN>IT60X0542811101000000123456</IBAN>"
        "<remittanceInformation>x</remittanceInformation><transferCategory>9/0601112AP/</transferCategory></transfer>"
        for number, (code, share) in enumerate(shares or [(owner, amount if amount != "0.00" else "0.01")], start=1)
    )
    return (
        f"<receipt><receiptId>{receipt_id or uuid4().hex}</receiptId><noticeNumber>{notice_number}</noticeNumber>"
        f"<fiscalCode>{owner}</fiscalCode><outcome>{outcome}</outcome>"
        f"<creditorReferenceId>{notice_number[1:]}</creditorReferenceId><paymentAmount>{amount}</paymentAmount>"
        "<description>TARI</description><companyName>Ente</companyName><debtor><uniqueIdentifier>"
        "<entityUniqueIdentifierType>F</entityUniqueIdentifierType>"
        "<entityUniqueIdentifierValue>RSSMRA85T10A562S</entityUniqueIdentifierValue></uniqueIdentifier>"
        f"<fullName>Mario Rossi</fullName></debtor><transferList>{transfers}</transferList><idPSP>PSP</idPSP>"
        "<PSPCompanyName>Banca</PSPCompanyName><idChannel>1_01</idChannel><channelDescription>app</channelDescription>"
        f"<paymentDateTime>{at or '2026-11-23T10:00:00'}</paymentDateTime></receipt>"
    )


def demand(service_id: str = "00001", subject_id: str = "PM108", **data: str) -> str:
    """What paDemandPaymentNotice says after its head; `data` are the elements of the body's own XML, in order."""
    inner = "".join(f"<{tag}>{text}</{tag}>" for tag, text in data.items())
    encoded = base64.b64encode(f"<datiSpecificiServizio>{inner}</datiSpecificiServizio>".encode()).decode()
    return (
        f"<idServizio>{service_id}</idServizio><idSoggettoServizio>{subject_id}</idSoggettoServizio>"
        f"<datiSpecificiServizioRequest>{encoded}</datiSpecificiServizioRequest>"
    )


def said(answer: str, name: str) -> str | None:
    found = re.search(f"<{name}>(.*?)</{name}>", answer)
    return found[1] if found else None


def fault_of(answer: str) -> str | None:
    return said(answer, "faultCode")


def outcome_of(answer: str) -> str | None:
    return said(answer, "outcome")


def deliver(town: Any, notice_number: str, action: str = "paSendRTV2", head: str = HEAD, **values: Any) -> str:
    """Send a receipt for a notice and return the answer."""
    answer: str = town.ask(envelope(action, head + receipt(notice_number, **values)), action)
    return answer


def expire(publish_event: Callable[..., Any], practice: Practice) -> None:
    """Tell everybody that it is too late to pay a practice."""
    data = PracticeEnded(
        practice_id=practice.id,
        sequence=99,
        entity_code="PM108",
        creditor_fiscal_code=CreditorFiscalCode(CREDITOR),
        notice_number=practice.notice_number,
        iuv=practice.iuv,
        reason="payable_until",
        at=datetime.now(UTC),
    )
    publish_event(PRACTICE_EXPIRED, data, subject=str(practice.id), sequence=99)
