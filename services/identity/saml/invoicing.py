"""Whom identity providers send their invoices to: in the metadata of private bodies (Avviso 29 v3 and 19 v4).

AgID takes the names and the shapes of the Italian electronic invoice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from services.identity.saml.names import INVOICING_EXTENSIONS, MD, tag
from services.identity.saml.xml import child

_LATIN_1: Final = r"[\x20-\x7e\xa0-\xff]"
SHAPES: Final[Mapping[str, str]] = {
    "name": f"{_LATIN_1}{{1,80}}",
    "vat_number": r"[A-Z]{2}[0-9A-Za-z]{1,28}",
    "fiscal_code": r"[A-Z0-9]{11,16}",
    "street": f"{_LATIN_1}{{1,60}}",
    "street_number": r"[\x20-\x7e]{1,8}",
    "postal_code": r"[0-9]{5}",
    "city": f"{_LATIN_1}{{1,60}}",
    "province": r"[A-Z]{2}",
    "country": r"[A-Z]{2}",
    "email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
}
"""What AgID's schema takes for each field of InvoicedParty, as a regular expression."""


@dataclass(frozen=True)
class InvoicedParty:
    """Who is invoiced. One at least of `vat_number` (`IT…`) and `fiscal_code`; each field has its shape in SHAPES."""

    name: str
    street: str
    postal_code: str
    city: str
    email: str
    vat_number: str | None = None
    fiscal_code: str | None = None
    street_number: str | None = None
    province: str | None = None
    country: str = "IT"


def add_invoiced_contact(descriptor: etree._Element, party: InvoicedParty) -> None:
    """Add the contact that invoices go to."""
    contact = child(descriptor, tag(MD, "ContactPerson"), contactType="billing")
    invoiced = child(child(contact, tag(MD, "Extensions")), _tag("CessionarioCommittente"))
    _add_who(child(invoiced, _tag("DatiAnagrafici")), party)
    _add_where(child(invoiced, _tag("Sede")), party)
    child(contact, tag(MD, "Company"), party.name)
    child(contact, tag(MD, "EmailAddress"), party.email)


def _add_who(who: etree._Element, party: InvoicedParty) -> None:
    if party.vat_number:
        vat = child(who, _tag("IdFiscaleIVA"))
        child(vat, _tag("IdPaese"), party.vat_number[:2])
        child(vat, _tag("IdCodice"), party.vat_number[2:])
    if party.fiscal_code:
        child(who, _tag("CodiceFiscale"), party.fiscal_code)
    child(child(who, _tag("Anagrafica")), _tag("Denominazione"), party.name)


def _add_where(seat: etree._Element, party: InvoicedParty) -> None:
    parts = {
        "Indirizzo": party.street,
        "NumeroCivico": party.street_number,
        "CAP": party.postal_code,
        "Comune": party.city,
        "Provincia": party.province,
        "Nazione": party.country,
    }
    for name, content in parts.items():
        if content:
            child(seat, _tag(name), content)


def _tag(name: str) -> str:
    return tag(INVOICING_EXTENSIONS, name)
