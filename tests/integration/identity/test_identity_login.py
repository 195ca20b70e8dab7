"""Logging in on a real database: once, by one browser, in time, and traced."""

from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from environs import EnvError
from lxml import etree
from structlog.testing import capture_logs

from contracts.errors import ErrorCode, Refused
from contracts.rpc.identity import MetadataRequest, StartLoginRequest
from services.identity import models
from services.identity.saml.refusal import Reason
from services.identity.settings import Settings
from services.identity.usecases import login, upkeep
from tests.integration.identity.conftest import GIULIA, LUCA, MARIO, NOW, Portal, refused_login


def rows(portal: Portal, table: type[models.Base]) -> list[Any]:
    with portal.database.reading() as session:
        return list(session.scalars(sa.select(table)))


def test_a_login_opens_a_session_and_leads_back_to_where_it_began(portal: Portal) -> None:
    finished = portal.log_in()
    assert finished.return_to == "/enti/PM108/pratiche"
    assert finished.entity_code == "PM108"
    session = finished.session
    assert session.spid_level == 2
    assert session.registered is False
    assert session.citizen.fiscal_code == MARIO.fiscal_code
    assert session.citizen.email == MARIO.email
    assert session.idle_until == NOW + timedelta(minutes=20)
    assert session.expires_at == NOW + timedelta(hours=8)
    assert len(finished.session_token) >= 43


def test_a_fiscal_code_is_one_citizen_whichever_provider_asserts_it(portal: Portal) -> None:
    first = portal.log_in()
    request = portal.begin(idp="prova-2")
    second = portal.finish(portal.answer(request, MARIO, idp="prova-2"))
    assert first.session.citizen.id == second.session.citizen.id
    assert first.session_token != second.session_token
    assert portal.log_in(GIULIA).session.citizen.id != first.session.citizen.id


def test_a_citizen_without_email_logs_in(portal: Portal) -> None:
    assert portal.log_in(LUCA).session.citizen.email is None


def test_tokens_are_stored_only_as_hashes(portal: Portal) -> None:
    token = portal.token()
    (session,) = rows(portal, models.CitizenSession)
    assert len(session.token_sha256) == 32
    assert token.encode() not in session.token_sha256


def test_the_same_answer_a_second_time_is_refused(portal: Portal) -> None:
    answer = portal.answer(portal.begin())
    portal.finish(answer)
    with refused_login(Reason.REQUEST_CONSUMED):
        portal.finish(answer)


def test_of_two_at_once_one_gets_in(portal: Portal) -> None:
    answer = portal.answer(portal.begin())

    def attempt(_: int) -> bool:
        try:
            portal.finish(answer)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1
    assert len(rows(portal, models.CitizenSession)) == 1


def test_an_assertion_used_before_is_refused_in_the_answer_to_another_request(portal: Portal) -> None:
    def same_id(root) -> None:
        root.find("{urn:oasis:names:tc:SAML:2.0:assertion}Assertion").set("ID", "_used_before")

    portal.finish(portal.answer(portal.begin(), MARIO, same_id))
    with refused_login(Reason.REPLAYED):
        portal.finish(portal.answer(portal.begin(), MARIO, same_id))


def test_another_browser_is_refused_and_does_not_use_the_request_up(portal: Portal) -> None:
    answer = portal.answer(portal.begin(browser="mine"))
    with refused_login(Reason.OTHER_BROWSER):
        portal.finish(answer, browser="yours")
    assert portal.finish(answer, browser="mine").session_token


def test_a_browser_without_the_logins_cookie_is_refused(portal: Portal) -> None:
    request = portal.begin(browser="")
    with refused_login(Reason.OTHER_BROWSER):
        portal.finish(portal.answer(request), browser="")


def test_an_answer_after_fifteen_minutes_is_refused(portal: Portal) -> None:
    request = portal.begin()
    late = NOW + timedelta(minutes=15)
    with refused_login(Reason.REQUEST_EXPIRED):
        portal.finish(portal.answer(request, now=late), now=late)


def test_an_answer_nobody_asked_for_is_refused(portal: Portal) -> None:
    with refused_login(Reason.UNSOLICITED) as params:
        portal.finish(portal.answer("_made_up"))
    assert set(params) == {"reference"}


def test_a_lower_level_is_refused_and_a_higher_one_accepted(portal: Portal) -> None:
    with refused_login(Reason.LEVEL_TOO_LOW):
        portal.finish(portal.answer(portal.begin(), level=1))
    assert portal.log_in(level=3).session.spid_level == 3


@pytest.mark.parametrize("number", [19, 20, 21, 22, 23, 25, 30])
def test_a_failed_login_tells_its_number_the_entity_and_a_reference(portal: Portal, number: int) -> None:
    with refused_login(Reason.USER_ANOMALY) as params:
        portal.finish(portal.answer(portal.begin(), error=number))
    assert params["anomaly"] == number
    assert params["entity_code"] == "PM108"
    assert len(params["reference"]) == 8


def test_a_technical_failure_tells_a_reference_and_no_number(portal: Portal) -> None:
    with refused_login(Reason.STATUS_NOT_SUCCESS) as params:
        portal.finish(portal.answer(portal.begin(), error=8))
    assert set(params) == {"reference", "entity_code", "spid_level"}


def test_an_answer_signed_by_the_other_provider_is_refused(portal: Portal) -> None:
    with refused_login(Reason.RESPONSE_ISSUER):
        portal.finish(portal.answer(portal.begin(idp="prova-1"), idp="prova-2"))


def test_a_bad_answer_uses_its_request_up(portal: Portal) -> None:
    request = portal.begin()
    with refused_login(Reason.LEVEL_TOO_LOW):
        portal.finish(portal.answer(request, level=1))
    with refused_login(Reason.REQUEST_CONSUMED):
        portal.finish(portal.answer(request))


def test_each_login_is_traced_encrypted_and_can_be_extracted_by_its_reference(portal: Portal) -> None:
    with refused_login(Reason.LEVEL_TOO_LOW) as params:
        portal.finish(portal.answer(portal.begin(), level=1))
    citizen = portal.log_in().session.citizen
    refused, granted = rows(portal, models.SamlTrace)
    assert (refused.outcome, granted.outcome) == (Reason.LEVEL_TOO_LOW, "granted")
    assert (refused.citizen_id, granted.citizen_id) == (None, citizen.id)
    for trace in (refused, granted):
        assert MARIO.fiscal_code.encode() not in trace.response_encrypted
    (found,) = upkeep.extract_traces(portal.database, portal.settings, params["reference"])
    assert found["AuthnReq_ID"] == refused.request_id
    assert f'ID="{refused.request_id}"' in found["AuthnRequest"]
    assert MARIO.fiscal_code in found["Response"]
    assert found["Resp_Issuer"] == portal.idps["prova-1"].entity_id
    assert all((found["Assertion_ID"], found["Assertion_subject"], found["Assertion_subject_NameQualifier"]))
    assert upkeep.extract_traces(portal.database, portal.settings, str(citizen.id))[0]["outcome"] == "granted"


def test_nothing_personal_is_logged(portal: Portal) -> None:
    with capture_logs() as lines:
        token = portal.token()
        with pytest.raises(Refused):
            portal.finish(portal.answer(portal.begin(), level=1))
    written = str(lines)
    assert len(lines) == 2
    for secret in (token, MARIO.fiscal_code, MARIO.name, MARIO.family_name, str(MARIO.email)):
        assert secret not in written


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("idp", "unknown", ErrorCode.UNKNOWN_IDENTITY_PROVIDER),
        ("return_to", "//evil.example", ErrorCode.INVALID_REQUEST),
        ("return_to", "https://evil.example", ErrorCode.INVALID_REQUEST),
    ],
)
def test_a_login_that_cannot_be_begun_is_refused(portal: Portal, field: str, value: str, code: ErrorCode) -> None:
    request = StartLoginRequest(**{"idp": "prova-1", "return_to": "/", "browser_token": "b", field: value})
    with pytest.raises(Refused) as refused:
        portal.start(request)
    assert refused.value.code is code
    assert rows(portal, models.AuthnRequest) == []


def test_all_providers_are_listed_by_the_name_in_their_metadata(portal: Portal) -> None:
    listed = login.providers(portal.registry).providers
    assert {one.key: one.name for one in listed} == {
        "prova-1": "SPID di prova 1",
        "prova-2": "SPID di prova 2",
        "cie": "CIE di prova",
    }
    assert {one.key for one in listed if one.kind == "cie"} == {"cie"}


def test_the_setting_chooses_the_binding_and_the_register_holds_what_was_sent(
    portal: Portal, spid_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in spid_environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SPID_BINDING", "post")
    portal.settings = Settings.load()
    request = StartLoginRequest(idp="prova-1", entity_code="PM108", return_to="/", browser_token="browser")
    started = portal.start(request)
    assert started.redirect_url == portal.idps["prova-1"].sso_url
    assert started.form_fields is not None
    sent = b64decode(started.form_fields["SAMLRequest"])
    portal.finish(portal.answer(str(etree.fromstring(sent).get("ID"))))
    (trace,) = rows(portal, models.SamlTrace)
    assert portal.settings.trace_cipher.decrypt(trace.request_encrypted) == sent
    monkeypatch.setenv("SPID_BINDING", "soap")
    with pytest.raises(EnvError, match="SPID_BINDING"):
        Settings.load()


def test_a_citizen_logs_in_with_the_electronic_identity_card_by_its_own_rules(portal: Portal) -> None:
    with_card = portal.finish(portal.answer(portal.begin(idp="cie"), idp="cie"))
    assert with_card.session.citizen.id == portal.log_in().session.citizen.id


def test_the_rules_of_the_card_are_not_those_of_spid(portal: Portal) -> None:
    def without_format(root) -> None:
        for issuer in root.iter("{urn:oasis:names:tc:SAML:2.0:assertion}Issuer"):
            issuer.attrib.pop("Format", None)

    with refused_login(Reason.ASSERTION_ISSUER_FORMAT):
        portal.finish(portal.answer(portal.begin(), MARIO, without_format))

    def audience_of_spid(root) -> None:
        root.find(".//{urn:oasis:names:tc:SAML:2.0:assertion}Audience").text = portal.settings.provider.entity_id

    with refused_login(Reason.AUDIENCE):
        portal.finish(portal.answer(portal.begin(idp="cie"), MARIO, audience_of_spid, idp="cie"))


def test_the_metadata_for_the_card_are_of_another_federation(portal: Portal) -> None:
    ns = {
        "md": "urn:oasis:names:tc:SAML:2.0:metadata",
        "cie": "https://www.cartaidentita.interno.gov.it/saml-extensions",
    }
    root = etree.fromstring(login.service_provider_metadata(portal.settings, MetadataRequest(kind="cie")).xml.encode())
    assert str(root.get("entityID")).endswith("/cie/metadata")
    contact = root.find("md:ContactPerson[@contactType='administrative']", ns)
    assert contact is not None
    extensions = contact.find("md:Extensions", ns)
    assert extensions is not None
    assert [etree.QName(one).localname for one in extensions] == ["Public", "IPACode", "Municipality"]
    asked = [one.get("Name") for one in root.iterfind(".//md:RequestedAttribute", ns)]
    assert asked == ["name", "familyName", "dateOfBirth", "fiscalNumber"]
    organization = replace(portal.settings.provider.organization, municipality=None)
    settings = replace(portal.settings, provider=replace(portal.settings.provider, organization=organization))
    with pytest.raises(Refused) as refused:
        login.service_provider_metadata(settings, MetadataRequest(kind="cie"))
    assert refused.value.code is ErrorCode.INVALID_REQUEST
