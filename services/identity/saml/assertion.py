"""The checks on an Assertion that was verified (spid.md 1.3, tests 33 to 103)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lxml import etree

from services.identity.saml.names import FORMAT_ENTITY, FORMAT_TRANSIENT, LEVELS, METHOD_BEARER, SAML, tag
from services.identity.saml.refusal import Reason, ResponseRefused, require
from services.identity.saml.xml import parse_instant, text

CLOCK_SKEW: Final = timedelta(seconds=30)
"""How far an identity provider's clock may be from ours; a real one needed 10 s."""
_LEVEL_OF: Final = {reference: level for level, reference in LEVELS.items()}


@dataclass(frozen=True)
class Expected:
    """What the answer must agree with: the pending request, and our own addresses from configuration.

    `issuer_format_required`: SPID's answers must state the Issuer's Format, those of CIE do not.
    """

    request_id: str
    request_instant: datetime
    level: int
    idp_entity_id: str
    sp_entity_id: str
    acs_url: str
    issuer_format_required: bool = True


@dataclass(frozen=True)
class VerifiedAssertion:
    """What the identity provider signed. `attributes`: the texts by SPID's attribute names."""

    id: str
    name_id: str
    name_qualifier: str
    session_index: str | None
    level: int
    attributes: Mapping[str, str]
    usable_until: datetime


def check(assertion: etree._Element, expected: Expected, now: datetime) -> VerifiedAssertion:
    """Check an Assertion element made from verified bytes. Raises ResponseRefused."""
    require(assertion.get("Version") == "2.0", Reason.ASSERTION_VERSION)
    _check_instant(assertion, expected, now)
    issuer = _find(assertion, "Issuer")
    require(text(issuer) == expected.idp_entity_id, Reason.ASSERTION_ISSUER)
    stated = (
        issuer.get("Format", "" if expected.issuer_format_required else FORMAT_ENTITY) if issuer is not None else ""
    )
    require(stated == FORMAT_ENTITY, Reason.ASSERTION_ISSUER_FORMAT)
    name_id = _check_subject(assertion, expected, now)
    usable_until = _check_conditions(assertion, expected, now)
    statement = _find(assertion, "AuthnStatement")
    return VerifiedAssertion(
        id=assertion.get("ID", ""),
        name_id=text(name_id),
        name_qualifier=name_id.get("NameQualifier", ""),
        session_index=statement.get("SessionIndex") if statement is not None else None,
        level=_check_level(statement, expected, now),
        attributes=_attributes(assertion),
        usable_until=usable_until,
    )


def _check_instant(assertion: etree._Element, expected: Expected, now: datetime) -> None:
    issued = parse_instant(assertion.get("IssueInstant"))
    if issued is None:
        raise ResponseRefused(Reason.ASSERTION_INSTANT_INVALID)
    require(issued >= expected.request_instant, Reason.ASSERTION_BEFORE_REQUEST)
    require(issued <= now + CLOCK_SKEW, Reason.ASSERTION_IN_FUTURE)


def _check_subject(assertion: etree._Element, expected: Expected, now: datetime) -> etree._Element:
    subject = _find(assertion, "Subject")
    if subject is None:
        raise ResponseRefused(Reason.SUBJECT_MISSING)
    name_id = _find(subject, "NameID")
    if name_id is None or not text(name_id):
        raise ResponseRefused(Reason.NAME_ID)
    require(name_id.get("Format") == FORMAT_TRANSIENT, Reason.NAME_ID_FORMAT)
    require(name_id.get("NameQualifier"), Reason.NAME_ID_QUALIFIER)
    confirmations = subject.findall(tag(SAML, "SubjectConfirmation"))
    require(len(confirmations) == 1 and confirmations[0].get("Method") == METHOD_BEARER, Reason.CONFIRMATION_METHOD)
    _check_confirmation(_find(confirmations[0], "SubjectConfirmationData"), expected, now)
    return name_id


def _check_confirmation(data: etree._Element | None, expected: Expected, now: datetime) -> None:
    if data is None:
        raise ResponseRefused(Reason.CONFIRMATION_DATA_MISSING)
    require(data.get("Recipient") == expected.acs_url, Reason.CONFIRMATION_RECIPIENT)
    require(data.get("InResponseTo") == expected.request_id, Reason.CONFIRMATION_IN_RESPONSE_TO)
    until = parse_instant(data.get("NotOnOrAfter"))
    if until is None:
        raise ResponseRefused(Reason.CONFIRMATION_INSTANT_INVALID)
    require(now < until + CLOCK_SKEW, Reason.CONFIRMATION_EXPIRED)


def _check_conditions(assertion: etree._Element, expected: Expected, now: datetime) -> datetime:
    conditions = _find(assertion, "Conditions")
    if conditions is None:
        raise ResponseRefused(Reason.CONDITIONS_MISSING)
    since, until = parse_instant(conditions.get("NotBefore")), parse_instant(conditions.get("NotOnOrAfter"))
    if since is None or until is None:
        raise ResponseRefused(Reason.CONDITIONS_INSTANT_INVALID)
    require(since <= now + CLOCK_SKEW, Reason.CONDITIONS_NOT_YET_VALID)
    require(now < until + CLOCK_SKEW, Reason.CONDITIONS_EXPIRED)
    restrictions = conditions.findall(tag(SAML, "AudienceRestriction"))
    # Several restrictions all have to hold; one restriction may name several audiences (SAML core 2.5.1.4).
    audiences = [{text(one) for one in each.findall(tag(SAML, "Audience"))} for each in restrictions]
    require(audiences and all(expected.sp_entity_id in named for named in audiences), Reason.AUDIENCE)
    return until + CLOCK_SKEW


def _check_level(statement: etree._Element | None, expected: Expected, now: datetime) -> int:
    if statement is None:
        raise ResponseRefused(Reason.AUTHN_STATEMENT_MISSING)
    ends = statement.get("SessionNotOnOrAfter")
    if ends is not None:
        until = parse_instant(ends)
        require(until is not None and now < until + CLOCK_SKEW, Reason.SESSION_EXPIRED)
    reference = statement.find(f"{tag(SAML, 'AuthnContext')}/{tag(SAML, 'AuthnContextClassRef')}")
    level = _LEVEL_OF.get(text(reference))
    if level is None:
        raise ResponseRefused(Reason.AUTHN_CONTEXT)
    require(level >= expected.level, Reason.LEVEL_TOO_LOW)
    return level


def _attributes(assertion: etree._Element) -> dict[str, str]:
    found = assertion.findall(f"{tag(SAML, 'AttributeStatement')}/{tag(SAML, 'Attribute')}")
    require(found, Reason.ATTRIBUTES_MISSING)
    values: dict[str, str] = {}
    for attribute in found:
        name, content = attribute.get("Name", ""), attribute.findall(tag(SAML, "AttributeValue"))
        require(name and name not in values and content and len(content[0]) == 0, Reason.ATTRIBUTE_INVALID)
        values[name] = text(content[0])
    return values


def _find(parent: etree._Element, name: str) -> etree._Element | None:
    return parent.find(tag(SAML, name))
