"""What a Response must look like before anything in it is believed."""

from base64 import b64decode
from dataclasses import dataclass
from typing import Final

from lxml import etree

from services.identity.saml.names import DS, SAML, SAMLP, tag
from services.identity.saml.refusal import Reason, ResponseRefused, require
from services.identity.saml.xml import ForbiddenMarkup, drop_comments, has_comments, parse

MESSAGE_BYTES_MAX: Final = 256 * 1024
_ASSERTION: Final = tag(SAML, "Assertion")
_SIGNATURE: Final = tag(DS, "Signature")
_OF_RESPONSE: Final = frozenset(
    {tag(SAML, "Issuer"), _SIGNATURE, tag(SAMLP, "Extensions"), tag(SAMLP, "Status"), _ASSERTION}
)


@dataclass(frozen=True)
class ReceivedResponse:
    """A well-shaped Response, nothing of it verified yet. `assertion` is None in an error Response."""

    document: bytes
    response: etree._Element
    assertion: etree._Element | None

    @property
    def in_response_to(self) -> str:
        """The id of the AuthnRequest it claims to answer; empty when it claims none."""
        return self.response.get("InResponseTo", "")


def receive(saml_response: str) -> ReceivedResponse:
    """Decode and parse the form value `SAMLResponse`, and check its shape. Raises ResponseRefused."""
    document = _decode(saml_response)
    try:
        response = parse(document)
    except ForbiddenMarkup as markup:
        raise ResponseRefused(Reason.DTD_FORBIDDEN if markup.what == "dtd" else Reason.MALFORMED_XML) from None
    require(response.tag == tag(SAMLP, "Response"), Reason.NOT_A_RESPONSE)
    # Signatures do not cover comments: one inside a value would not be the identity provider's.
    require(not any(has_comments(one) for one in response.iter(_ASSERTION)), Reason.COMMENT_IN_ASSERTION)
    drop_comments(response)
    _check_ids(response)
    assertion = _only_assertion(response)
    _check_signature_places(response, assertion)
    # So that a signature under another name is not simply overlooked.
    require(all(element.tag in _OF_RESPONSE for element in response), Reason.ELEMENT_UNKNOWN)
    return ReceivedResponse(document, response, assertion)


def _decode(saml_response: str) -> bytes:
    require(len(saml_response) <= MESSAGE_BYTES_MAX * 4 // 3, Reason.TOO_LARGE)
    try:
        # Line breaks every 64 or 76 characters are usual; anything else outside the alphabet is not.
        return b64decode("".join(saml_response.split()), validate=True)
    except ValueError:
        raise ResponseRefused(Reason.NOT_BASE64) from None


def _check_ids(response: etree._Element) -> None:
    ids = [
        str(value)
        for element in response.iter()
        for name, value in element.attrib.items()
        if etree.QName(str(name)).localname.lower() == "id"
    ]
    require(all(ids) and response.get("ID"), Reason.ID_MISSING)
    require(len(ids) == len(set(ids)), Reason.ID_DUPLICATED)


def _only_assertion(response: etree._Element) -> etree._Element | None:
    require(len(list(response.iter(tag(SAMLP, "Response")))) == 1, Reason.RESPONSE_NESTED)
    require(next(response.iter(tag(SAML, "EncryptedAssertion")), None) is None, Reason.ASSERTION_ENCRYPTED)
    assertions = list(response.iter(_ASSERTION))
    require(len(assertions) <= 1, Reason.ASSERTION_REPEATED)
    if not assertions:
        return None
    require(assertions[0].getparent() is response, Reason.ASSERTION_MISPLACED)
    require(assertions[0].get("ID"), Reason.ID_MISSING)
    return assertions[0]


def _check_signature_places(response: etree._Element, assertion: etree._Element | None) -> None:
    parents = [signature.getparent() for signature in response.iter(_SIGNATURE)]
    require(all(parent is response or parent is assertion for parent in parents), Reason.SIGNATURE_MISPLACED)
    require(len(parents) == len(set(parents)), Reason.SIGNATURE_REPEATED)
