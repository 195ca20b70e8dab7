"""Which identity providers are trusted, and which stop the start."""

import os
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from lxml import etree
from structlog.testing import capture_logs

from services.identity.registry_source import RegistrySource
from services.identity.registry_watcher import RegistryWatcher
from services.identity.saml import idp_registry
from services.identity.saml.idp_registry import RegistryError
from services.identity.saml.names import HTTP_POST, HTTP_REDIRECT
from services.identity.saml.signer import SigningKey, sign_enveloped
from tests.unit.identity.spid_world import NOW, signer


def descriptor(
    entity_id: str, *keys: str, name: str = "Gestore", redirect: bool = True, slo: str = "", attributes: str = ""
) -> str:
    certificates = "".join(
        '<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n'
        + b64encode(signer(one).certificate.public_bytes(Encoding.DER)).decode()
        + "\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for one in keys
    )
    sso = f'<md:SingleSignOnService Binding="{HTTP_REDIRECT}" Location="{entity_id}/sso"/>' if redirect else ""
    return f"""<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"
            xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{entity_id}" {attributes}>
          <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
            {certificates}
            <md:KeyDescriptor use="encryption"><ds:KeyInfo/></md:KeyDescriptor>
            {slo}{sso}
          </md:IDPSSODescriptor>
          <md:Organization>
            <md:OrganizationDisplayName xml:lang="en">Provider</md:OrganizationDisplayName>
            <md:OrganizationDisplayName xml:lang="it">{name}</md:OrganizationDisplayName>
          </md:Organization>
        </md:EntityDescriptor>"""


def write(folder: Path, key: str, entity_id: str, *keys: str, **how: Any) -> None:
    text = f'<?xml version="1.0"?><!-- from the registry -->\n{descriptor(entity_id, *keys, **how)}'
    (folder / f"{key}.xml").write_text(text)


def aggregate(*descriptors: str, by: str = "registry", attributes: str = "") -> bytes:
    """Return an EntitiesDescriptor signed as AgID's is."""
    text = (
        f'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_all" {attributes}>'
        f"<md:Extensions/>{''.join(descriptors)}</md:EntitiesDescriptor>"
    )
    signed = signer(by)
    root = sign_enveloped(etree.fromstring(text), SigningKey(signed.key, (signed.certificate,)))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def read(document: bytes, **how: Any) -> list[str]:
    found = idp_registry.parse_aggregate(document, [signer("registry").certificate], NOW, **how)
    return [one.key for one in found]


def source(home: Path, **changes: Any) -> RegistrySource:
    given = {
        "folder": None,
        "aggregate": home / "registry.xml",
        "certificates": (signer("registry").certificate,),
        "url": "",
        "max_age": timedelta(days=7),
        "allow_test": False,
    }
    return RegistrySource(**{**given, **changes})


A = "https://idp.a.it/saml"
B = "https://idp.b.it"


def test_a_provider_is_found_by_its_key_and_by_its_entity_id(tmp_path: Path) -> None:
    write(tmp_path, "gestore", "https://idp.gestore.example.it", "idp-1", "idp-1-next")
    registry = idp_registry.load(tmp_path, allow_test=False)
    found = registry.find("gestore")
    assert found is not None
    assert found is registry.find("https://idp.gestore.example.it")
    assert found.name == "Gestore"
    assert found.sso[HTTP_REDIRECT] == "https://idp.gestore.example.it/sso"
    assert found.certificates == (signer("idp-1").certificate, signer("idp-1-next").certificate)
    assert registry.find("unknown") is None


def test_logout_answers_go_to_the_response_location_where_there_is_one(tmp_path: Path) -> None:
    slo = f'<md:SingleLogoutService Binding="{HTTP_POST}" Location="https://a.it/slo" ResponseLocation="https://a.it/back"/>'
    write(tmp_path, "gestore", "https://a.it", "idp-1", slo=slo)
    found = idp_registry.load(tmp_path, allow_test=False).find("gestore")
    assert found is not None
    assert found.slo == {HTTP_POST: "https://a.it/back"}


@pytest.mark.parametrize(
    "entity_id",
    [
        "http://localhost:8088/prova-1/metadata",
        "https://localhost:8443",
        "https://127.0.0.1/idp",
        "https://validator.spid.gov.it",
        "https://demo.spid.gov.it",
        "http://idp.gestore.it",
        "https://idp.test",
    ],
)
def test_a_test_provider_stops_a_production_start_and_is_trusted_in_a_trial(tmp_path: Path, entity_id: str) -> None:
    write(tmp_path, "prova", entity_id, "idp-1")
    with pytest.raises(RegistryError, match="prova"):
        idp_registry.load(tmp_path, allow_test=False)
    assert idp_registry.load(tmp_path, allow_test=True).find("prova") is not None


@pytest.mark.parametrize("document", ["", "<a/>", '<!DOCTYPE a [<!ENTITY x "y">]><a/>', "<a"])
def test_a_file_that_is_no_metadata_stops_the_start_and_is_named(tmp_path: Path, document: str) -> None:
    (tmp_path / "broken.xml").write_text(document)
    with pytest.raises(RegistryError, match="broken"):
        idp_registry.load(tmp_path, allow_test=True)


def test_a_provider_without_certificate_or_redirect_address_stops_the_start(tmp_path: Path) -> None:
    write(tmp_path, "gestore", "https://a.it")
    with pytest.raises(RegistryError, match="certificate"):
        idp_registry.load(tmp_path, allow_test=False)
    write(tmp_path, "gestore", "https://a.it", "idp-1", redirect=False)
    with pytest.raises(RegistryError, match="SingleSignOnService"):
        idp_registry.load(tmp_path, allow_test=False)


def test_the_signed_registry_gives_its_providers_with_all_their_certificates() -> None:
    document = aggregate(descriptor(A, "idp-1", "idp-1-next"), descriptor(B, "idp-2"))
    assert read(document) == ["idp.a.it-saml", "idp.b.it"]
    (first, _) = idp_registry.parse_aggregate(document, [signer("registry").certificate], NOW)
    assert first.certificates == (signer("idp-1").certificate, signer("idp-1-next").certificate)


@pytest.mark.parametrize(
    "document",
    [
        aggregate(descriptor(A, "idp-1"), by="stranger"),
        aggregate(descriptor(A, "idp-1")).replace(b"idp.a.it", b"evil.a.it"),
        descriptor(A, "idp-1").encode(),
        f'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{descriptor(A, "idp-1")}'
        "</md:EntitiesDescriptor>".encode(),
        b"not xml",
    ],
    ids=["signed by a stranger", "changed", "a single provider", "unsigned", "no xml"],
)
def test_a_registry_its_pinned_certificate_did_not_sign_is_not_believed(document: bytes) -> None:
    with pytest.raises(RegistryError, match="not a registry"):
        read(document)


def test_expired_providers_are_left_out_and_an_expired_registry_is_refused() -> None:
    past, future = 'validUntil="2020-01-01T00:00:00Z"', 'validUntil="2099-01-01T00:00:00Z"'
    entries = [
        descriptor(A, "idp-1", attributes=past),
        descriptor(B, "idp-2", attributes=future),
        descriptor("https://idp.c.it", "expired"),
    ]
    assert read(aggregate(*entries)) == ["idp.b.it"]
    with pytest.raises(RegistryError, match="valid now"):
        read(aggregate(descriptor(A, "idp-1"), attributes=past))


def test_a_test_provider_in_the_registry_is_refused_even_when_signed() -> None:
    document = aggregate(descriptor(A, "idp-1"), descriptor("https://demo.spid.gov.it", "idp-2"))
    with pytest.raises(RegistryError, match="test identity providers"):
        read(document)
    assert read(document, allow_test=True) == ["idp.a.it-saml", "demo.spid.gov.it"]


def test_a_public_test_key_is_known_whatever_certificate_it_comes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    key = signer("idp-1").certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    monkeypatch.setattr(idp_registry, "_PUBLIC_TEST_KEYS", {sha256(key).hexdigest()})
    with pytest.raises(RegistryError, match="test identity providers"):
        read(aggregate(descriptor(A, "idp-1")))


def test_refreshing_keeps_the_last_good_copy_when_the_new_one_is_not_to_be_believed(tmp_path: Path) -> None:
    files = source(tmp_path)
    good = aggregate(descriptor(A, "idp-1"))
    files.replace_aggregate(good, NOW)
    with pytest.raises(RegistryError):
        files.replace_aggregate(aggregate(descriptor(B, "idp-2"), by="stranger"), NOW)
    assert (tmp_path / "registry.xml").read_bytes() == good
    newer = aggregate(descriptor(B, "idp-2"))
    files.replace_aggregate(newer, NOW)
    assert (tmp_path / "registry.xml").read_bytes() == newer
    assert (tmp_path / "registry.previous").read_bytes() == good


def test_a_running_service_takes_in_a_refreshed_registry_and_ignores_a_broken_one(tmp_path: Path) -> None:
    files = source(tmp_path)
    files.replace_aggregate(aggregate(descriptor(A, "idp-1")), NOW)
    watcher = RegistryWatcher(files, NOW)
    registry = watcher.registry
    assert registry.find(A) is not None
    files.replace_aggregate(aggregate(descriptor(B, "idp-2")), NOW)
    watcher.refresh(NOW)
    assert registry.find(A) is None
    assert registry.find(B) is not None
    (tmp_path / "registry.xml").write_bytes(b"broken")
    with capture_logs() as lines:
        watcher.refresh(NOW)
    assert [line["event"] for line in lines] == ["idp_registry_unusable"]
    assert registry.find(B) is not None


@pytest.mark.parametrize(("days", "alarms"), [(6, 0), (8, 1)])
def test_an_old_registry_alarms_at_every_refresh(tmp_path: Path, days: int, alarms: int) -> None:
    files = source(tmp_path)
    files.replace_aggregate(aggregate(descriptor(A, "idp-1")), NOW)
    refreshed = (NOW - timedelta(days=days)).timestamp()
    os.utime(tmp_path / "registry.xml", (refreshed, refreshed))
    with capture_logs() as lines:
        RegistryWatcher(files, NOW).refresh(NOW)
    assert [line["event"] for line in lines] == ["idp_registry_old"] * alarms


def test_a_missing_registry_starts_without_providers_and_alarms(tmp_path: Path) -> None:
    with capture_logs() as lines:
        watcher = RegistryWatcher(source(tmp_path), NOW)
        watcher.refresh(NOW)
    assert list(watcher.registry) == []
    assert [line["event"] for line in lines] == ["idp_registry_old"]


def test_a_provider_in_the_folder_and_in_the_registry_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "gestore", A, "idp-1")
    (tmp_path / "registry").write_bytes(aggregate(descriptor(A, "idp-1")))
    with pytest.raises(RegistryError, match="both"):
        source(tmp_path, folder=tmp_path, aggregate=tmp_path / "registry").load(NOW)


def test_expired_providers_of_the_folder_are_left_out_too(tmp_path: Path) -> None:
    folder = tmp_path / "idps"
    folder.mkdir()
    write(folder, "good", A, "idp-1", "expired", attributes='validUntil="2099-01-01T00:00:00Z"')
    write(folder, "old-key", B, "expired")
    write(folder, "old", "https://idp.c.it", "idp-2", attributes='validUntil="2020-01-01T00:00:00Z"')
    files = source(tmp_path, folder=folder, aggregate=None)
    assert [one.key for one in files.load(NOW)] == ["good"]
    write(folder, "old", "https://idp.c.it", "idp-2", attributes='validUntil="tomorrow"')
    with capture_logs() as lines:
        assert [one.key for one in files.load(NOW)] == ["good"]
    assert [(line["event"], line["provider"]) for line in lines] == [("idp_registry_entry_odd", "old")]
    assert "validUntil" in lines[0]["reason"]


UNREADABLE = (
    '<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate>'
    "</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
)
NO_SSO = descriptor("https://idp.odd.it", "idp-2", redirect=False)
SOAP_ONLY = NO_SSO.replace(
    "</md:IDPSSODescriptor>",
    '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP" Location="https://idp.odd.it/soap"/>'
    "</md:IDPSSODescriptor>",
)
EMPTY_ADDRESS = SOAP_ONLY.replace(":SOAP", ":HTTP-POST").replace("https://idp.odd.it/soap", " ")


def with_certificate(text: str, *keys: str) -> str:
    """Return an identity provider with one more signing certificate of this text."""
    return descriptor("https://idp.odd.it", *keys, slo=UNREADABLE.format(text))


def der_of(certificate: bytes) -> str:
    return b64encode(certificate).decode()


CERTIFICATE = signer("idp-2").certificate.public_bytes(Encoding.DER)
VERSION_3, VERSION_9 = bytes.fromhex("a003020102"), bytes.fromhex("a003020108")
RSA, NO_ALGORITHM = bytes.fromhex("2a864886f70d010101"), bytes.fromhex("2a864886f70d010177")
ODD_PROVIDERS = {
    "no certificate that can be read": with_certificate("AAAA"),
    "a certificate that is not base64": with_certificate("è"),
    "an empty certificate": with_certificate(""),
    "no SingleSignOnService": NO_SSO,
    "a SingleSignOnService by SOAP alone": SOAP_ONLY,
    "a SingleSignOnService without address": EMPTY_ADDRESS,
    "a validUntil that is none": descriptor("https://idp.odd.it", "idp-2", attributes='validUntil="domani"'),
    "no entityID": descriptor("", "idp-2"),
    "twice the same entity": descriptor(A, "idp-2"),
    "an entityID that no parser takes": descriptor("https://[idp.odd.it", "idp-2"),
    "a certificate of a version nobody knows": with_certificate(der_of(CERTIFICATE.replace(VERSION_3, VERSION_9))),
    "a certificate of an algorithm nobody knows": with_certificate(der_of(CERTIFICATE.replace(RSA, NO_ALGORITHM))),
    "a certificate whose dates are none": with_certificate(der_of(CERTIFICATE.replace(b"\x17\r", b"\x17\x0c"))),
    "half a certificate": with_certificate(der_of(CERTIFICATE[:300])),
    "a certificate of another kind": with_certificate(der_of(b"\x30\x00")),
}


@pytest.mark.parametrize("odd", ODD_PROVIDERS.values(), ids=ODD_PROVIDERS.keys())
def test_an_odd_provider_of_the_registry_is_named_and_the_others_go_on(tmp_path: Path, odd: str) -> None:
    files = source(tmp_path)
    (tmp_path / "registry.xml").write_bytes(aggregate(descriptor(A, "idp-1"), odd, descriptor(B, "idp-2")))
    with capture_logs() as lines:
        found = files.load(NOW)
    assert [one.entity_id for one in found] == [A, B]
    assert found[0].certificates == (signer("idp-1").certificate,)
    assert {line["event"] for line in lines} == {"idp_registry_entry_odd"}
    assert {line["provider"] for line in lines} <= {"idp.odd.it", "", "idp.a.it-saml"}


@pytest.mark.parametrize("entity_id", ["http://idp.odd.it", "urn:idp:odd", "idp.odd.it", "HTTP://IDP.ODD.IT"])
def test_a_provider_of_the_registry_without_https_is_named_and_the_others_go_on(tmp_path: Path, entity_id: str) -> None:
    document = aggregate(descriptor(A, "idp-1"), descriptor(entity_id, "idp-2"), descriptor(B, "idp-2"))
    (tmp_path / "registry.xml").write_bytes(document)
    with capture_logs() as lines:
        found = source(tmp_path).load(NOW)
    assert [one.entity_id for one in found] == [A, B]
    assert {line["event"] for line in lines} == {"idp_registry_entry_odd"}


@pytest.mark.parametrize("odd", [*ODD_PROVIDERS.values(), "<a/>", "<a", ""])
def test_an_odd_file_of_the_folder_is_named_and_the_others_go_on(tmp_path: Path, odd: str) -> None:
    write(tmp_path, "a", A, "idp-1")
    (tmp_path / "b-odd.xml").write_text(odd)
    write(tmp_path, "c", B, "idp-2")
    with capture_logs() as lines:
        found = source(tmp_path, folder=tmp_path, aggregate=None).load(NOW)
    assert [one.key for one in found] == ["a", "c"]
    assert {(line["event"], line["provider"]) for line in lines} == {("idp_registry_entry_odd", "b-odd")}


def test_a_provider_with_one_unreadable_certificate_goes_on_with_the_others(tmp_path: Path) -> None:
    (tmp_path / "gestore.xml").write_text(with_certificate("AAAA", "idp-1", "idp-1-next"))
    with capture_logs() as lines:
        (found,) = source(tmp_path, folder=tmp_path, aggregate=None).load(NOW)
    assert found.certificates == (signer("idp-1").certificate, signer("idp-1-next").certificate)
    assert [(line["event"], line["provider"]) for line in lines] == [("idp_registry_entry_odd", "gestore")]


def test_a_bundle_in_one_certificate_element_means_all_its_certificates(tmp_path: Path) -> None:
    bundle = "".join(signer(one).certificate.public_bytes(Encoding.PEM).decode() for one in ("idp-1", "idp-1-next"))
    (tmp_path / "gestore.xml").write_text(with_certificate(bundle))
    (found,) = source(tmp_path, folder=tmp_path, aggregate=None).load(NOW)
    assert found.certificates == (signer("idp-1").certificate, signer("idp-1-next").certificate)


@pytest.mark.parametrize(
    ("until", "is_usable"),
    [
        ("2026-11-23T10:00:01Z", True),
        ("2026-11-23T10:00:00Z", False),
        ("2026-11-23T12:00:01+02:00", True),
        ("2026-11-23T11:30:00+02:00", False),
        ("2026-11-23T05:00:01.123456789-05:00", True),
        ("2026-11-23T04:59:59.5-05:00", False),
        ("2026-11-23T10:00:01", True),
        (" 2099-01-01T00:00:00+01:00 ", True),
    ],
)
def test_a_valid_until_with_an_offset_is_read(tmp_path: Path, until: str, *, is_usable: bool) -> None:
    write(tmp_path, "gestore", A, "idp-1", attributes=f'validUntil="{until}"')
    write(tmp_path, "other", B, "idp-2")
    expected = [A, B] if is_usable else [B]
    assert [one.entity_id for one in source(tmp_path, folder=tmp_path, aggregate=None).load(NOW)] == expected
    document = aggregate(descriptor(A, "idp-1"), attributes=f'validUntil="{until}"')
    if is_usable:
        assert read(document) == ["idp.a.it-saml"]
    else:
        with pytest.raises(RegistryError, match="valid now"):
            read(document)


def test_of_a_bundle_of_pinned_certificates_any_may_have_signed_the_registry(tmp_path: Path) -> None:
    both = (signer("registry").certificate, signer("registry-next").certificate)
    for by in ("registry", "registry-next"):
        (tmp_path / "registry.xml").write_bytes(aggregate(descriptor(A, "idp-1"), by=by))
        assert [one.entity_id for one in source(tmp_path, certificates=both).load(NOW)] == [A]
    (tmp_path / "registry.xml").write_bytes(aggregate(descriptor(A, "idp-1"), by="stranger"))
    with pytest.raises(RegistryError, match="not a registry"):
        source(tmp_path, certificates=both).load(NOW)


def test_a_refreshed_registry_with_an_odd_provider_replaces_the_old_one(tmp_path: Path) -> None:
    files = source(tmp_path)
    files.replace_aggregate(aggregate(descriptor(A, "idp-1")), NOW)
    watcher = RegistryWatcher(files, NOW)
    with capture_logs() as lines:
        files.replace_aggregate(aggregate(NO_SSO, descriptor(B, "idp-2")), NOW)
        watcher.refresh(NOW)
    assert [one.entity_id for one in watcher.registry] == [B]
    assert "idp_registry_unusable" not in {line["event"] for line in lines}


def test_a_bundle_of_our_own_certificates_is_published_whole() -> None:
    pems = [signer(one).certificate.public_bytes(Encoding.PEM) for one in ("sp", "sp-next", "sp-later")]
    key = signer("sp").key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    expected = tuple(signer(one).certificate for one in ("sp", "sp-next", "sp-later"))
    assert SigningKey.from_pem(key, [b"".join(pems)]).certificates == expected
    assert SigningKey.from_pem(key, [pems[0] + pems[1], pems[2]]).certificates == expected
    with pytest.raises(ValueError, match="does not belong"):
        SigningKey.from_pem(key, [pems[1] + pems[0]])
