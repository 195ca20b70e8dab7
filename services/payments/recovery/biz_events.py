"""BizEvents: a receipt by its IUR (pagopa-obligations.md section 3.3), as the message the node should have sent.

What BizEvents does not tell (standIn, paymentNote) is left out; when the node's own message comes after all, it takes
this one's place.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from lxml import etree

from contracts.shapes import Creditor
from services.payments.archive.http import Answer, PagopaClient
from services.payments.settings import Settings
from services.payments.soap.envelope import add, close_envelope, element

_WRONG: Final = (KeyError, TypeError, ValueError, ArithmeticError, AttributeError)
_SUBJECT: Final = (
    ("streetName", "streetName"),
    ("civicNumber", "civicNumber"),
    ("postalCode", "postalCode"),
    ("city", "city"),
    ("stateProvinceRegion", "stateProvinceRegion"),
    ("country", "country"),
    ("email", "e-mail"),
)
_TEXTS_BEFORE: Final = ("description", "companyName", "officeName")


class BizEventsClient:
    """One call."""

    def __init__(self, settings: Settings) -> None:
        self._client = PagopaClient(
            settings.biz_events_url, settings.biz_events_subscription_key, settings.aca_timeout_s
        )

    def receipt(self, creditor: str, iur: str, iuv: str | None) -> Answer:
        """Ask for a receipt; with its IUV where that is known, for an IUR may have been given twice."""
        path = f"/organizations/{creditor}/receipts/{quote(iur, safe='')}"
        return self._client.call("GET", f"{path}/paymentoptions/{quote(iuv, safe='')}" if iuv else path)


def as_envelope(body: Mapping[str, Any], recipient: Creditor) -> str:
    """Write a receipt of BizEvents as the paSendRTV2 that `recipient` should have got. Raises ValueError."""
    try:
        return close_envelope(_message(body, recipient))
    except _WRONG as error:
        raise ValueError(f"not as BizEvents describes it: {type(error).__name__}") from None


def _message(body: Mapping[str, Any], recipient: Creditor) -> etree._Element:
    message = element("paSendRTV2Request")
    add(message, "idPA", recipient.fiscal_code)
    add(message, "idBrokerPA", recipient.broker_fiscal_code)
    add(message, "idStation", recipient.station_id)
    receipt = add(message, "receipt")
    add(receipt, "receiptId", _needed(body, "receiptId"))
    add(receipt, "noticeNumber", _needed(body, "noticeNumber"))
    add(receipt, "fiscalCode", _needed(body, "fiscalCode"))
    add(receipt, "outcome", _needed(body, "outcome"))
    add(receipt, "creditorReferenceId", _needed(body, "creditorReferenceId"))
    add(receipt, "paymentAmount", _euro(body["paymentAmount"]))
    for name in _TEXTS_BEFORE:
        _add_text(receipt, name, body.get(name))
    _add_subject(receipt, "debtor", body["debtor"])
    transfers = add(receipt, "transferList")
    for number, transfer in enumerate(body["transferList"], start=1):
        _add_transfer(transfers, transfer, number)
    _add_end(receipt, body)
    return message


def _add_end(receipt: etree._Element, body: Mapping[str, Any]) -> None:
    """Append who took the money, and when."""
    add(receipt, "idPSP", _needed(body, "idPSP"))
    _add_text(receipt, "pspFiscalCode", body.get("pspFiscalCode"))
    _add_text(receipt, "pspPartitaIVA", body.get("pspPartitaIVA"))
    add(receipt, "PSPCompanyName", _needed(body, "pspCompanyName"))
    add(receipt, "idChannel", _needed(body, "idChannel"))
    add(receipt, "channelDescription", str(body.get("channelDescription") or "NA"))
    if body.get("payer"):
        _add_subject(receipt, "payer", body["payer"])
    _add_text(receipt, "paymentMethod", body.get("paymentMethod"))
    if body.get("fee") is not None:
        add(receipt, "fee", _euro(body["fee"]))
    _add_text(receipt, "paymentDateTime", body.get("paymentDateTimeFormatted") or _noon(body.get("paymentDateTime")))
    _add_text(receipt, "applicationDate", _day(body.get("applicationDate")))
    _add_text(receipt, "transferDate", _day(body.get("transferDate")))


def _add_transfer(transfers: etree._Element, transfer: Mapping[str, Any], number: int) -> None:
    share = add(transfers, "transfer")
    add(share, "idTransfer", str(transfer.get("idTransfer") or number))
    add(share, "transferAmount", _euro(transfer["transferAmount"]))
    add(share, "fiscalCodePA", _needed(transfer, "fiscalCodePA"))
    _add_text(share, "companyName", transfer.get("companyName"))
    if transfer.get("mbdAttachment"):
        add(share, "MBDAttachment", str(transfer["mbdAttachment"]))
    else:
        _add_text(share, "IBAN", transfer.get("iban"))
    add(share, "remittanceInformation", _needed(transfer, "remittanceInformation"))
    add(share, "transferCategory", _needed(transfer, "transferCategory"))
    _add_metadata(share, transfer.get("metadata") or ())


def _add_metadata(share: etree._Element, entries: Sequence[Mapping[str, Any]]) -> None:
    if not entries:
        return
    metadata = add(share, "metadata")
    for entry in entries:
        pair = add(metadata, "mapEntry")
        add(pair, "key", _needed(entry, "key"))
        add(pair, "value", str(entry.get("value") or ""))


def _add_subject(receipt: etree._Element, name: str, subject: Mapping[str, Any]) -> None:
    added = add(receipt, name)
    identifier = add(added, "uniqueIdentifier")
    add(identifier, "entityUniqueIdentifierType", _needed(subject, "entityUniqueIdentifierType"))
    add(identifier, "entityUniqueIdentifierValue", _needed(subject, "entityUniqueIdentifierValue"))
    add(added, "fullName", _needed(subject, "fullName"))
    for theirs, ours in _SUBJECT:
        _add_text(added, ours, subject.get(theirs))


def _add_text(parent: etree._Element, name: str, value: Any) -> None:
    if value not in (None, ""):
        add(parent, name, str(value))


def _needed(holder: Mapping[str, Any], name: str) -> str:
    value = holder[name]
    if value in (None, ""):
        raise ValueError(name)
    return str(value)


def _euro(amount: Any) -> str:
    """Write an amount in euro with its cents. Sums of binary fractions are meant to the cent."""
    return f"{Decimal(str(amount)):.2f}"


def _noon(day: Any) -> str | None:
    return f"{str(day)[:10]}T12:00:00" if day else None


def _day(day: Any) -> str | None:
    return str(day)[:10] if day else None
