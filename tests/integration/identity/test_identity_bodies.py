"""Many bodies under one portal: each with its own entity id and metadata, and a login of one is none of another."""

import json
from dataclasses import replace

import pytest
from environs import EnvError
from lxml import etree

from contracts.errors import ErrorCode, Refused
from contracts.rpc.identity import (
    CalendarReaderRequest,
    MetadataRequest,
    RenewCalendarFeedRequest,
    Session,
    SessionRequest,
)
from services.identity.saml.contacts import Organization
from services.identity.saml.refusal import Reason
from services.identity.settings import Settings
from services.identity.usecases import calendar_feed, login, sessions
from tests.integration.identity.conftest import MARIO, NOW, PUBLIC_URL, Portal, refused_login

BODY = f"{PUBLIC_URL}/pub-ag-full/c_l049"
OTHER_BODY = f"{PUBLIC_URL}/pub-ag-full/c_a662"
INVOICED = {
    "name": "Gestore",
    "street": "Via Roma",
    "postal_code": "74121",
    "city": "Taranto",
    "email": "fatture@gestore.example",
    "vat_number": "IT00743110157",
}
PRIVATE = {"SPID_ACTIVITY": "pri-ag-full", "SPID_INVOICED_PARTY": json.dumps(INVOICED)}
SCHOOL = {"name": "Scuola privata", "url": "https://scuola.example"}


@pytest.fixture
def portal(portal: Portal) -> Portal:
    bodies = {
        "PM108": Organization(name="Comune di Taranto", ipa_code="c_l049", url="https://taranto.example", email=""),
        "PM200": Organization(name="Comune di Bari", ipa_code="c_a662", url="https://bari.example", email=""),
    }
    portal.settings = replace(portal.settings, bodies=bodies)
    return portal


def log_in(portal: Portal, entity_code: str, entity_id: str) -> str:
    request = portal.begin(entity_code=entity_code)
    return portal.finish(portal.answer(request, MARIO, audience=entity_id)).session_token


def current(portal: Portal, token: str, entity_code: str | None) -> Session:
    request = SessionRequest(session_token=token, entity_code=entity_code)
    return sessions.current(portal.database, portal.settings, request, NOW)


def test_each_body_has_its_own_entity_id_and_metadata(portal: Portal) -> None:
    def entity_id(entity_code: str | None) -> str | None:
        request = MetadataRequest(entity_code=entity_code)
        return etree.fromstring(login.service_provider_metadata(portal.settings, request).xml.encode()).get("entityID")

    assert entity_id("PM108") == BODY
    assert entity_id("PM200") == OTHER_BODY
    assert entity_id("PM300") == entity_id(None) == f"{PUBLIC_URL}/spid/metadata"


def test_the_request_is_sent_and_the_answer_taken_as_the_body_of_the_page(portal: Portal) -> None:
    token = log_in(portal, "PM108", BODY)
    assert current(portal, token, "PM108").citizen.fiscal_code == MARIO.fiscal_code


@pytest.mark.parametrize("audience", [OTHER_BODY, f"{PUBLIC_URL}/spid/metadata"])
def test_an_answer_for_another_body_is_refused(portal: Portal, audience: str) -> None:
    with refused_login(Reason.AUDIENCE):
        portal.finish(portal.answer(portal.begin(), MARIO, audience=audience))


@pytest.mark.parametrize("elsewhere", ["PM200", "PM300"])
def test_a_login_of_one_body_is_not_valid_for_another(portal: Portal, elsewhere: str) -> None:
    token = log_in(portal, "PM108", BODY)
    with pytest.raises(Refused) as refused:
        current(portal, token, elsewhere)
    assert refused.value.code is ErrorCode.LOGIN_REQUIRED
    assert current(portal, token, "PM108")
    assert current(portal, token, None)


def test_a_login_of_the_portal_itself_is_not_valid_for_a_body_either(portal: Portal) -> None:
    token = log_in(portal, "PM300", f"{PUBLIC_URL}/spid/metadata")
    assert current(portal, token, "PM300")
    assert current(portal, token, "PM400")
    with pytest.raises(Refused) as refused:
        current(portal, token, "PM108")
    assert refused.value.code is ErrorCode.LOGIN_REQUIRED


def test_the_card_too_logs_in_for_the_body_of_the_page_alone(portal: Portal) -> None:
    token = portal.finish(portal.answer(portal.begin(idp="cie"), idp="cie")).session_token
    assert current(portal, token, "PM108")
    with pytest.raises(Refused):
        current(portal, token, "PM200")


def test_a_calendar_made_in_one_body_leaves_the_others_out(portal: Portal) -> None:
    token = log_in(portal, "PM108", BODY)
    made = calendar_feed.renew(portal.database, RenewCalendarFeedRequest(session_token=token), NOW)
    request = CalendarReaderRequest(feed_token=made.feed_token)
    assert calendar_feed.reader(portal.database, portal.settings, request).excluded_entity_codes == ["PM200"]


def test_without_bodies_one_login_is_for_every_entity(portal: Portal) -> None:
    portal.settings = replace(portal.settings, bodies={})
    token = portal.token()
    assert all(current(portal, token, code) for code in ("PM108", "PM200", None))


@pytest.mark.parametrize("text", ['{"PM108": {"name": "Comune"}}', "[]", '{"PM108": "Comune"}', "{", "PM108"])
def test_bodies_that_cannot_be_read_stop_the_start(
    spid_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    for name, value in {**spid_environment, "SPID_BODIES": text}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(EnvError, match="SPID_BODIES"):
        Settings.load()


def test_the_settings_give_each_body_its_name_and_the_aggregator_its_codes(
    spid_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = '{"PM108": {"name": "Comune di Taranto", "ipa_code": "c_l049", "url": "https://taranto.example"}}'
    for name, value in {**spid_environment, "SPID_BODIES": body, "SPID_VAT_NUMBER": "IT00743110157"}.items():
        monkeypatch.setenv(name, value)
    provider = Settings.load().provider_of("PM108")
    assert (provider.entity_id, provider.organization.name) == (BODY, "Comune di Taranto")
    assert provider.aggregator is not None
    assert provider.aggregator.organization.vat_number == "IT00743110157"
    monkeypatch.setenv("SPID_PURPOSES", "PX,XX")
    with pytest.raises(EnvError, match="SPID_PURPOSES"):
        Settings.load()


@pytest.mark.parametrize(
    ("activity", "more", "told"),
    [
        ("pub-ag-half", {}, "SPID_ACTIVITY"),
        ("pri-ag-full", {}, "SPID_INVOICED_PARTY"),
        ("pub-ag-lite", {}, "SPID_VALIDATION_CERT_FILE"),
        ("pub-op-full", {"SPID_VAT_NUMBER": "IT00743110157"}, "SPID_FISCAL_CODE"),
        ("pub-op-full", {"SPID_FISCAL_CODE": "00743110157"}, "SPID_VAT_NUMBER"),
    ],
)
def test_an_activity_that_is_none_or_lacks_what_it_needs_stops_the_start(
    spid_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, activity: str, more: dict[str, str], told: str
) -> None:
    for name, value in {**spid_environment, "SPID_ACTIVITY": activity, **more}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(EnvError, match=told):
        Settings.load()


def test_a_light_activity_publishes_the_certificate_that_it_is_given(
    spid_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = '{"PM108": {"name": "Comune di Taranto", "ipa_code": "c_l049", "url": "https://taranto.example"}}'
    light = {"SPID_ACTIVITY": "pub-ag-lite", "SPID_VALIDATION_CERT_FILE": spid_environment["SPID_SP_CERT_FILES"]}
    for name, value in {**spid_environment, "SPID_BODIES": body, **light}.items():
        monkeypatch.setenv(name, value)
    loaded = Settings.load()
    provider = loaded.provider_of("PM108")
    assert provider.entity_id == f"{PUBLIC_URL}/pub-ag-lite/c_l049"
    assert provider.aggregator is not None
    assert provider.aggregator.validation == loaded.key.certificates[0]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"vat_number": None}, "vat_number"),
        ({"postal_code": "7412"}, "postal_code"),
        ({"postal_code": 74121}, "postal_code"),
        ({"city": ""}, "city"),
        ({"name": "Šćerba"}, "name"),
        ({"province": "Taranto"}, "province"),
        ({"phone": "+39099"}, "phone"),
    ],
)
def test_whom_to_invoice_is_as_agids_schema_wants_it_or_stops_the_start(
    spid_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], told: str
) -> None:
    party = {name: value for name, value in {**INVOICED, **changes}.items() if value is not None}
    for name, value in {**spid_environment, **PRIVATE, "SPID_INVOICED_PARTY": json.dumps(party)}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(EnvError, match=f"SPID_INVOICED_PARTY.*{told}"):
        Settings.load()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (SCHOOL, "vat_number or a fiscal_code"),
        ({**SCHOOL, "vat_number": "02468135791"}, "begins with its country"),
        ({**SCHOOL, "fiscal_code": "02468135791", "ipa_code": "c_l049"}, "public body"),
    ],
)
def test_a_private_body_has_a_tax_code_of_its_own_and_none_of_the_public_index(
    spid_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, body: dict[str, str], told: str
) -> None:
    for name, value in {**spid_environment, **PRIVATE, "SPID_BODIES": json.dumps({"PM108": body})}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(EnvError, match=told):
        Settings.load()


@pytest.mark.parametrize(
    ("codes", "entity_id"),
    [
        ({"vat_number": "IT02468135791"}, "pri-ag-full/IT02468135791"),
        ({"vat_number": "IT02468135791", "fiscal_code": "80012345676"}, "pri-ag-full/80012345676"),
    ],
)
def test_a_private_body_is_known_by_its_tax_code(
    spid_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, codes: dict[str, str], entity_id: str
) -> None:
    bodies = json.dumps({"PM108": {**SCHOOL, **codes}})
    for name, value in {**spid_environment, **PRIVATE, "SPID_BODIES": bodies}.items():
        monkeypatch.setenv(name, value)
    provider = Settings.load().provider_of("PM108")
    assert provider.entity_id == f"{PUBLIC_URL}/{entity_id}"
    assert provider.organization.name == "Scuola privata"
    assert provider.aggregator is not None
    assert provider.aggregator.invoiced is not None
    assert (provider.aggregator.invoiced.name, provider.aggregator.invoiced.country) == ("Gestore", "IT")
