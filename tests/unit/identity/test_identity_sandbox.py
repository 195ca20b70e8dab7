"""The sandbox's identity provider reads the portal's own requests: of its bodies, and with a purpose."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from lxml import etree

from sandbox.spid import portal as sandbox_portal
from sandbox.spid.citizens import CITIZENS
from sandbox.spid.portal import REDIRECTED, Portal
from sandbox.spid.providers import Provider
from sandbox.spid.requests import RequestRefused, VerifiedRequest, read_metadata
from services.identity.saml import authn_request, metadata
from services.identity.saml.contacts import Aggregator, Organization
from services.identity.saml.metadata import ORGANIZATION_SERVICE, ServiceProvider
from services.identity.saml.names import HTTP_POST, HTTP_REDIRECT
from services.identity.saml.signer import SigningKey
from services.identity.settings import Settings
from tests.unit.identity.spid_world import ACS, SLO, SP, signer

KEY = SigningKey(signer("sp").key, (signer("sp").certificate,))
OWN = ServiceProvider(
    entity_id=SP,
    acs_url=ACS,
    slo_url=SLO,
    organization=Organization(name="Gestore", ipa_code="x_agg", url="https://portale.example/", email="a@b.example"),
    more_services=(ORGANIZATION_SERVICE,),
)
BODY = replace(
    OWN,
    entity_id="https://portale.example/pub-ag-full/c_l049",
    organization=Organization(name="Comune", ipa_code="c_l049", url="https://comune.example/", email=""),
    aggregator=Aggregator(OWN.organization),
)
DOCUMENTS = {"own": OWN, "body": BODY}
IDP = Provider("prova-1", "SPID di prova 1", "https://idp.example", signer("idp-1").key, signer("idp-1").certificate)


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Portal:
    documents = {url: metadata.build(one, KEY, message_id="_m") for url, one in DOCUMENTS.items()}
    monkeypatch.setattr(sandbox_portal, "fetch_metadata", lambda url: read_metadata(documents[url]))
    return Portal(*DOCUMENTS)


def read(portal: Portal, binding: str, **changes: Any) -> VerifiedRequest:
    asked = authn_request.AuthnRequest(
        id="_request", issue_instant=datetime.now(UTC), destination=IDP.sso_url, entity_id=SP, level=2
    )
    sent = authn_request.send(replace(asked, **changes), binding, "relay", KEY)
    carried = sent.form_fields or {REDIRECTED: urlsplit(sent.url).query}
    return portal.read(carried, IDP)


@pytest.mark.parametrize("binding", [HTTP_REDIRECT, HTTP_POST])
def test_requests_of_the_portal_and_of_its_bodies_are_told_apart(portal: Portal, binding: str) -> None:
    for _ in range(2):
        for provider in (OWN, BODY):
            assert read(portal, binding, entity_id=provider.entity_id).provider.entity_id == provider.entity_id
    with pytest.raises(RequestRefused, match="Issuer"):
        read(portal, binding, entity_id="https://portale.example/pub-ag-full/c_a662")


@pytest.mark.parametrize("binding", [HTTP_REDIRECT, HTTP_POST])
@pytest.mark.parametrize("purpose", ["PX", "LP", "PG"])
def test_a_purpose_is_read_with_the_attributes_of_an_organization(portal: Portal, binding: str, purpose: str) -> None:
    found = read(portal, binding, purpose=purpose, attribute_service=1)
    assert found.purpose == purpose
    assert {"companyName", "companyFiscalNumber", "ivaCode"} <= set(found.attributes)
    assert read(portal, binding).purpose is None


def test_a_purpose_that_spid_does_not_know_is_refused(portal: Portal) -> None:
    with pytest.raises(RequestRefused, match="Avviso 18"):
        read(portal, HTTP_REDIRECT, purpose="XX", attribute_service=1)


def test_one_citizen_has_an_identity_for_professional_use() -> None:
    assert [one.username for one in CITIZENS if one.company] == ["giulia-bianchi"]


@pytest.mark.parametrize(
    ("activity", "aggregator_extensions", "types", "organization"),
    [
        ("pub-ag-full", ["PublicServicesFullAggregator"], ["aggregator", "aggregated"], "Comune"),
        ("pub-ag-lite", ["KeyDescriptor", "PublicServicesLightAggregator"], ["aggregator", "aggregated"], "Comune"),
        ("pub-op-full", ["PublicServicesFullOperator"], ["aggregator"], "Gestore"),
        ("pub-op-lite", ["KeyDescriptor", "PublicServicesLightOperator"], ["aggregator", "aggregated"], "Gestore"),
    ],
)
def test_the_metadata_of_a_body_name_who_does_the_login_and_the_body_in_avviso_19s_order(
    activity: str, aggregator_extensions: list[str], types: list[str], organization: str
) -> None:
    aggregator = Aggregator(
        OWN.organization,
        vat_number="IT00743110157",
        fiscal_code="00743110157",
        activity=activity,
        validation=signer("idp-1").certificate if "KeyDescriptor" in aggregator_extensions else None,
    )
    settings = SimpleNamespace(provider=OWN, aggregator=aggregator, bodies={"PM108": BODY.organization})
    provider = Settings.provider_of(cast("Settings", settings), "PM108")
    root = etree.fromstring(metadata.build(provider, KEY, message_id="_m"))
    ns = {"md": "urn:oasis:names:tc:SAML:2.0:metadata", "spid": "https://spid.gov.it/saml-extensions"}
    contacts = root.findall("md:ContactPerson", ns)
    found = [one.get("{https://spid.gov.it/saml-extensions}entityType") for one in contacts]
    assert found == [f"spid:{one}" for one in types]
    extensions = [[etree.QName(part).localname for part in one.iterfind("md:Extensions/*", ns)] for one in contacts]
    assert extensions[0] == ["IPACode", "VATNumber", "FiscalCode", *aggregator_extensions]
    assert extensions[1:] == [["IPACode", "Public"]] * (len(types) - 1)
    assert root.findtext("md:Organization/md:OrganizationName", None, ns) == organization
    assert [one.findtext("md:Company", None, ns) for one in contacts] == ["Gestore", "Comune"][: len(types)]
    assert root.get("entityID") == f"https://portale.example/{activity}/c_l049"
    uses = [one.get("use") for one in contacts[0].iterfind("md:Extensions/spid:KeyDescriptor", ns)]
    assert uses == (["spid:validation"] if "KeyDescriptor" in aggregator_extensions else [])
