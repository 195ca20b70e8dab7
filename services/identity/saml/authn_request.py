"""The AuthnRequest, by HTTP-Redirect or HTTP-POST (spid.md 1.2)."""

import zlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml import etree

from services.identity.saml.names import FORMAT_ENTITY, FORMAT_TRANSIENT, HTTP_REDIRECT, LEVELS, SAML, SAMLP, tag
from services.identity.saml.signer import SigningKey, sign_enveloped, sign_query
from services.identity.saml.xml import child, instant, root

_PREFIXES: Final = {"samlp": SAMLP, "saml": SAML}


@dataclass(frozen=True)
class AuthnRequest:
    """What is asked of an identity provider. `id`: an NCName of at least 128 random bits."""

    id: str
    issue_instant: datetime
    destination: str
    entity_id: str
    level: int
    force_authn: bool = False


@dataclass(frozen=True)
class SignedAuthnRequest:
    """A signed AuthnRequest on its way: `url` by GET or, where there are `form_fields`, by a POST of them.

    `document` is the message as sent, for the register of transactions.
    """

    url: str
    form_fields: Mapping[str, str] | None
    document: bytes


def build(request: AuthnRequest) -> etree._Element:
    """Return the unsigned AuthnRequest element."""
    element = root(
        tag(SAMLP, "AuthnRequest"),
        _PREFIXES,
        ID=request.id,
        Version="2.0",
        IssueInstant=instant(request.issue_instant),
        Destination=request.destination,
        AssertionConsumerServiceIndex="0",
        AttributeConsumingServiceIndex="0",
    )
    if request.force_authn or request.level > 1:
        element.set("ForceAuthn", "true")
    # The conformance tool puts the request's NameQualifier in the answer's Audience: it must be our entity id.
    child(element, tag(SAML, "Issuer"), request.entity_id, Format=FORMAT_ENTITY, NameQualifier=request.entity_id)
    child(element, tag(SAMLP, "NameIDPolicy"), Format=FORMAT_TRANSIENT)
    context = child(element, tag(SAMLP, "RequestedAuthnContext"), Comparison="minimum")
    child(context, tag(SAML, "AuthnContextClassRef"), LEVELS[request.level])
    return element


def send(request: AuthnRequest, binding: str, relay_state: str, key: SigningKey) -> SignedAuthnRequest:
    """Sign `request` as `binding` wants it, HTTP_REDIRECT or HTTP_POST."""
    message = build(request)
    if binding == HTTP_REDIRECT:
        url = _redirect_url(message, request.destination, relay_state, key)
        return SignedAuthnRequest(url, None, etree.tostring(message))
    signed = etree.tostring(sign_enveloped(message, key))
    fields = {"SAMLRequest": b64encode(signed).decode(), "RelayState": relay_state}
    return SignedAuthnRequest(request.destination, fields, signed)


def _redirect_url(message: etree._Element, location: str, relay_state: str, key: SigningKey) -> str:
    """Return the address that carries `message` by HTTP-Redirect, signed in the query; no XML signature."""
    deflater = zlib.compressobj(level=9, wbits=-zlib.MAX_WBITS)
    deflated = deflater.compress(etree.tostring(message)) + deflater.flush()
    query = sign_query([("SAMLRequest", b64encode(deflated).decode()), ("RelayState", relay_state)], key)
    return f"{location}{'&' if '?' in location else '?'}{query}"
