"""Paga, and the page a payment comes back to."""

from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest

from contracts.errors import ErrorCode, Refused, RpcError, Unavailable
from contracts.rpc import payments
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import CITIZEN_ID, NOW, SOMEBODY_ELSE, Services, make_practice

CITIZEN = f"citizen:{CITIZEN_ID}"
KEY = "5b1a4a3e-5f7e-4a92-9f0a-6b0a3d0a9b11"


def test_paga_sends_the_payer_to_pagopa_and_a_double_click_to_the_same_checkout(browser: Browser, services: Services):
    practice = make_practice(1)
    services.add(practice)
    browser.log_in()
    pay = f"/enti/PM108/pratiche/{practice.id}/paga"
    answers = [browser.submit(pay, key=KEY) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [HTTPStatus.SEE_OTHER] * 2
    assert {answer.headers["location"] for answer in answers} == {"http://localhost:8089/checkout/page/1"}
    assert len(services.checkouts) == 1
    asked = services.asked(payments.START_CHECKOUT)[0]
    assert asked.payer_ref == CITIZEN
    assert asked.return_url == "http://localhost:18600/enti/PM108/esito/{checkout_id}"
    assert asked.email == "mario.rossi@posta.example"


@pytest.mark.parametrize("email", ["nicolò@posta.example", "a@b_c.it", "a@b"])
def test_an_address_that_checkout_refuses_does_not_stop_the_payment(browser: Browser, services: Services, email: str):
    practice = make_practice(1)
    services.add(practice)
    services.email = email
    browser.log_in()
    answer = browser.submit(f"/enti/PM108/pratiche/{practice.id}/paga", key=KEY)
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert services.asked(payments.START_CHECKOUT)[0].email is None


def test_a_visitor_pays_what_the_browser_has_found(browser: Browser, services: Services):
    practice = make_practice(1)
    services.add(practice)
    browser.submit("/enti/PM108/ricerca", notice_number=practice.notice_number)
    answer = browser.submit(f"/enti/PM108/pratiche/{practice.id}/paga", key=KEY)
    assert answer.status_code == HTTPStatus.SEE_OTHER
    asked = services.asked(payments.START_CHECKOUT)[0]
    assert asked.payer_ref.startswith("visitor:")
    assert asked.email is None


def test_somebody_elses_practice_cannot_be_paid_by_its_id(browser: Browser, services: Services):
    practice = make_practice(1, debtor=SOMEBODY_ELSE)
    services.add(practice)
    browser.log_in()
    answer = browser.submit(f"/enti/PM108/pratiche/{practice.id}/paga", key=KEY)
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert services.checkouts == {}


@pytest.mark.parametrize(
    ("state", "code", "heading"),
    [
        ("paid", "practice_paid", "Pratica già pagata"),
        ("underpaid", "practice_underpaid", "la parte che manca non si può pagare con questo avviso"),
        ("cancelled", "practice_cancelled", "L'ente ha annullato questa pratica"),
        ("expired", "practice_expired", "Il termine per pagare questa pratica è passato"),
    ],
)
def test_what_cannot_be_paid_says_why(browser: Browser, services: Services, state: str, code: str, heading: str):
    practice = make_practice(1, state=state, payable=False, not_payable_code=code)
    services.add(practice)
    browser.log_in()
    answer = browser.submit(f"/enti/PM108/pratiche/{practice.id}/paga", key=KEY)
    assert answer.status_code == HTTPStatus.CONFLICT
    assert heading in text_of(answer)
    assert services.asked(payments.START_CHECKOUT) == []


def test_a_payment_under_way_is_resumed_by_its_payer_and_explained_to_another(browser: Browser, services: Services):
    practice = make_practice(1, state="unconfirmed", payable=False, not_payable_code="practice_being_paid")
    services.add(practice)
    browser.log_in()
    pay = f"/enti/PM108/pratiche/{practice.id}/paga"
    assert browser.submit(pay, key=KEY).status_code == HTTPStatus.SEE_OTHER
    services.failures[payments.START_CHECKOUT.name] = Refused(ErrorCode.PRACTICE_BEING_PAID)
    answer = browser.submit(pay, key=KEY)
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "Pagamento già in corso" in text_of(answer)


def test_an_old_page_sent_again_shows_the_ended_checkout_instead_of_a_dead_link(browser: Browser, services: Services):
    practice = make_practice(1)
    services.add(practice)
    browser.log_in()
    checkout = services.make_checkout([practice.id], CITIZEN, state="cancelled", redirect_url=None)
    services.checkout_keys[KEY] = checkout.id
    answer = browser.submit(f"/enti/PM108/pratiche/{practice.id}/paga", key=KEY)
    assert answer.headers["location"] == f"/enti/PM108/esito/{checkout.id}"


@pytest.mark.parametrize("returned", ["ok", "attesa"])
def test_who_came_back_saying_paid_or_not_known_yet_is_not_led_to_pay_again(
    browser: Browser, services: Services, returned: str
):
    practice = make_practice(1, state="unconfirmed", payable=False, not_payable_code="practice_being_paid")
    services.add(practice)
    browser.log_in()
    checkout = services.make_checkout([practice.id], CITIZEN, returned=returned)
    services.checkout_keys[KEY] = checkout.id
    answer = browser.submit(f"/enti/PM108/pratiche/{practice.id}/paga", key=KEY)
    assert answer.headers["location"] == f"/enti/PM108/esito/{checkout.id}"
    assert "Riprendi" not in text_of(browser.get(answer.headers["location"]))


def test_coming_back_is_noted_once_and_the_address_is_cleaned(browser: Browser, services: Services):
    practice = make_practice(1)
    services.add(practice)
    browser.log_in()
    checkout = services.make_checkout([practice.id], CITIZEN)
    answer = browser.get(f"/enti/PM108/esito/{checkout.id}?esito=ok")
    assert (answer.status_code, answer.headers["location"]) == (
        HTTPStatus.SEE_OTHER,
        f"/enti/PM108/esito/{checkout.id}",
    )
    assert services.asked(payments.RETURNED)[0].outcome == "ok"
    browser.get(answer.headers["location"])
    assert len(services.asked(payments.RETURNED)) == 1


OUTCOMES: list[tuple[dict[str, Any], str, str]] = [
    ({"returned": "ok"}, "Stiamo aspettando la conferma", "aspettiamo la ricevuta al più tardi fino al"),
    ({"returned": "attesa"}, "Stiamo aspettando la conferma", "pagoPA non sa ancora com'è finito il pagamento"),
    ({}, "Pagamento non concluso", "Riprendi il pagamento su pagoPA"),
    ({"state": "paid"}, "Pagamento riuscito", "Quietanza"),
    ({"state": "partially_paid"}, "Pagamento riuscito solo in parte", "Riprova"),
    ({"state": "cancelled"}, "Pagamento annullato", "Riprova"),
    ({"state": "failed"}, "Pagamento non riuscito", "Riprova"),
    ({"state": "timed_out"}, "Tempo scaduto senza una ricevuta", "Riprova"),
]


@pytest.mark.parametrize(("changes", "heading", "next_step"), OUTCOMES)
def test_the_outcome_page_tells_the_truth_and_the_next_step(
    browser: Browser, services: Services, changes: dict[str, Any], heading: str, next_step: str
):
    first, second = make_practice(1), make_practice(2)
    services.add(first, second)
    browser.log_in()
    paid = {"paid": [first.id, second.id], "partially_paid": [first.id]}.get(changes.get("state", "open"), [])
    checkout = services.make_checkout([first.id, second.id], CITIZEN, paid=paid, **changes)
    answer = browser.get(f"/enti/PM108/esito/{checkout.id}")
    page = page_of(answer)
    assert page.xpath("//h1")[0].text_content() == heading
    assert next_step in text_of(answer)
    asks_again = bool(page.xpath("//*[@data-ask-again-s]"))
    assert asks_again is (changes.get("returned") in {"ok", "attesa"})
    receipts = page.xpath("//a[contains(@href, '/pratiche/') and contains(@href, 'quietanza.pdf')]")
    assert len(receipts) == sum(item.paid for item in checkout.items)


def test_the_outcome_of_a_part_payment_says_what_is_missing_and_not_to_pay_again(browser: Browser, services: Services):
    first, second = make_practice(1), make_practice(2)
    services.add(first, replace(second, state="underpaid", payable=False, not_payable_code="practice_underpaid"))
    browser.log_in()
    checkout = services.make_checkout([first.id, second.id], CITIZEN, paid=[first.id, second.id])
    short = replace(checkout.items[1], paid=False, missing_cents=600)
    services.checkouts[checkout.id] = replace(checkout, state="partially_paid", items=[checkout.items[0], short])
    answer = browser.get(f"/enti/PM108/esito/{checkout.id}")
    text = text_of(answer)
    assert "Per una pratica è arrivato meno di quanto dovuto. Non pagare di nuovo" in text
    assert "mancano 6,00" in text
    assert "restano da pagare" not in text
    assert "Riprova" not in text
    assert text.count("Pagamento parziale") == 1


def test_waiting_stops_asking_once_payments_has_had_its_time(browser: Browser, services: Services):
    practice = make_practice(1)
    services.add(practice)
    browser.log_in()
    checkout = services.make_checkout([practice.id], CITIZEN, returned="ok", open_until=NOW - timedelta(minutes=11))
    answer = browser.get(f"/enti/PM108/esito/{checkout.id}")
    assert not page_of(answer).xpath("//*[@data-ask-again-s]")
    assert "Aggiorna adesso" in text_of(answer)


def test_the_waiting_page_moves_nobody_and_asks_again_by_a_plain_button(browser: Browser, services: Services):
    practice = make_practice(1)
    services.add(practice)
    browser.log_in()
    checkout = services.make_checkout([practice.id], CITIZEN, returned="ok")
    page = page_of(browser.get(f"/enti/PM108/esito/{checkout.id}"))
    assert not page.xpath("//meta[@http-equiv='refresh']")
    (form,) = page.xpath("//form[@method='get'][@data-ask-now]")
    assert form.get("action") == f"/enti/PM108/esito/{checkout.id}#aggiorna"
    assert form.xpath(".//button[@type='submit'][@id='aggiorna']")
    assert "Aggiorna adesso" in page.xpath("//main//noscript")[0].text_content()


def test_who_logged_in_after_paying_as_a_visitor_still_sees_the_outcome(browser: Browser, services: Services):
    practice = make_practice(1)
    services.add(practice)
    browser.submit("/enti/PM108/ricerca", notice_number=practice.notice_number)
    browser.submit(f"/enti/PM108/pratiche/{practice.id}/paga", key=KEY)
    browser.log_in()
    (checkout_id,) = services.checkouts
    assert browser.get(f"/enti/PM108/esito/{checkout_id}").status_code == HTTPStatus.OK


def test_the_outcome_of_somebody_elses_payment_is_not_shown(browser: Browser, services: Services):
    practice = make_practice(1)
    services.add(practice)
    browser.log_in()
    checkout = services.make_checkout([practice.id], "citizen:somebody-else")
    answer = browser.get(f"/enti/PM108/esito/{checkout.id}")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert "Non troviamo questo pagamento" in text_of(answer)


CHECKOUT_PROBLEMS: list[tuple[RpcError, str, str]] = [
    (Refused(ErrorCode.CHECKOUT_REFUSED), "non ha accettato di avviare questo pagamento", "pagalo con un altro canale"),
    (Refused(ErrorCode.CHECKOUT_NOTICE_REFUSED), "un avviso del pagamento ora non si può pagare", "attendi mezz'ora"),
    (Refused(ErrorCode.CHECKOUT_NOTICES_REPEATED), "due volte lo stesso avviso", "togli l'avviso ripetuto"),
    (Refused(ErrorCode.CHECKOUT_TOO_MANY_NOTICES), "non accetta tanti avvisi", "togli uno o più avvisi"),
    (Refused(ErrorCode.CHECKOUT_NOT_ALLOWED), "Il pagamento online non è attivo", "pagalo con un altro canale"),
    (Unavailable(ErrorCode.CHECKOUT_BUSY), "troppe richieste", "Aspetta un paio di minuti"),
    (Unavailable(ErrorCode.CHECKOUT_ERROR), "ha avuto un problema", "Riprova tra qualche minuto"),
    (Unavailable(ErrorCode.CHECKOUT_UNAVAILABLE), "non risponde", "Riprova tra qualche minuto"),
]


@pytest.mark.parametrize(
    ("problem", "sentence", "next_step"), CHECKOUT_PROBLEMS, ids=[one[0].code.value for one in CHECKOUT_PROBLEMS]
)
def test_each_problem_of_checkout_has_its_sentence_and_its_next_step(
    browser: Browser, services: Services, problem: RpcError, sentence: str, next_step: str
):
    practice = make_practice(1)
    services.add(practice)
    browser.log_in()
    services.failures[payments.START_CHECKOUT.name] = problem
    answer = browser.submit(f"/enti/PM108/pratiche/{practice.id}/paga", key=KEY, page="/enti/PM108/pratiche")
    shown = text_of(answer)
    assert sentence in shown
    assert "Nessun importo è stato addebitato." in shown
    assert next_step in shown
    assert page_of(answer).xpath("//main//a[@href='/enti/PM108/pratiche']")


def test_pagopa_out_of_reach_says_that_nothing_was_charged(browser: Browser, services: Services):
    practice = make_practice(1)
    services.add(practice)
    browser.log_in()
    services.failures[payments.START_CHECKOUT.name] = Unavailable(ErrorCode.CHECKOUT_UNAVAILABLE)
    answer = browser.submit(f"/enti/PM108/pratiche/{practice.id}/paga", key=KEY, page="/enti/PM108/pratiche")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert "Nessun importo è stato addebitato." in text_of(answer)
    assert page_of(answer).xpath("//main//a[@href='/enti/PM108/pratiche']")
