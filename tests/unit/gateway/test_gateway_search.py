"""Ricerca pratica and the ways into it."""

from http import HTTPStatus

import pytest

from contracts.error_details import NotANoticeNumber
from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices
from tests.unit.gateway.gateway_browser import Browser, page_of, rows_of, text_of
from tests.unit.gateway.gateway_services import FISCAL_CODE, Services, make_practice


def test_the_printed_link_leads_to_the_entity_front_page(browser: Browser):
    answer = browser.get("/pmPortal/directSearch?codCompany=PM108")
    assert (answer.status_code, answer.headers["location"]) == (HTTPStatus.FOUND, "/enti/PM108")


@pytest.mark.parametrize("query", ["?codCompany=NOPE", "", "?codCompany="])
def test_an_unknown_entity_gets_a_clear_page_without_another_entitys_name(browser: Browser, query: str):
    browser.get("/enti/PM108")
    answer = browser.get(f"/pmPortal/directSearch{query}")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert "Ente non trovato" in text_of(answer)
    assert "Jommelli" not in answer.text


def test_a_search_by_fiscal_code_and_reference_shows_the_practice_without_data_in_the_address(
    browser: Browser, services: Services
):
    services.add(make_practice(1))
    sent = browser.submit("/enti/PM108/ricerca", fiscal_code=FISCAL_CODE, reference="TARI-2026-00001")
    assert (sent.status_code, sent.headers["location"]) == (HTTPStatus.SEE_OTHER, "/enti/PM108/risultati")
    (row,) = rows_of(browser.get("/enti/PM108/risultati"))
    assert row[:4] == [
        "Mario Rossi",
        "Tassa rifiuti (TARI)",
        "TARI 2026; acconto 1; utenza di via Duomo 12",
        "Da pagare",
    ]
    assert row[5] == "02/12/2026"
    assert row[7] == "214,50 €"


def test_what_was_found_by_fiscal_code_is_told_apart_from_what_was_found_by_notice_number(
    browser: Browser, services: Services
):
    first, second = make_practice(1), make_practice(2)
    services.add(first, second)
    browser.submit("/enti/PM108/ricerca", fiscal_code=FISCAL_CODE, reference=first.iuv)
    browser.submit("/enti/PM108/ricerca", notice_number=second.notice_number)
    browser.get("/enti/PM108/risultati")
    viewer = services.asked(practices.GET_MANY)[-1].viewer
    assert viewer.granted_practice_ids == [second.id, first.id]
    assert viewer.identified_practice_ids == [first.id]
    assert viewer.citizen_id is None


def test_another_browser_does_not_see_what_this_one_found(browser: Browser, services: Services):
    found = make_practice(1)
    services.add(found)
    browser.submit("/enti/PM108/ricerca", notice_number=found.notice_number)
    assert browser.get(f"/enti/PM108/pratiche/{found.id}").status_code == HTTPStatus.OK
    browser.cookies.clear()
    answer = browser.get(f"/enti/PM108/pratiche/{found.id}")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert answer.headers["location"].startswith("/spid/login?entity=PM108&return_to=")


def test_a_visitor_cookie_that_was_tampered_with_grants_nothing(browser: Browser, services: Services):
    found = make_practice(1)
    services.add(found)
    browser.submit("/enti/PM108/ricerca", notice_number=found.notice_number)
    browser.cookies["visitor"] = "A" + browser.cookies["visitor"][1:]
    assert browser.get(f"/enti/PM108/pratiche/{found.id}").status_code == HTTPStatus.SEE_OTHER


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({}, "fiscal_code", "Scrivi il codice fiscale, oppure usa il codice avviso."),
        ({"fiscal_code": FISCAL_CODE}, "reference", "Scrivi il riferimento della pratica o il codice IUV."),
        ({"fiscal_code": FISCAL_CODE, "notice_number": "3"}, "notice_number", "non entrambi"),
    ],
)
def test_an_incomplete_search_says_at_the_field_what_is_missing(
    browser: Browser, typed: dict[str, str], field: str, sentence: str
):
    answer = browser.submit("/enti/PM108/ricerca", **typed)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = page_of(answer)
    (control,) = page.xpath(f"//input[@id='{field}']")
    described_by = control.get("aria-describedby").split()[0]
    assert control.get("aria-invalid") == "true"
    assert sentence in page.xpath(f"//*[@id='{described_by}']")[0].text_content()
    assert page.xpath(f"//*[@role='alert']//a[@href='#{field}']")
    assert page.xpath("//input[@id='fiscal_code']")[0].get("value") == typed.get("fiscal_code", "")


@pytest.mark.parametrize(
    ("detail", "sentence"),
    [
        (None, "Il codice avviso non è corretto"),
        (NotANoticeNumber(looks_like="mistyped", digits=18), "Una delle 18 cifre è sbagliata"),
        (NotANoticeNumber(looks_like="digits", digits=17), "Mancano delle cifre"),
        (NotANoticeNumber(looks_like="digits", digits=19), "Ci sono troppe cifre"),
        (NotANoticeNumber(looks_like="fiscal_code"), "Questo sembra un codice fiscale"),
        (NotANoticeNumber(looks_like="iban"), "Questo sembra il numero di un conto"),
        (NotANoticeNumber(looks_like="amount"), "Questo sembra un importo"),
        (NotANoticeNumber(looks_like="email"), "Questo sembra un indirizzo e-mail"),
        (NotANoticeNumber(looks_like="other_iuv"), "Questo riferimento (RF)"),
        (NotANoticeNumber(looks_like="other"), "Il codice avviso ha solo cifre"),
        (NotANoticeNumber(looks_like="of_tomorrow"), "Il codice avviso non è corretto"),
    ],
)
@pytest.mark.parametrize(
    ("typed", "field"),
    [({"notice_number": "x"}, "notice_number"), ({"fiscal_code": FISCAL_CODE, "reference": "x"}, "reference")],
)
def test_what_was_typed_as_a_notice_number_is_told_as_what_it_looks_like(
    browser: Browser,
    services: Services,
    detail: NotANoticeNumber | None,
    sentence: str,
    typed: dict[str, str],
    field: str,
):
    services.failures[practices.SEARCH.name] = Refused(ErrorCode.INVALID_NOTICE_NUMBER, detail)
    answer = browser.submit("/enti/PM108/ricerca", **typed)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert sentence in page_of(answer).xpath(f"//*[@id='{field}-errore']")[0].text_content()


def test_the_whole_text_of_a_code_reaches_the_service(browser: Browser, services: Services):
    scanned = f"codfase=NBPA;18{'3' * 243}"
    browser.submit("/enti/PM108/ricerca", notice_number=scanned)
    assert services.asked(practices.SEARCH)[-1].notice_number == scanned


def test_a_search_that_finds_nothing_keeps_what_was_typed(browser: Browser):
    answer = browser.submit("/enti/PM108/ricerca", fiscal_code=FISCAL_CODE, reference="<script>")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert "Non troviamo nessuna pratica con questi dati." in text_of(answer)
    assert page_of(answer).xpath("//input[@id='reference']")[0].get("value") == "<script>"
    assert "<script>" not in answer.text.replace("<script src=", "")


def test_searching_too_often_is_refused_for_a_while(browser: Browser):
    token = browser.token()
    answers = [
        browser.request(
            "POST",
            "/enti/PM108/ricerca",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=f"csrf_token={token}",
        ).status_code
        for _ in range(31)
    ]
    assert set(answers[:30]) == {HTTPStatus.UNPROCESSABLE_ENTITY}
    assert answers[30] == HTTPStatus.TOO_MANY_REQUESTS


def test_reloading_the_search_address_leads_back_to_the_form(browser: Browser):
    assert browser.get("/enti/PM108/ricerca").headers["location"] == "/enti/PM108"
    assert browser.get("/enti/PM108/risultati").headers["location"] == "/enti/PM108"
