"""The public page that says whether a document is genuine, and the documents in other shapes and languages."""

from datetime import date
from http import HTTPStatus

import pytest

from contracts.rpc import notices
from contracts.shapes import Instalment
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import CITIZEN_ID, Services, make_practice

CODE = "7Q2M-K0ZC-9XW4"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (notices.Verification(genuine=True, kind="notice", payable=True), "si può ancora pagare"),
        (notices.Verification(genuine=True, kind="notice", payable=False), "non si può più pagare"),
        (notices.Verification(genuine=True, kind="receipt", payable=False), "il pagamento risulta"),
    ],
)
def test_the_link_on_a_document_says_genuine_and_whether_it_can_be_paid(
    browser: Browser, services: Services, answer: notices.Verification, words: str
):
    services.verified[CODE] = answer
    shown = browser.get(f"/verifica/{CODE}")
    assert shown.status_code == HTTPStatus.OK
    assert "documento autentico" in text_of(shown)
    assert words in text_of(shown)


def test_a_code_of_no_document_is_said_to_be_that(browser: Browser):
    answer = browser.get("/verifica?codice=7Q2M-K0ZC-0000")
    assert "Nessun documento ha questo codice" in text_of(answer)
    assert page_of(answer).xpath("//input[@name='codice']")[0].get("value") == "7Q2M-K0ZC-0000"


def test_the_page_without_a_code_asks_for_one_and_no_service(browser: Browser, services: Services):
    assert "Codice del documento" in text_of(browser.get("/verifica"))
    assert services.asked(notices.VERIFY) == []


def test_guessing_codes_is_stopped(browser: Browser):
    answers = [browser.get(f"/verifica/7Q2M-K0ZC-{number:04d}").status_code for number in range(40)]
    assert answers[0] == HTTPStatus.OK
    assert answers[-1] == HTTPStatus.TOO_MANY_REQUESTS


def test_a_notice_is_asked_for_with_its_plan_and_its_languages(browser: Browser, services: Services):
    browser.log_in()
    practice = make_practice(1, instalment=Instalment(number=5, total=7))
    services.add(practice)
    page = page_of(browser.get(f"/enti/PM108/pratiche/{practice.id}"))
    assert page.xpath("//a[contains(@href, 'bollettino.pdf?rate=tutte')]")
    browser.get(f"/enti/PM108/pratiche/{practice.id}/bollettino.pdf?rate=tutte&lingua=de&seconda=it")
    browser.get(f"/enti/PM108/pratiche/{practice.id}/bollettino.pdf?lingua=klingon")
    plan, plain = services.asked(notices.NOTICE)
    assert (plan.whole_plan, plan.language, plan.second_language) == (True, "de", "it")
    assert (plain.whole_plan, plain.language, plain.second_language) == (False, "it", None)


def test_who_paid_several_practices_gets_one_receipt_for_all_that_is_paid(browser: Browser, services: Services):
    browser.log_in()
    rows = [make_practice(number) for number in (1, 2, 3)]
    services.add(*rows)
    ids = [row.id for row in rows]
    checkout = services.make_checkout(ids, f"citizen:{CITIZEN_ID}", paid=ids[:2], state="partially_paid")
    address = f"/enti/PM108/esito/{checkout.id}/quietanza.pdf"
    (link,) = page_of(browser.get(f"/enti/PM108/esito/{checkout.id}")).xpath(f"//a[@href='{address}']")
    assert "Una quietanza per tutto" in link.text_content()
    assert browser.get(address).headers["Content-Type"] == "application/pdf"
    (asked,) = services.asked(notices.CART_RECEIPT)
    assert asked.practice_ids == [rows[0].id, rows[1].id]


def test_a_checkout_that_paid_nothing_has_no_receipt(browser: Browser, services: Services):
    browser.log_in()
    row = make_practice(1)
    services.add(row)
    checkout = services.make_checkout([row.id], f"citizen:{CITIZEN_ID}")
    assert browser.get(f"/enti/PM108/esito/{checkout.id}/quietanza.pdf").status_code == HTTPStatus.NOT_FOUND
    assert services.asked(notices.CART_RECEIPT) == []


def test_a_due_date_is_offered_as_a_calendar_entry(browser: Browser, services: Services):
    browser.log_in()
    description = "Retta, a.a. 2026/2027; " + "perché è lunga " * 5
    practice = make_practice(1, due_date=date(2026, 12, 31), description=description)
    services.add(practice)
    address = f"/enti/PM108/pratiche/{practice.id}/scadenza.ics"
    assert page_of(browser.get(f"/enti/PM108/pratiche/{practice.id}")).xpath(f"//a[@href='{address}']")
    answer = browser.get(address)
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    unfolded = answer.text.replace("\r\n ", "").split("\r\n")
    assert "DTSTART;VALUE=DATE:20261231" in unfolded
    assert "DTEND;VALUE=DATE:20270101" in unfolded
    assert f"SUMMARY:Scadenza: {description}".replace(",", "\\,").replace(";", "\\;") in unfolded
    assert (unfolded[0], unfolded[-2], unfolded[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR", "")


def test_a_practice_without_a_due_date_has_no_entry(browser: Browser, services: Services):
    browser.log_in()
    practice = make_practice(1, due_date=None)
    services.add(practice)
    assert browser.get(f"/enti/PM108/pratiche/{practice.id}/scadenza.ics").status_code == HTTPStatus.NOT_FOUND
