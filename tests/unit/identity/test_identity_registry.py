"""Which identity providers are trusted, and which stop the start."""

import os
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
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
    found = idp_registry.parse_aggregate(document, signer("registry").certificate, NOW, **how)
    return [one.key for one in found]


def source(home: Path, **changes: Any) -> RegistrySource:
    given = {
        "folder": None,
        "aggregate": home / "registry.xml",
        "certificate": signer("registry").certificate,
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
    (first, _) = idp_registry.parse_aggregate(document, signer("registry").certificate, NOW)
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
    with pytest.raises(RegistryError, match="validUntil"):
        files.load(NOW)
