"""The truth about every euro, on a real database: contract samples at both ends, and the order of what is told.

practices is played by a dict of positions that can be away; pagoPA Checkout by an HTTP server that opens every cart.
"""

import json
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from chassis.messaging.events import read_event
from contracts.events.practices import PRACTICE_AMENDED, PRACTICE_CANCELLED, PRACTICE_CREATED, PRACTICE_EXPIRED
from contracts.rpc.payments import ReturnedRequest
from services.payments import models
from services.payments.domain.positions import PositionStatus
from services.payments.usecases import positions, receipt_list, timeline
from services.payments.usecases.checkouts import checkout_return
from tests.integration.payments.payments_actors import (
    START,
    Practices,
    ask_node,
    emitted,
    position,
    receipt,
    start,
    starter_at,
)

SAMPLES = Path(__file__).parents[3] / "contracts" / "samples"


@pytest.mark.parametrize(
    ("event_type", "project"),
    [
        (PRACTICE_CREATED, positions.project_position),
        (PRACTICE_AMENDED, positions.project_position),
        (PRACTICE_CANCELLED, partial(positions.project_end, status=PositionStatus.CANCELLED)),
        (PRACTICE_EXPIRED, partial(positions.project_end, status=PositionStatus.EXPIRED)),
    ],
)
def test_the_golden_sample_of_each_event_we_listen_to_becomes_a_position(database, event_type, project):
    event = read_event(event_type, json.loads((SAMPLES / f"{event_type.type}.json").read_text()))
    with database.transaction() as tx:
        project(tx, event, now=START)
    with database.reading() as session:
        stored = session.get_one(models.Position, event.data.practice_id)
    assert stored.notice_number == event.data.notice_number
    assert stored.sequence == event.data.sequence


def test_the_events_we_emit_have_the_fields_of_their_golden_samples(database, pagopa_url):
    practices = Practices()
    practices.issued = {1: position(1), 2: position(2)}
    opened = start(starter_at(pagopa_url), database, practices, [1, 2], START)
    ask_node(database, practices, START, receipt(1, "R1", 1000, str(opened.id)))
    ask_node(database, practices, START, receipt(1, "R2", 1000, None))
    returned = ReturnedRequest(checkout_id=opened.id, payer_ref="visitor:somebody", outcome="annullato")
    assert checkout_return.returned(database, returned, START).state == "partially_paid"
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
    ask_node(database, practices, START + timedelta(milliseconds=5), receipt(1, judged_first, 1000, None))
    ask_node(database, practices, START + timedelta(milliseconds=1), receipt(1, arrived_first, 1000, None))
    told = [
        (entry.kind, entry.detail["receipt_id"])
        for entry in timeline.timeline(database, UUID(int=1)).entries
        if "receipt_id" in entry.detail
    ]
    assert told == [
        ("PaymentConfirmed.v1", judged_first),
        ("PaymentConfirmed.v1", arrived_first),
        ("PaymentDuplicated.v1", arrived_first),
    ]
    kept = receipt_list.receipts_of(database, UUID(int=1)).receipts
    assert [(one.receipt_id, one.duplicate) for one in kept] == [(judged_first, False), (arrived_first, True)]
