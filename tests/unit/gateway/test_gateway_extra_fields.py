"""The fields that a service has of its own, on the form and on the practice."""

from dataclasses import replace
from http import HTTPStatus

import pytest

from contracts.codes import FiscalCode
from contracts.error_details import ExtraFieldNotAllowed
from contracts.errors import ErrorCode, Refused
from contracts.extra_fields import ExtraChoice, ExtraField, ExtraValue
from contracts.rpc import identity, practices
from contracts.shapes import LocalisedText
from gateway.web.extra_fields import hint_of, sentence_of
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import ENTITY, Services, make_practice, make_service

KEY = "5b1a4a3e-5f7e-4a92-9f0a-6b0a3d0a9b11"
PAGE = "/enti/PM108/inserimento/COSAP"
CONCESSION = ExtraField(
    name="concessione",
    kind="text",
    label=LocalisedText(it="Numero della concessione", en="Number of the concession"),
    help=LocalisedText(it="È in alto a destra.", en="At the top right."),
    required=True,
    shape="9999/9999",
    max_chars=9,
)
AREA = ExtraField(
    name="metri",
    kind="number",
    label=LocalisedText(it="Metri quadri", en="Square metres"),
    decimals=2,
    least="0.5",
    most="5000",
)
SCHOOL = ExtraField(
    name="plesso",
    kind="choice",
    label=LocalisedText(it="Scuola", en="School"),
    choices=[
        ExtraChoice(value="NIDO", title=LocalisedText(it="Asilo nido", en="Nursery")),
        ExtraChoice(value="MEDIA", title=LocalisedText(it="Media", en="Lower secondary")),
    ],
)


@pytest.fixture(autouse=True)
def _comune(services: Services) -> None:
    """A service of a comune: nobody's school, and fields of its own."""
    cosap = make_service(
        "COSAP",
        "Canone unico",
        takes_beneficiary=False,
        allows_anonymous=True,
        extra_fields=[CONCESSION, AREA, SCHOOL],
    )
    plain = make_service("CIE", "Carta d'identità", takes_beneficiary=False)
    services.entity = replace(ENTITY, services=[*ENTITY.services, cosap, plain])


def test_the_form_of_a_comune_asks_for_its_fields_and_for_no_student(browser: Browser) -> None:
    browser.log_in()
    answer = browser.get(PAGE)
    page, text = page_of(answer), text_of(answer)
    named = [control.get("name") for control in page.xpath("//main//form//*[@name][not(@type='hidden')]")]
    assert named == ["service", "campo_concessione", "campo_metri", "campo_plesso", "amount", "description"]
    assert not {"Studente", "Corso", "studente"} & set(text.replace(".", " ").split())
    assert "Nella forma 9999/9999" in text
    assert [option.get("value") for option in page.xpath("//select/option")] == ["", "NIDO", "MEDIA"]
    assert page.xpath("//*[@id='campo_concessione']")[0].get("aria-required") == "true"


def test_a_service_without_beneficiary_nor_fields_asks_for_the_causale_alone(browser: Browser) -> None:
    browser.log_in()
    page = page_of(browser.get("/enti/PM108/inserimento/CIE"))
    named = [control.get("name") for control in page.xpath("//main//form//*[@name][not(@type='hidden')]")]
    assert named == ["service", "amount", "description"]
    assert page.xpath("//*[@id='description']")[0].get("aria-required") == "true"


def test_what_was_typed_goes_to_practices_and_the_causale_may_stay_empty(browser: Browser, services: Services) -> None:
    browser.log_in()
    browser.submit(PAGE, key=KEY, amount="10,00", campo_concessione="0012/2026", campo_metri="", campo_plesso="NIDO")
    (asked,) = services.asked(practices.INSERT)
    assert asked.extras == {"concessione": "0012/2026", "plesso": "NIDO"}
    assert (asked.description, asked.beneficiary) == (None, None)


def test_all_that_is_wrong_is_said_at_once_at_its_field(browser: Browser, services: Services) -> None:
    browser.log_in()
    answer = browser.submit(PAGE, key=KEY, amount="", campo_concessione="12", campo_metri="0,1", campo_plesso="LICEO")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = page_of(answer)
    summary = page.xpath("//*[@class='alert alert-danger portal-errors']//a/@href")
    assert summary == ["#campo_concessione", "#campo_metri", "#campo_plesso", "#amount"]
    assert page.xpath("//*[@id='campo_metri']")[0].get("value") == "0,1"
    assert "È meno di quanto è ammesso" in text_of(answer)
    assert services.asked(practices.INSERT) == []


def test_who_pays_without_login_gives_a_name(browser: Browser, services: Services) -> None:
    answer = browser.submit(PAGE, key=KEY, amount="10,00", anonymous="si", campo_concessione="0012/2026")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert page_of(answer).xpath("//a[@href='#payer_name']")
    browser.submit(PAGE, key=KEY, amount="10,00", anonymous="si", campo_concessione="0012/2026", payer_name="Ada Verdi")
    (asked,) = services.asked(practices.INSERT)
    assert asked.anonymous
    assert asked.debtor is not None
    assert (asked.debtor.fiscal_code, asked.debtor.full_name) == ("ANONIMO", "Ada Verdi")


def test_what_practices_refuses_is_said_at_the_field(browser: Browser, services: Services) -> None:
    browser.log_in()
    services.failures[practices.INSERT.name] = Refused(
        ErrorCode.EXTRA_FIELD_NOT_ALLOWED, ExtraFieldNotAllowed(field="metri", problem="too_large")
    )
    answer = browser.submit(PAGE, key=KEY, amount="10,00", campo_concessione="0012/2026", campo_metri="3")
    assert page_of(answer).xpath("//a[@href='#campo_metri']")
    assert sentence_of("too_large") in text_of(answer)


def test_a_practice_shows_its_values_as_people_write_them(browser: Browser, services: Services) -> None:
    browser.log_in()
    practice = make_practice(1)
    values = [("text", "0012/2026", None), ("number", "12.5", None), ("date", "2026-12-31", None)]
    shown = [
        ExtraValue(name=kind, kind=kind, label=LocalisedText(it=f"Un {kind}", en=f"A {kind}"), value=value, title=title)
        for kind, value, title in [*values, ("choice", "NIDO", LocalisedText(it="Asilo nido", en="Nursery"))]
    ]
    services.add(replace(practice, extras=shown))
    text = text_of(browser.get(f"/enti/PM108/pratiche/{practice.id}"))
    for written in ("0012/2026", "12,5", "31/12/2026", "Asilo nido"):
        assert written in text
    assert "Un number: 12,5" in text_of(browser.get("/enti/PM108/pratiche"))


def test_hints_say_the_rules_in_the_language_of_the_page() -> None:
    assert hint_of(AREA, "it") == "Al massimo 2 decimali. Non meno di 0,5. Non più di 5000."
    assert hint_of(AREA, "en") == "At most 2 decimals. No less than 0.5. No more than 5000."
    assert hint_of(CONCESSION, "en").startswith("At the top right. In the form 9999/9999")


def test_a_service_for_companies_says_so_and_does_not_show_its_form_to_a_person(
    browser: Browser, services: Services
) -> None:
    for_companies = make_service("SUAP", "Diritti SUAP", payers=["company"], takes_beneficiary=False)
    services.entity = replace(ENTITY, services=[for_companies])
    assert "Solo per imprese ed enti." in text_of(browser.get("/enti/PM108/inserimento"))
    browser.log_in()
    assert browser.get("/enti/PM108/inserimento/SUAP").status_code == HTTPStatus.FORBIDDEN
    services.organization = identity.Organization(fiscal_code=FiscalCode("00743110157"), name="Officine Rossi S.r.l.")
    browser.log_in()
    assert browser.get("/enti/PM108/inserimento/SUAP").status_code == HTTPStatus.OK
