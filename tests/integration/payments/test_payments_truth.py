"""The truth about every euro, on a real database: contract samples at both ends, and the order of what is told.

practices is played by a dict of positions that can be away; pagoPA Checkout by an HTTP server that opens every cart.
"""

import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from contracts.events import EVENTS
from contracts.events.envelope import Envelope
from services.payments import models
from services.payments.domain.positions import Standing
from services.payments.usecases import positions, queries
from services.payments.usecases.checkouts import checkout_return
from services.payments.usecases.node import Node, answer_node
from tests.integration.payments.payments_actors import (
    START,
    Practices,
    cashier_at,
    emitted,
    position,
    receipt,
    start,
)

SAMPLES = Path(__file__).parents[3] / "contracts" / "samples"


@pytest.mark.parametrize("name", ["PracticeCreated", "PracticeAmended", "PracticeCancelled", "PracticeExpired"])
def test_the_golden_sample_of_each_event_we_listen_to_becomes_a_position(database, name):
    event = Envelope().load(json.loads((SAMPLES / f"{name}.v1.json").read_text()))
    event["data"] = EVENTS[f"{name}.v1"].schema.load(event["data"])
    with database.transaction() as tx:
        if name in ("PracticeCreated", "PracticeAmended"):
            positions.project_position(tx, event, START)
        else:
            standing = Standing.CANCELLED if name == "PracticeCancelled" else Standing.EXPIRED
            positions.project_end(tx, event, standing, START)
    with database.reading() as session:
        stored = session.get_one(models.Position, event["data"]["practice_id"])
    assert stored.notice_number == event["data"]["notice_number"]
    assert stored.sequence == event["data"]["sequence"]


def test_the_events_we_emit_have_the_fields_of_their_golden_samples(database, pagopa_url):
    practices = Practices()
    practices.issued = {1: position(1), 2: position(2)}
    cashier = cashier_at(pagopa_url)
    opened = start(cashier, database, practices, [1, 2], START)
    answer_node(Node(database, practices, START), receipt(1, "R1", 1000, str(opened["id"])), "")
    answer_node(Node(database, practices, START), receipt(1, "R2", 1000, None), "")
    returned = {"checkout_id": opened["id"], "payer_ref": "visitor:somebody", "outcome": "annullato"}
    assert checkout_return.returned(database, returned, START)["state"] == "partially_paid"
    for name in ("CheckoutStarted", "CheckoutAbandoned", "PaymentConfirmed", "PaymentDuplicated"):
        sample = json.loads((SAMPLES / f"{name}.v1.json").read_text())
        for message in emitted(database, name):
            assert set(message.body) == set(sample)
            assert set(message.body["data"]) == set(sample["data"])


def test_of_two_receipts_at_once_the_timeline_tells_first_the_one_that_was_judged_first(database):
    practices = Practices()
    practices.issued = {1: position(1)}
    arrived_first, judged_first = uuid4().hex, uuid4().hex
    # The second to arrive got the lock of the position first: its transaction is over before the other one judges.
    answer_node(Node(database, practices, START + timedelta(milliseconds=5)), receipt(1, judged_first, 1000, None), "")
    answer_node(Node(database, practices, START + timedelta(milliseconds=1)), receipt(1, arrived_first, 1000, None), "")
    told = [
        (entry["kind"], entry["detail"]["receipt_id"])
        for entry in queries.timeline(database, UUID(int=1))["entries"]
        if "receipt_id" in entry["detail"]
    ]
    assert told == [
        ("PaymentConfirmed.v1", judged_first),
        ("PaymentConfirmed.v1", arrived_first),
        ("PaymentDuplicated.v1", arrived_first),
    ]
    kept = queries.receipts_of(database, UUID(int=1))["receipts"]
    assert [(one["receipt_id"], one["duplicate"]) for one in kept] == [(judged_first, False), (arrived_first, True)]
