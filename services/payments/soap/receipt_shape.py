"""What a receipt is made of. Whatever else stands in one is left out before it is read: no reason to refuse money.

The message is stored as it came. What is left out here is only not looked at.
"""

from collections.abc import Mapping
from typing import Final

from lxml import etree

_SUBJECT: Final = (
    "uniqueIdentifier",
    "fullName",
    "streetName",
    "civicNumber",
    "postalCode",
    "city",
    "stateProvinceRegion",
    "country",
    "e-mail",
)
_RECEIPT: Final = (
    "receiptId",
    "noticeNumber",
    "fiscalCode",
    "outcome",
    "creditorReferenceId",
    "paymentAmount",
    "description",
    "companyName",
    "officeName",
    "debtor",
    "transferList",
    "idPSP",
    "pspFiscalCode",
    "pspPartitaIVA",
    "PSPCompanyName",
    "idChannel",
    "channelDescription",
    "payer",
    "paymentMethod",
    "paymentNote",
    "fee",
    "primaryCiIncurredFee",
    "idBundle",
    "idCiBundle",
    "paymentDateTime",
    "applicationDate",
    "transferDate",
    "metadata",
    "standIn",
)
_TRANSFER: Final = (
    "idTransfer",
    "transferAmount",
    "fiscalCodePA",
    "companyName",
    "IBAN",
    "MBDAttachment",
    "remittanceInformation",
    "transferCategory",
    "metadata",
)
# The children of each element that has some, in their order.
_CHILDREN: Final[Mapping[str, tuple[str, ...]]] = {
    "receipt": _RECEIPT,
    "debtor": _SUBJECT,
    "payer": _SUBJECT,
    "uniqueIdentifier": ("entityUniqueIdentifierType", "entityUniqueIdentifierValue"),
    "transferList": ("transfer",),
    "transfer": _TRANSFER,
    "metadata": ("mapEntry",),
    "mapEntry": ("key", "value"),
}
_HEAD: Final = ("idPA", "idBrokerPA", "idStation", "receipt")
_REPEATED: Final = frozenset({"transfer", "mapEntry"})


def bring_into_shape(message: etree._Element) -> bool:
    """Leave only what a receipt is made of, in its order; return whether anything was left out.

    The samples write `standIn` in two ways; it gets the official one.
    """
    for flag in message.iterfind("receipt/*"):
        if etree.QName(flag).localname.lower() == "standin":
            flag.tag = "standIn"
    message.attrib.clear()
    return _shape(message, _HEAD)


def _shape(parent: etree._Element, names: tuple[str, ...]) -> bool:
    known: dict[str, list[etree._Element]] = {name: [] for name in names}
    extras = False
    for child in list(parent):
        name = str(child.tag)
        parent.remove(child)
        if name in known and (name in _REPEATED or not known[name]):
            known[name].append(child)
        else:
            extras = True
    for name in names:
        for child in known[name]:
            child.attrib.clear()
            extras = _shape(child, _CHILDREN.get(name, ())) or extras
            parent.append(child)
    return extras
