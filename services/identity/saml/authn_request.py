"""The AuthnRequest, by HTTP-Redirect or HTTP-POST (spid.md 1.2)."""

import zlib
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml import etree

from services.identity.saml.names import FORMAT_ENTITY, FORMAT_TRANSIENT, LEVELS, SAML, SAMLP, tag
from services.identity.saml.signing import SigningKey, sign_enveloped, sign_query
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
class PostForm:
    """The form a browser must POST to `action`."""

    action: str
    fields: dict[str, str]


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


def redirect_url(message: etree._Element, location: str, relay_state: str, key: SigningKey) -> str:
    """Return the address that carries `message` by HTTP-Redirect, signed in the query; no XML signature."""
    deflater = zlib.compressobj(level=9, wbits=-zlib.MAX_WBITS)
    deflated = deflater.compress(etree.tostring(message)) + deflater.flush()
    query = sign_query([("SAMLRequest", b64encode(deflated).decode()), ("RelayState", relay_state)], key)
    return f"{location}{'&' if '?' in location else '?'}{query}"


def post_form(message: etree._Element, location: str, relay_state: str, key: SigningKey) -> PostForm:
    """Return the form that carries `message` by HTTP-POST, with an enveloped signature after its Issuer."""
    signed = etree.tostring(sign_enveloped(message, key))
    return PostForm(location, {"SAMLRequest": b64encode(signed).decode(), "RelayState": relay_state})
