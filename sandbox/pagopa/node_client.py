"""The node's calls to a creditor's station: SOAP 1.1, pagopa.md section 3."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import requests
from lxml import etree

from sandbox.pagopa.registry import Creditor, DemandedService, Psp
from sandbox.pagopa.rome import ROME
from sandbox.pagopa.stamps import StampIssuer
from sandbox.pagopa.switches import Switches

SOAP_NS: Final = "http://schemas.xmlsoap.org/soap/envelope/"
PA_NS: Final = "http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd"
_ASK_TIMEOUT_S: Final = 7
_RECEIPT_TIMEOUT_S: Final = 15
_OPTIONS_TIMEOUT_S: Final = 5


class StationFault(Exception):
    """The creditor answered KO, or nothing that can be used. `code` is what a PSP would be told.

    `reason` is the creditor's own description of its fault, where it gave one.
    """

    def __init__(self, code: str, description: str = "", reason: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.description = description
        self.reason = reason


@dataclass(frozen=True)
class Verified:
    """What a PSP shows before payment."""

    amount_cents: int
    description: str
    company_name: str
    office_name: str | None
    due_date: str | None
    all_ccp: bool


@dataclass(frozen=True)
class Activated:
    """What a PSP needs to take the money: the answer's `data`, and what is read of it here."""

    data: etree._Element
    iuv: str
    amount_cents: int
    recipients: tuple[str, ...]


@dataclass(frozen=True)
class Payment:
    """What happened at the PSP."""

    receipt_id: str
    psp: Psp
    paid_at: datetime
    payment_note: str | None
    stand_in: bool = False


class NodeClient:
    """Calls one portal's station."""

    def __init__(self, url: str, switches: Switches | None = None) -> None:
        self._url = url
        self._switches = switches

    def verify(self, creditor: Creditor, notice_number: str) -> Verified:
        """Ask what is to be paid on a notice (paVerifyPaymentNotice). Raises StationFault."""
        request = _request("paVerifyPaymentNoticeReq", creditor)
        _add_notice(request, creditor, notice_number)
        answer = self._ask("paVerifyPaymentNotice", request)
        option = answer.find("paymentList/paymentOptionDescription")
        if option is None:
            raise StationFault("PPT_STAZIONE_INT_PA_ERRORE_RESPONSE", "paymentList")
        return Verified(
            amount_cents=_cents(_needed(option, "amount")),
            description=_needed(answer, "paymentDescription"),
            company_name=_needed(answer, "companyName"),
            office_name=answer.findtext("officeName"),
            due_date=option.findtext("dueDate"),
            all_ccp=_needed(option, "allCCP") in ("true", "1"),
        )

    def options(self, creditor: Creditor, notice_number: str, verb: str) -> tuple[int, dict[str, Any]]:
        """Ask by which options a notice can be paid, as pagoPA's proxy does; return status and body.

        `verb`: SANP says GET, the OpenAPI POST. Raises StationFault where nothing came that is JSON.
        """
        if self._switches is not None and self._switches.is_station_down:
            raise StationFault("ODP-011", "Stazione dell’ente non raggiungibile")
        base = self._url.removesuffix("/pa-for-node")
        address = f"{base}/payment-options/organizations/{creditor.fiscal_code}/notices/{notice_number}"
        try:
            answer = requests.request(verb, address, timeout=_OPTIONS_TIMEOUT_S)
            return answer.status_code, answer.json()
        except requests.Timeout:
            raise StationFault("ODP-013", "Tempo scaduto") from None
        except requests.JSONDecodeError:
            raise StationFault("ODP-023", "ODP_ERRORE_EMESSO_DA_PAA PAA_SYSTEM_ERROR") from None
        except requests.RequestException:
            raise StationFault("ODP-011", "Stazione dell’ente non raggiungibile") from None

    def activate(self, creditor: Creditor, notice_number: str, payment_note: str | None, *, postal: bool) -> Activated:
        """Ask for everything needed to pay a notice (paGetPaymentV2). Raises StationFault."""
        request = _request("paGetPaymentV2Request", creditor)
        _add_notice(request, creditor, notice_number)
        if payment_note:
            _add(request, "paymentNote", payment_note[:210])
        if postal:
            _add(request, "transferType", "POSTAL")
        data = self._ask("paGetPaymentV2", request).find("data")
        if data is None:
            raise StationFault("PPT_STAZIONE_INT_PA_ERRORE_RESPONSE", "data")
        transfers = data.findall("transferList/transfer")
        amount_cents = _cents(_needed(data, "paymentAmount"))
        if amount_cents != sum(_cents(_needed(transfer, "transferAmount")) for transfer in transfers):
            raise StationFault("PPT_STAZIONE_INT_PA_ERRORE_RESPONSE", "paymentAmount is not the sum of its transfers")
        recipients = dict.fromkeys(_needed(transfer, "fiscalCodePA") for transfer in transfers)
        return Activated(data, _needed(data, "creditorReferenceId"), amount_cents, tuple(recipients))

    def demand(self, creditor: Creditor, service: DemandedService, data: bytes) -> str:
        """Ask for a payment nobody has asked for (paDemandPaymentNotice); returns its notice number.

        `data` is the creditor's own XML. Raises StationFault.
        """
        request = _request("paDemandPaymentNoticeRequest", creditor)
        _add(request, "idServizio", service.service_id)
        _add(request, "idSoggettoServizio", service.subject_id)
        _add(request, "datiSpecificiServizioRequest", base64.b64encode(data).decode())
        return _needed(self._ask("paDemandPaymentNotice", request), "qrCode/noticeNumber")

    def send_receipt(self, envelope: str) -> str:
        """Deliver a receipt made by `receipt_envelope` and return OK or the creditor's fault code.

        Raises StationFault when there was no answer.
        """
        try:
            self._post("paSendRTV2", envelope, _RECEIPT_TIMEOUT_S)
        except StationFault as fault:
            if fault.code.startswith("PPT_STAZIONE"):
                raise
            return fault.code
        return "OK"

    def _ask(self, operation: str, request: etree._Element) -> etree._Element:
        return self._post(operation, _envelope(request), _ASK_TIMEOUT_S)

    def _post(self, operation: str, envelope: str, timeout_s: float) -> etree._Element:
        if self._switches is not None and self._switches.is_station_down:
            raise StationFault("PPT_STAZIONE_INT_PA_IRRAGGIUNGIBILE")
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{operation}"'}
        try:
            answer = requests.post(self._url, data=envelope.encode(), headers=headers, timeout=timeout_s)
        except requests.Timeout:
            raise StationFault("PPT_STAZIONE_INT_PA_TIMEOUT") from None
        except requests.RequestException:
            raise StationFault("PPT_STAZIONE_INT_PA_IRRAGGIUNGIBILE") from None
        if answer.status_code != requests.codes.ok:
            raise StationFault("PPT_STAZIONE_INT_PA_ERRORE_RESPONSE", f"HTTP {answer.status_code}")
        return _read(answer.content)


def receipt_envelope(
    creditor: Creditor, owner: Creditor, notice_number: str, activated: Activated, payment: Payment, stamps: StampIssuer
) -> str:
    """Write the paSendRTV2 that tells `creditor` of a payment to `owner`, from what `owner` answered on activation."""
    request = _request("paSendRTV2Request", creditor)
    receipt = _add(request, "receipt")
    _add(receipt, "receiptId", payment.receipt_id)
    _add(receipt, "noticeNumber", notice_number)
    _add(receipt, "fiscalCode", owner.fiscal_code)
    _add(receipt, "outcome", "OK")
    for name in ("creditorReferenceId", "paymentAmount", "description", "companyName", "officeName"):
        _copy(activated.data, receipt, name)
    receipt.append(_copied(activated.data, "debtor"))
    transfers = _add(receipt, "transferList")
    for transfer in activated.data.iterfind("transferList/transfer"):
        transfers.append(_receipt_transfer(transfer, payment, stamps))
    _add(receipt, "idPSP", payment.psp.id)
    _add(receipt, "pspFiscalCode", payment.psp.fiscal_code)
    _add(receipt, "PSPCompanyName", payment.psp.name)
    _add(receipt, "idChannel", payment.psp.channel)
    _add(receipt, "channelDescription", "app" if payment.psp.method == "creditCard" else "sportello")
    _add(receipt, "paymentMethod", payment.psp.method)
    if payment.payment_note:
        _add(receipt, "paymentNote", payment.payment_note[:210])
    _add(receipt, "fee", "1.50")
    local = payment.paid_at.astimezone(ROME)
    _add(receipt, "paymentDateTime", local.replace(tzinfo=None).isoformat(timespec="seconds"))
    _add(receipt, "applicationDate", local.date().isoformat())
    _add(receipt, "transferDate", date.fromordinal(local.date().toordinal() + 1).isoformat())
    if payment.stand_in:
        _add(receipt, "standIn", "true")
    return _envelope(request)


def _receipt_transfer(transfer: etree._Element, payment: Payment, stamps: StampIssuer) -> etree._Element:
    """Copy a transfer without its metadata, which are between creditor and node; a stamp asked for is bought."""
    copied = etree.Element("transfer")
    for child in transfer:
        if child.tag == "richiestaMarcaDaBollo":
            amount, digest = _needed(transfer, "transferAmount"), _needed(child, "hashDocumento")
            stamp = stamps.issue(payment.psp, payment.paid_at, amount, digest)
            _add(copied, "MBDAttachment", base64.b64encode(stamp).decode())
        elif child.tag != "metadata":
            _add(copied, str(child.tag), child.text)
    return copied


def _request(name: str, creditor: Creditor) -> etree._Element:
    request = etree.Element(f"{{{PA_NS}}}{name}", nsmap={"paf": PA_NS})
    _add(request, "idPA", creditor.fiscal_code)
    _add(request, "idBrokerPA", creditor.broker)
    _add(request, "idStation", creditor.station)
    return request


def _add_notice(request: etree._Element, creditor: Creditor, notice_number: str) -> None:
    code = _add(request, "qrCode")
    _add(code, "fiscalCode", creditor.fiscal_code)
    _add(code, "noticeNumber", notice_number)


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, name)
    child.text = text
    return child


def _copy(source: etree._Element, target: etree._Element, name: str) -> None:
    if (text := source.findtext(name)) is not None:
        _add(target, name, text)


def _copied(source: etree._Element, name: str) -> etree._Element:
    found = source.find(name)
    if found is None:
        raise StationFault("PPT_STAZIONE_INT_PA_ERRORE_RESPONSE", name)
    return etree.fromstring(etree.tostring(found))


def _envelope(request: etree._Element) -> str:
    envelope = etree.Element(f"{{{SOAP_NS}}}Envelope", nsmap={"soapenv": SOAP_NS, "paf": PA_NS})
    etree.SubElement(envelope, f"{{{SOAP_NS}}}Header")
    etree.SubElement(envelope, f"{{{SOAP_NS}}}Body").append(request)
    etree.cleanup_namespaces(envelope, keep_ns_prefixes=["soapenv", "paf"])
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8").decode()


def _read(content: bytes) -> etree._Element:
    """Return the response element of an OK answer. Raises StationFault."""
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        raise StationFault("PPT_STAZIONE_INT_PA_ERRORE_RESPONSE", "not XML") from None
    answer = next(_body_elements(root), None)
    outcome = answer.findtext("outcome") if answer is not None else None
    if answer is not None and outcome == "OK":
        return answer
    fault = answer.find("fault") if answer is not None and outcome == "KO" else None
    if fault is None:
        raise StationFault("PPT_STAZIONE_INT_PA_ERRORE_RESPONSE", "outcome")
    texts = [fault.findtext(name) or "" for name in ("faultCode", "faultString", "description")]
    raise StationFault(*texts)


def _body_elements(root: etree._Element) -> Iterator[etree._Element]:
    return root.iterfind(f"{{{SOAP_NS}}}Body/*")


def _needed(parent: etree._Element, name: str) -> str:
    text = parent.findtext(name)
    if not text:
        raise StationFault("PPT_STAZIONE_INT_PA_ERRORE_RESPONSE", name)
    return text


def _cents(amount: str) -> int:
    euro, _, cents = amount.partition(".")
    if not (euro.isdecimal() and cents.isdecimal() and len(cents) == 2):
        raise StationFault("PPT_STAZIONE_INT_PA_ERRORE_RESPONSE", "amount")
    return int(euro) * 100 + int(cents)
