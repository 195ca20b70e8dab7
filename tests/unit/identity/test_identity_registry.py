"""Which identity providers are trusted, and which stop the start."""

from base64 import b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from services.identity.saml import idp_registry
from services.identity.saml.idp_registry import RegistryError
from services.identity.saml.names import HTTP_POST, HTTP_REDIRECT
from tests.unit.identity.spid_world import signer


def write(
    folder: Path, key: str, entity_id: str, *keys: str, name: str = "Gestore", redirect: bool = True, slo: str = ""
) -> None:
    certificates = "".join(
        '<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n'
        + b64encode(signer(one).certificate.public_bytes(Encoding.DER)).decode()
        + "\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for one in keys
    )
    sso = f'<md:SingleSignOnService Binding="{HTTP_REDIRECT}" Location="{entity_id}/sso"/>' if redirect else ""
    (folder / f"{key}.xml").write_text(
        f"""<?xml version="1.0"?><!-- from the registry -->
        <md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"
            xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{entity_id}">
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
    )


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
    with pytest.raises(RegistryError, match="HTTP-Redirect"):
        idp_registry.load(tmp_path, allow_test=False)
