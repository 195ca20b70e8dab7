"""The Response validator: shape, request, Response, signatures, Assertion, in this order (spid.md section 4).

`receive` first; its `in_response_to` leads to the pending request; `validate` then compares. Identity is read only
from the bytes that were verified.
"""

import re
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

# Some identity providers put other words around it, or another sub-status (spid.md 1.3): only this is reliable.
_ERROR_CODE: Final = re.compile(r"ErrorCode\s+nr\s*0*(\d+)")


def validate(received: ReceivedResponse, expected: Expected, idp: IdentityProvider, now: datetime) -> VerifiedAssertion:
    """Return what `idp` asserts about who logged in.

    Raises ResponseRefused: with an anomaly number when the identity provider says that the login failed for a reason
    other than the two systems. An unsigned error is believed that far and no further; a signed one must verify.
    """
    response = received.response
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
    require(issued >= expected.request_instant, Reason.RESPONSE_BEFORE_REQUEST)
    require(issued <= now + CLOCK_SKEW, Reason.RESPONSE_IN_FUTURE)
    require(response.get("InResponseTo") == expected.request_id, Reason.UNSOLICITED)
    require(response.get("Destination") == expected.acs_url, Reason.RESPONSE_DESTINATION)
    issuer = response.find(tag(SAML, "Issuer"))
    require(text(issuer) == expected.idp_entity_id, Reason.RESPONSE_ISSUER)
    issuer_format = issuer.get("Format", FORMAT_ENTITY) if issuer is not None else ""
    require(issuer_format == FORMAT_ENTITY, Reason.RESPONSE_ISSUER_FORMAT)


def _check_status(response: etree._Element) -> None:
    status = response.find(tag(SAMLP, "Status"))
    code = status.find(tag(SAMLP, "StatusCode")) if status is not None else None
    value = code.get("Value", "") if code is not None else ""
    require(value, Reason.STATUS_MISSING)
    if value == STATUS_SUCCESS:
        return
    message = text(response.find(f"{tag(SAMLP, 'Status')}/{tag(SAMLP, 'StatusMessage')}"))
    match = _ERROR_CODE.search(message)
    number = int(match[1][:4]) if match else None
    if number in USER_ANOMALIES:
        raise ResponseRefused(Reason.USER_ANOMALY, anomaly=number)
    raise ResponseRefused(Reason.STATUS_NOT_SUCCESS, detail=f"{value} {f'nr{number}' if number else ''}".strip())


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
