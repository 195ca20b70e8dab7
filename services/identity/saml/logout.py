"""Single logout: the identity provider's LogoutRequest, and our LogoutResponse (spid.md 1.5).

Only SpidL1 makes a session at the identity provider, so this portal never asks for a logout; it has to answer one.
"""

import zlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml import etree

from services.identity.saml.assertion import CLOCK_SKEW
from services.identity.saml.idp_registry import IdentityProvider, IdpRegistry
from services.identity.saml.names import FORMAT_ENTITY, HTTP_POST, HTTP_REDIRECT, SAML, SAMLP, STATUS_SUCCESS, tag
from services.identity.saml.refusal import Reason, ResponseRefused, require
from services.identity.saml.signature import OF_ROOT, check_form, signature_of, verify
from services.identity.saml.signed_query import SignedQuery
from services.identity.saml.signer import SigningKey, sign_enveloped
from services.identity.saml.structure import MESSAGE_BYTES_MAX
from services.identity.saml.xml import ForbiddenMarkup, child, drop_comments, instant, parse, parse_instant, root, text

_PREFIXES: Final = {"samlp": SAMLP, "saml": SAML}


@dataclass(frozen=True)
class LogoutRequest:
    """A verified LogoutRequest: whose session `idp` wants ended."""

    id: str
    idp: IdentityProvider
    name_id: str


@dataclass(frozen=True)
class LogoutResponse:
    """A signed LogoutResponse: the address it goes to by HTTP-POST, and the base64 of its form value."""

    destination: str
    message: str


def inflate(message: bytes) -> bytes:
    """Undo the HTTP-Redirect binding's DEFLATE, up to MESSAGE_BYTES_MAX. Raises ResponseRefused."""
    inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(message, MESSAGE_BYTES_MAX)
    except zlib.error:
        raise ResponseRefused(Reason.MALFORMED_XML) from None
    require(not inflater.unconsumed_tail, Reason.TOO_LARGE)
    return inflated


def read_post(message: str, registry: IdpRegistry, slo_url: str, now: datetime) -> LogoutRequest:
    """Read a LogoutRequest that came by HTTP-POST; its enveloped signature must verify. Raises ResponseRefused."""
    element = _parse(_decode(message))
    idp = _check(element, registry, slo_url, now)
    require(signature_of(element) is not None, Reason.ASSERTION_UNSIGNED)
    check_form(element)
    return _request(verify(element, location=OF_ROOT, certificates=idp.certificates, now=now), idp)


def read_redirect(query: str, registry: IdpRegistry, slo_url: str, now: datetime) -> LogoutRequest:
    """Read a LogoutRequest from the raw, signed query string of HTTP-Redirect. Raises ResponseRefused."""
    try:
        signed = SignedQuery.parse(query)
    except ValueError:
        raise ResponseRefused(Reason.SIGNATURE_INVALID) from None
    element = _parse(inflate(_decode(signed.message)))
    idp = _check(element, registry, slo_url, now)
    require(signed.is_signed_by(idp.certificates, now), Reason.SIGNATURE_INVALID)
    return _request(element, idp)


def build_response(
    request: LogoutRequest, *, entity_id: str, message_id: str, key: SigningKey, now: datetime
) -> LogoutResponse:
    """Return the signed answer to `request`: Success."""
    destination = request.idp.slo.get(HTTP_POST) or request.idp.slo.get(HTTP_REDIRECT, "")
    response = root(
        tag(SAMLP, "LogoutResponse"),
        _PREFIXES,
        ID=message_id,
        Version="2.0",
        IssueInstant=instant(now),
        Destination=destination,
        InResponseTo=request.id,
    )
    child(response, tag(SAML, "Issuer"), entity_id, Format=FORMAT_ENTITY, NameQualifier=entity_id)
    child(child(response, tag(SAMLP, "Status")), tag(SAMLP, "StatusCode"), Value=STATUS_SUCCESS)
    return LogoutResponse(destination, b64encode(etree.tostring(sign_enveloped(response, key))).decode())


def _decode(message: str) -> bytes:
    require(len(message) <= MESSAGE_BYTES_MAX * 4 // 3, Reason.TOO_LARGE)
    try:
        return b64decode("".join(message.split()), validate=True)
    except ValueError:
        raise ResponseRefused(Reason.NOT_BASE64) from None


def _parse(document: bytes) -> etree._Element:
    try:
        element = parse(document)
    except ForbiddenMarkup as markup:
        raise ResponseRefused(Reason.DTD_FORBIDDEN if markup.what == "dtd" else Reason.MALFORMED_XML) from None
    drop_comments(element)
    require(element.tag == tag(SAMLP, "LogoutRequest"), Reason.NOT_A_RESPONSE)
    return element


def _check(element: etree._Element, registry: IdpRegistry, slo_url: str, now: datetime) -> IdentityProvider:
    require(element.get("ID"), Reason.ID_MISSING)
    require(element.get("Version") == "2.0", Reason.RESPONSE_VERSION)
    require(element.get("Destination") == slo_url, Reason.RESPONSE_DESTINATION)
    issued, until = parse_instant(element.get("IssueInstant")), parse_instant(element.get("NotOnOrAfter"))
    require(issued is not None and issued <= now + CLOCK_SKEW, Reason.RESPONSE_INSTANT_INVALID)
    require(until is None or now < until + CLOCK_SKEW, Reason.CONFIRMATION_EXPIRED)
    idp = registry.find(text(element.find(tag(SAML, "Issuer"))))
    if idp is None:
        raise ResponseRefused(Reason.RESPONSE_ISSUER)
    return idp


def _request(element: etree._Element, idp: IdentityProvider) -> LogoutRequest:
    name_id = text(element.find(tag(SAML, "NameID")))
    require(name_id, Reason.NAME_ID)
    return LogoutRequest(element.get("ID", ""), idp, name_id)
