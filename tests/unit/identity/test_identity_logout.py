"""A LogoutRequest of an identity provider: verified before anything is believed, in both bindings."""

import zlib
from base64 import b64decode, b64encode
from urllib.parse import urlencode

import pytest
from lxml import etree

from sandbox.spid.responses import sign_element
from services.identity.saml import logout
from services.identity.saml.idp_registry import IdpRegistry
from services.identity.saml.refusal import Reason, ResponseRefused
from services.identity.saml.signer import SigningKey, sign_query
from services.identity.saml.structure import MESSAGE_BYTES_MAX
from tests.unit.identity.spid_world import (
    IDP,
    NOW,
    NS,
    SLO,
    SP,
    one,
    provider,
    set_attribute,
    set_text,
    signed_by,
    signer,
)

REGISTRY = IdpRegistry([provider("idp-1")])


def logout_request(*edits) -> etree._Element:
    root = etree.fromstring(
        f"""<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
              xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_logout" Version="2.0"
              IssueInstant="2026-11-23T10:00:00Z" Destination="{SLO}"
            ><saml:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">{IDP}</saml:Issuer
            ><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
              NameQualifier="{IDP}">_subject</saml:NameID></samlp:LogoutRequest>"""
    )
    for edit in edits:
        edit(root)
    return root


def posted(*edits, by: str = "idp-1") -> str:
    keys = signer(by)
    return b64encode(etree.tostring(sign_element(logout_request(*edits), keys.key, keys.certificate))).decode()


def redirected(*edits, by: str = "idp-1", relay_state: str = "state") -> str:
    keys = signer(by)
    deflater = zlib.compressobj(wbits=-15)
    deflated = deflater.compress(etree.tostring(logout_request(*edits))) + deflater.flush()
    parameters = [("SAMLRequest", b64encode(deflated).decode()), ("RelayState", relay_state)]
    return sign_query(parameters, SigningKey(keys.key, (keys.certificate,)))


def reason_of(read) -> Reason:
    with pytest.raises(ResponseRefused) as refused:
        read()
    return refused.value.reason


def test_a_request_by_post_names_its_subject() -> None:
    read = logout.read_post(posted(), REGISTRY, SLO, NOW)
    assert (read.id, read.idp.entity_id, read.name_id) == ("_logout", IDP, "_subject")


def test_a_request_by_redirect_names_its_subject() -> None:
    read = logout.read_redirect(redirected(), REGISTRY, SLO, NOW)
    assert (read.id, read.name_id) == ("_logout", "_subject")


WRONG = [
    (set_attribute(".", "Version", "1.1"), Reason.RESPONSE_VERSION),
    (set_attribute(".", "Destination", "https://evil.example/slo"), Reason.RESPONSE_DESTINATION),
    (set_attribute(".", "IssueInstant", "2099-01-01T00:00:00Z"), Reason.RESPONSE_INSTANT_INVALID),
    (set_attribute(".", "NotOnOrAfter", "2018-01-01T00:00:00Z"), Reason.CONFIRMATION_EXPIRED),
    (set_text("saml:Issuer", "https://unknown.example"), Reason.RESPONSE_ISSUER),
    (set_text("saml:NameID", " "), Reason.NAME_ID),
]


@pytest.mark.parametrize(("edit", "reason"), WRONG)
def test_a_wrong_value_is_refused_in_both_bindings(edit, reason: Reason) -> None:
    assert reason_of(lambda: logout.read_post(posted(edit), REGISTRY, SLO, NOW)) is reason
    assert reason_of(lambda: logout.read_redirect(redirected(edit), REGISTRY, SLO, NOW)) is reason


def test_another_key_or_no_signature_is_refused_in_both_bindings() -> None:
    unsigned = b64encode(etree.tostring(logout_request())).decode()
    assert reason_of(lambda: logout.read_post(unsigned, REGISTRY, SLO, NOW)) is Reason.ASSERTION_UNSIGNED
    assert reason_of(lambda: logout.read_post(posted(by="x"), REGISTRY, SLO, NOW)) is Reason.SIGNATURE_INVALID
    query = redirected(by="x")
    assert reason_of(lambda: logout.read_redirect(query, REGISTRY, SLO, NOW)) is Reason.SIGNATURE_INVALID
    bare = redirected().partition("&SigAlg")[0]
    assert reason_of(lambda: logout.read_redirect(bare, REGISTRY, SLO, NOW)) is Reason.SIGNATURE_INVALID


def test_a_signature_of_another_form_is_refused() -> None:
    root = etree.fromstring(b64decode(posted()))
    transforms = one(root, ".//ds:Transforms")
    etree.SubElement(transforms, f"{{{NS['ds']}}}Transform").set("Algorithm", f"{NS['ds']}base64")
    message = b64encode(etree.tostring(root)).decode()
    assert reason_of(lambda: logout.read_post(message, REGISTRY, SLO, NOW)) is Reason.SIGNATURE_TRANSFORM


def test_what_is_no_logout_request_is_refused() -> None:
    other = b64encode(b'<samlp:LogoutResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"/>').decode()
    assert reason_of(lambda: logout.read_post(other, REGISTRY, SLO, NOW)) is Reason.NOT_A_RESPONSE
    anonymous = redirected(set_attribute(".", "ID", None))
    assert reason_of(lambda: logout.read_redirect(anonymous, REGISTRY, SLO, NOW)) is Reason.ID_MISSING
    huge = b64encode(b" " * (MESSAGE_BYTES_MAX + 3)).decode()
    assert reason_of(lambda: logout.read_post(huge, REGISTRY, SLO, NOW)) is Reason.TOO_LARGE
    with_entity = b64encode(b"<!DOCTYPE a><a/>").decode()
    assert reason_of(lambda: logout.read_post(with_entity, REGISTRY, SLO, NOW)) is Reason.DTD_FORBIDDEN


def test_a_comment_does_not_hide_a_part_of_the_issuer() -> None:
    document = b64decode(posted()).replace(IDP.encode(), IDP.encode() + b"<!-- x -->.evil.example", 1)
    message = b64encode(document).decode()
    assert reason_of(lambda: logout.read_post(message, REGISTRY, SLO, NOW)) is Reason.RESPONSE_ISSUER


def test_a_query_changed_on_its_way_or_with_a_parameter_twice_is_refused() -> None:
    changed = redirected().replace("RelayState=state", "RelayState=other")
    assert reason_of(lambda: logout.read_redirect(changed, REGISTRY, SLO, NOW)) is Reason.SIGNATURE_INVALID
    twice = f"{redirected()}&{urlencode({'SAMLRequest': 'x'})}"
    assert reason_of(lambda: logout.read_redirect(twice, REGISTRY, SLO, NOW)) is Reason.SIGNATURE_INVALID


def test_a_small_message_that_inflates_without_end_is_refused() -> None:
    deflater = zlib.compressobj(wbits=-15)
    bomb = deflater.compress(b" " * (MESSAGE_BYTES_MAX * 20)) + deflater.flush()
    query = urlencode({"SAMLRequest": b64encode(bomb).decode()})
    assert reason_of(lambda: logout.read_redirect(query, REGISTRY, SLO, NOW)) is Reason.TOO_LARGE


def test_the_answer_is_signed_and_says_success_to_the_right_request() -> None:
    asked = logout.read_post(posted(), REGISTRY, SLO, NOW)
    own = signer("portal")
    key = SigningKey(own.key, (own.certificate,))
    response = logout.build_response(asked, entity_id=SP, message_id="_answer", key=key, now=NOW)
    assert response.destination == "https://idp-1.example/slo"
    root = signed_by("portal", b64decode(response.message))
    assert root.get("InResponseTo") == "_logout"
    assert root.get("Destination") == response.destination
    assert "status:Success" in etree.tostring(root).decode()
