"""Amounts that change with the days: what pages say of them, and nobody pays another amount than they were shown."""

from datetime import UTC, date, datetime
from http import HTTPStatus

import pytest

from contracts.amounts import AmountPeriod
from contracts.codes import AmountCents
from contracts.error_details import AmountChanged
from contracts.errors import ErrorCode, Refused
from contracts.rpc import payments
from contracts.rpc.practices import Practice
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import Services, make_practice

REDUCED = AmountPeriod(amount_cents=AmountCents(7_000), until=date(2027, 3, 6))
FULL = AmountPeriod(amount_cents=AmountCents(10_000), since=date(2027, 3, 7), until=date(2027, 4, 30))
LATE = AmountPeriod(amount_cents=AmountCents(10_501), since=date(2027, 5, 1), grows=True)


@pytest.fixture(autouse=True)
def _logged_in(browser: Browser):
    browser.log_in()


def penalty(number: int = 1) -> Practice:
    """A practice with a reduced amount, a full one, and interest after that."""
    return make_practice(
        number,
        amount_cents=AmountCents(7_000),
        amount_until=date(2027, 3, 6),
        amounts=[REDUCED, FULL, LATE],
        due_date=date(2027, 4, 30),
        printed_date=date(2027, 3, 31),
    )


def test_the_practice_says_until_when_which_amount_holds(browser: Browser, services: Services):
    services.add(penalty())
    shown = text_of(browser.get(f"/enti/PM108/pratiche/{penalty().id}"))
    assert "Quanto si paga, e fino a quando" in shown
    assert "70,00 € fino al 06/03/2027" in shown
    assert "100,00 € dal 07/03/2027 al 30/04/2027" in shown
    assert "105,01 € il 01/05/2027, poi ogni giorno di più per gli interessi" in shown
    assert "31/03/2027" in shown, "the date on the notice"


def test_it_says_so_in_english_too(browser: Browser, services: Services):
    services.add(penalty())
    browser.language = "en"
    shown = text_of(browser.get(f"/enti/PM108/pratiche/{penalty().id}"))
    assert "What is to pay, and until when" in shown
    assert "then more every day because of interest" in shown


def test_a_reduction_whose_end_is_not_known_says_by_what_it_ends(browser: Browser, services: Services):
    periods = [
        AmountPeriod(amount_cents=AmountCents(7_000), reduced_days=5),
        AmountPeriod(amount_cents=AmountCents(10_000)),
    ]
    services.add(make_practice(1, amounts=periods))
    shown = text_of(browser.get(f"/enti/PM108/pratiche/{make_practice(1).id}"))
    assert "70,00 € entro 5 giorni dalla notifica" in shown
    assert "poi 100,00 €" in shown


def test_an_amount_that_does_not_change_says_nothing_of_days(browser: Browser, services: Services):
    services.add(make_practice(1))
    assert "Quanto si paga" not in text_of(browser.get(f"/enti/PM108/pratiche/{make_practice(1).id}"))


def test_the_cart_and_the_list_say_until_when_the_amount_holds(browser: Browser, services: Services):
    services.add(penalty())
    services.cart = [penalty().id]
    for path in ("/enti/PM108/carrello", "/enti/PM108/pratiche"):
        assert "fino al 06/03/2027" in text_of(browser.get(path))


def test_paga_says_which_total_the_payer_was_shown(browser: Browser, services: Services):
    first, second = penalty(1), make_practice(2)
    services.add(first, second)
    services.cart = [first.id, second.id]
    for path, total in ((f"/enti/PM108/pratiche/{first.id}", "7000"), ("/enti/PM108/carrello", "28450")):
        [field] = page_of(browser.get(path)).xpath("//form[contains(@action,'/paga')]//input[@name='total']")
        assert field.get("value") == total
        browser.submit(field.xpath("ancestor::form")[0].get("action"), total=total)
        assert services.asked(payments.START_CHECKOUT)[-1].shown_total_cents == int(total)


@pytest.mark.parametrize("typed", ["", "-1", "7,00", "٧٠", "9" * 40])
def test_a_total_that_is_none_is_not_compared(browser: Browser, services: Services, typed: str):
    services.add(penalty())
    browser.submit(f"/enti/PM108/pratiche/{penalty().id}/paga", total=typed)
    assert services.asked(payments.START_CHECKOUT)[-1].shown_total_cents is None


def test_an_amount_that_changed_while_the_page_was_open_is_shown_and_can_be_paid(browser: Browser, services: Services):
    services.add(penalty())
    pay = f"/enti/PM108/pratiche/{penalty().id}/paga"
    services.failures[payments.START_CHECKOUT.name] = Refused(
        ErrorCode.AMOUNT_CHANGED, AmountChanged(total_cents=10_000)
    )
    answer = browser.submit(pay, total="7000")
    assert answer.status_code == HTTPStatus.CONFLICT
    page, shown = page_of(answer), text_of(answer)
    assert page.xpath("//h1")[0].text_content() == "L'importo è cambiato"
    assert "Non hai pagato nulla adesso." in shown
    assert "Paga 100,00 €" in shown
    [form] = page.xpath("//main//form")
    fields = {field.get("name"): field.get("value") for field in form.xpath(".//input")}
    assert (form.get("action"), fields["total"]) == (pay, "10000")
    services.failures.clear()
    assert browser.submit(pay, key=fields["key"], total=fields["total"]).status_code == HTTPStatus.SEE_OTHER
    assert services.asked(payments.START_CHECKOUT)[-1].shown_total_cents == 10_000


TOLD_AT = datetime(2027, 3, 6, 9, 30, tzinfo=UTC)


def test_an_amount_that_the_entitys_system_says_is_told_with_its_moment(browser: Browser, services: Services):
    services.add(make_practice(1, amount_told_at=TOLD_AT))
    shown = text_of(browser.get(f"/enti/PM108/pratiche/{make_practice(1).id}"))
    assert "L'importo lo dice il sistema dell'ente, ed è questo dal 06/03/2027" in shown


def test_the_last_known_amount_is_told_to_be_that_and_may_be_paid(browser: Browser, services: Services):
    services.add(make_practice(1, amount_told_at=TOLD_AT, amount_last_known=True))
    page = browser.get(f"/enti/PM108/pratiche/{make_practice(1).id}")
    assert "adesso non risponde: questo è l'ultimo importo che ha detto, il 06/03/2027" in text_of(page)
    assert page_of(page).xpath('//form[contains(@action, "/paga")]')


@pytest.mark.parametrize(
    ("code", "said", "advice"),
    [
        (ErrorCode.AMOUNT_NOT_KNOWN, "Adesso non sappiamo quanto si paga", "Riprova tra qualche minuto."),
        (ErrorCode.NOTHING_DUE, "adesso non c'è nulla da pagare", "Non pagarla."),
    ],
)
def test_what_nobody_knows_the_amount_of_cannot_be_paid_and_says_what_to_do(
    browser: Browser, services: Services, code: ErrorCode, said: str, advice: str
):
    services.add(make_practice(1, payable=False, not_payable_code=code.value))
    page = browser.get(f"/enti/PM108/pratiche/{make_practice(1).id}")
    assert said in text_of(page)
    assert text_of(page).count(advice) == 2, "in the alert and as what to do"
    assert not page_of(page).xpath('//form[contains(@action, "/paga")]')


def test_a_checkout_without_an_amount_is_refused_with_what_to_do(browser: Browser, services: Services):
    practice = make_practice(1)
    services.add(practice)
    services.failures[payments.START_CHECKOUT.name] = Refused(ErrorCode.AMOUNT_NOT_KNOWN)
    answer = browser.submit(f"/enti/PM108/pratiche/{practice.id}/paga", total="10000")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert "Adesso non sappiamo quanto si paga" in text_of(answer)
