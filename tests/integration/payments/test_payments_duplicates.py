"""Whoever is about to pay the same thing twice is told, and can pay anyway: practices and payments together."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from contracts.codes import FiscalCode
from contracts.errors import ErrorCode, RpcError
from contracts.rpc import payments, practices
from contracts.shapes import Viewer

CITIZEN = Viewer(citizen_id=uuid4(), fiscal_code=FiscalCode("RSSMRA85T10A562S"))


def start(town, *issued, key=None, pay_anyway=False):
    """Press Paga as the gateway does."""
    practice_ids = [practice.id for practice in issued]
    asked = practices.GetManyRequest(viewer=CITIZEN, practice_ids=practice_ids)
    request = payments.StartCheckoutRequest(
        idempotency_key=key or uuid4().hex,
        payer_ref="visitor:integration-test",
        practice_ids=practice_ids,
        return_url="http://localhost:8080/enti/PM108/esito/{checkout_id}",
        equals=town.rpc.call(practices.DUPLICATES, asked).equals,
        pay_anyway=pay_anyway,
    )
    return town.rpc.call(payments.START_CHECKOUT, request)


@pytest.fixture
def twins(town):
    """Two debts with the same causale and amount, which no other test has."""
    description = uuid4().hex
    return town.issue(description=description), town.issue(description=description)


def test_an_equal_practice_that_is_paid_is_told_and_can_be_paid_anyway(town, twins, refused, eventually):
    paid, other = twins
    assert start(town, other, key="first-of-all-keys").state == "open"
    town.returned(start(town, other, key="first-of-all-keys"), "annullato")
    eventually(lambda: town.pay_at_counter(paid).ok)
    [receipt] = eventually(lambda: town.receipts(paid.id))
    key = uuid4().hex
    code, params = refused(lambda: start(town, other, key=key))
    assert code == "equal_practice_found"
    assert params == {
        "equals": [
            {
                "practice_id": str(other.id),
                "equal_id": str(paid.id),
                "standing": "paid",
                "since": receipt.paid_at.isoformat(),
                "until": None,
            }
        ]
    }
    assert start(town, other, key=key, pay_anyway=True).state == "open"
    assert start(town, other, key=key).state == "open"


def test_an_equal_practice_that_is_being_paid_is_told_until_that_ends(town, twins, refused):
    first, second = twins
    checkout = start(town, first)
    code, params = refused(lambda: start(town, second))
    assert code == "equal_practice_found"
    [told] = params["equals"]
    assert (told["equal_id"], told["standing"]) == (str(first.id), "being_paid")
    assert (told["since"], told["until"]) == (checkout.created_at.isoformat(), checkout.open_until.isoformat())
    assert start(town, first).id == checkout.id
    town.returned(checkout, "annullato")
    assert start(town, second).state == "open"


def test_two_equal_practices_in_one_cart_are_told_and_can_be_paid_anyway(town, twins, refused):
    code, params = refused(lambda: start(town, *twins))
    assert (code, [told["standing"] for told in params["equals"]]) == ("equal_practice_found", ["in_this_payment"])
    assert len(start(town, *twins, pay_anyway=True).items) == 2


def test_of_two_equal_practices_clicked_at_once_one_is_told_of_the_other(town, twins):
    def click(practice):
        try:
            return start(town, practice).state
        except RpcError as error:
            return error.code

    with ThreadPoolExecutor(2) as people:
        answers = list(people.map(click, twins))
    # On a machine so slow that Checkout does not answer in time, even the first one is not let through.
    slow = {ErrorCode.CHECKOUT_UNAVAILABLE, ErrorCode.SERVICE_UNAVAILABLE, ErrorCode.OUTCOME_UNKNOWN}
    assert answers.count("open") <= 1
    assert ErrorCode.EQUAL_PRACTICE_FOUND in answers or slow & set(answers), answers
