"""A stranger with a found notice cannot keep the debtor from paying, and nobody holds more than five checkouts."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from contracts.codes import FiscalCode
from contracts.error_details import TooManyRequests, detail_of
from contracts.errors import ErrorCode, Refused
from contracts.rpc.payments import StartCheckoutRequest
from services.payments import models
from services.payments.usecases.checkouts.end import end
from tests.integration.payments.payments_actors import (
    START,
    Practices,
    activate,
    ask_node,
    emitted,
    position,
    receipt,
    starter_at,
    verify,
)

DEBTOR = FiscalCode("RSSMRA85T10A562S")
LATER = START + timedelta(minutes=5)


@pytest.fixture
def practices():
    played = Practices()
    for number in range(1, 12):
        known = position(number)
        played.issued[number] = replace(known, debtor=replace(known.debtor, fiscal_code=DEBTOR))
    return played


@pytest.fixture
def start(database, practices, pagopa_url):
    starter = starter_at(pagopa_url)

    def started(*numbers, payer="visitor:stranger", at=START, **known):
        request = StartCheckoutRequest(
            idempotency_key=uuid4().hex,
            payer_ref=payer,
            practice_ids=[UUID(int=number) for number in numbers],
            return_url="http://localhost/esito/{checkout_id}",
            **known,
        )
        return starter.start(database, practices, request, lambda: at)

    return started


def refused_with(attempt):
    with pytest.raises(Refused) as caught:
        attempt()
    return caught.value


def state_of(database, checkout):
    with database.reading() as session:
        stored = session.get_one(models.Checkout, checkout.id)
        return stored.state, stored.end_reason


SHOWN: dict[str, dict[str, Any]] = {
    "logged in": {"payer": "citizen:debtor", "payer_fiscal_code": DEBTOR},
    "found with the fiscal code": {"payer": "visitor:debtor", "identified_practice_ids": [UUID(int=1)]},
}


@pytest.mark.parametrize("how", SHOWN)
def test_the_debtor_supersedes_a_strangers_checkout_that_did_not_go_on(database, start, how):
    strangers = start(1)
    debtors = start(1, at=LATER, **SHOWN[how])
    assert debtors.id != strangers.id
    assert debtors.redirect_url
    assert state_of(database, strangers) == ("cancelled", "superseded")
    [abandoned] = emitted(database, "CheckoutAbandoned")
    assert abandoned.body["data"]["reason"] == "superseded"


def test_whoever_only_knows_the_notice_does_not(start):
    start(1)
    others = {"payer": "citizen:other", "payer_fiscal_code": FiscalCode("VRDLGI80A01F205X")}
    assert refused_with(lambda: start(1, at=LATER, payer="visitor:other")).code is ErrorCode.PRACTICE_BEING_PAID
    assert refused_with(lambda: start(1, at=LATER, **others)).code is ErrorCode.PRACTICE_BEING_PAID


NOT_THE_DEBTOR: dict[str, dict[str, Any]] = {
    "another practice was found with the fiscal code": {"payer": "visitor:o", "identified_practice_ids": [UUID(int=2)]},
    "another person's code": {"payer": "citizen:o", "payer_fiscal_code": FiscalCode("VRDLGI80A01F205X")},
    "a name that says citizen": {"payer": "citizen:debtor"},
}


@pytest.mark.parametrize("how", NOT_THE_DEBTOR)
def test_whoever_proves_something_else_does_not(database, start, how):
    strangers = start(1)
    assert refused_with(lambda: start(1, at=LATER, **NOT_THE_DEBTOR[how])).code is ErrorCode.PRACTICE_BEING_PAID
    assert state_of(database, strangers) == ("open", None)


def test_a_stranger_does_not_supersede_the_debtors(database, start):
    debtors = start(1, **SHOWN["logged in"])
    assert refused_with(lambda: start(1, at=LATER)).code is ErrorCode.PRACTICE_BEING_PAID
    assert state_of(database, debtors) == ("open", None)


def test_of_a_cart_only_what_is_the_debtors_own_is_superseded(database, practices, start):
    others = position(2)
    practices.issued[2] = replace(others, debtor=replace(others.debtor, fiscal_code=FiscalCode("VRDLGI80A01F205X")))
    strangers = start(2)
    assert refused_with(lambda: start(1, 2, at=LATER, **SHOWN["logged in"])).code is ErrorCode.PRACTICE_BEING_PAID
    assert state_of(database, strangers) == ("open", None)
    assert start(1, at=LATER, **SHOWN["logged in"]).state == "open"


def test_a_stranger_who_begins_again_and_again_is_superseded_each_time(database, start):
    for minute in range(1, 4):
        strangers = start(1, payer=f"visitor:stranger-{minute}", at=START + timedelta(minutes=2 * minute))
        debtors = start(1, at=START + timedelta(minutes=2 * minute + 1), **SHOWN["logged in"])
        assert state_of(database, strangers) == ("cancelled", "superseded")
        with database.transaction() as tx:
            end(tx, tx.session.get_one(models.Checkout, debtors.id), "cancelled", START)


def test_a_checkout_that_went_on_is_not_superseded(database, practices, start):
    strangers = start(1)
    ask_node(database, practices, LATER, activate(1))
    assert refused_with(lambda: start(1, at=LATER, **SHOWN["logged in"])).code is ErrorCode.PRACTICE_BEING_PAID
    assert state_of(database, strangers) == ("open", None)


def test_an_activation_of_another_notice_in_the_cart_counts_too(database, practices, start):
    start(1, 2)
    ask_node(database, practices, LATER, activate(2))
    assert refused_with(lambda: start(1, at=LATER, **SHOWN["logged in"])).code is ErrorCode.PRACTICE_BEING_PAID


def test_an_activation_from_before_the_checkout_does_not_count(database, practices, start):
    ask_node(database, practices, START - timedelta(hours=2), activate(1))
    start(1)
    assert start(1, at=LATER, **SHOWN["logged in"]).state == "open"


def test_what_the_stranger_held_besides_is_free_again(database, start):
    start(1, 2)
    start(1, at=LATER, **SHOWN["logged in"])
    assert start(2, at=LATER, payer="visitor:third").state == "open"


def test_a_receipt_by_the_superseded_link_still_wins(database, practices, start):
    strangers = start(1)
    start(1, at=LATER, **SHOWN["logged in"])
    ask_node(database, practices, LATER, receipt(1, "R1", 1000, str(strangers.id)))
    assert state_of(database, strangers)[0] == "paid"
    assert len(emitted(database, "PaymentConfirmed")) == 1


def test_one_payer_holds_at_most_five_open_checkouts(database, practices, start):
    for number in range(1, 6):
        start(number)
    error = refused_with(lambda: start(6, at=LATER))
    assert error.code is ErrorCode.TOO_MANY_REQUESTS
    told = detail_of(error, TooManyRequests)
    assert told is not None
    assert told.retry_after_s == 3_300
    assert start(6, payer="visitor:other").state == "open"
    ask_node(database, practices, LATER, receipt(1, "R1", 1000, None))
    assert start(7).state == "open"


def test_the_same_checkout_asked_for_again_is_not_one_more(start):
    opened = [start(number) for number in range(1, 6)]
    assert start(5).id == opened[-1].id


def test_five_also_when_eight_are_clicked_at_once(database, practices, start):
    ask_node(database, practices, START, verify(1))

    def attempt(number):
        try:
            return start(number).state
        except Refused as refusal:
            return refusal.code.value

    with ThreadPoolExecutor(8) as browsers:
        answers = list(browsers.map(attempt, range(1, 9)))
    assert sorted(answers) == ["open"] * 5 + ["too_many_requests"] * 3
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(models.Checkout)) == 5
