"""Two identity providers, a portal, and genuine answers to take apart: what the SAML tests have in common."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from sandbox.spid.responses import Answer, build, sign, sign_element
from services.identity.saml import response
from services.identity.saml.idp_registry import IdentityProvider
from services.identity.saml.names import HTTP_POST, HTTP_REDIRECT
from services.identity.saml.refusal import Reason, ResponseRefused

NOW = datetime(2026, 11, 23, 10, 0, 0, tzinfo=UTC)
SP = "https://portale.example/spid/metadata"
ACS = "https://portale.example/spid/acs"
SLO = "https://portale.example/spid/slo"
IDP = "https://idp-1.example/metadata"
OTHER_IDP = "https://idp-2.example/metadata"
REQUEST_ID = "_request0123456789abcdef0123456789abcdef"
FISCAL_CODE = "RSSMRA85T10A562S"
OTHER_FISCAL_CODE = "BNCGLI82D63L049K"
ATTRIBUTES = {
    "name": "Mario",
    "familyName": "Rossi",
    "fiscalNumber": f"TINIT-{FISCAL_CODE}",
    "email": "mario.rossi@posta.example",
}
NS = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
}

Edit = Callable[[etree._Element], None]


@dataclass(frozen=True)
class Signer:
    """A key and its self-signed certificate."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate


@cache
def signer(name: str) -> Signer:
    """Make the key pair called `name`, once per test process; the certificate of "expired" is."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    ends = NOW - timedelta(days=1) if name == "expired" else NOW + timedelta(days=3650)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=3650))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    return Signer(key, certificate)


def provider(*names: str, entity_id: str = IDP) -> IdentityProvider:
    """Return an identity provider that signs with the keys called `names`."""
    return IdentityProvider(
        key="idp",
        entity_id=entity_id,
        name="IdP",
        certificates=tuple(signer(name).certificate for name in names),
        sso={HTTP_REDIRECT: "https://idp-1.example/sso"},
        slo={HTTP_POST: "https://idp-1.example/slo"},
    )


EXPECTED = response.Expected(
    request_id=REQUEST_ID, request_instant=NOW, level=2, idp_entity_id=IDP, sp_entity_id=SP, acs_url=ACS
)
ANSWER = Answer(request_id=REQUEST_ID, acs_url=ACS, audience=SP, issuer=IDP, level=2, attributes=ATTRIBUTES)


def unsigned(answer: Answer = ANSWER, *, now: datetime = NOW) -> etree._Element:
    """Return an answer that is right in everything but has no signature."""
    return build(answer, now)


def genuine(*edits: Edit, answer: Answer = ANSWER, by: str = "idp-1", now: datetime = NOW) -> bytes:
    """Return an answer that the identity provider itself signed, after `edits` of its contents."""
    root = unsigned(answer, now=now)
    for edit in edits:
        edit(root)
    return sign(root, signer(by).key, signer(by).certificate)


def signed_assertion_only(*edits: Edit, by: str = "idp-1") -> bytes:
    """Return an answer whose Assertion alone is signed, as the rules allow."""
    root = unsigned()
    for edit in edits:
        edit(root)
    assertion = one(root, "saml:Assertion")
    root.replace(assertion, sign_element(assertion, signer(by).key, signer(by).certificate))
    return etree.tostring(root)


def read(
    document: bytes,
    *,
    idp: IdentityProvider | None = None,
    now: datetime = NOW,
    expected: response.Expected = EXPECTED,
) -> response.VerifiedAssertion:
    """Do with `document` what the service does, short of its database."""
    received = response.receive(b64encode(document).decode())
    return response.validate(received, expected, idp or provider("idp-1"), now)


def refusal(document: bytes, **how: Any) -> Reason | None:
    """Return why `document` is refused; None when it is accepted."""
    try:
        read(document, **how)
    except ResponseRefused as refused:
        return refused.reason
    return None


def signed_by(name: str, document: bytes) -> etree._Element:
    """Return the element that the root signature of `document` covers; it must be of the key called `name`."""
    config = SignatureConfiguration(location="./", verification_time=NOW)
    result = XMLVerifier().verify(document, x509_cert=signer(name).certificate, id_attribute="ID", expect_config=config)
    assert isinstance(result, VerifyResult)
    assert result.signed_xml is not None
    return result.signed_xml


def one(root: etree._Element, path: str) -> etree._Element:
    """Return the first element at `path`, which must exist; prefixes of NS."""
    found = root.find(path, NS)
    assert found is not None, path
    return found


def set_attribute(path: str, name: str, value: str | None) -> Edit:
    """Return an edit that sets an attribute, or removes it."""

    def edit(root: etree._Element) -> None:
        element = root if path == "." else one(root, path)
        if value is None:
            del element.attrib[name]
        else:
            element.set(name, value)

    return edit


def set_text(path: str, value: str) -> Edit:
    """Return an edit that replaces an element's text."""

    def edit(root: etree._Element) -> None:
        one(root, path).text = value

    return edit


def remove(path: str) -> Edit:
    """Return an edit that removes an element."""

    def edit(root: etree._Element) -> None:
        element = one(root, path)
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)

    return edit


def with_level(level: int) -> Answer:
    """Return the usual answer at another level."""
    return replace(ANSWER, level=level)
