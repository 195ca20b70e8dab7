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
class ServiceProvider:
    """How this portal is known to identity providers. All addresses come from configuration, never from a request.

    CIE is another federation: another entity id and metadata, for the same addresses.
    """

    entity_id: str
    acs_url: str
    slo_url: str
    organization: Organization
    service_name: str = "Portale dei pagamenti"
    attributes: Sequence[str] = field(default=REQUESTED_ATTRIBUTES)
    is_cie: bool = False


def build(provider: ServiceProvider, key: SigningKey, *, message_id: str) -> bytes:
    """Return the signed EntityDescriptor as UTF-8 bytes. `message_id`: an NCName, the document's ID."""
    prefixes = _PREFIXES | ({"cie": CIE_EXTENSIONS} if provider.is_cie else {"spid": SPID_EXTENSIONS})
    descriptor = root(tag(MD, "EntityDescriptor"), prefixes, entityID=provider.entity_id, ID=message_id)
    _add_sp_descriptor(descriptor, provider, key)
    _add_organization(descriptor, provider.organization)
    add_contact = _add_cie_contact if provider.is_cie else _add_contact
    add_contact(descriptor, provider.organization)
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
    service = child(sp, tag(MD, "AttributeConsumingService"), index="0")
    _add_italian(service, "ServiceName", provider.service_name)
    for name in provider.attributes:
        child(service, tag(MD, "RequestedAttribute"), Name=name, NameFormat=ATTRIBUTE_BASIC)


def _add_organization(descriptor: etree._Element, organization: Organization) -> None:
    element = child(descriptor, tag(MD, "Organization"))
    _add_italian(element, "OrganizationName", organization.name)
    _add_italian(element, "OrganizationDisplayName", organization.name)
    _add_italian(element, "OrganizationURL", organization.url)


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
