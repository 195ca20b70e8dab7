"""Paying while the creditor's station does not answer, from what stands in the archive (pagopa-obligations.md 2)."""

from datetime import UTC, datetime
from typing import Any, Final

from lxml import etree

from sandbox.pagopa.aca.positions import Positions, Stored
from sandbox.pagopa.node_client import Activated, StationFault
from sandbox.pagopa.registry import Creditor, Psp

# What makes the node think of stand-in.
STATION_AWAY: Final = (
    "PPT_STAZIONE_INT_PA_IRRAGGIUNGIBILE",
    "PPT_STAZIONE_INT_PA_TIMEOUT",
    "PPT_STAZIONE_INT_PA_SERVIZIO_NON_ATTIVO",
)


class StandIn:
    """The archive as it answers in the station's place."""

    def __init__(self, positions: Positions) -> None:
        self._positions = positions

    def activate(self, creditor: Creditor, notice_number: str) -> Activated:
        """Return what the archive knows of a notice. Raises StationFault where it may not be paid by stand-in."""
        stored = self._positions.by_nav(creditor.fiscal_code, notice_number)
        if stored is None or stored.status != "VALID" or not stored.model.get("payStandIn", True):
            raise StationFault(STATION_AWAY[0], "non si può pagare nemmeno in Stand In")
        data = _data(stored)
        transfers = stored.option["transfer"]
        recipients = dict.fromkeys(str(one.get("organizationFiscalCode") or stored.cf) for one in transfers)
        return Activated(data, str(stored.option["iuv"]), int(stored.option["amount"]), tuple(recipients))

    def paid(self, creditor: Creditor, notice_number: str, psp: Psp, receipt_id: str) -> None:
        """Note in the archive that a notice was paid through pagoPA, whoever answered the node."""
        moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._positions.pay(
            creditor.fiscal_code, notice_number, psp_name=psp.name, receipt_id=receipt_id, paid_at=moment
        )


def _data(stored: Stored) -> etree._Element:
    """Write what paGetPaymentV2 would have answered."""
    model, option = stored.model, stored.option
    data = etree.Element("data")
    _add(data, "creditorReferenceId", option["iuv"])
    _add(data, "paymentAmount", _euro(option["amount"]))
    _add(data, "description", option["description"])
    _add(data, "companyName", model["companyName"])
    if model.get("officeName"):
        _add(data, "officeName", model["officeName"])
    debtor = _add(data, "debtor")
    identifier = _add(debtor, "uniqueIdentifier")
    _add(identifier, "entityUniqueIdentifierType", model["type"])
    _add(identifier, "entityUniqueIdentifierValue", model["fiscalCode"])
    _add(debtor, "fullName", model["fullName"])
    transfers = _add(data, "transferList")
    for transfer in option["transfer"]:
        _add_transfer(transfers, transfer, stored)
    return data


def _add_transfer(transfers: etree._Element, transfer: dict[str, Any], stored: Stored) -> None:
    share = _add(transfers, "transfer")
    _add(share, "idTransfer", transfer["idTransfer"])
    _add(share, "transferAmount", _euro(transfer["amount"]))
    _add(share, "fiscalCodePA", transfer.get("organizationFiscalCode") or stored.cf)
    _add(share, "companyName", transfer.get("companyName") or stored.model["companyName"])
    _add(share, "IBAN", transfer.get("iban"))
    _add(share, "remittanceInformation", transfer["remittanceInformation"])
    _add(share, "transferCategory", transfer["category"])


def _add(parent: etree._Element, name: str, text: Any = None) -> etree._Element:
    child = etree.SubElement(parent, name)
    child.text = None if text is None else str(text)
    return child


def _euro(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
