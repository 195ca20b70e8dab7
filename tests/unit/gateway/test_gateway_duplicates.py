"""The pages that stop a payer: a duplicate practice paid or being paid, a payment of this one under way."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

import pytest

from contracts.error_details import BeingPaid, DuplicatePractice, DuplicatesFound
from contracts.errors import ErrorCode, Refused
from contracts.rpc import payments, practices
from contracts.rpc.payments import Checkout, StartCheckoutRequest
from contracts.rpc.practices import Practice, PracticeDuplicates
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import NOW, Services, make_practice

KEY = "5b1a4a3e-5f7e-4a92-9f0a-6b0a3d0a9b11"


@pytest.fixture(autouse=True)
def _logged_in(browser: Browser):
    browser.log_in()


def duplicate_of(practice: Practice, other: Practice, standing: str, **more: Any) -> DuplicatePractice:
    """What payments knows of a duplicate practice, paid now unless `more` says otherwise."""
    times = {"since": NOW, "until": None} | more
    return DuplicatePractice(practice_id=practice.id, equal_id=other.id, standing=standing, **times)


def refuse_duplicates(services: Services, *found: DuplicatePractice) -> None:
    """Let payments refuse the checkout because of duplicate practices."""
    refusal = Refused(ErrorCode.EQUAL_PRACTICE_FOUND, DuplicatesFound(equals=found))
    services.failures[payments.START_CHECKOUT.name] = refusal


def test_an_equal_paid_practice_is_shown_with_its_receipt_and_can_be_paid_anyway(browser: Browser, services: Services):
    first, second = make_practice(1), make_practice(2)
    services.add(first, second)
    services.duplicates = {second.id: [first.id]}
    refuse_duplicates(services, duplicate_of(second, first, "paid"))
    pay = f"/enti/PM108/pratiche/{second.id}/paga"
    answer = browser.submit(pay, key=KEY)
    assert answer.status_code == HTTPStatus.CONFLICT
    page, shown = page_of(answer), text_of(answer)
    assert page.xpath("//h1")[0].text_content() == "Forse lo hai già pagato"
    assert first.description in shown
    assert second.description in shown
    assert "Risulta già pagata" in shown
    assert page.xpath(f"//main//a[@href='/enti/PM108/pratiche/{first.id}/quietanza.pdf']")
    [asked] = services.asked(payments.START_CHECKOUT)
    assert asked.equals == [PracticeDuplicates(practice_id=second.id, equal_ids=[first.id])]
    assert asked.pay_anyway is False

    [form] = page.xpath("//main//form")
    assert (form.get("method"), form.get("action")) == ("post", pay)
    fields = {field.get("name"): field.get("value") for field in form.xpath(".//input")}
    assert fields["key"] == KEY
    services.failures.clear()
    on = browser.submit(pay, key=fields["key"], anyway=fields["anyway"])
    assert on.status_code == HTTPStatus.SEE_OTHER
    assert services.asked(payments.START_CHECKOUT)[-1].pay_anyway is True
    assert len(services.asked(practices.DUPLICATES)) == 1


@pytest.mark.parametrize(
    ("standing", "more", "sentence"),
    [
        ("being_paid", {"until": NOW + timedelta(minutes=30)}, "al più tardi si chiude il"),
        ("in_this_payment", {"since": None}, "Le pagheresti tutte e due adesso."),
    ],
)
def test_the_cart_is_stopped_too_and_says_why(
    browser: Browser, services: Services, standing: str, more: dict[str, Any], sentence: str
):
    first, second = make_practice(1), make_practice(2)
    services.add(first, second)
    services.cart = [first.id, second.id]
    refuse_duplicates(services, duplicate_of(first, second, standing, **more))
    answer = browser.submit("/enti/PM108/carrello/paga", key=KEY)
    assert answer.status_code == HTTPStatus.CONFLICT
    assert sentence in text_of(answer)
    assert page_of(answer).xpath("//main//form[@action='/enti/PM108/carrello/paga']//button")
    assert page_of(answer).xpath("//main//a[@href='/enti/PM108/carrello']")


def being_paid(services: Services, practice: Practice, checkout_id: UUID | None) -> None:
    """Let payments refuse the checkout because another one is open."""
    detail = BeingPaid(practice_id=practice.id, since=NOW, until=NOW + timedelta(minutes=30), checkout_id=checkout_id)
    services.failures[payments.START_CHECKOUT.name] = Refused(ErrorCode.PRACTICE_BEING_PAID, detail)


def test_ones_own_payment_of_other_practices_too_can_be_resumed(browser: Browser, services: Services):
    practice = make_practice(1)
    services.add(practice)
    being_paid(services, practice, UUID("0b4c6d1e-1111-4222-8333-444455556666"))
    answer = browser.submit(f"/enti/PM108/pratiche/{practice.id}/paga", key=KEY)
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "Hai già aperto il" in text_of(answer)
    address = "/enti/PM108/esito/0b4c6d1e-1111-4222-8333-444455556666"
    assert page_of(answer).xpath(f"//main//a[@href='{address}']")


def test_somebody_elses_payment_is_explained_with_its_end(browser: Browser, services: Services):
    practice = make_practice(1)
    services.add(practice)
    being_paid(services, practice, None)
    answer = browser.submit(f"/enti/PM108/pratiche/{practice.id}/paga", key=KEY)
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "Qualcuno ha aperto il pagamento di questa pratica" in text_of(answer)
    assert "/esito/" not in answer.text


def test_what_this_browser_started_to_pay_before_the_login_is_resumed(browser: Browser, services: Services):
    practice = make_practice(1)
    services.add(practice)
    pay = f"/enti/PM108/pratiche/{practice.id}/paga"
    browser.get("/enti/PM108")
    visitor = services.make_checkout([practice.id], "visitor:this-browser")
    asked: list[str] = []

    def start(request: StartCheckoutRequest) -> Checkout:
        asked.append(request.payer_ref)
        if request.payer_ref.startswith("citizen:"):
            raise Refused(ErrorCode.PRACTICE_BEING_PAID)
        return visitor

    services.answer(payments.START_CHECKOUT, start)
    answer = browser.submit(pay, key=KEY)
    assert answer.headers["location"] == visitor.redirect_url
    assert [payer.partition(":")[0] for payer in asked] == ["citizen", "visitor"]
