"""Whom AgID, identity providers and the police write to, in the metadata: of one entity, of CIE, of an aggregator.

Avviso 29 v3 for one entity; Avviso 19 v4 for who does the login for others, an aggregator or an operator of public
services (its rules as AgID's conformance tool has them).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from lxml import etree

from services.identity.saml.certificate import certificate_text
from services.identity.saml.invoicing import InvoicedParty, add_invoiced_contact
from services.identity.saml.names import CIE_EXTENSIONS, DS, MD, SPID_EXTENSIONS, tag
from services.identity.saml.xml import child


@dataclass(frozen=True)
class Organization:
    """An entity: legal name, IPA code, home page, impersonal e-mail, telephone (`+39...`, no spaces).

    `municipality`: the cadastral code of its seat (`L049`), for CIE. A private one has no IPA code, but a `vat_number`
    (`IT…`), a `fiscal_code` or both.
    """

    name: str
    ipa_code: str | None
    url: str
    email: str
    telephone: str | None = None
    municipality: str | None = None
    vat_number: str | None = None
    fiscal_code: str | None = None

    @property
    def code(self) -> str:
        """What stands for it in the entity ids of an aggregator."""
        return self.ipa_code or self.fiscal_code or self.vat_number or ""


@dataclass(frozen=True)
class Activity:
    """What one does for others. `element` says so in the metadata.

    `is_light`: the body runs its own portal, and the one named here checks it by a certificate of its own.
    `is_operator`: a body that runs a public service; the metadata are of itself, not of whom it does it for.
    `is_private`: the bodies are private ones, which identity providers invoice.
    """

    element: str
    is_light: bool = False
    is_operator: bool = False
    is_private: bool = False

    @property
    def names_bodies(self) -> bool:
        """Return whether the body is a contact too: for all but an operator that does everything itself."""
        return self.is_light or not self.is_operator


PUBLIC_AGGREGATOR: Final = "pub-ag-full"
ACTIVITIES: Final[Mapping[str, Activity]] = {
    PUBLIC_AGGREGATOR: Activity("PublicServicesFullAggregator"),
    "pub-ag-lite": Activity("PublicServicesLightAggregator", is_light=True),
    "pri-ag-full": Activity("PrivateServicesFullAggregator", is_private=True),
    "pri-ag-lite": Activity("PrivateServicesLightAggregator", is_light=True, is_private=True),
    "pub-op-full": Activity("PublicServicesFullOperator", is_operator=True),
    "pub-op-lite": Activity("PublicServicesLightOperator", is_light=True, is_operator=True),
}
"""By the code that AgID wants in the entity ids."""


@dataclass(frozen=True)
class Aggregator:
    """Who does the login for others. `activity`: a code of ACTIVITIES.

    `validation`: the certificate of a light one; `invoiced`: who is, where the bodies are private.
    """

    organization: Organization
    activity: str = PUBLIC_AGGREGATOR
    validation: x509.Certificate | None = None
    invoiced: InvoicedParty | None = None


def add_contact(descriptor: etree._Element, organization: Organization) -> None:
    """Add the contact of a public entity that does its own login in SPID."""
    contact = child(descriptor, tag(MD, "ContactPerson"), contactType="other")
    extensions = child(contact, tag(MD, "Extensions"))
    child(extensions, tag(SPID_EXTENSIONS, "IPACode"), organization.ipa_code)
    child(extensions, tag(SPID_EXTENSIONS, "Public"))
    _add_ways_to_write(contact, organization)


def add_cie_contact(descriptor: etree._Element, organization: Organization) -> None:
    """Add the contact of a public entity that logs in with CIE."""
    contact = child(descriptor, tag(MD, "ContactPerson"), contactType="administrative")
    extensions = child(contact, tag(MD, "Extensions"))
    child(extensions, tag(CIE_EXTENSIONS, "Public"))
    child(extensions, tag(CIE_EXTENSIONS, "IPACode"), organization.ipa_code)
    child(extensions, tag(CIE_EXTENSIONS, "Municipality"), organization.municipality)
    child(contact, tag(MD, "Company"), organization.name)
    _add_ways_to_write(contact, organization)


def add_aggregation_contacts(descriptor: etree._Element, aggregator: Aggregator, body: Organization) -> None:
    """Add the contacts of who does the login, and of the body that it does it for where the activity names it."""
    activity = ACTIVITIES[aggregator.activity]
    contact = _typed_contact(descriptor, "spid:aggregator")
    extensions = child(contact, tag(MD, "Extensions"))
    _add_codes(extensions, aggregator.organization)
    if aggregator.validation is not None:
        _add_validation_key(extensions, aggregator.validation)
    child(extensions, tag(SPID_EXTENSIONS, activity.element))
    child(contact, tag(MD, "Company"), aggregator.organization.name)
    _add_ways_to_write(contact, aggregator.organization)
    if activity.names_bodies:
        _add_aggregated_contact(descriptor, body, "Private" if activity.is_private else "Public")
    if aggregator.invoiced is not None:
        add_invoiced_contact(descriptor, aggregator.invoiced)


def _add_aggregated_contact(descriptor: etree._Element, body: Organization, kind: str) -> None:
    contact = _typed_contact(descriptor, "spid:aggregated")
    extensions = child(contact, tag(MD, "Extensions"))
    _add_codes(extensions, body)
    child(extensions, tag(SPID_EXTENSIONS, kind))
    child(contact, tag(MD, "Company"), body.name)
    _add_ways_to_write(contact, body)


def _add_codes(extensions: etree._Element, organization: Organization) -> None:
    codes = {
        "IPACode": organization.ipa_code,
        "VATNumber": organization.vat_number,
        "FiscalCode": organization.fiscal_code,
    }
    for name, code in codes.items():
        if code:
            child(extensions, tag(SPID_EXTENSIONS, name), code)


def _add_validation_key(extensions: etree._Element, certificate: x509.Certificate) -> None:
    key = child(extensions, tag(SPID_EXTENSIONS, "KeyDescriptor"), use="spid:validation")
    data = child(child(key, tag(DS, "KeyInfo")), tag(DS, "X509Data"))
    child(data, tag(DS, "X509Certificate"), certificate_text(certificate))


def _typed_contact(descriptor: etree._Element, entity_type: str) -> etree._Element:
    contact = child(descriptor, tag(MD, "ContactPerson"), contactType="other")
    contact.set(tag(SPID_EXTENSIONS, "entityType"), entity_type)
    return contact


def _add_ways_to_write(contact: etree._Element, organization: Organization) -> None:
    if organization.email:
        child(contact, tag(MD, "EmailAddress"), organization.email)
    if organization.telephone:
        child(contact, tag(MD, "TelephoneNumber"), organization.telephone)
