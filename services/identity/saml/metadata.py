"""The service provider's signed metadata, for a public entity (spid.md 1.1; Avviso 29 v3)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from services.identity.saml.certificate import certificate_text
from services.identity.saml.names import (
    ATTRIBUTE_BASIC,
    CIE_EXTENSIONS,
    DS,
    FORMAT_TRANSIENT,
    HTTP_POST,
    HTTP_REDIRECT,
    MD,
    SAMLP,
    SPID_EXTENSIONS,
    XML,
    tag,
)
from services.identity.saml.signer import SigningKey, sign_enveloped
from services.identity.saml.xml import child, root

_PREFIXES: Final = {"md": MD, "ds": DS}
CIE_ATTRIBUTES: Final = ("name", "familyName", "dateOfBirth", "fiscalNumber")
"""The minimum set of eIDAS, which CIE wants asked for as a whole; the date of birth is not stored."""
REQUESTED_ATTRIBUTES: Final = ("name", "familyName", "fiscalNumber", "email")
"""The least that the portal works with (GDPR article 5): who, and where to write."""


@dataclass(frozen=True)
class Organization:
    """The public entity: legal name, IPA code, home page, impersonal e-mail, telephone (`+39...`, no spaces).

    `municipality`: the cadastral code of its seat (`L049`), for CIE.
    """

    name: str
    ipa_code: str
    url: str
    email: str
    telephone: str | None = None
    municipality: str | None = None


@dataclass(frozen=True)
class Aggregator:
    """The public body that does the login for others (Avviso 19 v4). `activity`: the code in the entity ids."""

    organization: Organization
    vat_number: str | None = None
    fiscal_code: str | None = None
    activity: str = "pub-ag-full"


@dataclass(frozen=True)
class AttributeService:
    """A further set of attributes that a request may name by its index."""

    index: int
    name: str
    attributes: Sequence[str]


ORGANIZATION_SERVICE: Final = AttributeService(
    1,
    "Portale dei pagamenti, per chi agisce per un'organizzazione",
    (*REQUESTED_ATTRIBUTES, "companyName", "companyFiscalNumber", "ivaCode"),
)
_EIDAS_MINIMUM: Final = ("spidCode", "name", "familyName", "dateOfBirth")
EIDAS_SERVICES: Final = (
    AttributeService(99, "eIDAS Natural Person Minimum Attribute Set", _EIDAS_MINIMUM),
    AttributeService(
        100, "eIDAS Natural Person Full Attribute Set", (*_EIDAS_MINIMUM, "placeOfBirth", "address", "gender")
    ),
)
"""What the Italian eIDAS node wants in the metadata, both; the minimum is what is asked for."""


@dataclass(frozen=True)
class ServiceProvider:
    """How this portal is known to identity providers. All addresses come from configuration, never from a request.

    CIE is another federation: another entity id and metadata, for the same addresses. With an `aggregator` the
    organization is one of the bodies that it does the login for.
    """

    entity_id: str
    acs_url: str
    slo_url: str
    organization: Organization
    service_name: str = "Portale dei pagamenti"
    attributes: Sequence[str] = field(default=REQUESTED_ATTRIBUTES)
    more_services: Sequence[AttributeService] = ()
    aggregator: Aggregator | None = None
    is_cie: bool = False


def build(provider: ServiceProvider, key: SigningKey, *, message_id: str) -> bytes:
    """Return the signed EntityDescriptor as UTF-8 bytes. `message_id`: an NCName, the document's ID."""
    prefixes = _PREFIXES | ({"cie": CIE_EXTENSIONS} if provider.is_cie else {"spid": SPID_EXTENSIONS})
    descriptor = root(tag(MD, "EntityDescriptor"), prefixes, entityID=provider.entity_id, ID=message_id)
    _add_sp_descriptor(descriptor, provider, key)
    _add_organization(descriptor, provider.organization)
    _add_contacts(descriptor, provider)
    return etree.tostring(sign_enveloped(descriptor, key), xml_declaration=True, encoding="UTF-8")


def _add_sp_descriptor(descriptor: etree._Element, provider: ServiceProvider, key: SigningKey) -> None:
    sp = child(
        descriptor,
        tag(MD, "SPSSODescriptor"),
        protocolSupportEnumeration=SAMLP,
        AuthnRequestsSigned="true",
        WantAssertionsSigned="true",
    )
    for certificate in key.certificates:
        data = child(child(child(sp, tag(MD, "KeyDescriptor"), use="signing"), tag(DS, "KeyInfo")), tag(DS, "X509Data"))
        child(data, tag(DS, "X509Certificate"), certificate_text(certificate))
    for binding in (HTTP_POST, HTTP_REDIRECT):
        child(sp, tag(MD, "SingleLogoutService"), Binding=binding, Location=provider.slo_url)
    child(sp, tag(MD, "NameIDFormat"), FORMAT_TRANSIENT)
    acs = {"index": "0", "isDefault": "true", "Binding": HTTP_POST, "Location": provider.acs_url}
    child(sp, tag(MD, "AssertionConsumerService"), **acs)
    for service in (AttributeService(0, provider.service_name, provider.attributes), *provider.more_services):
        element = child(sp, tag(MD, "AttributeConsumingService"), index=str(service.index))
        _add_italian(element, "ServiceName", service.name)
        for name in service.attributes:
            child(element, tag(MD, "RequestedAttribute"), Name=name, NameFormat=ATTRIBUTE_BASIC)


def _add_organization(descriptor: etree._Element, organization: Organization) -> None:
    element = child(descriptor, tag(MD, "Organization"))
    _add_italian(element, "OrganizationName", organization.name)
    _add_italian(element, "OrganizationDisplayName", organization.name)
    _add_italian(element, "OrganizationURL", organization.url)


def _add_contacts(descriptor: etree._Element, provider: ServiceProvider) -> None:
    if provider.is_cie:
        _add_cie_contact(descriptor, provider.organization)
    elif provider.aggregator is None:
        _add_contact(descriptor, provider.organization)
    else:
        _add_aggregator_contact(descriptor, provider.aggregator)
        _add_aggregated_contact(descriptor, provider.organization)


def _add_aggregator_contact(descriptor: etree._Element, aggregator: Aggregator) -> None:
    contact = child(descriptor, tag(MD, "ContactPerson"), contactType="other")
    contact.set(tag(SPID_EXTENSIONS, "entityType"), "spid:aggregator")
    extensions = child(contact, tag(MD, "Extensions"))
    child(extensions, tag(SPID_EXTENSIONS, "IPACode"), aggregator.organization.ipa_code)
    if aggregator.vat_number:
        child(extensions, tag(SPID_EXTENSIONS, "VATNumber"), aggregator.vat_number)
    if aggregator.fiscal_code:
        child(extensions, tag(SPID_EXTENSIONS, "FiscalCode"), aggregator.fiscal_code)
    child(extensions, tag(SPID_EXTENSIONS, "PublicServicesFullAggregator"))
    child(contact, tag(MD, "Company"), aggregator.organization.name)
    child(contact, tag(MD, "EmailAddress"), aggregator.organization.email)
    if aggregator.organization.telephone:
        child(contact, tag(MD, "TelephoneNumber"), aggregator.organization.telephone)


def _add_aggregated_contact(descriptor: etree._Element, body: Organization) -> None:
    contact = child(descriptor, tag(MD, "ContactPerson"), contactType="other")
    contact.set(tag(SPID_EXTENSIONS, "entityType"), "spid:aggregated")
    extensions = child(contact, tag(MD, "Extensions"))
    child(extensions, tag(SPID_EXTENSIONS, "IPACode"), body.ipa_code)
    child(extensions, tag(SPID_EXTENSIONS, "Public"))
    child(contact, tag(MD, "Company"), body.name)
    if body.email:
        child(contact, tag(MD, "EmailAddress"), body.email)
    if body.telephone:
        child(contact, tag(MD, "TelephoneNumber"), body.telephone)


def _add_contact(descriptor: etree._Element, organization: Organization) -> None:
    contact = child(descriptor, tag(MD, "ContactPerson"), contactType="other")
    extensions = child(contact, tag(MD, "Extensions"))
    child(extensions, tag(SPID_EXTENSIONS, "IPACode"), organization.ipa_code)
    child(extensions, tag(SPID_EXTENSIONS, "Public"))
    child(contact, tag(MD, "EmailAddress"), organization.email)
    if organization.telephone:
        child(contact, tag(MD, "TelephoneNumber"), organization.telephone)


def _add_cie_contact(descriptor: etree._Element, organization: Organization) -> None:
    contact = child(descriptor, tag(MD, "ContactPerson"), contactType="administrative")
    extensions = child(contact, tag(MD, "Extensions"))
    child(extensions, tag(CIE_EXTENSIONS, "Public"))
    child(extensions, tag(CIE_EXTENSIONS, "IPACode"), organization.ipa_code)
    child(extensions, tag(CIE_EXTENSIONS, "Municipality"), organization.municipality)
    child(contact, tag(MD, "Company"), organization.name)
    child(contact, tag(MD, "EmailAddress"), organization.email)
    if organization.telephone:
        child(contact, tag(MD, "TelephoneNumber"), organization.telephone)


def _add_italian(parent: etree._Element, name: str, content: str) -> None:
    child(parent, tag(MD, name), content).set(tag(XML, "lang"), "it")
