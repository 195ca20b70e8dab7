"""Answers an identity provider signed itself: the good ones are accepted, each wrong value is refused for itself."""

from dataclasses import replace
from datetime import timedelta

import pytest
from lxml import etree

from services.identity.saml.refusal import USER_ANOMALIES, Reason, ResponseRefused
from tests.unit.identity.spid_world import (
    ANSWER,
    ATTRIBUTES,
    EXPECTED,
    IDP,
    NOW,
    NS,
    OTHER_IDP,
    SP,
    Edit,
    genuine,
    one,
    provider,
    read,
    refusal,
    remove,
    set_attribute,
    set_text,
    signed_assertion_only,
    unsigned,
    with_level,
)

SUBJECT = "saml:Assertion/saml:Subject"
DATA = f"{SUBJECT}/saml:SubjectConfirmation/saml:SubjectConfirmationData"
CONDITIONS = "saml:Assertion/saml:Conditions"
AUDIENCE = f"{CONDITIONS}/saml:AudienceRestriction/saml:Audience"
CLASS_REFERENCE = "saml:Assertion/saml:AuthnStatement/saml:AuthnContext/saml:AuthnContextClassRef"
PAST, FUTURE = "2018-01-01T00:00:00Z", "2099-01-01T00:00:00Z"


def test_a_genuine_answer_gives_the_attributes_the_level_and_the_subject() -> None:
    verified = read(genuine())
    assert dict(verified.attributes) == ATTRIBUTES
    assert verified.level == 2
    assert verified.name_id
    assert verified.usable_until > NOW


def test_an_answer_with_the_assertion_alone_signed_is_accepted() -> None:
    assert read(signed_assertion_only()).attributes == ATTRIBUTES


@pytest.mark.parametrize("entity_id", [IDP, OTHER_IDP])
@pytest.mark.parametrize("key", ["old", "new"])
def test_answers_of_two_providers_are_accepted_with_either_key_of_a_rotation(entity_id: str, key: str) -> None:
    answer = replace(ANSWER, issuer=entity_id)
    expected = replace(EXPECTED, idp_entity_id=entity_id)
    idp = provider(f"{entity_id}-old", f"{entity_id}-new", entity_id=entity_id)
    assert refusal(genuine(answer=answer, by=f"{entity_id}-{key}"), idp=idp, expected=expected) is None


@pytest.mark.parametrize("level", [2, 3])
def test_the_level_asked_for_and_a_higher_one_are_accepted(level: int) -> None:
    assert read(genuine(answer=with_level(level))).level == level


@pytest.mark.parametrize("decimals", [".5", ".123", ".123456", ".1234567"])
def test_instants_with_any_number_of_decimals_are_accepted(decimals: str) -> None:
    instant = f"2026-11-23T10:00:00{decimals}Z"
    edits = [set_attribute(path, "IssueInstant", instant) for path in (".", "saml:Assertion")]
    assert refusal(genuine(*edits)) is None


def test_white_space_around_values_is_accepted_as_some_providers_send_it() -> None:
    edits = [
        set_text("saml:Issuer", f"\n   {IDP}\n"),
        set_text("saml:Assertion/saml:Issuer", f"\n   {IDP}\n"),
        set_text(AUDIENCE, f"\n  {SP} \n"),
        set_text(f"{SUBJECT}/saml:NameID", "\n   that-transient-value\n"),
    ]
    assert read(genuine(*edits)).name_id == "that-transient-value"


def test_a_response_issuer_without_format_is_accepted() -> None:
    assert refusal(genuine(set_attribute("saml:Issuer", "Format", None))) is None


def test_attributes_without_name_format_are_accepted() -> None:
    def edit(root: etree._Element) -> None:
        for attribute in root.iterfind(".//saml:Attribute", NS):
            del attribute.attrib["NameFormat"]

    assert refusal(genuine(edit)) is None


def test_a_clock_up_to_thirty_seconds_ahead_is_accepted_and_one_further_ahead_is_not() -> None:
    assert refusal(genuine(now=NOW + timedelta(seconds=30))) is None
    assert refusal(genuine(now=NOW + timedelta(seconds=31))) is Reason.RESPONSE_IN_FUTURE


def test_an_answer_is_accepted_until_it_expires_and_not_after() -> None:
    document = genuine()
    assert refusal(document, now=NOW + timedelta(minutes=5, seconds=29)) is None
    assert refusal(document, now=NOW + timedelta(minutes=5, seconds=30)) is Reason.CONFIRMATION_EXPIRED


WRONG_RESPONSES: list[tuple[str, Edit, Reason]] = [
    ("no ID", set_attribute(".", "ID", None), Reason.ID_MISSING),
    ("empty ID", set_attribute(".", "ID", ""), Reason.ID_MISSING),
    ("version 1.1", set_attribute(".", "Version", "1.1"), Reason.RESPONSE_VERSION),
    ("no instant", set_attribute(".", "IssueInstant", None), Reason.RESPONSE_INSTANT_INVALID),
    ("empty instant", set_attribute(".", "IssueInstant", ""), Reason.RESPONSE_INSTANT_INVALID),
    (
        "instant without zone",
        set_attribute(".", "IssueInstant", "2026-11-23T10:00:00"),
        Reason.RESPONSE_INSTANT_INVALID,
    ),
    ("no such day", set_attribute(".", "IssueInstant", "2026-02-30T10:00:00Z"), Reason.RESPONSE_INSTANT_INVALID),
    ("before the request", set_attribute(".", "IssueInstant", PAST), Reason.RESPONSE_BEFORE_REQUEST),
    ("in the future", set_attribute(".", "IssueInstant", FUTURE), Reason.RESPONSE_IN_FUTURE),
    ("no InResponseTo", set_attribute(".", "InResponseTo", None), Reason.UNSOLICITED),
    ("other InResponseTo", set_attribute(".", "InResponseTo", "_other"), Reason.UNSOLICITED),
    ("no Destination", set_attribute(".", "Destination", None), Reason.RESPONSE_DESTINATION),
    (
        "Destination that only begins like ours",
        set_attribute(".", "Destination", "https://portale.example/spid/acs.evil.example"),
        Reason.RESPONSE_DESTINATION,
    ),
    ("no issuer", remove("saml:Issuer"), Reason.RESPONSE_ISSUER),
    ("empty issuer", set_text("saml:Issuer", ""), Reason.RESPONSE_ISSUER),
    ("other issuer", set_text("saml:Issuer", OTHER_IDP), Reason.RESPONSE_ISSUER),
    (
        "issuer of another format",
        set_attribute("saml:Issuer", "Format", "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"),
        Reason.RESPONSE_ISSUER_FORMAT,
    ),
    ("no status", remove("samlp:Status"), Reason.STATUS_MISSING),
    ("empty status", remove("samlp:Status/samlp:StatusCode"), Reason.STATUS_MISSING),
    ("empty status code", set_attribute("samlp:Status/samlp:StatusCode", "Value", ""), Reason.STATUS_MISSING),
    (
        "status of a requester's fault",
        set_attribute("samlp:Status/samlp:StatusCode", "Value", "urn:oasis:names:tc:SAML:2.0:status:Requester"),
        Reason.STATUS_NOT_SUCCESS,
    ),
    ("success without assertion", remove("saml:Assertion"), Reason.ASSERTION_MISSING),
]

WRONG_ASSERTIONS: list[tuple[str, Edit, Reason]] = [
    ("no ID", set_attribute("saml:Assertion", "ID", None), Reason.ID_MISSING),
    ("version 1.1", set_attribute("saml:Assertion", "Version", "1.1"), Reason.ASSERTION_VERSION),
    ("no instant", set_attribute("saml:Assertion", "IssueInstant", None), Reason.ASSERTION_INSTANT_INVALID),
    ("before the request", set_attribute("saml:Assertion", "IssueInstant", PAST), Reason.ASSERTION_BEFORE_REQUEST),
    ("in the future", set_attribute("saml:Assertion", "IssueInstant", FUTURE), Reason.ASSERTION_IN_FUTURE),
    ("empty issuer", set_text("saml:Assertion/saml:Issuer", ""), Reason.ASSERTION_ISSUER),
    ("other issuer", set_text("saml:Assertion/saml:Issuer", OTHER_IDP), Reason.ASSERTION_ISSUER),
    ("no issuer format", set_attribute("saml:Assertion/saml:Issuer", "Format", None), Reason.ASSERTION_ISSUER_FORMAT),
    ("no subject", remove(SUBJECT), Reason.SUBJECT_MISSING),
    ("no name id", remove(f"{SUBJECT}/saml:NameID"), Reason.NAME_ID),
    ("empty name id", set_text(f"{SUBJECT}/saml:NameID", "  "), Reason.NAME_ID),
    ("no name id format", set_attribute(f"{SUBJECT}/saml:NameID", "Format", None), Reason.NAME_ID_FORMAT),
    ("no qualifier", set_attribute(f"{SUBJECT}/saml:NameID", "NameQualifier", None), Reason.NAME_ID_QUALIFIER),
    ("empty qualifier", set_attribute(f"{SUBJECT}/saml:NameID", "NameQualifier", ""), Reason.NAME_ID_QUALIFIER),
    ("no confirmation", remove(f"{SUBJECT}/saml:SubjectConfirmation"), Reason.CONFIRMATION_METHOD),
    (
        "holder of key",
        set_attribute(f"{SUBJECT}/saml:SubjectConfirmation", "Method", "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"),
        Reason.CONFIRMATION_METHOD,
    ),
    ("no confirmation data", remove(DATA), Reason.CONFIRMATION_DATA_MISSING),
    ("no recipient", set_attribute(DATA, "Recipient", None), Reason.CONFIRMATION_RECIPIENT),
    (
        "recipient that contains ours",
        set_attribute(DATA, "Recipient", "https://evil.example/?https://portale.example/spid/acs"),
        Reason.CONFIRMATION_RECIPIENT,
    ),
    ("no InResponseTo", set_attribute(DATA, "InResponseTo", None), Reason.CONFIRMATION_IN_RESPONSE_TO),
    ("another's InResponseTo", set_attribute(DATA, "InResponseTo", "_other"), Reason.CONFIRMATION_IN_RESPONSE_TO),
    ("no expiry of the confirmation", set_attribute(DATA, "NotOnOrAfter", None), Reason.CONFIRMATION_INSTANT_INVALID),
    ("expired in the confirmation alone", set_attribute(DATA, "NotOnOrAfter", PAST), Reason.CONFIRMATION_EXPIRED),
    ("no conditions", remove(CONDITIONS), Reason.CONDITIONS_MISSING),
    ("no NotBefore", set_attribute(CONDITIONS, "NotBefore", None), Reason.CONDITIONS_INSTANT_INVALID),
    ("no NotOnOrAfter", set_attribute(CONDITIONS, "NotOnOrAfter", None), Reason.CONDITIONS_INSTANT_INVALID),
    ("not yet valid", set_attribute(CONDITIONS, "NotBefore", FUTURE), Reason.CONDITIONS_NOT_YET_VALID),
    ("expired in the conditions alone", set_attribute(CONDITIONS, "NotOnOrAfter", PAST), Reason.CONDITIONS_EXPIRED),
    ("no audience restriction", remove(f"{CONDITIONS}/saml:AudienceRestriction"), Reason.AUDIENCE),
    ("no audience", remove(AUDIENCE), Reason.AUDIENCE),
    ("another's audience", set_text(AUDIENCE, "https://altro.example/metadata"), Reason.AUDIENCE),
    ("no authentication", remove("saml:Assertion/saml:AuthnStatement"), Reason.AUTHN_STATEMENT_MISSING),
    ("no class", remove(CLASS_REFERENCE), Reason.AUTHN_CONTEXT),
    ("old class", set_text(CLASS_REFERENCE, "urn:oasis:names:tc:SAML:2.0:ac:classes:SpidL2"), Reason.AUTHN_CONTEXT),
    ("level 1", set_text(CLASS_REFERENCE, "https://www.spid.gov.it/SpidL1"), Reason.LEVEL_TOO_LOW),
    (
        "session at the provider over",
        set_attribute("saml:Assertion/saml:AuthnStatement", "SessionNotOnOrAfter", PAST),
        Reason.SESSION_EXPIRED,
    ),
    ("no attributes", remove("saml:Assertion/saml:AttributeStatement"), Reason.ATTRIBUTES_MISSING),
    (
        "attribute without value",
        remove("saml:Assertion/saml:AttributeStatement/saml:Attribute/saml:AttributeValue"),
        Reason.ATTRIBUTE_INVALID,
    ),
    (
        "attribute given twice",
        set_attribute("saml:Assertion/saml:AttributeStatement/saml:Attribute[2]", "Name", "name"),
        Reason.ATTRIBUTE_INVALID,
    ),
]


@pytest.mark.parametrize(("edit", "reason"), [pytest.param(*case[1:], id=case[0]) for case in WRONG_RESPONSES])
def test_a_response_the_provider_signed_with_a_wrong_value_is_refused(edit: Edit, reason: Reason) -> None:
    # Where the missing ID makes signing impossible, the unsigned document must be refused for it all the same.
    if reason is Reason.ID_MISSING:
        root = unsigned()
        edit(root)
        assert refusal(etree.tostring(root)) is reason
    else:
        assert refusal(genuine(edit)) is reason


@pytest.mark.parametrize(("edit", "reason"), [pytest.param(*case[1:], id=case[0]) for case in WRONG_ASSERTIONS])
def test_an_assertion_the_provider_signed_with_a_wrong_value_is_refused(edit: Edit, reason: Reason) -> None:
    if reason is Reason.ID_MISSING:
        root = unsigned()
        edit(root)
        assert refusal(etree.tostring(root)) is reason
    else:
        assert refusal(genuine(edit)) is reason
        assert refusal(signed_assertion_only(edit)) is reason


def test_two_audience_restrictions_must_both_name_this_portal() -> None:
    def edit(root: etree._Element) -> None:
        restriction = etree.SubElement(one(root, CONDITIONS), f"{{{NS['saml']}}}AudienceRestriction")
        etree.SubElement(restriction, f"{{{NS['saml']}}}Audience").text = "https://altro.example/metadata"

    assert refusal(genuine(edit)) is Reason.AUDIENCE


@pytest.mark.parametrize("number", sorted(USER_ANOMALIES))
def test_an_anomaly_tells_its_number(number: int) -> None:
    with pytest.raises(ResponseRefused) as refused:
        read(genuine(answer=replace(ANSWER, error=number)))
    assert refused.value.reason is Reason.USER_ANOMALY
    assert refused.value.anomaly == number


@pytest.mark.parametrize("text", ["ErrorCode nr25", "ErrorCode  nr 025", "Autenticazione: ErrorCode nr25 (annullata)"])
def test_the_number_is_found_however_the_provider_writes_it(text: str) -> None:
    edit = set_text("samlp:Status/samlp:StatusMessage", text)
    with pytest.raises(ResponseRefused) as refused:
        read(genuine(edit, answer=replace(ANSWER, error=19)))
    assert refused.value.anomaly == 25


@pytest.mark.parametrize("number", [8, 11, 18, 24])
def test_an_error_that_is_our_own_fault_is_no_anomaly(number: int) -> None:
    with pytest.raises(ResponseRefused) as refused:
        read(genuine(answer=replace(ANSWER, error=number)))
    assert refused.value.reason is Reason.STATUS_NOT_SUCCESS
    assert refused.value.anomaly is None
    assert f"nr{number}" in refused.value.detail


def test_an_unsigned_error_is_believed_and_one_signed_by_somebody_else_is_not() -> None:
    answer = replace(ANSWER, error=25)
    assert refusal(etree.tostring(unsigned(answer))) is Reason.USER_ANOMALY
    assert refusal(genuine(answer=answer, by="stranger")) is Reason.SIGNATURE_INVALID


def test_an_error_with_an_assertion_beside_it_logs_nobody_in() -> None:
    edit = set_attribute("samlp:Status/samlp:StatusCode", "Value", "urn:oasis:names:tc:SAML:2.0:status:Responder")
    assert refusal(genuine(edit)) is Reason.STATUS_NOT_SUCCESS
