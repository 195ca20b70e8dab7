"""A settlement flow too large to be read while somebody waits: answered by its head, put aside, read afterwards."""

import base64
from datetime import timedelta

import pytest
import sqlalchemy as sa

from contracts.errors import ErrorCode, Refused
from contracts.rpc.settlement import TakeSettlementRequest
from services.payments import models
from services.payments.repository import settlement_files
from services.payments.settlement.flow_parser import LARGE_FROM_BYTES
from services.payments.settlement.flow_reader import read_flow
from services.payments.usecases import reconciliation, retention, settlements
from tests.integration.payments.payments_actors import START, Practices, position
from tests.integration.payments.test_payments_settlement import flow, row

FLOW_ID = "2026-11-21BESEITM1-LARGE"
# Some 430 bytes each.
ROWS = 5_500


@pytest.fixture
def practices():
    played = Practices()
    played.issued = {1: position(1)}
    return played


@pytest.fixture
def upload(database, practices):
    def uploaded(content: str):
        encoded = base64.b64encode(content.encode()).decode()
        request = TakeSettlementRequest(entity_code="PM108", content_base64=encoded)
        flow_id = settlements.take_file(database, practices, request, START)
        return reconciliation.settlement(database, "PM108", flow_id)

    return uploaded


@pytest.fixture
def read_all(database, practices):
    return lambda: settlements.take_waiting(database, practices)


def shown(database, flow_id=FLOW_ID):
    return reconciliation.settlement(database, "PM108", flow_id)


def large(flow_id=FLOW_ID, behind="", **head):
    rows = [row(f"{10**9 + number:017d}", f"{number:032x}", 1) for number in range(ROWS)]
    rows[-1] += behind
    content = flow(flow_id, ROWS, *rows, **head)
    assert len(content) > LARGE_FROM_BYTES
    return content


def waiting(database):
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(models.SettlementFile))


def test_a_large_flow_is_answered_by_its_head_and_read_afterwards(database, upload, read_all):
    answered = upload(large())
    assert (answered.payments_count, answered.total_cents, answered.pending) == (ROWS, ROWS, ROWS)
    assert (answered.findings, answered.received_at, answered.current) == ([], START, True)
    read_all()
    stored = shown(database)
    assert stored.pending + sum(found.count for found in stored.findings) == ROWS
    assert (stored.flow_at, stored.received_at, stored.adds_up) == (answered.flow_at, START, True)
    assert waiting(database) == 0


def test_the_same_large_flow_again_changes_nothing_before_and_after_it_is_read(database, upload, read_all):
    upload(large())
    assert upload(large()).pending == ROWS
    assert waiting(database) == 1
    read_all()
    assert upload(large()).findings == shown(database).findings
    assert waiting(database) == 0


def test_a_newer_large_flow_of_the_same_id_replaces_the_older(database, upload, read_all):
    upload(flow(FLOW_ID, 1, row("1" * 17, "A", 1)))
    newer = upload(large(at="2026-11-22T10:00:00"))
    assert newer.payments_count == ROWS, "it is shown as it will be"
    read_all()
    assert shown(database).payments_count == ROWS


def test_a_large_flow_that_cannot_be_read_says_why_at_its_address_and_stops_no_other(database, upload, read_all):
    upload(large(behind="<what/>"))
    upload(large(flow_id=f"{FLOW_ID}-2"))
    read_all()
    with pytest.raises(Refused) as refused:
        shown(database)
    assert refused.value.code is ErrorCode.SETTLEMENT_UNREADABLE
    assert refused.value.params["reason"]
    assert shown(database, f"{FLOW_ID}-2").payments_count == ROWS
    assert upload(large()).pending == ROWS, "sent again as it should have been"
    read_all()
    assert shown(database).payments_count == ROWS


def test_what_its_head_shows_is_refused_at_once(database, upload):
    for content, code in (
        (large(body="99999999999"), ErrorCode.SETTLEMENT_OTHER_BODY),
        (large(day="2026-02-30"), ErrorCode.SETTLEMENT_UNREADABLE),
        (large(flow_id=""), ErrorCode.SETTLEMENT_UNREADABLE),
        (large().replace("FlussoRiversamento", "Flusso"), ErrorCode.SETTLEMENT_UNREADABLE),
        (large()[:-40], ErrorCode.SETTLEMENT_UNREADABLE),
        ("<!DOCTYPE x>" + large(), ErrorCode.SETTLEMENT_UNREADABLE),
    ):
        with pytest.raises(Refused) as refused:
            upload(content)
        assert refused.value.code is code
    assert waiting(database) == 0


def test_two_readers_never_have_the_same_flow_and_a_killed_ones_is_read_by_the_next(database, upload, read_all):
    upload(large())
    with database.transaction() as tx:
        assert settlement_files.take(tx.session)
    with database.transaction() as tx:
        assert settlement_files.take(tx.session) is None
    read_all()
    assert shown(database).pending == ROWS
    with database.transaction() as tx:
        past = sa.func.clock_timestamp() - timedelta(seconds=1)
        tx.session.execute(sa.update(models.SettlementFile).values(taken_until=past))
    read_all()
    assert waiting(database) == 0


def test_a_reader_killed_after_it_stored_the_flow_leaves_nothing_twice(database, practices, upload, read_all):
    upload(large())
    with database.transaction() as tx:
        file = settlement_files.take(tx.session)
    assert file is not None
    assert file.content is not None
    settlements.take_flow(database, practices, read_flow(file.content), "PM108", START)
    with database.transaction() as tx:
        settlement_files.give_back(tx.session, file.id)
    read_all()
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(models.SettlementRow)) == ROWS
    assert waiting(database) == 0


def test_a_large_flow_waits_while_practices_is_away(database, practices, upload, read_all):
    upload(large())
    with database.transaction() as tx:
        tx.session.execute(sa.delete(models.Creditor))
    practices.away = True
    read_all()
    assert shown(database).pending == ROWS
    practices.away = False
    read_all()
    assert waiting(database) == 0


def test_why_a_flow_was_refused_is_forgotten_after_four_hundred_days(database, upload, read_all):
    upload(large(behind="<what/>"))
    read_all()
    retention.purge_node_calls(database, START + timedelta(days=399))
    assert waiting(database) == 1
    retention.purge_node_calls(database, START + timedelta(days=401))
    assert waiting(database) == 0
