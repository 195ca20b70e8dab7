"""The service provider's signed metadata, for a public entity (spid.md 1.1; Avviso 29 v3)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from services.identity.saml.certificate import certificate_text
from services.identity.saml.contacts import (
    Aggregator,
    Organization,
    add_aggregation_contacts,
    add_cie_contact,
    add_contact,
)
from services.identity.saml.names import (
    ATTRIBUTE_BASIC,
    CIE_EXTENSIONS,
    DS,
    FORMAT_TRANSIENT,
    HTTP_POST,
    HTTP_REDIRECT,
    INVOICING_EXTENSIONS,
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
    `body` is one of those that it does the login for, and mostly the organization too.
    """

    entity_id: str
    acs_url: str
    slo_url: str
    organization: Organization
    service_name: str = "Portale dei pagamenti"
    attributes: Sequence[str] = field(default=REQUESTED_ATTRIBUTES)
    more_services: Sequence[AttributeService] = ()
    aggregator: Aggregator | None = None
    body: Organization | None = None
    is_cie: bool = False


def build(provider: ServiceProvider, key: SigningKey, *, message_id: str) -> bytes:
    """Return the signed EntityDescriptor as UTF-8 bytes. `message_id`: an NCName, the document's ID."""
    descriptor = root(tag(MD, "EntityDescriptor"), _prefixes(provider), entityID=provider.entity_id, ID=message_id)
    _add_sp_descriptor(descriptor, provider, key)
    _add_organization(descriptor, provider.organization)
    _add_contacts(descriptor, provider)
    return etree.tostring(sign_enveloped(descriptor, key), xml_declaration=True, encoding="UTF-8")


def _prefixes(provider: ServiceProvider) -> dict[str, str]:
    if provider.is_cie:
        return _PREFIXES | {"cie": CIE_EXTENSIONS}
    is_invoiced = provider.aggregator is not None and provider.aggregator.invoiced is not None
    return _PREFIXES | {"spid": SPID_EXTENSIONS} | ({"fpa": INVOICING_EXTENSIONS} if is_invoiced else {})


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
        add_cie_contact(descriptor, provider.organization)
    elif provider.aggregator is None:
        add_contact(descriptor, provider.organization)
    else:
        add_aggregation_contacts(descriptor, provider.aggregator, provider.body or provider.organization)


def _add_italian(parent: etree._Element, name: str, content: str) -> None:
    child(parent, tag(MD, name), content).set(tag(XML, "lang"), "it")
