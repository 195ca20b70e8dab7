"""Messages of the node as whoever only follows a payment may read them: without what says who somebody is."""

from typing import Final

from lxml import etree

from services.payments.hostile_xml import Unreadable, parse
from services.payments.soap.envelope import XML_DECLARATION

MASK: Final = "•••"
_PERSONAL: Final = frozenset(
    {
        "fullName",
        "entityUniqueIdentifierValue",
        "streetName",
        "civicNumber",
        "postalCode",
        "city",
        "stateProvinceRegion",
        "country",
        "e-mail",
        # Bodies write names into these.
        "description",
        "remittanceInformation",
        "paymentNote",
        # Metadata are whatever somebody put there; a digital stamp holds the fingerprint of somebody's document.
        "value",
        "MBDAttachment",
    }
)


def masked(text: str) -> str | None:
    """Return a message with each personal text replaced, one element a line; None where it cannot be read."""
    try:
        root = parse(XML_DECLARATION.sub("", text).encode())
    except (Unreadable, UnicodeEncodeError):
        return None
    for element in root.iter(etree.Element):
        if etree.QName(element).localname in _PERSONAL and (element.text or "").strip():
            element.text = MASK
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")
