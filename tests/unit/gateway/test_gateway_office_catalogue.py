"""The catalogue's pages in the office: typed, looked at as a citizen will, published; every text of it is only text."""

import base64
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import falcon
import pytest

from contracts.actors import Actor
from contracts.codes import AmountCents
from contracts.error_details import ChangedMeanwhile
from contracts.errors import ErrorCode, Refused
from contracts.rpc import office_catalogue, practices
from contracts.rpc.practices import AmountChoice, Contacts
from contracts.shapes import LocalisedText
from tests.unit.gateway.administration_services import CONTENT, SERVICE_CONTENT, Administration
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import ENTITY, NOW, Services, make_service
from tests.unit.gateway.office_services import CARLO, MARIA, OFFICE_TOKEN, Office

CATALOGUE = "/ufficio/PM108/catalogo"
NEW = f"{CATALOGUE}/nuovo-servizio"
CHANGE = f"{CATALOGUE}/servizi/TARI"
WITHDRAW = f"{CHANGE}/ritira"
TEXTS = f"{CATALOGUE}/ente"
LOGO = f"{CATALOGUE}/logo"
TYPED = {
    "version": "4",
    "codice": "MENSA",
    "titolo_it": "Mensa",
    "titolo_en": "Canteen",
    "nota_it": "Nota",
    "nota_en": "Note",
    "categoria": "9/0601126IM/",
    "conto": "3.1",
    "minimo": "1,00",
    "massimo": "50",
    "spontaneo": "si",
}


@pytest.fixture(name="office")
def _office(services: Services) -> Office:
    return Office(services)


@pytest.fixture(name="shop")
def _shop(services: Services, office: Office) -> Administration:
    return Administration(services, office)


@pytest.fixture(name="desk")
def _desk(browser: Browser, shop: Administration) -> Browser:
    browser.cookies["office"] = OFFICE_TOKEN
    return browser


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize("path", [CATALOGUE, NEW, CHANGE, WITHDRAW, TEXTS, LOGO])
def test_a_page_is_made_for_everybody(desk: Browser, path: str, language: str) -> None:
    desk.language = language
    answer = desk.get(path)
    assert answer.status_code == HTTPStatus.OK
    page = page_of(answer)
    assert len(page.xpath("//h1")) == 1
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    for control in page.xpath("//main//input[not(@type='hidden')]"):
        assert page.xpath(f"//label[@for='{control.get('id')}']"), control.get("name")


def test_a_service_is_tried_out_as_who_pays_will_see_it_and_then_published(desk: Browser, services: Services) -> None:
    trial = desk.submit(NEW, **TYPED, passo="prova")
    assert trial.status_code == HTTPStatus.OK
    (asked,) = services.asked(office_catalogue.PUBLISH_SERVICE)
    assert (asked.is_new, asked.is_trial, asked.version) == (True, True, 4)
    assert asked.actor == Actor(kind="operator", id=str(MARIA))
    content = asked.service
    assert (content.code, content.min_cents, content.max_cents, content.fixed_cents) == ("MENSA", 100, 5000, None)
    assert (content.spontaneous, content.allows_anonymous) == (True, False)
    page = page_of(trial)
    assert page.xpath("//fieldset[@disabled]//input[@name='amount']")
    assert page.xpath("//fieldset[@disabled]//input[@name='service']/@value") == ["Mensa"]
    assert "almeno 1,00" in text_of(trial)
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    first, second = page.xpath("//main//form")
    carried = {one.get("name"): one.get("value") for one in first.xpath(".//input")}
    assert carried.pop("passo") == "pubblica"
    carried.pop("csrf_token")
    answer = desk.submit_and_follow(NEW, **carried, passo="pubblica")
    assert "Pubblicato" in text_of(answer)
    published = services.asked(office_catalogue.PUBLISH_SERVICE)[-1]
    assert published == replace(asked, is_trial=False)
    back = {one.get("name"): one.get("value") for one in second.xpath(".//input")}
    back.pop("csrf_token")
    again = page_of(desk.submit(NEW, **back))
    assert again.xpath("//input[@name='titolo_it']/@value") == ["Mensa"]
    assert again.xpath("//input[@name='spontaneo']/@checked")


def test_after_it_was_published_here_the_pages_ask_for_the_catalogue_anew(desk: Browser, services: Services) -> None:
    desk.get("/enti/PM108")
    asked = len(services.asked(practices.ENTITY))
    desk.get("/enti/PM108")
    assert len(services.asked(practices.ENTITY)) == asked
    desk.submit(NEW, **TYPED, passo="pubblica")
    desk.get("/enti/PM108")
    assert len(services.asked(practices.ENTITY)) > asked


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"codice": ""}, "codice"),
        ({"titolo_en": " "}, "titolo_en"),
        ({"nota_en": ""}, "nota_it"),
        ({"categoria": ""}, "categoria"),
        ({"minimo": "tanto"}, "minimo"),
        ({"fisso": "-1"}, "fisso"),
    ],
)
def test_what_can_be_seen_here_is_said_at_its_field(
    desk: Browser, services: Services, changes: dict[str, str], field: str
) -> None:
    answer = desk.submit(NEW, **{**TYPED, **changes}, passo="prova")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert page_of(answer).xpath(f"//*[@id='{field}-errore']")
    assert services.asked(office_catalogue.PUBLISH_SERVICE) == []


@pytest.mark.parametrize(
    ("wrong", "field"), [("category", "categoria"), ("max_cents", "massimo"), ("code", "codice"), ("whole", None)]
)
def test_what_practices_refuses_is_said_at_its_field_and_the_rest_kept(
    desk: Browser, shop: Administration, wrong: str, field: str | None
) -> None:
    shop.wrong_fields = [wrong]
    answer = desk.submit(NEW, **TYPED, passo="pubblica")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = page_of(answer)
    assert page.xpath("//input[@name='titolo_it']/@value") == ["Mensa"]
    assert page.xpath(f"//*[@id='{field}-errore']" if field else "//div[contains(@class, 'portal-errors')]")


def test_a_code_that_was_used_is_refused_at_its_field(desk: Browser, services: Services) -> None:
    services.failures[office_catalogue.PUBLISH_SERVICE.name] = Refused(ErrorCode.DUPLICATE_REFERENCE)
    answer = desk.submit(NEW, **TYPED, passo="prova")
    assert page_of(answer).xpath("//*[@id='codice-errore']")


def test_of_a_service_that_is_there_the_code_is_that_of_the_address(desk: Browser, services: Services) -> None:
    form = page_of(desk.get(CHANGE))
    assert form.xpath("//input[@name='codice']/@readonly")
    assert form.xpath("//input[@name='minimo']/@value") == ["10,00"]
    assert "shares" in text_of(desk.get(CHANGE))
    desk.submit(CHANGE, **TYPED, passo="pubblica")
    (asked,) = services.asked(office_catalogue.PUBLISH_SERVICE)
    assert (asked.service.code, asked.is_new) == ("TARI", False)
    assert desk.get(f"{CATALOGUE}/servizi/NESSUNO").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("path", [NEW, CHANGE, WITHDRAW, TEXTS])
def test_the_second_of_two_is_told_who_published_and_nothing_typed_is_lost(
    desk: Browser, office: Office, shop: Administration, path: str
) -> None:
    office.meanwhile = ChangedMeanwhile(
        version=5, actor_kind="operator", actor_id=str(CARLO), operation="catalogue.publish_service", at=NOW, fields=[]
    )
    answer = desk.submit(path, **TYPED, passo="pubblica", telefono="081 123456")
    assert answer.status_code == HTTPStatus.CONFLICT
    page = page_of(answer)
    assert "Servizio pubblicato da Carlo Neri" in text_of(answer)
    assert set(page.xpath("//form[@action!='/ufficio/esci']//input[@name='version']/@value")) == {"4"}
    for name, value in (("titolo_it", "Mensa"), ("telefono", "081 123456")):
        assert page.xpath(f"//input[@name='{name}']/@value") in ([value], [])


def test_a_service_is_withdrawn_after_one_question(desk: Browser, services: Services) -> None:
    answer = desk.submit_and_follow(WITHDRAW, version="4")
    assert "Pubblicato" in text_of(answer)
    (asked,) = services.asked(office_catalogue.WITHDRAW_SERVICE)
    assert (asked.service_code, asked.version) == ("TARI", 4)


# ---- texts of the entity


def test_texts_and_contacts_are_published(desk: Browser, services: Services) -> None:
    typed = {
        "version": "4",
        "sito": "https://ente.example",
        "telefono": "+39 081 123456",
        "orari_it": "lun",
        "orari_en": "Mon",
        "colore": "#8a1538",
        "colore_scuro": "#5c0e25",
    }
    desk.submit_and_follow(TEXTS, **typed)
    (asked,) = services.asked(office_catalogue.PUBLISH_ENTITY)
    hours = LocalisedText(it="lun", en="Mon")
    assert asked.entity.contacts == Contacts(phone="+39 081 123456", office_hours=hours)
    assert asked.entity.colours is not None
    assert (asked.entity.colours.dark, asked.entity.website) == ("#5c0e25", "https://ente.example")
    assert (asked.entity.contact_email, asked.entity.office_name) == (None, None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"telefono": "chiamaci"}, "telefono"),
        ({"pec": "nessuna"}, "pec"),
        ({"orari_it": "lun", "orari_en": ""}, "orari_it"),
        ({"colore": "rosso", "colore_scuro": "#000000"}, "colore"),
        ({"colore": "#000000", "colore_scuro": ""}, "colore_scuro"),
    ],
)
def test_a_contact_that_will_not_do_is_said_at_its_field(
    desk: Browser, services: Services, changes: dict[str, str], field: str
) -> None:
    answer = desk.submit(TEXTS, version="4", **changes)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert page_of(answer).xpath(f"//*[@id='{field}-errore']")
    assert services.asked(office_catalogue.PUBLISH_ENTITY) == []


@pytest.mark.parametrize(("wrong", "field"), [("website", "sito"), ("office_name", "ufficio"), ("primary", "colore")])
def test_what_practices_refuses_of_the_entity_is_said_at_its_field(
    desk: Browser, shop: Administration, wrong: str, field: str
) -> None:
    shop.wrong_fields = [wrong]
    answer = desk.submit(TEXTS, version="4", sito="https://x")
    assert page_of(answer).xpath(f"//*[@id='{field}-errore']")


# ---- the logo


def test_a_logo_is_published_and_served_under_a_name_that_is_its_content(
    desk: Browser, services: Services, shop: Administration
) -> None:
    answer = desk.upload(LOGO, ("logo", "l.png", b"\x89PNG"), csrf_token=desk.token(), version="4")
    assert answer.headers["location"].startswith(CATALOGUE)
    (asked,) = services.asked(office_catalogue.PUBLISH_LOGO)
    assert (base64.b64decode(asked.content_base64), asked.version) == (b"\x89PNG", 4)
    assert asked.actor == Actor(kind="operator", id=str(MARIA))
    named = replace(ENTITY, logo="pubblicato-0f.png")
    services.answer(practices.ENTITY, lambda _: named)
    (address,) = page_of(desk.get("/enti/PM108")).xpath("//img[@class='portal-brand__logo']/@src")
    assert address == "/enti/PM108/loghi/pubblicato-0f.png"
    served = desk.get(str(address))
    assert served.headers["content-type"] == "image/png"
    assert "immutable" in served.headers["cache-control"]
    assert served.headers["x-content-type-options"] == "nosniff"
    services.failures[office_catalogue.LOGO.name] = Refused(ErrorCode.NOT_FOUND)
    assert desk.get("/enti/PM108/loghi/altro.png").status_code == HTTPStatus.NOT_FOUND
    assert desk.get(f"/enti/PM108/loghi/{'x' * 71}").status_code == HTTPStatus.NOT_FOUND


def test_a_file_that_is_no_logo_is_said_and_nothing_is_published(
    desk: Browser, services: Services, shop: Administration
) -> None:
    for content in (b"", b"x" * 200_001):
        answer = desk.upload(LOGO, ("logo", "l.png", content), csrf_token=desk.token(), version="4")
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert services.asked(office_catalogue.PUBLISH_LOGO) == []
    shop.wrong_fields = ["logo"]
    answer = desk.upload(LOGO, ("logo", "l.svg", b"<svg/>"), csrf_token=desk.token(), version="4")
    assert page_of(answer).xpath("//*[@id='logo-errore']")
    forged = desk.upload(LOGO, ("logo", "l.png", b"\x89PNG"), csrf_token="forged", version="4")
    assert forged.status_code == HTTPStatus.FORBIDDEN


def test_the_second_of_two_who_change_the_logo_is_told(desk: Browser, office: Office) -> None:
    office.meanwhile = ChangedMeanwhile(version=5, actor_kind="operator", actor_id=str(CARLO), operation="x", at=NOW)
    answer = desk.upload(LOGO, ("logo", "l.png", b"\x89PNG"), csrf_token=desk.token(), version="3")
    assert answer.status_code == HTTPStatus.CONFLICT
    assert page_of(answer).xpath("//input[@name='version']/@value") == ["4"]


# ---- stored texts are text


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{ 7*7 }}"
HOSTILE_TEXTS = LocalisedText(it=HOSTILE, en=HOSTILE)


def hostile_entity() -> practices.Entity:
    """An entity each text of which is an attack, as if a file had carried it past every check."""
    service = replace(
        make_service("TARI", "x"),
        title=HOSTILE_TEXTS,
        note=HOSTILE_TEXTS,
        category=HOSTILE,
        allows_anonymous=True,
        choices=[
            AmountChoice(cents=AmountCents(100), title=HOSTILE_TEXTS),
            AmountChoice(cents=AmountCents(200), title=HOSTILE_TEXTS),
        ],
    )
    creditor = replace(ENTITY.creditor, company_name=HOSTILE, office_name=HOSTILE)
    contacts = Contacts(address=HOSTILE, office_hours=HOSTILE_TEXTS)  # the rest no message carries
    texts: dict[str, Any] = {
        "website": f"javascript:alert(1)//{HOSTILE}",
        "contact_email": HOSTILE,
        "postal_account_holder": HOSTILE,
    }
    return replace(ENTITY, creditor=creditor, contacts=contacts, services=[service], **texts)


PUBLIC = (
    "/enti/PM108",
    "/enti/PM108/inserimento",
    "/enti/PM108/inserimento/TARI",
    "/enti/PM108/carrello",
    "/accessibilita",
)
OFFICE = (
    CATALOGUE,
    NEW,
    CHANGE,
    WITHDRAW,
    TEXTS,
    "/ufficio/PM108",
    "/ufficio/PM108/colleghi/invita",
    "/ufficio/PM108/inserisci",
)


@pytest.mark.parametrize("path", [*PUBLIC, *OFFICE])
def test_no_text_of_the_catalogue_becomes_code_on_any_page(
    desk: Browser, services: Services, office: Office, shop: Administration, path: str
) -> None:
    entity = hostile_entity()
    services.answer(practices.ENTITY, lambda _: entity)
    hostile_service = replace(
        SERVICE_CONTENT, title=HOSTILE_TEXTS, note=HOSTILE_TEXTS, category=HOSTILE, accounting_code=HOSTILE
    )
    shop.catalogue = replace(CONTENT, services=[hostile_service], published_by=HOSTILE)
    office.become("amministratore", "ufficio")
    answer = desk.get(path)
    assert answer.status_code == HTTPStatus.OK, answer.text
    assert_no_code(answer)


def test_no_text_that_is_typed_becomes_code_on_the_trial(desk: Browser, services: Services) -> None:
    entity = hostile_entity()
    services.answer(
        office_catalogue.PUBLISH_SERVICE,
        lambda _: office_catalogue.Published(version=4, service=entity.services[0]),
    )
    answer = desk.submit(NEW, **{**TYPED, "titolo_it": HOSTILE, "nota_it": HOSTILE, "dal_file": HOSTILE}, passo="prova")
    assert answer.status_code == HTTPStatus.OK
    assert_no_code(answer)


def assert_no_code(answer: falcon.testing.Result) -> None:
    page: Any = page_of(answer)
    assert not page.xpath("//script[not(@src)] | //img[@src='x'] | //*[@onerror] | //style | //*[@style]")
    assert not [one for one in page.xpath("//@href") if one.strip().lower().startswith("javascript:")]
    assert "49" not in "".join(page.xpath("//main//h1/text()"))
