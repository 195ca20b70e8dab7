"""Inserimento spontaneo."""

from dataclasses import replace
from http import HTTPStatus
from urllib.parse import unquote

import pytest

from contracts.codes import AmountCents, FiscalCode
from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.rpc import identity, payments, practices
from contracts.shapes import Beneficiary, LocalisedText
from gateway.web.amount_rules import amount_refusal
from tests.unit.gateway.gateway_browser import Browser, page_of, rows_of, text_of
from tests.unit.gateway.gateway_services import FISCAL_CODE, Services, make_service

STUDENT = {
    "full_name": "Rossi Sofia",
    "course": "Violino",
    "school": "Conservatorio",
    "contribution_type": "Prima rata",
}
KEY = "5b1a4a3e-5f7e-4a92-9f0a-6b0a3d0a9b11"


def test_only_the_services_for_spontaneous_payment_are_offered(browser: Browser):
    page = page_of(browser.get("/enti/PM108/inserimento"))
    offered = [link.get("href").rsplit("/", 1)[1] for link in page.xpath("//ul[@class='portal-services']//h2/a")]
    assert offered == ["BOLLO_IT", "BOLLO_ST", "CONTRIB_IT", "CONTRIB_ST", "CERT_MBD"]
    assert browser.get("/enti/PM108/inserimento/TARI").status_code == HTTPStatus.NOT_FOUND


def test_the_form_shows_the_note_and_the_personal_data_without_fields_for_them(browser: Browser):
    browser.log_in()
    answer = browser.get("/enti/PM108/inserimento/BOLLO_IT")
    page = page_of(answer)
    assert "È possibile prenotare blocchetti da 25 Euro" in text_of(answer)
    assert "(*) campo obbligatorio" in text_of(answer)
    assert FISCAL_CODE in text_of(answer)
    visible = page.xpath("//main//form//input[not(@type='hidden')]")
    assert [control.get("name") for control in visible] == ["service", *STUDENT, "amount", "description"]
    assert page.xpath("//input[@id='amount']")[0].get("value") == "16,00"


def test_what_is_inserted_for_an_organization_is_owed_by_the_organization(browser: Browser, services: Services):
    services.organization = identity.Organization(fiscal_code=FiscalCode("00743110157"), name="Officine Rossi S.r.l.")
    browser.log_in()
    browser.submit("/enti/PM108/inserimento/BOLLO_IT", key=KEY, amount="50,00", description="Due blocchetti")
    (asked,) = services.asked(practices.INSERT)
    assert asked.debtor is not None
    assert (asked.debtor.entity_type, asked.debtor.fiscal_code, asked.debtor.full_name) == (
        "G",
        "00743110157",
        "Officine Rossi S.r.l.",
    )
    assert asked.viewer.fiscal_code == "00743110157"


def test_a_saved_practice_stands_in_the_list_with_the_debtor_of_the_session(browser: Browser, services: Services):
    browser.log_in()
    answer = browser.submit_and_follow(
        "/enti/PM108/inserimento/BOLLO_IT",
        key=KEY,
        amount="16,00",
        description="Bollo per certificato",
        fiscal_code="VRDLCU90A01F839X",
        name="Altro",
    )
    (row,) = rows_of(answer)
    assert row[2] == "Bollo per certificato"
    assert "La pratica è stata inserita" in text_of(answer)
    (asked,) = services.asked(practices.INSERT)
    assert asked.debtor is not None
    assert asked.debtor.fiscal_code == FISCAL_CODE
    assert asked.debtor.full_name == "Rossi Mario"
    assert asked.amount_cents == 1600
    assert asked.beneficiary is None


def test_sending_the_same_form_twice_makes_one_practice(browser: Browser, services: Services):
    browser.log_in()
    for _ in range(2):
        browser.submit("/enti/PM108/inserimento/BOLLO_IT", key=KEY, amount="16", description="Bollo")
    assert len(services.practices) == 1


def test_the_forms_of_two_visits_have_two_keys(browser: Browser):
    browser.log_in()
    keys = {
        page_of(browser.get("/enti/PM108/inserimento/BOLLO_IT")).xpath("//input[@name='key']")[0].get("value")
        for _ in range(2)
    }
    assert len(keys) == 2


def test_a_service_for_students_asks_the_four_fields_instead_of_the_causale(browser: Browser, services: Services):
    browser.log_in()
    page = page_of(browser.get("/enti/PM108/inserimento/CONTRIB_IT"))
    visible = [control.get("name") for control in page.xpath("//main//form//input[not(@type='hidden')]")]
    assert visible == ["service", *STUDENT, "amount"]
    browser.submit("/enti/PM108/inserimento/CONTRIB_IT", key=KEY, amount="1.250,50", **STUDENT)
    (asked,) = services.asked(practices.INSERT)
    assert asked.beneficiary == Beneficiary(**STUDENT)
    assert asked.description is None
    assert asked.amount_cents == 125050


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"amount": ""}, "amount"),
        ({"amount": "12,345"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "1.000.000.000,00"}, "amount"),
        ({"amount": "dieci"}, "amount"),
        ({"description": ""}, "description"),
        ({"description": "x" * 141}, "description"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_the_rest_is_kept(
    browser: Browser, services: Services, typed: dict[str, str], field: str
):
    browser.log_in()
    sent = {"amount": "16,00", "description": "Bollo per certificato"} | typed
    answer = browser.submit("/enti/PM108/inserimento/BOLLO_IT", key=KEY, **sent)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = page_of(answer)
    wrong = [control.get("name") for control in page.xpath("//input[@aria-invalid='true']")]
    assert wrong == [field]
    assert page.xpath("//input[@name='key']")[0].get("value") == KEY
    for name, value in sent.items():
        assert page.xpath(f"//input[@id='{name}']")[0].get("value") in {value, "16,00"}
    assert services.practices == {}


def test_an_amount_the_service_refuses_is_said_at_the_amount(browser: Browser, services: Services):
    browser.log_in()
    services.failures[practices.INSERT.name] = Refused(ErrorCode.AMOUNT_NOT_ALLOWED)
    answer = browser.submit("/enti/PM108/inserimento/CONTRIB_IT", key=KEY, amount="30", **STUDENT)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert (
        "Questo servizio non accetta l'importo scritto: deve essere un multiplo di 25,00\xa0€."
        in page_of(answer).xpath("//*[@id='amount-errore']")[0].text_content()
    )
    assert page_of(answer).xpath("//input[@id='amount' and @aria-invalid='true']")


@pytest.mark.parametrize(
    ("rules", "language", "rule"),
    [
        ({"fixed_cents": 1600}, "it", "deve essere esattamente 16,00\xa0€."),
        ({"unit_cents": 2500}, "en", "it must be a multiple of €25.00."),
        ({"min_cents": 1000}, "it", "deve essere almeno 10,00\xa0€."),
        ({"max_cents": 500_000}, "it", "deve essere al massimo 5.000,00\xa0€."),
        (
            {"unit_cents": 2500, "min_cents": 2500, "max_cents": 500_000},
            "it",
            "deve essere un multiplo di 25,00\xa0€, almeno 25,00\xa0€, al massimo 5.000,00\xa0€.",
        ),
    ],
)
def test_amount_errors_say_the_rule(rules: dict[str, int], language: str, rule: str):
    refusal = amount_refusal(make_service("X", "Servizio", **rules), language)
    assert refusal is not None
    assert refusal.endswith(rule)


@pytest.mark.parametrize("service", ["BOLLO_IT", "CERT_MBD"])
def test_every_form_of_a_citizen_has_the_four_fields_of_a_student_for_who_pays_for_a_minor(
    browser: Browser, services: Services, service: str
):
    browser.log_in()
    page = page_of(browser.get(f"/enti/PM108/inserimento/{service}"))
    for name in STUDENT:
        (control,) = page.xpath(f"//input[@id='{name}']")
        assert control.get("required") is None
    stamp = {"document_hash": "A" * 43 + "=", "province": "MI"} if service == "CERT_MBD" else {}
    sent = {"key": KEY, "amount": "16,00", "description": "", **STUDENT, **stamp}
    answer = browser.submit(f"/enti/PM108/inserimento/{service}", **sent)
    assert answer.status_code == HTTPStatus.SEE_OTHER, text_of(answer)
    (asked,) = services.asked(practices.INSERT)
    assert asked.beneficiary == Beneficiary(**STUDENT)
    assert asked.description is None


def test_the_four_fields_of_a_student_are_written_all_or_none(browser: Browser, services: Services):
    browser.log_in()
    sent = {"amount": "16,00", "full_name": "Rossi Sofia"}
    answer = browser.submit("/enti/PM108/inserimento/BOLLO_IT", key=KEY, description="Bollo", **sent)
    wrong = page_of(answer).xpath("//input[@aria-invalid='true']/@name")
    assert wrong == ["course", "school", "contribution_type", "description"]
    assert services.practices == {}


def test_the_service_stands_as_a_field_of_the_form(browser: Browser):
    browser.log_in()
    for code, title in (("BOLLO_IT", "Imposta di bollo virtuale studenti italiani"), ("CERT_MBD", "Certificato")):
        page = page_of(browser.get(f"/enti/PM108/inserimento/{code}"))
        (field,) = page.xpath("//main//form//input[@id='service'][@readonly]")
        assert field.get("value").startswith(title)
        assert page.xpath("//label[@for='service']")[0].text_content().strip() == "Servizio"


def test_a_refusal_that_names_no_field_keeps_the_form_too(browser: Browser, services: Services):
    browser.log_in()
    services.failures[practices.INSERT.name] = Refused(
        ErrorCode.INVALID_REQUEST, InvalidRequest(fields=["beneficiary"])
    )
    answer = browser.submit("/enti/PM108/inserimento/CONTRIB_IT", key=KEY, amount="50", **STUDENT)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "La richiesta non è leggibile." in text_of(answer)
    assert page_of(answer).xpath("//input[@id='course']")[0].get("value") == STUDENT["course"]


def test_a_foreign_student_without_login_inserts_anonymously_and_sees_the_practice(
    browser: Browser, services: Services
):
    form = page_of(browser.get("/enti/PM108/inserimento/CONTRIB_ST"))
    assert form.xpath("//input[@type='checkbox' and @id='anonymous' and not(@checked)]")
    browser.submit("/enti/PM108/inserimento/CONTRIB_ST", key=KEY, amount="150", anonymous="si", **STUDENT)
    (row,) = rows_of(browser.get("/enti/PM108/risultati"))
    assert row[0] == "Rossi Sofia"
    (asked,) = services.asked(practices.INSERT)
    assert asked.anonymous is True
    assert asked.debtor is None
    assert asked.viewer.citizen_id is None
    (practice_id,) = services.practices
    assert browser.get(f"/enti/PM108/pratiche/{practice_id}/bollettino.pdf").status_code == HTTPStatus.OK


def test_what_an_anonymous_payer_is_told_to_keep_can_be_seen_printed_copied_sent_and_paid(
    browser: Browser, services: Services
):
    form = text_of(browser.get("/enti/PM108/inserimento/CONTRIB_ST"))
    assert "conserva il codice avviso" in form
    answer = browser.submit_and_follow(
        "/enti/PM108/inserimento/CONTRIB_ST", key=KEY, amount="150", anonymous="si", **STUDENT
    )
    (practice,) = services.practices.values()
    page, address = page_of(answer), f"/enti/PM108/pratiche/{practice.id}"
    (shown,) = page.xpath("//*[contains(@class, 'portal-notice-code')]")
    assert shown.text_content() == practice.notice_number.grouped
    private_link = "http://localhost:18600/privato/private-0"
    assert page.xpath("//*[@data-copy]/@data-copy") == [practice.notice_number, private_link]
    assert page.xpath("//main//a/@href[contains(., 'bollettino.pdf')]") == [f"{address}/bollettino.pdf"]
    (letter,) = page.xpath("//main//a/@href[starts-with(., 'mailto:?')]")
    assert practice.notice_number.grouped in unquote(letter)
    assert "Sofia" not in unquote(letter)
    (pay,) = page.xpath(f"//form[@action='{address}/paga']")
    assert not pay.xpath(".//input[@name='email']/@required")


@pytest.mark.parametrize(("email", "sent"), [("", None), ("sofia@posta.example", "sofia@posta.example")])
def test_the_anonymous_payers_email_is_optional_and_goes_with_the_payment(
    browser: Browser, services: Services, email: str, sent: str | None
):
    browser.submit("/enti/PM108/inserimento/CONTRIB_ST", key=KEY, amount="150", anonymous="si", **STUDENT)
    (practice_id,) = services.practices
    answer = browser.submit(f"/enti/PM108/pratiche/{practice_id}/paga", key=KEY, email=email)
    assert answer.status_code == HTTPStatus.SEE_OTHER
    (asked,) = services.asked(payments.START_CHECKOUT)
    assert asked.email == sent


def test_an_email_that_pagopa_would_refuse_is_said_at_the_field_and_nothing_is_started(
    browser: Browser, services: Services
):
    browser.submit("/enti/PM108/inserimento/CONTRIB_ST", key=KEY, amount="150", anonymous="si", **STUDENT)
    (practice_id,) = services.practices
    answer = browser.submit(f"/enti/PM108/pratiche/{practice_id}/paga", key=KEY, email="sofia@@posta")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    (typed,) = page_of(answer).xpath("//input[@id='email'][@aria-invalid='true']/@value")
    assert typed == "sofia@@posta"
    assert services.asked(payments.START_CHECKOUT) == []


def test_without_the_tick_an_anonymous_entry_is_not_made(browser: Browser, services: Services):
    answer = browser.submit("/enti/PM108/inserimento/CONTRIB_ST", key=KEY, amount="150", **STUDENT)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "conferma con la spunta" in text_of(answer)
    assert services.practices == {}


def test_a_service_without_anonymous_entry_leads_to_the_login(browser: Browser):
    answer = browser.get("/enti/PM108/inserimento/BOLLO_IT")
    assert answer.headers["location"] == ("/spid/login?entity=PM108&return_to=%2Fenti%2FPM108%2Finserimento%2FBOLLO_IT")


def test_a_session_that_ends_while_typing_loses_nothing(browser: Browser, services: Services):
    browser.log_in()
    services.session_live = False
    sent = {"key": KEY, "amount": "75", **STUDENT}
    answer = browser.submit("/enti/PM108/inserimento/CONTRIB_IT", **sent)
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert "la sessione è scaduta" in text_of(answer)
    page = page_of(answer)
    kept = {control.get("name"): control.get("value") for control in page.xpath("//main//form//input")}
    assert {name: kept[name] for name in sent} == sent
    services.session_live = True
    again = browser.submit("/enti/PM108/inserimento/CONTRIB_IT", **{name: kept[name] for name in sent})
    assert again.status_code == HTTPStatus.SEE_OTHER


def test_an_outcome_nobody_knows_is_told_as_such(browser: Browser, services: Services):
    browser.log_in()
    services.failures[practices.INSERT.name] = Unavailable(ErrorCode.OUTCOME_UNKNOWN)
    answer = browser.submit("/enti/PM108/inserimento/BOLLO_IT", key=KEY, amount="16", description="Bollo")
    assert answer.status_code == HTTPStatus.GATEWAY_TIMEOUT
    assert "potrebbe essere stata eseguita oppure no" in text_of(answer)
    assert page_of(answer).xpath("//a[@href='/enti/PM108/pratiche']")


def test_of_amounts_to_choose_from_one_is_chosen_by_its_name(browser: Browser, services: Services):
    choices = [
        practices.AmountChoice(cents=AmountCents(cents), title=LocalisedText(it=f"{count} pasti", en=f"{count} meals"))
        for count, cents in ((5, 2250), (20, 9000))
    ]
    services.entity = replace(services.entity, services=[make_service("MENSA", "Mensa scolastica", choices=choices)])
    browser.log_in()
    form = browser.get("/enti/PM108/inserimento/MENSA")
    page = page_of(form)
    radios = page.xpath("//input[@type='radio' and @name='amount']")
    assert [(radio.get("id"), radio.get("value")) for radio in radios] == [("amount", "22,50"), ("amount-2", "90,00")]
    labels = [" ".join(page.xpath(f"//label[@for='{radio.get('id')}']")[0].text_content().split()) for radio in radios]
    assert [label.split(":")[0] for label in labels] == ["5 pasti", "20 pasti"]
    assert not page.xpath("//input[@name='amount' and not(@type='radio')]")
    browser.submit("/enti/PM108/inserimento/MENSA", key=KEY, amount="90,00", description="Mensa")
    assert services.asked(practices.INSERT)[-1].amount_cents == 9000
    wrong = browser.submit("/enti/PM108/inserimento/MENSA", key=KEY, description="Mensa")
    assert wrong.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert page_of(wrong).xpath("//fieldset[@aria-describedby='amount-errore']")
    refusal = amount_refusal(services.entity.services[0], "it")
    assert refusal is not None
    assert "uno fra" in refusal
    assert "90,00" in refusal


def test_a_page_says_how_the_entity_is_reached_in_its_own_colours(browser: Browser, services: Services):
    services.entity = replace(
        services.entity,
        contacts=practices.Contacts(
            address="Piazza del Municipio 1",
            phone="+39 06 0000 0000",
            certified_email="ente@pec.example",
            office_hours=LocalisedText(it="lunedì 9-12", en="Monday 9-12"),
        ),
        colours=practices.Colours(primary="#1b6b3a", dark="#0f4424"),
    )
    answer = browser.get("/enti/PM108/inserimento")
    page = page_of(answer)
    footer = " ".join(page.xpath("//footer")[0].text_content().split())
    for told in ("Piazza del Municipio 1", "Telefono +39 06 0000 0000", "PEC ente@pec.example", "Orari: lunedì 9-12"):
        assert told in footer
    assert page.xpath("//footer//a[@href='tel:+390600000000']")
    (sheet,) = [link.get("href") for link in page.xpath("//link[@rel='stylesheet']") if "colori" in link.get("href")]
    sent = browser.get(sheet)
    assert sent.headers["Content-Type"].startswith("text/css")
    assert "--portal-blue: #1b6b3a; --portal-blue-dark: #0f4424" in sent.text
    assert "max-age" in sent.headers["Cache-Control"]


def test_without_colours_there_is_no_sheet_of_them(browser: Browser):
    assert "colori.css" not in browser.get("/enti/PM108/inserimento").text
    assert browser.get("/enti/PM108/colori.css").status_code == HTTPStatus.NOT_FOUND
