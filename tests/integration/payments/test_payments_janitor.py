"""Non confermato ends in time: the janitor asks what the node has asked us before it frees a practice."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from contracts.events.practices import PRACTICE_CANCELLED
from contracts.rpc.payments import CheckoutRequest
from services.payments.domain.positions import PositionStatus
from services.payments.usecases import positions
from services.payments.usecases.checkouts import checkout_return, end
from tests.integration.payments.payments_actors import (
    START,
    Practices,
    activate,
    ask_node,
    emitted,
    ended,
    event,
    position,
    receipt,
    start,
    starter_at,
)

TOKEN_LIFE = timedelta(minutes=30)


class Street:
    """Two practices, a payer in front of Checkout, the node, and a clock in minutes."""

    def __init__(self, database, pagopa_url):
        self.database = database
        self.practices = Practices()
        self.practices.issued = {1: position(1), 2: position(2)}
        self.checkout_id = start(starter_at(pagopa_url), database, self.practices, [1, 2], START).id

    def say(self, text, minute):
        moment = START + timedelta(minutes=minute)
        return ask_node(self.database, self.practices, moment, text)

    def sweep(self, minute):
        """Let the janitor come by, and say how the checkout stands afterwards."""
        end.end_overdue(self.database, TOKEN_LIFE, START + timedelta(minutes=minute))
        return self.find().state

    def find(self):
        request = CheckoutRequest(checkout_id=self.checkout_id, payer_ref="visitor:somebody")
        return checkout_return.find(self.database, request)


@pytest.fixture
def street(database, pagopa_url):
    return Street(database, pagopa_url)


def test_without_a_payment_under_way_the_practices_are_free_when_the_time_is_over(street):
    assert street.sweep(29.9) == "open"
    assert street.sweep(30) == "timed_out"
    assert street.find().ended_at == START + timedelta(minutes=30)


def test_a_practice_whose_payment_token_may_be_alive_is_not_freed(street, database):
    assert "<outcome>OK</outcome>" in street.say(activate(2), 20)
    assert [street.sweep(minute) for minute in (30, 49.9)] == ["open", "open"]
    assert emitted(database, "CheckoutAbandoned") == []
    assert street.sweep(50) == "timed_out"
    [abandoned] = emitted(database, "CheckoutAbandoned")
    assert len(abandoned.body["data"]["practice_ids"]) == 2


def test_the_end_that_was_told_holds_even_if_a_practice_is_activated_over_and_over(street):
    for minute in (10, 25, 40, 55):
        street.say(activate(1), minute)
        assert street.sweep(minute) == "open"
    assert street.find().open_until == START + timedelta(minutes=60)
    assert street.sweep(59.9) == "open"
    assert street.sweep(60) == "timed_out"


def test_an_activation_that_was_refused_or_paid_keeps_nothing(street, database):
    street.say(receipt(1, uuid4().hex, 1000, None), 1)
    with database.transaction() as tx:
        cancelled = event(PRACTICE_CANCELLED, ended(2, 2), START)
        positions.project_end(tx, cancelled, PositionStatus.CANCELLED, START)
    assert "PAA_PAGAMENTO_ANNULLATO" in street.say(activate(2), 25)
    assert "PAA_PAGAMENTO_DUPLICATO" in street.say(activate(1), 25)
    assert street.sweep(30) == "partially_paid"


def test_the_token_of_what_is_paid_meanwhile_no_longer_keeps_the_rest(street):
    street.say(activate(1), 20)
    assert street.sweep(30) == "open"
    street.say(receipt(1, uuid4().hex, 1000, str(street.checkout_id)), 31)
    assert street.find().state == "open"
    assert street.sweep(50) == "partially_paid"
    assert [item.paid for item in street.find().items] == [True, False]


def test_a_receipt_after_the_end_still_wins_and_each_practice_has_its_own_truth(street):
    assert street.sweep(30) == "timed_out"
    street.say(receipt(2, uuid4().hex, 1000, str(street.checkout_id)), 90)
    found = street.find()
    assert found.state == "partially_paid"
    assert {item.practice_id: item.paid for item in found.items} == {UUID(int=1): False, UUID(int=2): True}
