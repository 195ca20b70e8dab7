"""Carrello."""

from http import HTTPStatus

import pytest

from contracts.errors import Unavailable
from contracts.rpc import cart, payments
from tests.unit.gateway.gateway_browser import Browser, page_of, rows_of, text_of
from tests.unit.gateway.gateway_services import CITIZEN_ID, SOMEBODY_ELSE, Services, make_practice


@pytest.fixture(autouse=True)
def _logged_in(browser: Browser):
    browser.log_in()


def counter_on(browser: Browser, path: str) -> str:
    """The number over the cart."""
    text: str = page_of(browser.get(path)).xpath("//*[@class='portal-cart__count']")[0].text_content()
    return text


def test_the_counter_stands_on_every_page_and_follows_the_cart(browser: Browser, services: Services):
    practice = make_practice(1)
    services.add(practice)
    assert counter_on(browser, "/enti/PM108/pratiche") == "0"
    answer = browser.submit(
        "/enti/PM108/carrello/aggiungi", page="/enti/PM108/pratiche?stato=to_pay", practice_id=str(practice.id)
    )
    assert answer.headers["location"] == f"/enti/PM108/pratiche?stato=to_pay&messaggio=aggiunta#pratica-{practice.id}"
    for path in ("/enti/PM108", "/enti/PM108/pratiche", "/enti/PM108/inserimento", "/profilo/privacy", "/nowhere"):
        assert counter_on(browser, path) == "1"
    assert services.asked(cart.ADD)[0].owner == f"citizen:{CITIZEN_ID}"


def test_a_page_does_not_fail_because_the_counter_cannot_be_told(browser: Browser, services: Services):
    services.failures["cart"] = Unavailable()
    answer = browser.get("/enti/PM108/pratiche")
    assert answer.status_code == HTTPStatus.OK
    assert not page_of(answer).xpath("//*[@class='portal-cart__count']")
    assert page_of(answer).xpath("//a[@class='portal-cart']")


def test_the_summary_has_rimuovi_per_row_pulisci_in_red_and_paga_in_green(browser: Browser, services: Services):
    first, second = make_practice(1), make_practice(2)
    services.add(first, second)
    services.cart = [first.id, second.id]
    answer = browser.get("/enti/PM108/carrello")
    page = page_of(answer)
    assert len(rows_of(answer)) == 2
    assert len(page.xpath("//form[@action='/enti/PM108/carrello/rimuovi']")) == 2
    assert "btn-danger" in page.xpath("//form[@action='/enti/PM108/carrello/pulisci']/button")[0].get("class")
    assert "btn-success" in page.xpath("//form[@action='/enti/PM108/carrello/paga']/button")[0].get("class")
    assert "429,00 €" in text_of(answer)
    browser.submit("/enti/PM108/carrello/rimuovi", practice_id=str(first.id))
    assert services.cart == [second.id]
    emptied = browser.submit_and_follow("/enti/PM108/carrello/pulisci")
    assert "Il carrello è stato svuotato." in text_of(emptied)
    assert "Il carrello è vuoto." in text_of(emptied)


def test_five_at_most_is_said_before_and_the_sixth_is_explained(browser: Browser, services: Services):
    six = [make_practice(number) for number in range(1, 7)]
    services.add(*six)
    services.cart = [practice.id for practice in six[:4]]
    assert "fino a 5 avvisi" in text_of(browser.get("/enti/PM108/carrello"))
    services.cart.append(six[4].id)
    assert "Il carrello è pieno" in text_of(browser.get("/enti/PM108/carrello"))
    assert "Il carrello è pieno" in text_of(browser.get("/enti/PM108/pratiche"))
    answer = browser.submit("/enti/PM108/carrello/aggiungi", practice_id=str(six[5].id))
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "già cinque avvisi" in text_of(answer)
    assert page_of(answer).xpath("//main//a[@href='/enti/PM108/carrello']")
    assert len(services.cart) == 5


def test_paying_the_cart_pays_its_payable_rows_with_one_checkout(browser: Browser, services: Services):
    payable, late = make_practice(1), make_practice(2, overdue=True)
    paid = make_practice(3, state="paid", payable=False, not_payable_code="practice_paid")
    services.add(payable, late, paid)
    services.cart = [payable.id, late.id, paid.id]
    assert "Pagheresti solo le altre 2." in text_of(browser.get("/enti/PM108/carrello"))
    answer = browser.submit("/enti/PM108/carrello/paga", key="5b1a4a3e-5f7e-4a92-9f0a-6b0a3d0a9b11")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    (asked,) = services.asked(payments.START_CHECKOUT)
    assert asked.practice_ids == [payable.id, late.id]


def test_an_empty_cart_cannot_be_paid(browser: Browser):
    answer = browser.submit("/enti/PM108/carrello/paga", key="5b1a4a3e-5f7e-4a92-9f0a-6b0a3d0a9b11")
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "Nel carrello non c'è nulla che si possa pagare." in text_of(answer)


def test_somebody_elses_practice_does_not_get_into_the_cart(browser: Browser, services: Services):
    practice = make_practice(1, debtor=SOMEBODY_ELSE)
    services.add(practice)
    answer = browser.submit("/enti/PM108/carrello/aggiungi", practice_id=str(practice.id))
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert services.cart == []


def test_a_visitor_has_a_cart_too(browser: Browser, services: Services):
    practice = make_practice(1)
    services.add(practice)
    del browser.cookies["session"]
    browser.submit("/enti/PM108/ricerca", notice_number=practice.notice_number)
    browser.submit("/enti/PM108/carrello/aggiungi", practice_id=str(practice.id))
    assert services.asked(cart.ADD)[0].owner.startswith("visitor:")
    assert counter_on(browser, "/enti/PM108") == "1"
