"""The identity providers this portal trusts: the registry's signed aggregate, or their metadata (spid.md 1.8)."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from services.identity.saml.certificate import is_valid_at, read_certificates
from services.identity.saml.names import DS, HTTP_POST, HTTP_REDIRECT, MD, XML, tag
from services.identity.saml.refusal import Reason, ResponseRefused, require
from services.identity.saml.signature import OF_ROOT, check_form, verify
from services.identity.saml.xml import drop_comments, parse, parse_moment, text

_TEST_HOSTS: Final = ("localhost", "validator.spid.gov.it", "demo.spid.gov.it")
_CIE_HOST: Final = "idserver.servizicie.interno.gov.it"
_EIDAS_HOST: Final = ".eid.gov.it"
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


OnUnreadable = Callable[[str, str], None]
"""Told the key of an entry that is not as it should be, and what is wrong: a list goes on without its odd ones."""


class RegistryError(ValueError):
    """Identity providers that must not be used; where nothing else is left the process must not start."""


def _leave_unsaid(_key: str, _what: str) -> None:
    """Report nothing."""


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
    def is_eidas(self) -> bool:
        """Return whether it is the Italian eIDAS node, for identities of other countries."""
        host = urlsplit(self.entity_id).hostname or ""
        return host.endswith(_EIDAS_HOST) or self.key == "eidas"

    @property
    def kind(self) -> str:
        """On which button it stands: `spid`, `cie` or `eidas`."""
        return "cie" if self.is_cie else "eidas" if self.is_eidas else "spid"

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


def load(folder: Path, *, allow_test: bool, on_unreadable: OnUnreadable = _leave_unsaid) -> IdpRegistry:
    """Read every `<key>.xml` of `folder`; what is odd is reported to `on_unreadable`, the others go on.

    Raises RegistryError when files are there and none is to be used, and, unless `allow_test`, for a test IdP:
    whoever has its public key pair could log in as anyone.
    """
    readings = [(path.stem, _reading_of_file(path, on_unreadable)) for path in sorted(folder.glob("*.xml"))]
    providers = _without_unreadable(readings, on_unreadable)
    refuse_test_providers(providers, allow_test=allow_test)
    return IdpRegistry(providers)


def refuse_test_providers(providers: Iterable[IdentityProvider], *, allow_test: bool) -> None:
    """Raise RegistryError naming the test identity providers, unless they are allowed."""
    forbidden = [provider.key for provider in providers if provider.is_test and not allow_test]
    if forbidden:
        raise RegistryError(f"test identity providers: {', '.join(forbidden)}; remove them to start")


def parse_aggregate(
    document: bytes,
    certificates: Sequence[x509.Certificate],
    now: datetime,
    *,
    allow_test: bool = False,
    on_unreadable: OnUnreadable = _leave_unsaid,
) -> list[IdentityProvider]:
    """Read the signed EntitiesDescriptor of the SPID registry: everything from bytes one of `certificates` signed.

    Identity providers that have expired are left out, unreadable ones are reported. Raises RegistryError when the
    signature does not verify, the whole has expired, a test identity provider is in it, or none is left.
    """
    try:
        aggregate = parse(document)
        drop_comments(aggregate)
        require(aggregate.tag == tag(MD, "EntitiesDescriptor"), Reason.SIGNATURE_REFERENCE)
        check_form(aggregate)
        verified = verify(aggregate, location=OF_ROOT, certificates=certificates, now=now)
        require(verified.tag == aggregate.tag, Reason.SIGNATURE_REFERENCE)
    except (ValueError, ResponseRefused) as cause:
        raise RegistryError(f"not a registry of SPID to be believed ({cause})") from cause
    readings = [
        (_key_of(one), partial(_listed, one, on_unreadable, allow_test=allow_test)) for one in _entities(verified, now)
    ]
    providers = [one for one in _without_unreadable(readings, on_unreadable) if one.is_usable(now)]
    if not providers:
        raise RegistryError("no identity provider in the registry is valid now")
    refuse_test_providers(providers, allow_test=allow_test)
    return providers


def _entities(aggregate: etree._Element, now: datetime) -> list[etree._Element]:
    until = aggregate.get("validUntil")
    moment = parse_moment(until)
    if until is not None and (moment is None or now >= moment):
        return []
    entities = aggregate.findall(tag(MD, "EntityDescriptor"))
    return [one for one in entities if one.find(tag(MD, "IDPSSODescriptor")) is not None]


def _without_unreadable(
    readings: Sequence[tuple[str, Callable[[], IdentityProvider]]], on_unreadable: OnUnreadable
) -> list[IdentityProvider]:
    """Return the providers that can be read, each once. Raises RegistryError naming all when none can."""
    providers: list[IdentityProvider] = []
    unreadable: list[str] = []
    for key, read in readings:
        try:
            found = read()
            if any(found.entity_id == one.entity_id or found.key == one.key for one in providers):
                raise RegistryError(f"{key}: stands in the list twice")
        except RegistryError as error:
            unreadable.append(str(error))
            on_unreadable(key, str(error))
        else:
            providers.append(found)
    if unreadable and not providers:
        raise RegistryError("; ".join(unreadable))
    return providers


def _key_of(descriptor: etree._Element) -> str:
    """Return a name for addresses and logo files: `https://idp.namirialtsp.com/idp` -> `idp.namirialtsp.com-idp`."""
    address = (descriptor.get("entityID") or "").strip().partition("://")[2]
    return re.sub(r"[^a-z0-9.]+", "-", address.lower()).strip("-.")


def _reading_of_file(path: Path, on_unreadable: OnUnreadable) -> Callable[[], IdentityProvider]:
    def read() -> IdentityProvider:
        try:
            return parse_metadata(path.read_bytes(), key=path.stem, on_unreadable=on_unreadable)
        except OSError as cause:
            raise RegistryError(f"{path.stem}: cannot be read ({type(cause).__name__})") from cause

    return read


def parse_metadata(document: bytes, *, key: str, on_unreadable: OnUnreadable = _leave_unsaid) -> IdentityProvider:
    """Read one EntityDescriptor with an IDPSSODescriptor. Raises RegistryError naming `key`.

    A certificate that cannot be read is reported to `on_unreadable`; the others of the provider go on.
    """
    try:
        descriptor = parse(document)
    except ValueError as cause:
        raise RegistryError(f"{key}: not the metadata of an identity provider ({cause})") from cause
    drop_comments(descriptor)
    return _provider(descriptor, key, on_unreadable)


def _listed(descriptor: etree._Element, on_unreadable: OnUnreadable, *, allow_test: bool) -> IdentityProvider:
    """Read a provider of the registry. One whose entityID is no https address is odd, and none of its neighbours is."""
    key = _key_of(descriptor)
    found = _provider(descriptor, key, on_unreadable)
    if urlsplit(found.entity_id).scheme != "https" and not allow_test:
        raise RegistryError(f"{key}: entityID is no https address")
    return found


def _provider(descriptor: etree._Element, key: str, on_unreadable: OnUnreadable) -> IdentityProvider:
    idp = descriptor.find(tag(MD, "IDPSSODescriptor"))
    entity_id = (descriptor.get("entityID") or "").strip()
    if idp is None or not entity_id:
        raise RegistryError(f"{key}: not the metadata of an identity provider (no IDPSSODescriptor or no entityID)")
    try:
        host = urlsplit(entity_id).hostname
    except ValueError:
        raise RegistryError(f"{key}: entityID is no address") from None
    certificates = tuple(_signing_certificates(idp, key, on_unreadable))
    sso = _addresses(idp, "SingleSignOnService")
    if not certificates or not sso:
        raise RegistryError(
            f"{key}: no signing certificate that can be read, or no SingleSignOnService by HTTP-Redirect or HTTP-POST"
        )
    name = _display_name(descriptor) or host or key
    slo = _addresses(idp, "SingleLogoutService")
    return IdentityProvider(key, entity_id, name, certificates, sso, slo, _valid_until(descriptor, key))


def _valid_until(descriptor: etree._Element, key: str) -> datetime | None:
    until = descriptor.get("validUntil")
    moment = parse_moment(until)
    if until is not None and moment is None:
        raise RegistryError(f"{key}: validUntil is not an instant")
    return moment


def _signing_certificates(idp: etree._Element, key: str, on_unreadable: OnUnreadable) -> Iterator[x509.Certificate]:
    for descriptor in idp.findall(tag(MD, "KeyDescriptor")):
        if descriptor.get("use", "signing") == "signing":
            for element in descriptor.iter(tag(DS, "X509Certificate")):
                try:
                    yield from read_certificates(element.text or "")
                except ValueError as cause:
                    on_unreadable(key, f"{key}: a signing certificate cannot be read ({type(cause).__name__})")


def _addresses(idp: etree._Element, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for service in idp.findall(tag(MD, name)):
        binding = service.get("Binding", "")
        address = (service.get("ResponseLocation") or service.get("Location") or "").strip()
        if address and binding in (HTTP_POST, HTTP_REDIRECT):
            found.setdefault(binding, address)
    return found


def _display_name(descriptor: etree._Element) -> str:
    names = descriptor.findall(f"{tag(MD, 'Organization')}/{tag(MD, 'OrganizationDisplayName')}")
    italian = [name for name in names if name.get(tag(XML, "lang")) == "it"]
    return text(next(iter(italian or names), None))


def _is_local(host: str) -> bool:
    return host.endswith(_TEST_SUFFIXES) or host == "::1" or host.startswith("127.")
