"""Acting for an organization (SPID's Purpose), and identities of other countries without an Italian fiscal code."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit
from zlib import decompress

import pytest
from lxml import etree

from contracts.codes import FiscalCode
from contracts.errors import ErrorCode, Refused
from contracts.rpc.identity import FinishLogin, Organization, StartLoginRequest
from services.identity.saml.refusal import Reason
from services.identity.usecases import login
from tests.integration.identity.conftest import MARIO, Portal, refused_login

NS = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "spid": "https://spid.gov.it/saml-extensions",
}
COMPANY = {
    "companyName": "Officine Rossi S.r.l.",
    "companyFiscalNumber": "TINIT-00743110157",
    "ivaCode": "VATIT-00743110157",
}


@pytest.fixture
def portal(portal: Portal) -> Portal:
    portal.settings = replace(portal.settings, purposes=("PX", "LP", "PG"))
    return portal


def enter(portal: Portal, purpose: str | None, company: Mapping[str, str]) -> FinishLogin:
    request = portal.begin(purpose=purpose)
    return portal.finish(portal.answer(request, attributes={**MARIO.attributes, **company}))


def asked(portal: Portal, purpose: str | None) -> etree._Element:
    request = StartLoginRequest(idp="prova-1", return_to="/", browser_token="browser", purpose=purpose)
    query = parse_qs(urlsplit(portal.start(request).redirect_url).query)
    return etree.fromstring(decompress(b64decode(query["SAMLRequest"][0]), wbits=-15))


@pytest.mark.parametrize("purpose", ["PX", "LP", "PG"])
def test_the_request_says_the_purpose_after_the_issuer_and_asks_for_the_organizations_attributes(
    portal: Portal, purpose: str
) -> None:
    request = asked(portal, purpose)
    assert [etree.QName(one).localname for one in request][:3] == ["Issuer", "Extensions", "NameIDPolicy"]
    assert request.findtext("samlp:Extensions/spid:Purpose", None, NS) == purpose
    assert request.get("AttributeConsumingServiceIndex") == "1"


def test_a_citizens_request_says_no_purpose(portal: Portal) -> None:
    request = asked(portal, None)
    assert request.find("samlp:Extensions", NS) is None
    assert request.get("AttributeConsumingServiceIndex") == "0"


@pytest.mark.parametrize("purpose", ["PX", "LP", "PG"])
def test_who_acts_for_an_organization_has_it_in_the_session(portal: Portal, purpose: str) -> None:
    session = enter(portal, purpose, COMPANY).session
    assert session.organization == Organization(fiscal_code=FiscalCode("00743110157"), name="Officine Rossi S.r.l.")
    assert session.citizen.fiscal_code == MARIO.fiscal_code


@pytest.mark.parametrize(
    ("company", "fiscal_code", "name"),
    [
        ({"ivaCode": "VATIT-00743110157", "companyName": "Rossi"}, "00743110157", "Rossi"),
        ({"companyFiscalNumber": "TINIT-RSSMRA85T10A562S"}, "RSSMRA85T10A562S", "RSSMRA85T10A562S"),
        ({"companyFiscalNumber": "00743110157", "ivaCode": "VATIT-99999999999"}, "00743110157", "00743110157"),
    ],
)
def test_the_organization_is_known_by_its_fiscal_code_else_its_vat_number(
    portal: Portal, company: dict[str, str], fiscal_code: str, name: str
) -> None:
    found = enter(portal, "PX", company).session.organization
    assert found is not None
    assert (found.fiscal_code, found.name) == (fiscal_code, name)


@pytest.mark.parametrize(
    "company",
    [{}, {"companyName": "Officine Rossi"}, {"ivaCode": "VATDE-123456789"}, {"companyFiscalNumber": "TINIT-"}],
)
def test_without_a_code_of_the_organization_the_person_is_a_citizen(portal: Portal, company: dict[str, str]) -> None:
    assert enter(portal, "PG", company).session.organization is None


def test_attributes_of_an_organization_nobody_asked_for_are_not_taken(portal: Portal) -> None:
    assert enter(portal, None, COMPANY).session.organization is None


def test_a_citizen_session_and_an_organizations_do_not_mix(portal: Portal) -> None:
    company, own = enter(portal, "LP", COMPANY).session, portal.log_in().session
    assert company.citizen.id == own.citizen.id
    assert own.organization is None


@pytest.mark.parametrize(("purposes", "idp"), [((), "prova-1"), (("LP",), "prova-1"), (("PX",), "cie")])
def test_a_purpose_that_is_not_offered_is_refused(portal: Portal, purposes: tuple[str, ...], idp: str) -> None:
    portal.settings = replace(portal.settings, purposes=purposes)
    with pytest.raises(Refused) as refused:
        portal.begin(purpose="PX", idp=idp)
    assert (refused.value.code, refused.value.params) == (ErrorCode.INVALID_REQUEST, {"field": "purpose"})


def test_the_purposes_are_offered_with_the_providers(portal: Portal) -> None:
    assert login.providers(portal.settings, portal.registry).purposes == ["PX", "LP", "PG"]


def test_an_identity_of_another_kind_than_asked_for_is_told_as_such(portal: Portal) -> None:
    with refused_login(Reason.USER_ANOMALY) as params:
        portal.finish(portal.answer(portal.begin(purpose="PX"), error=30))
    assert params["anomaly"] == 30


@pytest.mark.parametrize("code", [None, "", "TINES-12345678Z", "TINDE-RSSMRA85T10A562S", "RSSMRA85T10A562S"])
def test_an_identity_without_italian_fiscal_code_is_told_to_search_by_notice_number(
    portal: Portal, code: str | None
) -> None:
    attributes = {"spidCode": "EIDA0000000001", "name": "María", "familyName": "García", "dateOfBirth": "1990-01-01"}
    if code is not None:
        attributes["fiscalNumber"] = code
    with refused_login(Reason.FISCAL_CODE) as params:
        portal.finish(portal.answer(portal.begin(), attributes=attributes))
    assert params["reason"] == "foreign_identity"


def test_the_eidas_node_is_asked_for_its_minimum_set_and_logs_in_who_has_a_fiscal_code(portal: Portal) -> None:
    node = replace(next(one for one in portal.registry if one.key == "prova-1"), key="eidas")
    portal.registry.replace([node])
    request = StartLoginRequest(idp="eidas", return_to="/", browser_token="browser")
    query = parse_qs(urlsplit(portal.start(request).redirect_url).query)
    sent = etree.fromstring(decompress(b64decode(query["SAMLRequest"][0]), wbits=-15))
    assert sent.get("AttributeConsumingServiceIndex") == "99"
    assert [one.kind for one in login.providers(portal.settings, portal.registry).providers] == ["eidas"]
    assert portal.finish(portal.answer(str(sent.get("ID")))).session.citizen.fiscal_code == MARIO.fiscal_code
    with refused_login(Reason.FISCAL_CODE) as params:
        attributes = {"spidCode": "EIDA0000000001", "name": "María", "familyName": "García"}
        portal.finish(portal.answer(portal.begin(idp="eidas"), attributes=attributes))
    assert params["reason"] == "eidas"
    with pytest.raises(Refused):
        portal.begin(purpose="PX", idp="eidas")
