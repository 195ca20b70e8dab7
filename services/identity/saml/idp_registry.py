"""The identity providers this portal trusts: the registry's signed aggregate, or their metadata (spid.md 1.8)."""

import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from services.identity.saml.certificate import is_valid_at
from services.identity.saml.names import DS, HTTP_POST, HTTP_REDIRECT, MD, XML, tag
from services.identity.saml.refusal import Reason, ResponseRefused, require
from services.identity.saml.signature import OF_ROOT, check_form, verify
from services.identity.saml.xml import drop_comments, parse, parse_instant, text

_TEST_HOSTS: Final = ("localhost", "validator.spid.gov.it", "demo.spid.gov.it")
_CIE_HOST: Final = "idserver.servizicie.interno.gov.it"
_TEST_SUFFIXES: Final = (".localhost", ".local", ".test", ".invalid", ".example")
_PUBLIC_TEST_KEYS: Final = frozenset(
    {
        "d8e2f9b83f451fab0780cae09644f15b94b2dc2448ec6eaee68943b4e7f16b96",  # spid-sp-test, answers
        "e2f808c704ef57cdf90ec7a6b7c00d10f6be50609b4d9bfe925f06fdfcea40d0",  # spid-sp-test, identity provider
        "b95837d044353b5926f00534d9915eb25a4e07bbb0fd535b02976a1e0e68ea9b",  # spid-saml-check, validator
    }
)
"""SHA-256 of the public keys (SubjectPublicKeyInfo) whose private keys anybody can download with the tools.

Of the keys and not of certificates: anybody can also make a new certificate for such a key.
"""


class RegistryError(ValueError):
    """The folder holds metadata that must not be used; the process must not start."""


@dataclass(frozen=True)
class IdentityProvider:
    """One identity provider. `sso` and `slo` map a binding to its address; several certificates during rotation.

    `sso` holds one binding at least.
    """

    key: str
    entity_id: str
    name: str
    certificates: tuple[x509.Certificate, ...]
    sso: Mapping[str, str]
    slo: Mapping[str, str]
    valid_until: datetime | None = None

    def is_usable(self, now: datetime) -> bool:
        """Return whether an answer can be verified at `now`: neither it nor all of its certificates have expired."""
        has_expired = self.valid_until is not None and now >= self.valid_until
        return not has_expired and any(is_valid_at(one, now) for one in self.certificates)

    def sso_binding(self, preferred: str) -> str:
        """Return the binding by which a request is sent: `preferred` where its metadata offers that, else the other."""
        return preferred if preferred in self.sso else next(iter(self.sso))

    @property
    def is_cie(self) -> bool:
        """Return whether it is that of the electronic identity card, whose rules differ a little (spid.md 2)."""
        host = urlsplit(self.entity_id).hostname or ""
        return host.endswith(_CIE_HOST) or self.key == "cie"

    @property
    def is_test(self) -> bool:
        """Return whether its key is not secret: a stand-in on this machine, a validator, or one without TLS."""
        address = urlsplit(self.entity_id)
        host = address.hostname or ""
        return (
            any(map(is_public_test_key, self.certificates))
            or address.scheme != "https"
            or host in _TEST_HOSTS
            or _is_local(host)
        )


class IdpRegistry:
    """The trusted identity providers by key and by entity id, in the order of their names."""

    def __init__(self, providers: Iterable[IdentityProvider]) -> None:
        self.replace(providers)

    def replace(self, providers: Iterable[IdentityProvider]) -> None:
        """Trust these from now on, and no others."""
        self._providers = sorted(providers, key=lambda provider: provider.name.casefold())
        self._by_name = {name: one for one in self._providers for name in (one.key, one.entity_id)}

    def __iter__(self) -> Iterator[IdentityProvider]:
        return iter(self._providers)

    def find(self, name: str) -> IdentityProvider | None:
        """Return the provider with this key or entity id, if it is trusted."""
        return self._by_name.get(name)


def is_public_test_key(certificate: x509.Certificate) -> bool:
    """Return whether anybody can have the private key of this certificate."""
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(key).hexdigest() in _PUBLIC_TEST_KEYS


def load(folder: Path, *, allow_test: bool) -> IdpRegistry:
    """Read every `<key>.xml` of `folder`.

    Raises RegistryError for a file that is no IdP metadata and, unless `allow_test`, for a test IdP: whoever has
    its public key pair could log in as anyone.
    """
    providers = [parse_metadata(path.read_bytes(), key=path.stem) for path in sorted(folder.glob("*.xml"))]
    refuse_test_providers(providers, allow_test=allow_test)
    return IdpRegistry(providers)


def refuse_test_providers(providers: Iterable[IdentityProvider], *, allow_test: bool) -> None:
    """Raise RegistryError naming the test identity providers, unless they are allowed."""
    forbidden = [provider.key for provider in providers if provider.is_test and not allow_test]
    if forbidden:
        raise RegistryError(f"test identity providers: {', '.join(forbidden)}; remove them to start")


def parse_aggregate(
    document: bytes, certificate: x509.Certificate, now: datetime, *, allow_test: bool = False
) -> list[IdentityProvider]:
    """Read the signed EntitiesDescriptor of the SPID registry: everything from the bytes `certificate` signed.

    Identity providers that have expired are left out. Raises RegistryError when the signature does not verify, the
    whole has expired, a test identity provider is in it, or none is left.
    """
    try:
        aggregate = parse(document)
        drop_comments(aggregate)
        require(aggregate.tag == tag(MD, "EntitiesDescriptor"), Reason.SIGNATURE_REFERENCE)
        check_form(aggregate)
        verified = verify(aggregate, location=OF_ROOT, certificates=[certificate], now=now)
        require(verified.tag == aggregate.tag, Reason.SIGNATURE_REFERENCE)
        found = [_provider(one, _key_of(one)) for one in _current_entities(verified, now)]
    except (ValueError, ResponseRefused) as cause:
        raise RegistryError(f"not a registry of SPID to be believed ({cause})") from cause
    providers = [one for one in found if one.is_usable(now)]
    if not providers:
        raise RegistryError("no identity provider in the registry is valid now")
    refuse_test_providers(providers, allow_test=allow_test)
    return providers


def _current_entities(aggregate: etree._Element, now: datetime) -> list[etree._Element]:
    if not _is_current(aggregate, now):
        return []
    entities = aggregate.findall(tag(MD, "EntityDescriptor"))
    return [one for one in entities if one.find(tag(MD, "IDPSSODescriptor")) is not None and _is_current(one, now)]


def _is_current(element: etree._Element, now: datetime) -> bool:
    until = element.get("validUntil")
    if until is None:
        return True
    moment = parse_instant(until)
    return moment is not None and now < moment


def _key_of(descriptor: etree._Element) -> str:
    """Return a name for addresses and logo files: `https://idp.namirialtsp.com/idp` -> `idp.namirialtsp.com-idp`."""
    address = (descriptor.get("entityID") or "").strip().partition("://")[2]
    return re.sub(r"[^a-z0-9.]+", "-", address.lower()).strip("-.")


def parse_metadata(document: bytes, *, key: str) -> IdentityProvider:
    """Read one EntityDescriptor with an IDPSSODescriptor. Raises RegistryError naming `key`."""
    try:
        descriptor = parse(document)
        drop_comments(descriptor)
        return _provider(descriptor, key)
    except ValueError as cause:
        raise RegistryError(f"{key}: not the metadata of an identity provider ({cause})") from cause


def _provider(descriptor: etree._Element, key: str) -> IdentityProvider:
    idp = descriptor.find(tag(MD, "IDPSSODescriptor"))
    entity_id = (descriptor.get("entityID") or "").strip()
    if idp is None or not entity_id:
        raise ValueError("no IDPSSODescriptor or no entityID")
    certificates = tuple(_signing_certificates(idp))
    sso = _addresses(idp, "SingleSignOnService")
    if not certificates or not sso:
        raise ValueError("no signing certificate or no SingleSignOnService by HTTP-Redirect or HTTP-POST")
    name = _display_name(descriptor) or urlsplit(entity_id).hostname or key
    slo = _addresses(idp, "SingleLogoutService")
    return IdentityProvider(key, entity_id, name, certificates, sso, slo, _valid_until(descriptor))


def _valid_until(descriptor: etree._Element) -> datetime | None:
    until = descriptor.get("validUntil")
    moment = parse_instant(until)
    if until is not None and moment is None:
        raise ValueError("validUntil is not an instant in UTC")
    return moment


def _signing_certificates(idp: etree._Element) -> Iterator[x509.Certificate]:
    for descriptor in idp.findall(tag(MD, "KeyDescriptor")):
        if descriptor.get("use", "signing") == "signing":
            for element in descriptor.iter(tag(DS, "X509Certificate")):
                yield x509.load_der_x509_certificate(b64decode("".join((element.text or "").split())))


def _addresses(idp: etree._Element, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for service in idp.findall(tag(MD, name)):
        binding = service.get("Binding", "")
        if binding in (HTTP_POST, HTTP_REDIRECT):
            found.setdefault(binding, service.get("ResponseLocation") or service.get("Location") or "")
    return found


def _display_name(descriptor: etree._Element) -> str:
    names = descriptor.findall(f"{tag(MD, 'Organization')}/{tag(MD, 'OrganizationDisplayName')}")
    italian = [name for name in names if name.get(tag(XML, "lang")) == "it"]
    return text(next(iter(italian or names), None))


def _is_local(host: str) -> bool:
    return host.endswith(_TEST_SUFFIXES) or host == "::1" or host.startswith("127.")
