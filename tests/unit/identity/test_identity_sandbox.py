"""The sandbox's identity provider reads the portal's own requests: of its bodies, and with a purpose."""

from dataclasses import fields, replace
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
from services.identity.saml.invoicing import SHAPES, InvoicedParty
from services.identity.saml.metadata import ORGANIZATION_SERVICE, ServiceProvider
from services.identity.saml.names import HTTP_POST, HTTP_REDIRECT
from services.identity.saml.signer import SigningKey
from services.identity.settings import Settings
from tests.unit.identity.spid_world import ACS, SLO, SP, signer

NS = {
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "spid": "https://spid.gov.it/saml-extensions",
    "fpa": "https://spid.gov.it/invoicing-extensions",
}
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


PRIVATE = Organization(
    name="Scuola privata", ipa_code=None, url="https://scuola.example/", email="", vat_number="IT02468135791"
)
INVOICED = InvoicedParty(
    name="Gestore",
    street="Via Roma",
    postal_code="74121",
    city="Taranto",
    email="fatture@gestore.example",
    vat_number="IT00743110157",
    fiscal_code="00743110157",
    street_number="3",
    province="TA",
)


@pytest.mark.parametrize(
    ("activity", "extensions", "contacts", "organization"),
    [
        ("pub-ag-full", ["PublicServicesFullAggregator"], ["aggregator", "aggregated"], "Comune"),
        ("pub-ag-lite", ["KeyDescriptor", "PublicServicesLightAggregator"], ["aggregator", "aggregated"], "Comune"),
        ("pri-ag-full", ["PrivateServicesFullAggregator"], ["aggregator", "aggregated", None], "Scuola privata"),
        (
            "pri-ag-lite",
            ["KeyDescriptor", "PrivateServicesLightAggregator"],
            ["aggregator", "aggregated", None],
            "Scuola privata",
        ),
        ("pub-op-full", ["PublicServicesFullOperator"], ["aggregator"], "Gestore"),
        ("pub-op-lite", ["KeyDescriptor", "PublicServicesLightOperator"], ["aggregator", "aggregated"], "Gestore"),
    ],
)
def test_the_metadata_of_a_body_name_who_does_the_login_and_the_body_in_avviso_19s_order(
    activity: str, extensions: list[str], contacts: list[str | None], organization: str
) -> None:
    is_private = activity.startswith("pri-")
    body = PRIVATE if is_private else BODY.organization
    root = metadata_of(activity, body, INVOICED if is_private else None)
    found = root.findall("md:ContactPerson", NS)
    types = [one.get("{https://spid.gov.it/saml-extensions}entityType") for one in found]
    assert types == [one and f"spid:{one}" for one in contacts]
    told = [[etree.QName(part).localname for part in one.iterfind("md:Extensions/*", NS)] for one in found]
    assert told[0] == ["IPACode", "VATNumber", "FiscalCode", *extensions]
    of_body = ["VATNumber", "Private"] if is_private else ["IPACode", "Public"]
    assert told[1:] == [of_body, ["CessionarioCommittente"]][: len(contacts) - 1]
    assert root.findtext("md:Organization/md:OrganizationName", None, NS) == organization
    assert [one.findtext("md:Company", None, NS) for one in found] == ["Gestore", body.name, "Gestore"][: len(contacts)]
    assert root.get("entityID") == f"https://portale.example/{activity}/{'IT02468135791' if is_private else 'c_l049'}"
    uses = [one.get("use") for one in found[0].iterfind("md:Extensions/spid:KeyDescriptor", NS)]
    assert uses == (["spid:validation"] if "KeyDescriptor" in extensions else [])


def metadata_of(activity: str, body: Organization, invoiced: InvoicedParty | None) -> etree._Element:
    aggregator = Aggregator(
        replace(OWN.organization, vat_number="IT00743110157", fiscal_code="00743110157"),
        activity=activity,
        validation=signer("idp-1").certificate if activity.endswith("-lite") else None,
        invoiced=invoiced,
    )
    settings = SimpleNamespace(provider=OWN, aggregator=aggregator, bodies={"PM108": body})
    provider = Settings.provider_of(cast("Settings", settings), "PM108")
    return etree.fromstring(metadata.build(provider, KEY, message_id="_m"))


@pytest.mark.parametrize(
    ("left_out", "told"),
    [
        ((), "IdPaese=IT IdCodice=00743110157 CodiceFiscale=00743110157 Denominazione=Gestore "),
        (("vat_number",), "CodiceFiscale=00743110157 Denominazione=Gestore "),
        (("fiscal_code", "street_number", "province"), "IdPaese=IT IdCodice=00743110157 Denominazione=Gestore "),
    ],
)
def test_the_metadata_of_a_private_body_say_whom_to_invoice_in_the_invoices_order(
    left_out: tuple[str, ...], told: str
) -> None:
    absent: dict[str, Any] = dict.fromkeys(left_out)
    party = replace(INVOICED, **absent)
    root = metadata_of("pri-ag-full", PRIVATE, party)
    [contact] = root.findall("md:ContactPerson[@contactType='billing']", NS)
    [seat] = contact.iterfind(".//fpa:Sede", NS)
    leaves = [part for part in contact.iterfind("md:Extensions//*", NS) if not len(part) and part not in seat]
    assert "".join(f"{etree.QName(part).localname}={part.text} " for part in leaves) == told
    where = {
        "Indirizzo": "Via Roma",
        "NumeroCivico": party.street_number,
        "CAP": "74121",
        "Comune": "Taranto",
        "Provincia": party.province,
        "Nazione": "IT",
    }
    assert [(etree.QName(part).localname, part.text) for part in seat] == [one for one in where.items() if one[1]]
    assert contact.findtext("md:EmailAddress", None, NS) == "fatture@gestore.example"


def test_each_field_of_who_is_invoiced_has_its_shape() -> None:
    assert set(SHAPES) == {field.name for field in fields(InvoicedParty)}
