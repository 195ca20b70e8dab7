"""BizEvents: receipts of what was paid here, by their IUR (pagopa-obligations.md section 3.3)."""

import json
import time
from decimal import Decimal
from typing import Any, Final

import falcon
from lxml import etree

from sandbox.pagopa.aca.api import Gate
from sandbox.pagopa.store import Receipt, Store

BASE: Final = "/bizevents/service/v1/organizations/{cf}/receipts/{iur}"
# Answered as if there were two of it.
TWOFOLD_IUR: Final = "00000000000000000000000000000422"
_SUBJECT: Final = {
    "entityUniqueIdentifierType": "uniqueIdentifier/entityUniqueIdentifierType",
    "entityUniqueIdentifierValue": "uniqueIdentifier/entityUniqueIdentifierValue",
    "fullName": "fullName",
    "streetName": "streetName",
    "civicNumber": "civicNumber",
    "postalCode": "postalCode",
    "city": "city",
    "stateProvinceRegion": "stateProvinceRegion",
    "country": "country",
    "email": "e-mail",
}
_TEXTS: Final = (
    *("receiptId", "noticeNumber", "fiscalCode", "outcome", "creditorReferenceId", "description", "companyName"),
    *("officeName", "idPSP", "pspFiscalCode", "pspPartitaIVA", "idChannel", "channelDescription", "paymentMethod"),
    *("applicationDate", "transferDate"),
)


class Receipts:
    """GET …/receipts/{iur} and …/receipts/{iur}/paymentoptions/{iuv}.

    A receipt is here from `after_s` seconds after the payment: when the flow with it has been processed.
    """

    def __init__(self, store: Store, gate: Gate, after_s: float) -> None:
        self._store = store
        self._gate = gate
        self._after_s = after_s

    def on_get(self, req: falcon.Request, resp: falcon.Response, cf: str, iur: str, iuv: str | None = None) -> None:
        """Show a receipt."""
        self._gate.pass_through(req, cf)
        number = "001" if iuv else "002"
        found = [
            receipt
            for receipt in self._store.receipts_of(cf, iur)
            if receipt.made_at + self._after_s <= time.time() and iuv in (None, _iuv_of(receipt))
        ]
        if not found and iur != TWOFOLD_IUR:
            detail = f"Not found a biz event for the Organization Fiscal Code {cf} and IUR {iur}"
            _problem(resp, 404, "Biz Event not found", f"BZ_404_{number}", detail)
        elif len(found) != 1:
            _problem(resp, 422, "More than one Biz Event found", f"BZ_422_{number}", "")
        else:
            resp.content_type = falcon.MEDIA_JSON
            resp.text = json.dumps(as_json(found[0]), default=float)

    on_get_of_option = on_get


def add_routes(app: falcon.App[Any, Any], receipts: Receipts) -> None:
    """Register the addresses."""
    app.add_route(BASE, receipts)
    app.add_route(f"{BASE}/paymentoptions/{{iuv}}", receipts, suffix="of_option")


def as_json(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt as CtReceiptModelResponse, of the message that the creditor should have got."""
    sent = etree.fromstring(receipt.envelope.encode()).find(".//receipt")
    if sent is None:
        raise ValueError("no receipt in the message")
    body: dict[str, Any] = {name: text for name in _TEXTS if (text := sent.findtext(name)) is not None}
    moment = sent.findtext("paymentDateTime") or ""
    return {
        **body,
        "paymentAmount": Decimal(sent.findtext("paymentAmount") or "0"),
        "pspCompanyName": sent.findtext("PSPCompanyName"),
        "fee": Decimal(sent.findtext("fee") or "0"),
        "debtor": _subject(sent.find("debtor")),
        "paymentDateTime": moment[:10],
        "paymentDateTimeFormatted": moment,
        "transferList": [_transfer(transfer) for transfer in sent.iterfind("transferList/transfer")],
        "metadata": [],
    }


def _subject(subject: etree._Element | None) -> dict[str, str]:
    if subject is None:
        return {}
    found = {name: subject.findtext(path) for name, path in _SUBJECT.items()}
    return {name: text for name, text in found.items() if text is not None}


def _transfer(transfer: etree._Element) -> dict[str, Any]:
    """Return a transfer; an account or a stamp that is not there is an empty text, for both must be there."""
    return {
        "idTransfer": int(transfer.findtext("idTransfer") or 1),
        "transferAmount": Decimal(transfer.findtext("transferAmount") or "0"),
        "fiscalCodePA": transfer.findtext("fiscalCodePA"),
        "iban": transfer.findtext("IBAN") or "",
        "mbdAttachment": transfer.findtext("MBDAttachment") or "",
        "remittanceInformation": transfer.findtext("remittanceInformation"),
        "transferCategory": transfer.findtext("transferCategory"),
        "metadata": [],
    }


def _iuv_of(receipt: Receipt) -> str | None:
    return etree.fromstring(receipt.envelope.encode()).findtext(".//receipt/creditorReferenceId")


def _problem(resp: falcon.Response, status: int, title: str, code: str, detail: str) -> None:
    resp.status = status
    resp.media = {"title": title, "status": status, "code": code, "detail": detail}
