"""Several ways of paying one debt: the door by which pagoPA asks for them, and what pages say."""

from http import HTTPStatus

import pytest

from contracts.codes import AmountCents
from contracts.error_details import WhichPractice
from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.rpc import payments
from contracts.shapes import Instalment
from gateway.app import create_app
from gateway.settings import Settings
from tests.unit.gateway.gateway_browser import Browser, text_of
from tests.unit.gateway.gateway_services import Services, make_practice

NOTICE = "301000000000000144"
DOOR = f"/pagopa/payment-options/organizations/80012345676/notices/{NOTICE}"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pagopa_asks_by_get_or_post_and_is_answered_in_json(browser: Browser, services: Services, method: str):
    answer = browser.request(method, DOOR)
    assert (answer.status_code, answer.headers["content-type"]) == (HTTPStatus.OK, "application/json")
    assert answer.json == {"organizationFiscalCode": "80012345676"}
    asked = payments.PaymentOptionsRequest(organization_fiscal_code="80012345676", notice_number=NOTICE)
    assert services.asked(payments.PAYMENT_OPTIONS) == [asked]


def test_payments_out_of_reach_is_pagopas_own_system_error(browser: Browser, services: Services):
    services.failures["payments"] = Unavailable()
    answer = browser.request("POST", DOOR)
    assert (answer.status_code, answer.json["appErrorCode"]) == (HTTPStatus.INTERNAL_SERVER_ERROR, "ODP-103")
    assert answer.json["httpStatusCode"] == HTTPStatus.INTERNAL_SERVER_ERROR


def test_only_the_nodes_networks_may_ask(services: Services, settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NODE_ALLOWED_NETWORKS", "10.0.0.0/8")
    browser = Browser(create_app(Settings.load(), services))
    assert browser.request("POST", DOOR).status_code == HTTPStatus.FORBIDDEN
    assert services.calls == []


def debt_position(services: Services) -> None:
    """A single sum, and a plan of two instalments."""
    single = make_practice(1, debt_position="TARI-1", option="unica")
    plan = [
        make_practice(
            10 + number,
            debt_position="TARI-1",
            option="rate",
            amount_cents=AmountCents(10_725),
            instalment=Instalment(number=number, total=2),
        )
        for number in (1, 2)
    ]
    services.add(single, *plan)


def test_the_practice_says_in_which_other_ways_the_debt_can_be_paid(browser: Browser, services: Services):
    browser.log_in()
    debt_position(services)
    shown = text_of(browser.get(f"/enti/PM108/pratiche/{make_practice(1).id}"))
    assert "In quali modi si può pagare" in shown
    assert "Unica soluzione (questa)" in shown
    assert "Piano di 2 rate" in shown
    assert "107,25 €" in shown


def test_a_debt_with_one_way_says_nothing_of_ways(browser: Browser, services: Services):
    browser.log_in()
    services.add(make_practice(1), make_practice(2, debt_position="TARI-2", option="unica"))
    for number in (1, 2):
        assert "In quali modi" not in text_of(browser.get(f"/enti/PM108/pratiche/{make_practice(number).id}"))


def test_what_another_way_has_paid_says_so(browser: Browser, services: Services):
    browser.log_in()
    closed = make_practice(
        1, state="cancelled", state_reason="other_option", payable=False, not_payable_code="practice_cancelled"
    )
    services.add(closed)
    assert "pagato con un'altra soluzione" in text_of(browser.get(f"/enti/PM108/pratiche/{closed.id}"))


def test_a_cart_with_two_ways_of_one_debt_is_explained(browser: Browser, services: Services):
    browser.log_in()
    debt_position(services)
    services.cart = [make_practice(1).id, make_practice(11).id]
    refusal = Refused(ErrorCode.OPTION_CLOSED, WhichPractice(practice_id=make_practice(11).id))
    services.failures[payments.START_CHECKOUT.name] = refusal
    answer = browser.submit("/enti/PM108/carrello/paga")
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "si paga in un solo modo" in text_of(answer)
