"""The identity providers this portal trusts, from their metadata on disk (spid.md 1.8)."""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from services.identity.saml.names import DS, HTTP_POST, HTTP_REDIRECT, MD, XML, tag
from services.identity.saml.xml import drop_comments, parse, text

_TEST_HOSTS: Final = ("localhost", "validator.spid.gov.it", "demo.spid.gov.it")
_TEST_SUFFIXES: Final = (".localhost", ".local", ".test", ".invalid", ".example")
_PUBLIC_TEST_CERTIFICATES: Final = frozenset(
    {
        "3ddcf3f01364e24755a5d0affccacb0961c928e24250ef28591b44ceee6fed33",  # spid-sp-test, answers
        "800704ecc9fb77eb7c16a3d9d86c0c5f8097a584ba6291502573c6322512f8ab",  # spid-sp-test, identity provider
    }
)
"""SHA-256 of the certificates whose private keys anybody can download with the conformance tools."""


class RegistryError(ValueError):
    """The folder holds metadata that must not be used; the process must not start."""


@dataclass(frozen=True)
class IdentityProvider:
    """One identity provider. `sso` and `slo` map a binding to its address; several certificates during rotation."""

    key: str
    entity_id: str
    name: str
    certificates: tuple[x509.Certificate, ...]
    sso: Mapping[str, str]
    slo: Mapping[str, str]

    @property
    def is_test(self) -> bool:
        """A stand-in whose key is not secret: on this machine, a validator, or without TLS."""
        address = urlsplit(self.entity_id)
        host = address.hostname or ""
        known = any(_fingerprint(certificate) in _PUBLIC_TEST_CERTIFICATES for certificate in self.certificates)
        return known or address.scheme != "https" or host in _TEST_HOSTS or _is_local(host)


class IdpRegistry:
    """The trusted identity providers by key and by entity id, in the order of their names."""

    def __init__(self, providers: Iterator[IdentityProvider] | list[IdentityProvider]) -> None:
        self._providers = sorted(providers, key=lambda provider: provider.name.casefold())
        self._by_name = {name: one for one in self._providers for name in (one.key, one.entity_id)}

    def __iter__(self) -> Iterator[IdentityProvider]:
        return iter(self._providers)

    def find(self, name: str) -> IdentityProvider | None:
        """Return the provider with this key or entity id, if it is trusted."""
        return self._by_name.get(name)


def load(folder: Path, *, allow_test: bool) -> IdpRegistry:
    """Read every `<key>.xml` of `folder`.

    Raises RegistryError for a file that is no IdP metadata and, unless `allow_test`, for a test IdP: whoever has
    its public key pair could log in as anyone.
    """
    providers = [parse_metadata(path.read_bytes(), key=path.stem) for path in sorted(folder.glob("*.xml"))]
    forbidden = [provider.key for provider in providers if provider.is_test and not allow_test]
    if forbidden:
        raise RegistryError(f"test identity providers in {folder}: {', '.join(forbidden)}; remove them to start")
    return IdpRegistry(providers)


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
    if not certificates or HTTP_REDIRECT not in sso:
        raise ValueError("no signing certificate or no HTTP-Redirect SingleSignOnService")
    name = _display_name(descriptor) or urlsplit(entity_id).hostname or key
    return IdentityProvider(key, entity_id, name, certificates, sso, _addresses(idp, "SingleLogoutService"))


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


def _fingerprint(certificate: x509.Certificate) -> str:
    return sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def _is_local(host: str) -> bool:
    return host.endswith(_TEST_SUFFIXES) or host == "::1" or host.startswith("127.")
