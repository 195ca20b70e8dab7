"""An identity provider's Response, written and signed (spid.md 1.3)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from jinja2 import Environment, PackageLoader, StrictUndefined
from lxml import etree
from signxml.algorithms import CanonicalizationMethod
from signxml.signer import XMLSigner

_ASSERTION: Final = "{urn:oasis:names:tc:SAML:2.0:assertion}Assertion"
_VALID: Final = timedelta(minutes=5)
_TEMPLATES: Final = Environment(
    loader=PackageLoader("sandbox.spid"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Answer:
    """What to tell the portal. `error` is AgID's number of a failed login; then there is no assertion."""

    request_id: str
    acs_url: str
    audience: str
    issuer: str
    level: int = 2
    attributes: Mapping[str, str] | None = None
    error: int | None = None
    with_issuer_format: bool = True


def build(answer: Answer, now: datetime) -> etree._Element:
    """Return the unsigned Response."""
    document = _TEMPLATES.get_template("response.xml").render(
        answer=answer,
        response_id=_new_id(),
        assertion_id=_new_id(),
        name_id=_new_id(),
        issued=_instant(now),
        until=_instant(now + _VALID),
    )
    return etree.fromstring(document.encode(), etree.XMLParser(remove_blank_text=True))


def sign(response: etree._Element, key: rsa.RSAPrivateKey, certificate: x509.Certificate) -> bytes:
    """Sign the Assertion, then the Response; return the document."""
    assertion = response.find(_ASSERTION)
    if assertion is not None:
        response.replace(assertion, sign_element(assertion, key, certificate))
    return etree.tostring(sign_element(response, key, certificate), xml_declaration=True, encoding="UTF-8")


def sign_element(element: etree._Element, key: rsa.RSAPrivateKey, certificate: x509.Certificate) -> etree._Element:
    """Return a signed copy of an element that starts with its Issuer and has an ID."""
    signer = XMLSigner(c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
    reference = f"#{element.get('ID')}"
    signed = signer.sign(element, key=key, cert=[certificate], reference_uri=reference, id_attribute="ID")
    signed.insert(1, signed[-1])
    return signed


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _new_id() -> str:
    return f"_{secrets.token_hex(16)}"
