"""The portal's AuthnRequest, verified and read as an identity provider must (spid.md 1.2)."""

import zlib
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import unquote_plus

import requests
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

_NS: Final = {
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
}
_RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_METHODS: Final = frozenset({SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA512})
_DIGESTS: Final = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA512})
_CLASS_REFERENCE: Final = "https://www.spid.gov.it/SpidL"
_MESSAGE_BYTES_MAX: Final = 64 * 1024
_CLOCK_SKEW: Final = timedelta(minutes=3)
_TIMEOUT_S: Final = 5


class RequestRefused(Exception):
    """The portal asked wrongly. The message says what; `number` is AgID's error code for it."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


@dataclass(frozen=True)
class ServiceProvider:
    """What an identity provider needs from the portal's metadata."""

    entity_id: str
    name: str
    acs_urls: dict[str, str]
    requested_attributes: dict[str, tuple[str, ...]]
    certificates: tuple[x509.Certificate, ...]


@dataclass(frozen=True)
class VerifiedRequest:
    """A verified AuthnRequest."""

    id: str
    provider: ServiceProvider
    acs_url: str
    attributes: tuple[str, ...]
    level: int
    relay_state: str


def fetch_metadata(url: str) -> ServiceProvider:
    """Get and read the portal's metadata. Raises RequestRefused when it cannot be had."""
    try:
        answer = requests.get(url, timeout=_TIMEOUT_S)
        answer.raise_for_status()
        return read_metadata(answer.content)
    except (requests.RequestException, etree.XMLSyntaxError, ValueError, IndexError) as cause:
        raise RequestRefused(18, f"{url}: {type(cause).__name__}") from cause


def read_metadata(document: bytes) -> ServiceProvider:
    """Read an EntityDescriptor with an SPSSODescriptor."""
    root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
    sp = root.findall("md:SPSSODescriptor", _NS)[0]
    return ServiceProvider(
        entity_id=root.get("entityID", ""),
        name=root.findtext("md:Organization/md:OrganizationDisplayName", "", _NS),
        acs_urls={
            one.get("index", ""): one.get("Location", "") for one in sp.findall("md:AssertionConsumerService", _NS)
        },
        requested_attributes={
            service.get("index", ""): tuple(
                one.get("Name", "") for one in service.findall("md:RequestedAttribute", _NS)
            )
            for service in sp.findall("md:AttributeConsumingService", _NS)
        },
        certificates=tuple(
            x509.load_der_x509_certificate(b64decode(one.text or ""))
            for one in sp.findall("md:KeyDescriptor[@use='signing']//ds:X509Certificate", _NS)
        ),
    )


def read_redirect(query: str, provider: ServiceProvider, *, sso_url: str, idp_entity_id: str) -> VerifiedRequest:
    """Verify the raw query string of HTTP-Redirect and read the AuthnRequest in it. Raises RequestRefused."""
    raw = dict(part.partition("=")[::2] for part in query.split("&"))
    _check_signature(raw, provider.certificates)
    root = _inflated(raw.get("SAMLRequest", ""))
    return _read(root, provider, (sso_url, idp_entity_id), unquote_plus(raw.get("RelayState", "")))


def read_post(
    form: Mapping[str, str], provider: ServiceProvider, *, sso_url: str, idp_entity_id: str
) -> VerifiedRequest:
    """Verify the AuthnRequest in a form of HTTP-POST and read it. Raises RequestRefused."""
    try:
        root = _parsed(b64decode(form.get("SAMLRequest", ""), validate=True))
    except (ValueError, etree.XMLSyntaxError) as cause:
        raise RequestRefused(8, "SAMLRequest is not an XML document") from cause
    _check_enveloped_signature(root, provider.certificates)
    return _read(root, provider, (sso_url, idp_entity_id), form.get("RelayState", ""))


def _read(
    root: etree._Element, provider: ServiceProvider, destinations: tuple[str, str], relay_state: str
) -> VerifiedRequest:
    _check_header(root, provider, destinations)
    acs_url = provider.acs_urls.get(root.get("AssertionConsumerServiceIndex", ""))
    if not acs_url:
        raise RequestRefused(16, "AssertionConsumerServiceIndex is not in the metadata")
    attributes = provider.requested_attributes.get(root.get("AttributeConsumingServiceIndex", ""))
    if attributes is None:
        raise RequestRefused(18, "AttributeConsumingServiceIndex is not in the metadata")
    return VerifiedRequest(
        id=root.get("ID", ""),
        provider=provider,
        acs_url=acs_url,
        attributes=attributes,
        level=_level(root),
        relay_state=relay_state,
    )


def _check_enveloped_signature(root: etree._Element, certificates: Sequence[x509.Certificate]) -> None:
    """Look for the signature where SPID wants it, right after the Issuer, and verify it."""
    if [etree.QName(child).localname for child in list(root)[:2]] != ["Issuer", "Signature"]:
        raise RequestRefused(2, "the signature does not follow the Issuer")
    config = SignatureConfiguration(location="./", signature_methods=_METHODS, digest_algorithms=_DIGESTS)
    for certificate in certificates:
        try:
            XMLVerifier().verify(root, x509_cert=certificate, id_attribute="ID", expect_config=config)
        except (SignXMLException, InvalidSignature, ValueError):
            continue
        return
    raise RequestRefused(2, "the signature is not of a key in the metadata")


def _check_signature(raw: dict[str, str], certificates: Sequence[x509.Certificate]) -> None:
    if unquote_plus(raw.get("SigAlg", "")) != _RSA_SHA256:
        raise RequestRefused(2, "SigAlg is not rsa-sha256")
    octets = "&".join(f"{name}={raw[name]}" for name in ("SAMLRequest", "RelayState", "SigAlg") if name in raw)
    try:
        signature = b64decode(unquote_plus(raw.get("Signature", "")), validate=True)
    except ValueError:
        raise RequestRefused(2, "Signature is not base64") from None
    for certificate in certificates:
        key = certificate.public_key()
        if isinstance(key, rsa.RSAPublicKey):
            try:
                key.verify(signature, octets.encode(), padding.PKCS1v15(), hashes.SHA256())
            except InvalidSignature:
                continue
            return
    raise RequestRefused(2, "the signature is not of a key in the metadata")


def _inflated(value: str) -> etree._Element:
    try:
        inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        document = inflater.decompress(b64decode(unquote_plus(value), validate=True), _MESSAGE_BYTES_MAX)
        return _parsed(document)
    except (ValueError, zlib.error, etree.XMLSyntaxError) as cause:
        raise RequestRefused(8, "SAMLRequest is not a deflated XML document") from cause


def _parsed(document: bytes) -> etree._Element:
    root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
    if root.tag != f"{{{_NS['samlp']}}}AuthnRequest":
        raise RequestRefused(8, "not an AuthnRequest")
    return root


def _check_header(root: etree._Element, provider: ServiceProvider, destinations: tuple[str, str]) -> None:
    if root.get("Version") != "2.0":
        raise RequestRefused(9, "Version is not 2.0")
    if root.findtext("saml:Issuer", "", _NS) != provider.entity_id:
        raise RequestRefused(10, "Issuer is not the entity id of the metadata")
    if root.get("Destination") not in destinations:
        raise RequestRefused(15, "Destination is not this identity provider")
    try:
        issued = datetime.strptime(root.get("IssueInstant", ""), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise RequestRefused(13, "IssueInstant is not a UTC instant") from None
    if abs(datetime.now(UTC) - issued) > _CLOCK_SKEW:
        raise RequestRefused(13, "IssueInstant is not now")
    if root.get("IsPassive") is not None:
        raise RequestRefused(17, "IsPassive is not to be sent")


def _level(root: etree._Element) -> int:
    reference = root.findtext("samlp:RequestedAuthnContext/saml:AuthnContextClassRef", "", _NS)
    level = reference.removeprefix(_CLASS_REFERENCE)
    if level not in {"1", "2", "3"}:
        raise RequestRefused(12, "AuthnContextClassRef is not a SPID level")
    if level != "1" and root.get("ForceAuthn") != "true":
        raise RequestRefused(12, "ForceAuthn must be true above level 1")
    return int(level)
