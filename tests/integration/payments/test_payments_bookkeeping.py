"""What an entity's books know a practice by comes back with its money: in the events and in the list of payments.

practices is played by a dict of positions.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from chassis.messaging import codec
from contracts.codes import AmountCents
from contracts.events.practices import PRACTICE_AMENDED, PRACTICE_CREATED
from contracts.rpc.payments import PaymentsRequest
from contracts.rpc.practices import Position
from contracts.shapes import Beneficiary, Instalment
from services.payments import models
from services.payments.domain.settlements import Flow, FlowRow, Outcome
from services.payments.usecases import positions, receipt_list, settlements
from tests.integration.payments.payments_actors import (
    CREDITOR,
    START,
    Practices,
    activate,
    ask_node,
    emitted,
    event,
    position,
    receipt,
)

LATER = START + timedelta(days=1)
STUDENT = Beneficiary(
    full_name="Anna Rossi", course="Pianoforte", school="Scuola di tastiere", contribution_type="Retta annuale"
)
TOLD = {
    "external_id": "RETTA-2627-00001-5",
    "service_code": "TARI",
    "accounting_code": "3.0.1.02.16",
    "instalment": {"number": 5, "total": 7},
    "beneficiary": codec.to_json(STUDENT),
}
NOTHING = dict.fromkeys(TOLD)


def booked(number: int = 1, sequence: int = 1, **changes: Any) -> Position:
    books = {
        "external_id": "RETTA-2627-00001-5",
        "accounting_code": "3.0.1.02.16",
        "instalment": Instalment(number=5, total=7),
        "beneficiary": STUDENT,
    }
    return replace(position(number, sequence), **{**books, **changes})


@pytest.fixture
def practices():
    return Practices()


@pytest.fixture
def node(database, practices):
    return lambda text: ask_node(database, practices, START, text)


def learn(database, told, event_type=PRACTICE_CREATED):
    with database.transaction() as tx:
        positions.project_positions(tx, [event(event_type, told, START)], START)


def pay(node, receipt_id="R1"):
    node(activate(1))
    node(receipt(1, receipt_id, 1000, None))


def settle(database, practices):
    row = FlowRow(
        iuv=f"{1:017d}",
        iur="R1",
        index=1,
        amount_cents=1000,
        outcome=Outcome.EXECUTED,
        paid_on=date(2026, 11, 23),
    )
    flow = Flow(
        flow_id="2026-11-24ABCDITMM-0000000001",
        flow_at=LATER,
        revision=1,
        regulation_id="TRN",
        settled_on=date(2026, 11, 24),
        sender_id="ABCDITMM",
        sender_name="Banca",
        receiver_fiscal_code=CREDITOR.fiscal_code,
        count=1,
        total_cents=1000,
        rows=(row,),
    )
    settlements.take_flow(database, practices, flow, "PM108", LATER)


def books_of(values):
    return {name: values[name] for name in TOLD}


def in_events(database, name):
    return [books_of(one.body["data"]) for one in emitted(database, name)]


@contextmanager
def running_transaction(database, elsewhere=None) -> Iterator[sa.Connection]:
    """Leave a transaction that has a number running, in this database or, by its name, another of the server's."""
    url = database.engine.url
    engine = sa.create_engine(url.set(database=elsewhere or url.database))
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT pg_current_xact_id()"))
        yield connection
    engine.dispose()


def in_payments(database):
    page = receipt_list.payments_page(database, PaymentsRequest(entity_code="PM108"))
    return [books_of(orjson.loads(codec.write(one))) for one in page.receipts]


def test_confirmed_duplicated_and_reported_money_says_what_the_books_know_it_by(database, practices, node):
    learn(database, booked())
    pay(node)
    pay(node, "R2")
    settle(database, practices)
    assert in_events(database, "PaymentConfirmed") == [TOLD, TOLD]
    assert in_events(database, "PaymentDuplicated") == [TOLD]
    assert in_events(database, "PaymentReported") == [TOLD]
    assert in_payments(database) == [TOLD, TOLD]


def test_of_two_tellings_the_later_one_counts_whichever_comes_first(database, node):
    corrected = booked(sequence=2, accounting_code="3.0.1.02.99")
    learn(database, corrected, PRACTICE_AMENDED)
    learn(database, booked())
    pay(node)
    assert [one["accounting_code"] for one in in_events(database, "PaymentConfirmed")] == ["3.0.1.02.99"]


def test_a_practice_asked_for_by_call_is_known_as_well_as_one_told_by_event(database, practices, node):
    practices.issued = {1: booked()}
    pay(node)
    assert in_events(database, "PaymentConfirmed") == [TOLD]


def test_a_position_stored_by_the_release_before_is_paid_without_what_was_not_told(database, practices, node):
    learn(database, booked())
    with database.transaction() as tx:
        tx.session.execute(sa.update(models.Position).values(bookkeeping=None))
    pay(node)
    settle(database, practices)
    assert in_events(database, "PaymentConfirmed") == in_events(database, "PaymentReported") == [NOTHING]
    assert in_payments(database) == [NOTHING]


def test_money_for_a_notice_nobody_knows_is_told_without_them(database, node):
    node(receipt(9, "R9", 1000, None))
    assert in_payments(database) == [NOTHING]


def test_the_receipts_a_citizen_is_shown_do_not_tell_what_is_for_the_entitys_books(database, node):
    learn(database, booked())
    pay(node)
    [shown] = receipt_list.receipts_of(database, UUID(int=1)).receipts
    assert books_of(orjson.loads(codec.write(shown))) == NOTHING


def test_an_amount_told_without_any_of_them_is_stored_as_it_is(database):
    learn(database, position(1))
    with database.reading() as session:
        stored = session.get_one(models.Position, UUID(int=1))
    assert stored.amount_cents == AmountCents(1000)
    assert stored.bookkeeping is not None
    assert (stored.bookkeeping.service_code, stored.bookkeeping.external_id) == ("TARI", None)


def test_the_payments_of_a_period_end_before_its_last_moment(database, node):
    learn(database, booked())
    pay(node)
    for until, count in ((START, 0), (LATER, 1)):
        request = PaymentsRequest(entity_code="PM108", since=START, until=until)
        assert len(receipt_list.payments_page(database, request).receipts) == count


def test_what_runs_in_another_database_of_the_server_holds_no_payment_back(database, node):
    learn(database, booked())
    with running_transaction(database, elsewhere="postgres"):
        pay(node)
        assert in_payments(database) == [TOLD]


def test_a_payment_waits_for_what_was_running_in_payments_database_before_it(database, node):
    learn(database, booked())
    with running_transaction(database) as running:
        pay(node)
        assert in_payments(database) == []
        running.commit()
        assert in_payments(database) == [TOLD]
