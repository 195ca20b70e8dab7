"""The Response validator: shape, request, Response, signatures, Assertion, in this order (spid.md section 4).

`receive` first; its `in_response_to` leads to the pending request; `validate` then compares. Identity is read only
from the bytes that were verified.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml import etree

from services.identity.saml.assertion import CLOCK_SKEW, Expected, VerifiedAssertion, check
from services.identity.saml.idp_registry import IdentityProvider
from services.identity.saml.names import FORMAT_ENTITY, SAML, SAMLP, STATUS_SUCCESS, tag
from services.identity.saml.refusal import USER_ANOMALIES, Reason, ResponseRefused, require
from services.identity.saml.signature import OF_ASSERTION, OF_ROOT, check_form, signature_of, verify
from services.identity.saml.structure import ReceivedResponse, receive
from services.identity.saml.xml import parse_instant, text

__all__ = ["Expected", "VerifiedAssertion", "read_tracing_fields", "receive", "validate"]

# Identity providers spell it `ErrorCode nr25`, `Error Code nr25`, `nr. 25`, `<ErrorCode>25</ErrorCode>`; the words
# around it and the sub-status differ too (spid.md 1.3). A number counts only after one of these words.
_ERROR_CODE: Final = re.compile(
    r"(?:\berr(?:ore?)?[\s_-]*(?:code|codice)?|\bcod(?:ice|e)?|\banomal(?:ia|y)|\bnum(?:ero|ber)?|\bnr|\bn)"
    r"[\s_.:;=#°º(\[\"'-]*(?:n[or]?|num(?:ero|ber)?)?[\s_.:;=#°º(\[\"'-]*"
    r"0*([0-9]{1,4})(?![0-9])",
    re.IGNORECASE,
)


def validate(received: ReceivedResponse, expected: Expected, idp: IdentityProvider, now: datetime) -> VerifiedAssertion:
    """Return what `idp` asserts about who logged in.

    Raises ResponseRefused: with an anomaly number when the identity provider says that the login failed for a reason
    other than the two systems. An unsigned error is believed that far and no further; a signed one must verify.
    """
    response = received.response
    if _is_error(response):
        _check_error(response, expected)
    else:
        _check_response(response, expected, now)
    signed_response = signature_of(response) is not None
    if signed_response:
        check_form(response)
        verify(response, location=OF_ROOT, certificates=idp.certificates, now=now)
    _check_status(response)
    if received.assertion is None:
        raise ResponseRefused(Reason.ASSERTION_MISSING)
    require(signature_of(received.assertion) is not None, Reason.ASSERTION_UNSIGNED)
    check_form(received.assertion)
    verified = verify(response, location=OF_ASSERTION, certificates=idp.certificates, now=now)
    # Implied by all the checks before; stated, so that it stays true when one of them changes.
    require(verified.tag == received.assertion.tag, Reason.SIGNATURE_REFERENCE)
    require(verified.get("ID") == received.assertion.get("ID"), Reason.SIGNATURE_REFERENCE)
    return check(verified, expected, now)


def _check_response(response: etree._Element, expected: Expected, now: datetime) -> None:
    require(response.get("Version") == "2.0", Reason.RESPONSE_VERSION)
    issued = parse_instant(response.get("IssueInstant"))
    if issued is None:
        raise ResponseRefused(Reason.RESPONSE_INSTANT_INVALID)
    require(issued >= expected.request_instant - CLOCK_SKEW, Reason.RESPONSE_BEFORE_REQUEST)
    require(issued <= now + CLOCK_SKEW, Reason.RESPONSE_IN_FUTURE)
    require(response.get("InResponseTo") == expected.request_id, Reason.UNSOLICITED)
    require(response.get("Destination") == expected.acs_url, Reason.RESPONSE_DESTINATION)
    issuer = response.find(tag(SAML, "Issuer"))
    require(text(issuer) == expected.idp_entity_id, Reason.RESPONSE_ISSUER)
    issuer_format = issuer.get("Format", FORMAT_ENTITY) if issuer is not None else ""
    require(issuer_format == FORMAT_ENTITY, Reason.RESPONSE_ISSUER_FORMAT)


def _check_error(response: etree._Element, expected: Expected) -> None:
    """Check that an error is about this login and not another's: it opens nothing, it only chooses what is told.

    Some identity providers leave out the Issuer, or state another Format; what an error does state must be right.
    """
    require(response.get("InResponseTo") == expected.request_id, Reason.UNSOLICITED)
    require(response.get("Destination", expected.acs_url) == expected.acs_url, Reason.RESPONSE_DESTINATION)
    issuer = text(response.find(tag(SAML, "Issuer")))
    require(issuer in ("", expected.idp_entity_id), Reason.RESPONSE_ISSUER)


def _status_value(response: etree._Element) -> str:
    code = response.find(f"{tag(SAMLP, 'Status')}/{tag(SAMLP, 'StatusCode')}")
    return code.get("Value", "").strip() if code is not None else ""


def _is_error(response: etree._Element) -> bool:
    return _status_value(response) not in ("", STATUS_SUCCESS)


def _check_status(response: etree._Element) -> None:
    value = _status_value(response)
    require(value, Reason.STATUS_MISSING)
    if value == STATUS_SUCCESS:
        return
    number = _error_number(response)
    if number in USER_ANOMALIES:
        raise ResponseRefused(Reason.USER_ANOMALY, anomaly=number)
    raise ResponseRefused(Reason.STATUS_NOT_SUCCESS, detail=f"{value} {f'nr{number}' if number else ''}".strip())


def _error_number(response: etree._Element) -> int | None:
    """Return AgID's number of an error: of several the first that is about the person; None where none is given."""
    status = response.find(tag(SAMLP, "Status"))
    # Composed for compatibility: № becomes No, and the digits of other keyboards become ours.
    told = unicodedata.normalize("NFKC", " ".join(_told(status))) if status is not None else ""
    numbers = [int(found) for found in _ERROR_CODE.findall(told)]
    return next((one for one in numbers if one in USER_ANOMALIES), next(iter(numbers), None))


def _told(status: etree._Element) -> Iterator[str]:
    """Yield all that a status says, names of elements and attributes too: some have the number in one of their own."""
    for element in status.iter(etree.Element):
        if element.tag != tag(SAMLP, "StatusCode"):
            yield etree.QName(element).localname
            for name, value in element.attrib.items():
                yield from (etree.QName(name).localname, str(value))
        yield element.text or ""
        yield element.tail or ""


@dataclass(frozen=True)
class TracingFields:
    """The fields of the register of transactions, as the message states them, verified or not (spid.md 1.6)."""

    response_id: str
    response_instant: str
    response_issuer: str
    assertion_id: str
    assertion_subject: str
    assertion_subject_qualifier: str


def read_tracing_fields(received: ReceivedResponse) -> TracingFields:
    """Read what the law wants traced; empty where the message lacks it. For the register only, never for login."""
    response, assertion = received.response, received.assertion
    name_id = assertion.find(f"{tag(SAML, 'Subject')}/{tag(SAML, 'NameID')}") if assertion is not None else None
    return TracingFields(
        response_id=response.get("ID", ""),
        response_instant=response.get("IssueInstant", ""),
        response_issuer=text(response.find(tag(SAML, "Issuer"))),
        assertion_id=assertion.get("ID", "") if assertion is not None else "",
        assertion_subject=text(name_id),
        assertion_subject_qualifier=name_id.get("NameQualifier", "") if name_id is not None else "",
    )
