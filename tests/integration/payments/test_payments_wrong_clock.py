"""A process of payments whose clock is days off: it says so, ends nothing, and sets no end by it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
import sqlalchemy as sa

from contracts.calendar import rome_day
from contracts.rpc.payments import NodeRequest
from services.payments import models
from services.payments.metrics import RECEIPTS_UNREPORTED
from services.payments.service import PaymentsService
from services.payments.usecases.node.answer import answer_node
from services.payments.usecases.node.context import NodeContext
from tests.conftest import wait_until_answering
from tests.integration.payments.conftest import CREDITOR
from tests.integration.payments.payments_actors import (
    Practices,
    activate,
    ask_node,
    position,
    receipt,
    start,
    starter_at,
    verify,
)

SETTINGS = SimpleNamespace(token_life=timedelta(minutes=30), unreported_working_days=5)
THREE_DAYS = timedelta(days=3)
# Runs a service in a process whose clock is that many days ahead.
AHEAD = """
import runpy, sys
from datetime import timedelta
import chassis.clock
right = chassis.clock.now
chassis.clock.now = lambda: right() + timedelta(days=3)
runpy.run_module("chassis.run", run_name="__main__", alter_sys=True)
"""


def state_of(database, checkout_id):
    with database.reading() as session:
        return session.scalar(sa.select(models.Checkout.state).where(models.Checkout.id == checkout_id))


def one_position():
    practices = Practices()
    practices.issued = {1: position(1)}
    return practices


def test_only_a_process_with_the_right_clock_ends_checkouts_and_by_the_databases_time(database, pagopa_url, tick):
    def begun(ago):
        return start(starter_at(pagopa_url), database, one_position(), [1], datetime.now(UTC) - ago).id

    janitor = PaymentsService.end_overdue_checkouts
    young = begun(timedelta())
    assert tick(janitor, THREE_DAYS, database=database, settings=SETTINGS) == ["clock_is_off"]
    assert state_of(database, young) == "open"
    with database.transaction() as tx:
        past = datetime.now(UTC) - timedelta(seconds=1)
        tx.session.execute(sa.update(models.Checkout).values(ask_at=past, open_until=past))
    assert tick(janitor, -THREE_DAYS, database=database, settings=SETTINGS) == ["clock_is_off"]
    assert state_of(database, young) == "open"
    assert tick(janitor, timedelta(seconds=2), database=database, settings=SETTINGS) == ["checkout_ended_by_janitor"]
    assert state_of(database, young) == "timed_out"


def test_only_a_process_with_the_right_clock_forgets_what_the_node_asked(database, tick):
    def left():
        with database.reading() as session:
            return session.query(models.NodeCall).count()

    call = {"operation": "paGetPayment", "creditor_fiscal_code": CREDITOR, "notice_number": "3" * 18}
    with database.transaction() as tx:
        for days in (399, 401):
            at = datetime.now(UTC) - timedelta(days=days)
            tx.session.add(models.NodeCall(at=at, **call))
    assert tick(PaymentsService.purge_node_calls, THREE_DAYS, database=database) == ["clock_is_off"]
    assert left() == 2
    assert tick(PaymentsService.purge_node_calls, timedelta(), database=database) == []
    assert left() == 1


def test_only_a_process_with_the_right_clock_raises_the_alarm_about_receipts_in_no_flow(database, tick):
    now = datetime.now(UTC)
    ask_node(database, one_position(), now, receipt(1, uuid4().hex, 1000, None))
    with database.transaction() as tx:
        tx.session.execute(sa.update(models.Receipt).values(paid_at=now))
    RECEIPTS_UNREPORTED.set(0)
    watch = PaymentsService.watch_unreported_receipts
    assert tick(watch, timedelta(days=30), database=database, settings=SETTINGS) == ["clock_is_off"]
    assert tick(watch, timedelta(), database=database, settings=SETTINGS) == []
    with database.transaction() as tx:
        tx.session.execute(sa.update(models.Receipt).values(paid_at=now - timedelta(days=30)))
    assert tick(watch, timedelta(), database=database, settings=SETTINGS) == ["receipts_in_no_flow"]


@pytest.mark.parametrize("ahead", [THREE_DAYS, -THREE_DAYS])
def test_what_the_node_asked_is_written_with_the_databases_time(database, ahead):
    wrong = datetime.now(UTC) + ahead
    answer_node(NodeContext(database, one_position(), wrong), NodeRequest(envelope=activate(1)))
    with database.reading() as session:
        asked_at = session.scalar(sa.select(models.NodeCall.at))
    assert abs(datetime.now(UTC) - asked_at) < timedelta(minutes=1)


@pytest.mark.parametrize("ask", [verify, activate])
def test_a_notice_due_tomorrow_is_not_called_too_late_by_a_process_three_days_ahead(database, ask):
    practices, now = one_position(), datetime.now(UTC)
    practices.issued = {
        1: replace(position(1), payable_until=rome_day(now) + timedelta(days=1)),
        2: replace(position(2), payable_until=rome_day(now) - timedelta(days=1)),
    }
    # The first question of each makes it known here; it is known to the second.
    for clock in (now + THREE_DAYS, now + THREE_DAYS, now - THREE_DAYS):
        context = NodeContext(database, practices, clock)
        assert "<outcome>OK</outcome>" in answer_node(context, NodeRequest(envelope=ask(1))).envelope
        assert "PAA_PAGAMENTO_SCADUTO" in answer_node(context, NodeRequest(envelope=ask(2))).envelope


def test_one_process_whose_clock_is_three_days_ahead_frees_nothing_says_so_and_tells_payers_the_right_end(
    town, eventually
):
    held = town.start(town.issue())
    wrong = town.run("payments", "-c", AHEAD, "payments")
    wait_until_answering(town.rpc, "payments", wrong)
    begun_under_it = town.start(town.issue(), payer="visitor:another")
    told = begun_under_it.open_until - datetime.now(UTC)
    assert timedelta(minutes=30) < told < timedelta(hours=2)
    # Every ten seconds the janitor comes by.
    eventually(lambda: [line for line in wrong.lines("clock_is_off") if line["offset_s"] > 1e5])
    assert town.checkout(held.id).state == "open"
    assert town.checkout(begun_under_it.id, payer="visitor:another").state == "open"
    assert "checkout_ended_by_janitor" not in json.dumps(wrong.log())
    town.restart("payments")
