"""What we send: metadata, AuthnRequest, LogoutResponse, certificate; read back by other code than wrote it."""

import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree

from sandbox.spid import requests
from services.identity.saml import authn_request, certificate, metadata
from services.identity.saml.contacts import Organization
from services.identity.saml.names import HTTP_POST, HTTP_REDIRECT
from services.identity.saml.signer import SigningKey
from tests.unit.identity.spid_world import ACS, IDP, NOW, NS, SLO, SP, one, provider, signed_by, signer

SSO = "https://idp-1.example/sso"
PROVIDER = metadata.ServiceProvider(
    entity_id=SP,
    acs_url=ACS,
    slo_url=SLO,
    organization=Organization(
        name="Comune di «Prova» & Figli",
        ipa_code="c_h501",
        url="https://portale.example/",
        email="spid@comune.example",
        telephone="+390612345678",
    ),
)


def signing_key(*more: str) -> SigningKey:
    """Return the portal's key; `more` names keys whose certificates are published for rotation."""
    own = signer("portal")
    return SigningKey(own.key, (own.certificate, *(signer(name).certificate for name in more)))


def asked(level: int = 2) -> authn_request.AuthnRequest:
    """Return what a login asks."""
    return authn_request.AuthnRequest(
        id="_id0123456789", issue_instant=NOW.replace(microsecond=999), destination=SSO, entity_id=SP, level=level
    )


def test_the_metadata_have_every_field_of_a_public_entity() -> None:
    root = signed_by("portal", metadata.build(PROVIDER, signing_key(), message_id="_m1"))
    assert root.get("entityID") == SP
    sp = one(root, "md:SPSSODescriptor")
    assert sp.get("AuthnRequestsSigned") == sp.get("WantAssertionsSigned") == "true"
    assert [(one.get("Binding"), one.get("Location")) for one in sp.findall("md:SingleLogoutService", NS)] == [
        (HTTP_POST, SLO),
        (HTTP_REDIRECT, SLO),
    ]
    acs = one(sp, "md:AssertionConsumerService")
    assert dict(acs.attrib.items()) == {"index": "0", "isDefault": "true", "Binding": HTTP_POST, "Location": ACS}
    requested = [one.get("Name") for one in sp.findall("md:AttributeConsumingService/md:RequestedAttribute", NS)]
    assert requested == ["name", "familyName", "fiscalNumber", "email"]
    names = [root.findtext(f"md:Organization/md:{name}", None, NS) for name in ("OrganizationName", "OrganizationURL")]
    assert names == ["Comune di «Prova» & Figli", "https://portale.example/"]
    contact = one(root, "md:ContactPerson")
    assert contact.get("contactType") == "other"
    assert [etree.QName(one).localname for one in one(contact, "md:Extensions")] == ["IPACode", "Public"]
    assert contact.findtext("md:EmailAddress", None, NS) == "spid@comune.example"
    assert contact.findtext("md:TelephoneNumber", None, NS) == "+390612345678"


def test_the_metadata_stand_in_the_order_of_the_schema_with_the_signature_first() -> None:
    root = etree.fromstring(metadata.build(PROVIDER, signing_key(), message_id="_m1"))
    assert [etree.QName(one).localname for one in root] == [
        "Signature",
        "SPSSODescriptor",
        "Organization",
        "ContactPerson",
    ]
    assert list(dict.fromkeys(etree.QName(one).localname for one in root[1])) == [
        "KeyDescriptor",
        "SingleLogoutService",
        "NameIDFormat",
        "AssertionConsumerService",
        "AttributeConsumingService",
    ]


def test_the_metadata_publish_the_next_certificate_too_during_rotation() -> None:
    document = metadata.build(PROVIDER, signing_key("portal-next"), message_id="_m1")
    published = requests.read_metadata(document).certificates
    assert published == (signer("portal").certificate, signer("portal-next").certificate)


def test_an_identity_provider_verifies_and_reads_our_request_by_redirect() -> None:
    # The sandbox compares the instant with its own clock.
    fresh = replace(asked(), issue_instant=datetime.now(UTC))
    url = authn_request.send(fresh, HTTP_REDIRECT, "opaque~state", signing_key()).url
    known = requests.read_metadata(metadata.build(PROVIDER, signing_key(), message_id="_m1"))
    read = requests.read_redirect(urlsplit(url).query, known, sso_url=SSO, idp_entity_id=IDP)
    assert (read.id, read.acs_url, read.level, read.relay_state) == ("_id0123456789", ACS, 2, "opaque~state")
    assert read.attributes == ("name", "familyName", "fiscalNumber", "email")


def test_a_request_changed_on_its_way_is_refused_by_the_identity_provider() -> None:
    url = authn_request.send(asked(), HTTP_REDIRECT, "state", signing_key()).url
    known = requests.read_metadata(metadata.build(PROVIDER, signing_key(), message_id="_m1"))
    query = urlsplit(url).query.replace("RelayState=state", "RelayState=other")
    with pytest.raises(requests.RequestRefused):
        requests.read_redirect(query, known, sso_url=SSO, idp_entity_id=IDP)


def redirected(level: int) -> etree._Element:
    url = authn_request.send(asked(level), HTTP_REDIRECT, "state", signing_key()).url
    message = parse_qs(urlsplit(url).query)["SAMLRequest"][0]
    return etree.fromstring(zlib.decompress(b64decode(message), wbits=-15))


@pytest.mark.parametrize("level", [1, 2, 3])
def test_the_request_asks_for_its_level_and_forces_a_new_login_above_level_one(level: int) -> None:
    root = redirected(level)
    context = one(root, "samlp:RequestedAuthnContext")
    assert context.get("Comparison") == "minimum"
    assert [one.text for one in context] == [f"https://www.spid.gov.it/SpidL{level}"]
    assert root.get("ForceAuthn") == (None if level == 1 else "true")


def test_the_request_has_what_spid_wants_and_nothing_it_forbids() -> None:
    root = redirected(2)
    issuer = one(root, "saml:Issuer")
    assert (issuer.text, issuer.get("NameQualifier")) == (SP, SP)
    assert issuer.get("Format") == "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
    assert root.get("IssueInstant") == "2026-11-23T10:00:00Z"
    assert root.get("Destination") == SSO
    assert (root.get("AssertionConsumerServiceIndex"), root.get("AttributeConsumingServiceIndex")) == ("0", "0")
    assert dict(one(root, "samlp:NameIDPolicy").attrib.items()) == {
        "Format": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
    }
    assert {"IsPassive", "AssertionConsumerServiceURL", "ProtocolBinding"}.isdisjoint(root.attrib)
    assert root.find("ds:Signature", NS) is None


def posted(request: authn_request.AuthnRequest) -> Mapping[str, str]:
    outgoing = authn_request.send(request, HTTP_POST, "opaque~state", signing_key())
    assert outgoing.url == SSO
    assert outgoing.form_fields is not None
    return outgoing.form_fields


def test_by_post_the_request_is_signed_inside_right_after_its_issuer() -> None:
    fields = posted(asked())
    assert set(fields) == {"SAMLRequest", "RelayState"}
    assert fields["RelayState"] == "opaque~state"
    document = b64decode(fields["SAMLRequest"])
    assert signed_by("portal", document).get("ID") == "_id0123456789"
    order = [etree.QName(one).localname for one in etree.fromstring(document)]
    assert order == ["Issuer", "Signature", "NameIDPolicy", "RequestedAuthnContext"]


def test_an_identity_provider_verifies_and_reads_our_request_by_post() -> None:
    fields = posted(replace(asked(), issue_instant=datetime.now(UTC)))
    known = requests.read_metadata(metadata.build(PROVIDER, signing_key(), message_id="_m1"))
    read = requests.read_post(fields, known, sso_url=SSO, idp_entity_id=IDP)
    assert (read.id, read.acs_url, read.level, read.relay_state) == ("_id0123456789", ACS, 2, "opaque~state")
    changed = b64encode(b64decode(fields["SAMLRequest"]).replace(b"SpidL2", b"SpidL1")).decode()
    with pytest.raises(requests.RequestRefused, match="signature"):
        requests.read_post({**fields, "SAMLRequest": changed}, known, sso_url=SSO, idp_entity_id=IDP)


@pytest.mark.parametrize("binding", [HTTP_REDIRECT, HTTP_POST])
def test_what_is_traced_is_what_was_sent(binding: str) -> None:
    outgoing = authn_request.send(asked(), binding, "state", signing_key())
    if outgoing.form_fields is not None:
        assert b64decode(outgoing.form_fields["SAMLRequest"]) == outgoing.document
    else:
        sent = b64decode(parse_qs(urlsplit(outgoing.url).query)["SAMLRequest"][0])
        assert zlib.decompress(sent, wbits=-15) == outgoing.document


def test_a_location_that_has_a_query_keeps_it() -> None:
    request = replace(asked(), destination=f"{SSO}?tenant=1")
    url = authn_request.send(request, HTTP_REDIRECT, "state", signing_key()).url
    assert url.startswith(f"{SSO}?tenant=1&SAMLRequest=")


@pytest.mark.parametrize(
    ("offered", "preferred", "chosen"),
    [
        ((HTTP_REDIRECT, HTTP_POST), HTTP_REDIRECT, HTTP_REDIRECT),
        ((HTTP_REDIRECT, HTTP_POST), HTTP_POST, HTTP_POST),
        ((HTTP_POST,), HTTP_REDIRECT, HTTP_POST),
        ((HTTP_REDIRECT,), HTTP_POST, HTTP_REDIRECT),
    ],
)
def test_the_binding_is_the_preferred_one_where_the_provider_offers_it(
    offered: tuple[str, ...], preferred: str, chosen: str
) -> None:
    idp = replace(provider("idp-1"), sso=dict.fromkeys(offered, SSO))
    assert idp.sso_binding(preferred) == chosen


def test_the_certificate_is_as_agid_wants_it_for_a_public_entity() -> None:
    entity = certificate.Entity(name="Comune di Prova", ipa_code="c_h501", entity_id=SP, city="Roma")
    pair = certificate.make(entity, NOW)
    made = x509.load_pem_x509_certificate(pair.certificate)
    assert SigningKey.from_pem(pair.key, [pair.certificate]).key.key_size >= 2048
    subject = {one.oid.dotted_string: one.value for one in made.subject}
    assert subject == {
        "2.5.4.10": "Comune di Prova",
        "2.5.4.3": "Comune di Prova",
        "2.5.4.83": SP,
        "2.5.4.97": "PA:IT-c_h501",
        "2.5.4.6": "IT",
        "2.5.4.7": "Roma",
    }
    usage = made.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    granted = [name for name in ("digital_signature", "content_commitment") if getattr(usage.value, name)]
    assert granted == ["digital_signature", "content_commitment"]
    others = ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")
    assert not any(getattr(usage.value, name) for name in others)
    policies = made.extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert {one.policy_identifier.dotted_string for one in policies} == {"1.3.76.16.6", "1.3.76.16.4.2.1"}
    constraints = made.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca) == (False, False)
    assert made.not_valid_after_utc - NOW <= timedelta(days=730)
    assert made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "Comune di Prova"


def test_a_key_that_is_not_the_certificates_is_refused() -> None:
    other = signer("stranger").certificate.public_bytes(Encoding.PEM)
    key = signer("portal").key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match="does not belong"):
        SigningKey.from_pem(key, [other])
