"""Answers an identity provider signed itself: the good ones are accepted, each wrong value is refused for itself."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from sandbox.spid.responses import sign_element
from services.identity.saml.refusal import USER_ANOMALIES, Reason, ResponseRefused
from tests.unit.identity.spid_world import (
    ACS,
    ANSWER,
    ATTRIBUTES,
    EXPECTED,
    IDP,
    NOW,
    NS,
    OTHER_IDP,
    REQUEST_ID,
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
    signer,
    unsigned,
    with_level,
)

SUBJECT = "saml:Assertion/saml:Subject"
DATA = f"{SUBJECT}/saml:SubjectConfirmation/saml:SubjectConfirmationData"
CONDITIONS = "saml:Assertion/saml:Conditions"
AUDIENCE = f"{CONDITIONS}/saml:AudienceRestriction/saml:Audience"
CLASS_REFERENCE = "saml:Assertion/saml:AuthnStatement/saml:AuthnContext/saml:AuthnContextClassRef"
STATUS = "samlp:Status/samlp:StatusCode"
SUB_STATUS = f"{STATUS}/samlp:StatusCode"
SHARED_CASES = Path(__file__).parents[4] / "shared" / "cases"
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


def test_a_clock_thirty_seconds_behind_is_as_good_as_one_thirty_seconds_ahead() -> None:
    assert refusal(genuine(now=NOW - timedelta(seconds=30))) is None
    assert refusal(genuine(now=NOW - timedelta(seconds=31))) is Reason.RESPONSE_BEFORE_REQUEST


BEHIND_AND_AHEAD: list[tuple[str, str, Reason, Reason]] = [
    (".", "IssueInstant", Reason.RESPONSE_BEFORE_REQUEST, Reason.RESPONSE_IN_FUTURE),
    ("saml:Assertion", "IssueInstant", Reason.ASSERTION_BEFORE_REQUEST, Reason.ASSERTION_IN_FUTURE),
]


@pytest.mark.parametrize(("path", "name", "behind", "ahead"), BEHIND_AND_AHEAD)
def test_each_instant_of_issue_may_be_thirty_seconds_off_either_way(
    path: str, name: str, behind: Reason, ahead: Reason
) -> None:
    def at(seconds: float) -> bytes:
        moment = NOW + timedelta(seconds=seconds)
        return genuine(set_attribute(path, name, f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"))

    assert [refusal(at(seconds)) for seconds in (-30.001, -30, -1, 0, 1, 30, 30.001)] == [
        behind,
        *[None] * 5,
        ahead,
    ]


@pytest.mark.parametrize(
    ("path", "name", "reason"),
    [
        (DATA, "NotOnOrAfter", Reason.CONFIRMATION_EXPIRED),
        (CONDITIONS, "NotOnOrAfter", Reason.CONDITIONS_EXPIRED),
        ("saml:Assertion/saml:AuthnStatement", "SessionNotOnOrAfter", Reason.SESSION_EXPIRED),
    ],
)
def test_each_end_in_the_answer_allows_for_a_clock_behind(path: str, name: str, reason: Reason) -> None:
    def at(seconds: float) -> bytes:
        moment = NOW + timedelta(seconds=seconds)
        return genuine(set_attribute(path, name, f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"))

    assert refusal(at(-29.999)) is None
    assert refusal(at(-30)) is reason


def test_the_begin_in_the_answer_allows_for_a_clock_ahead() -> None:
    def at(seconds: int) -> bytes:
        return genuine(set_attribute(CONDITIONS, "NotBefore", f"{NOW + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"))

    assert refusal(at(30)) is None
    assert refusal(at(31)) is Reason.CONDITIONS_NOT_YET_VALID


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


@pytest.mark.parametrize(
    "text",
    [
        "ErrorCode nr25",
        "ErrorCode  nr 025",
        "Autenticazione: ErrorCode nr25 (annullata)",
        "Error Code nr25",
        "nr. 25",
        "nr25",
        "ERRORCODE NR.25",
        "errorcode: nr 25",
        "ErrorCode nr. 25 - Processo di autenticazione annullato dall'utente",
        "ErrorCode 25",
        "Error code = 25",
        "error_code_25",
        "ErrorCode\u00a0nr\u00a025",
        "ErrorCode n° 25",
        "Codice errore: 25",
        "Errore n. 25",
        "HTTP status code 200, ErrorCode nr25",
        "num. 25",
        "Anomalia 25",
        "ErrorCode[25]",
        'errorCode="25"',
        "Cod. 25",
        "ErrorCode № 25",
        "ErrorCode nr２５",
    ],
)
def test_the_number_is_found_however_the_provider_writes_it(text: str) -> None:
    edit = set_text("samlp:Status/samlp:StatusMessage", text)
    with pytest.raises(ResponseRefused) as refused:
        read(genuine(edit, answer=replace(ANSWER, error=19)))
    assert refused.value.anomaly == 25


@pytest.mark.parametrize(
    "detail",
    [
        "<ErrorCode>25</ErrorCode>",
        "<Cause><errorCode>nr25</errorCode></Cause>",
        '<Cause code="25"/>',
        '<Fault ErrorCode="nr 25">annullato</Fault>',
    ],
)
def test_the_number_is_found_in_an_element_or_attribute_of_its_own(detail: str) -> None:
    def edit(root: etree._Element) -> None:
        status = one(root, "samlp:Status")
        status.remove(one(root, "samlp:Status/samlp:StatusMessage"))
        etree.SubElement(status, f"{{{NS['samlp']}}}StatusDetail").append(etree.fromstring(detail))

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


def without_issuer(root: etree._Element) -> None:
    remove("saml:Issuer")(root)


UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
ODD_ERRORS: list[tuple[str, Edit]] = [
    ("without Issuer", without_issuer),
    ("with an empty Issuer", set_text("saml:Issuer", "")),
    ("of an unspecified Issuer Format", set_attribute("saml:Issuer", "Format", UNSPECIFIED)),
    ("without Destination", set_attribute(".", "Destination", None)),
    ("from a clock minutes behind", set_attribute(".", "IssueInstant", "2026-11-23T09:50:00Z")),
    ("by another sub-status", set_attribute(SUB_STATUS, "Value", "urn:oasis:names:tc:SAML:2.0:status:RequestDenied")),
    ("as the requester's fault", set_attribute(STATUS, "Value", "urn:oasis:names:tc:SAML:2.0:status:Requester")),
    ("without sub-status", remove(SUB_STATUS)),
]


@pytest.mark.parametrize("number", sorted(USER_ANOMALIES))
@pytest.mark.parametrize("edit", [pytest.param(edit, id=name) for name, edit in ODD_ERRORS])
def test_the_persons_own_anomaly_is_told_however_the_provider_puts_it(edit: Edit, number: int) -> None:
    answer = replace(ANSWER, error=number)
    root = unsigned(answer)
    edit(root)
    for document in (genuine(edit, answer=answer), etree.tostring(root)):
        with pytest.raises(ResponseRefused) as refused:
            read(document)
        assert (refused.value.reason, refused.value.anomaly) == (Reason.USER_ANOMALY, number)


def test_a_number_in_the_detail_of_the_status_is_told_too() -> None:
    def edit(root: etree._Element) -> None:
        status = one(root, "samlp:Status")
        status.remove(one(root, "samlp:Status/samlp:StatusMessage"))
        detail = etree.SubElement(status, f"{{{NS['samlp']}}}StatusDetail")
        etree.SubElement(detail, "Cause").text = "ErrorCode nr22"

    with pytest.raises(ResponseRefused) as refused:
        read(genuine(edit, answer=replace(ANSWER, error=19)))
    assert refused.value.anomaly == 22


@pytest.mark.parametrize(
    "text", ["", "25", "Please call +39 06 25", "Sessione 25 terminata", "ErrorCode nr2500", "Codice fiscale 25"]
)
def test_a_number_that_is_no_error_code_is_not_told_as_one(text: str) -> None:
    edit = set_text("samlp:Status/samlp:StatusMessage", text)
    with pytest.raises(ResponseRefused) as refused:
        read(genuine(edit, answer=replace(ANSWER, error=19)))
    assert (refused.value.reason, refused.value.anomaly) == (Reason.STATUS_NOT_SUCCESS, None)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (set_text("saml:Issuer", OTHER_IDP), Reason.RESPONSE_ISSUER),
        (set_attribute(".", "Destination", "https://altro.example/acs"), Reason.RESPONSE_DESTINATION),
        (set_attribute(".", "InResponseTo", "_other"), Reason.UNSOLICITED),
    ],
)
def test_what_an_error_states_must_still_be_right(edit: Edit, reason: Reason) -> None:
    assert refusal(genuine(edit, answer=replace(ANSWER, error=25))) is reason


@pytest.mark.parametrize("edit", [without_issuer, set_attribute("saml:Issuer", "Format", UNSPECIFIED)])
def test_what_is_forgiven_an_error_is_not_forgiven_an_answer_that_logs_in(edit: Edit) -> None:
    assert refusal(genuine(edit)) in {Reason.RESPONSE_ISSUER, Reason.RESPONSE_ISSUER_FORMAT}


def test_the_case_from_the_field_is_told_as_cancelled_by_the_person() -> None:
    template = SHARED_CASES / "b18-no-issuer.xml.tmpl"
    if not template.exists():
        pytest.skip(f"{template} is not here")
    text = template.read_text()
    for name, value in {"NOW_Z": "2026-11-23T10:00:00Z", "ACS_URL": ACS, "REQUEST_ID": REQUEST_ID}.items():
        text = text.replace(f"@{name}@", value)
    key = signer("idp-1")
    signed = etree.tostring(sign_element(etree.fromstring(text), key.key, key.certificate))
    for document in (signed, text.encode()):
        with pytest.raises(ResponseRefused) as refused:
            read(document)
        assert (refused.value.reason, refused.value.anomaly) == (Reason.USER_ANOMALY, 25)


@pytest.mark.parametrize(
    "edit",
    [
        remove("saml:Assertion/saml:AttributeStatement/saml:Attribute[4]/saml:AttributeValue"),
        set_text("saml:Assertion/saml:AttributeStatement/saml:Attribute[4]/saml:AttributeValue", ""),
        set_text("saml:Assertion/saml:AttributeStatement/saml:Attribute[4]/saml:AttributeValue", " \n "),
    ],
)
def test_an_optional_attribute_without_value_counts_as_absent(edit: Edit) -> None:
    assert "email" not in read(genuine(edit)).attributes
    assert read(genuine(edit)).attributes["name"] == ATTRIBUTES["name"]


def test_an_attribute_nobody_asked_for_may_be_without_value_too() -> None:
    def edit(root: etree._Element) -> None:
        statement = one(root, "saml:Assertion/saml:AttributeStatement")
        etree.SubElement(statement, f"{{{NS['saml']}}}Attribute").set("Name", "digitalAddress")

    assert read(genuine(edit)).attributes == ATTRIBUTES


@pytest.mark.parametrize("number", [1, 2])
def test_a_needed_attribute_must_have_a_value(number: int) -> None:
    value = f"saml:Assertion/saml:AttributeStatement/saml:Attribute[{number}]/saml:AttributeValue"
    assert refusal(genuine(set_text(value, " "))) is Reason.ATTRIBUTE_INVALID


def test_attributes_that_are_all_without_value_are_none() -> None:
    def edit(root: etree._Element) -> None:
        for attribute in root.findall(".//saml:Attribute", NS)[:3]:
            parent = attribute.getparent()
            assert parent is not None
            parent.remove(attribute)
        set_text(".//saml:AttributeValue", "")(root)

    assert refusal(genuine(edit)) is Reason.ATTRIBUTES_MISSING
