"""Receipts that never came are asked of BizEvents: by settlement, for a stamp, by an operator (3.3)."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from chassis.messaging.rpc_client import RpcClient
from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused, RpcError
from contracts.rpc import practices
from services.payments import models
from services.payments.archive.pace import Limit
from services.payments.recovery.biz_events import BizEventsClient, as_envelope
from services.payments.recovery.recovery import Recovery
from services.payments.repository import recoveries
from services.payments.repository.recoveries import Reason
from services.payments.settlement.fdr_org import FdrClient
from services.payments.usecases import flow_download, wanted_receipts
from services.payments.usecases.late_receipt import take_late_receipt, take_recovered
from services.payments.usecases.node.context import NodeContext
from tests.integration.payments.archive_world import CF, CREDITOR, KEY, World, settings_of, stand_in
from tests.integration.payments.conftest import Town

HOURLY = Limit(10, timedelta(hours=1), headroom=1.0)


@pytest.fixture
def rpc(amqp_url: str) -> Iterator[RpcClient]:
    client = RpcClient(amqp_url)
    yield client
    client.close()


@pytest.fixture
def world(service_database: Callable[[str], Database], tmp_path: Path) -> Iterator[World]:
    with stand_in(tmp_path) as url:
        yield World(service_database("payments"), url)


def recovery(world: World, rpc: RpcClient, limit: Limit = HOURLY) -> Recovery:
    client = BizEventsClient(settings_of(world.url))
    pace = world.pace("biz-events", limit)
    return Recovery(world.database, rpc, client, pace, timedelta(days=30), world.now)


def paid_and_lost(world: World) -> tuple[practices.Position, str]:
    """Issue a notice that is paid by stand-in and whose receipt is lost; the id of that."""
    issued = world.issue()
    world.send_all(world.sender())
    body = {"creditor_fiscal_code": CF, "notice_number": issued.notice_number, "outcome": "lost"}
    paid = requests.post(f"{world.url}/sandbox/archive/pay", json=body, timeout=30).json()
    return issued, paid["receipt_ids"][0]


def settle(world: World, rpc: RpcClient) -> None:
    settings = replace(
        settings_of(world.url),
        fdr_url=f"{world.url}/fdr-org/service/v1",
        fdr_subscription_key=KEY,
        fdr_interval_s=0.0,
    )
    flow_download.download(world.database, rpc, FdrClient(settings), "PM108", None, world.now())


def receipts(world: World) -> list[models.Receipt]:
    with world.database.reading() as session:
        return list(session.scalars(sa.select(models.Receipt).order_by(models.Receipt.id)))


def wanted(world: World) -> list[models.ReceiptRecovery]:
    with world.database.reading() as session:
        return list(session.scalars(sa.select(models.ReceiptRecovery).order_by(models.ReceiptRecovery.id)))


def confirmations(world: World) -> int:
    with world.database.reading() as session:
        statement = sa.select(sa.func.count()).where(models.OutboxMessage.type == "PaymentConfirmed.v1")
        return session.scalar(statement) or 0


def test_a_settled_row_without_receipt_fetches_it_and_confirms_nothing_twice(world: World, rpc: RpcClient) -> None:
    issued, iur = paid_and_lost(world)
    settle(world, rpc)
    [makeshift] = receipts(world)
    assert (makeshift.source, makeshift.receipt_id, confirmations(world)) == ("settlement", iur, 1)
    [row] = wanted(world)
    assert (row.iur, row.iuv, row.reason, row.state) == (iur, issued.iuv, "settlement", "waiting")
    assert recovery(world, rpc).work(world.now())
    [receipt] = receipts(world)
    assert (receipt.source, receipt.receipt_id, receipt.payment_method) == ("recovered", iur, "creditCard")
    assert receipt.stand_in
    assert "paSendRTV2Request" in receipt.raw_xml
    assert confirmations(world) == 1
    assert [row.state for row in wanted(world)] == ["recovered"]


def test_the_node_s_own_message_takes_the_place_of_a_recovered_one(world: World, rpc: RpcClient) -> None:
    _, iur = paid_and_lost(world)
    settle(world, rpc)
    recovery(world, rpc).work(world.now())
    listed = requests.get(f"{world.url}/sandbox/receipts", timeout=30).json()["receipts"]
    assert listed[0]["receipt_id"] == iur
    told = requests.get(
        f"{world.url}/bizevents/service/v1/organizations/{CF}/receipts/{iur}",
        headers={"Ocp-Apim-Subscription-Key": KEY},
        timeout=30,
    ).json()
    sent = as_envelope(told, CREDITOR).replace("</receipt>", "<standIn>true</standIn></receipt>")
    take_late_receipt(NodeContext(world.database, rpc, world.now()), sent.encode())
    [receipt] = receipts(world)
    assert (receipt.source, receipt.stand_in, confirmations(world)) == ("node", True, 1)


def test_a_receipt_that_has_come_meanwhile_is_not_asked_for(world: World, rpc: RpcClient) -> None:
    _, iur = paid_and_lost(world)
    settle(world, rpc)
    told = requests.get(
        f"{world.url}/bizevents/service/v1/organizations/{CF}/receipts/{iur}",
        headers={"Ocp-Apim-Subscription-Key": KEY},
        timeout=30,
    ).json()
    take_recovered(NodeContext(world.database, rpc, world.now()), as_envelope(told, CREDITOR))
    calls, _ = world.counts("biz_events")
    assert recovery(world, rpc).work(world.now())
    assert world.counts("biz_events")[0] == calls
    assert [row.state for row in wanted(world)] == ["arrived"]


def test_an_operator_s_request_goes_first_and_one_that_was_given_up_starts_anew(world: World, rpc: RpcClient) -> None:
    issued, iur = paid_and_lost(world)
    with world.database.transaction() as tx:
        for number in range(3):
            recoveries.request(tx.session, CF, f"older-{number}", None, Reason.SETTLEMENT, world.now())
    assert wanted_receipts.want(world.database, "PM108", iur, issued.iuv, world.now()) == "waiting"
    assert recovery(world, rpc).work(world.now())
    [receipt] = receipts(world)
    assert (receipt.receipt_id, receipt.source, receipt.judgement) == (iur, "recovered", "expected")
    assert confirmations(world) == 1
    assert wanted_receipts.want(world.database, "PM108", iur, None, world.now()) == "arrived"
    with world.database.transaction() as tx:
        tx.session.execute(sa.update(models.ReceiptRecovery).values(state="given_up", problem="not_found"))
    wanted_receipts.want(world.database, "PM108", "older-1", None, world.now())
    again = {row.iur: row for row in wanted(world)}["older-1"]
    assert (again.state, again.reason, again.problem) == ("waiting", "operator", None)


def test_an_operator_of_an_unknown_entity_is_refused(world: World) -> None:
    with pytest.raises(Refused) as refusal:
        wanted_receipts.want(world.database, "PM999", "x", None, world.now())
    assert refusal.value.code is ErrorCode.UNKNOWN_ENTITY


def test_ten_calls_an_hour_leave_and_a_restart_does_not_forget_them(world: World, rpc: RpcClient) -> None:
    world.issue()
    with world.database.transaction() as tx:
        for number in range(30):
            recoveries.request(tx.session, CF, f"missing-{number}", None, Reason.SETTLEMENT, world.now())
    started = world.now()
    while world.now() - started < timedelta(hours=1):
        # A new process each time: it knows only what stands in the database.
        recovery(world, rpc).work(world.now())
        world.ahead += timedelta(minutes=1)
    assert world.counts("biz_events") == (10, 0)


def test_what_pagopa_does_not_have_yet_is_asked_for_later_and_given_up_at_the_end(world: World, rpc: RpcClient) -> None:
    world.issue()
    with world.database.transaction() as tx:
        recoveries.request(tx.session, CF, "missing", None, Reason.SETTLEMENT, world.now())
    assert recovery(world, rpc).work(world.now())
    world.ahead += timedelta(minutes=30)
    assert not recovery(world, rpc).work(world.now())
    world.ahead += timedelta(days=31)
    assert recovery(world, rpc).work(world.now())
    [row] = wanted(world)
    assert (row.state, row.problem) == ("given_up", "not_found")


@pytest.mark.parametrize(("status", "problem"), [(401, "key_refused"), (429, None), (500, "no_answer")])
def test_an_outage_of_biz_events_is_waited_out(world: World, rpc: RpcClient, status: int, problem: str | None) -> None:
    _, iur = paid_and_lost(world)
    settle(world, rpc)
    world.switch(answer={"api": "biz_events", "status": status, "calls": 1})
    recovery(world, rpc).work(world.now())
    [row] = wanted(world)
    assert (row.state, row.problem) == ("waiting", problem)
    world.ahead += timedelta(hours=3)
    recovery(world, rpc).work(world.now())
    assert [row.state for row in wanted(world)] == ["recovered"]
    assert receipts(world)[0].receipt_id == iur


def test_a_number_given_twice_is_left_to_a_human(world: World, rpc: RpcClient) -> None:
    world.issue()
    with world.database.transaction() as tx:
        recoveries.request(tx.session, CF, f"{'0' * 29}422", None, Reason.OPERATOR, world.now())
    recovery(world, rpc).work(world.now())
    [row] = wanted(world)
    assert (row.state, row.problem) == ("given_up", "more_than_one")


def test_a_stamp_whose_receipt_never_came_is_asked_for_before_others(world: World, rpc: RpcClient) -> None:
    moment = world.now()
    with world.database.transaction() as tx:
        recoveries.request(tx.session, CF, "older", None, Reason.SETTLEMENT, moment - timedelta(days=2))
        recoveries.request(tx.session, CF, "stamp", None, Reason.STAMP, moment)
        taken = recoveries.take_next(tx.session, moment, moment + timedelta(minutes=1))
    assert taken is not None
    assert taken.iur == "stamp"


BODY: dict[str, Any] = {
    "receiptId": "5576e65fa4e74932ab03f91232c5a52e",
    "noticeNumber": "301000000000004285",
    "fiscalCode": CF,
    "outcome": "OK",
    "creditorReferenceId": "01000000000004285",
    "paymentAmount": 0.1 + 0.2,
    "description": "Certificato",
    "companyName": "Conservatorio",
    "debtor": {
        "entityUniqueIdentifierType": "F",
        "entityUniqueIdentifierValue": "RSSMRA80A01H501U",
        "fullName": "Mario Rossi",
    },
    "transferList": [
        {
            "idTransfer": 1,
            "transferAmount": 0.3,
            "fiscalCodePA": CF,
            "iban": "",
            "mbdAttachment": base64.b64encode(b"<marca/>").decode(),
            "remittanceInformation": "Bollo",
            "transferCategory": "9/1201105IM/",
        }
    ],
    "idPSP": "BESEITM1",
    "pspCompanyName": "Banca",
    "idChannel": "99999000021_01",
    "paymentDateTime": "2026-11-27",
}


def test_what_biz_events_tells_becomes_the_message_the_node_should_have_sent(world: World, rpc: RpcClient) -> None:
    world.issue()
    envelope = as_envelope(BODY, CREDITOR)
    assert "<paymentAmount>0.30</paymentAmount>" in envelope
    assert "<MBDAttachment>" in envelope
    assert "<IBAN>" not in envelope
    taken = take_recovered(NodeContext(world.database, rpc, world.now()), envelope)
    assert taken.receipt_id == BODY["receiptId"]
    [receipt] = receipts(world)
    assert (receipt.source, receipt.amount_cents) == ("recovered", 30)


@pytest.mark.parametrize("missing", ["receiptId", "debtor", "transferList", "paymentAmount", "idPSP"])
def test_an_answer_that_is_not_as_described_is_refused_whole(missing: str) -> None:
    with pytest.raises(ValueError, match="BizEvents"):
        as_envelope({name: value for name, value in BODY.items() if name != missing}, CREDITOR)


def test_a_stamp_whose_receipt_never_came_is_recovered_with_the_stamp(
    town: Town, eventually: Callable[..., Any]
) -> None:
    bought = town.insert("CERT_MBD", 2_100, town.STAMP)
    checkout = town.start(bought)
    town.choose(checkout, "lost")
    with pytest.raises(RpcError):
        town.stamp(bought.id)
    pagopa = {"FDR_URL": f"{town.pagopa_url}/fdr-org/service/v1", "FDR_SUBSCRIPTION_KEY": KEY}
    fetching = town.run("fetch", "-m", "services.payments", "fetch-settlements", "PM108", **pagopa)
    assert fetching.process.wait(60) == 0, fetching.log()
    eventually(lambda: town.practice(bought.id).state in ("paid", "reported"))
    [makeshift] = town.receipts(bought.id)
    asking = town.run(
        "recover", "-m", "services.payments", "recover-receipt", "PM108", makeshift.receipt_id, bought.iuv
    )
    assert asking.process.wait(60) == 0, asking.log()
    assert f"receipt {makeshift.receipt_id}: waiting" in asking.log()
    outbound = {
        "ACA_URL": f"{town.pagopa_url}/aca/debt-positions-service/v1",
        "ACA_SUBSCRIPTION_KEY": KEY,
        "BIZ_EVENTS_URL": f"{town.pagopa_url}/bizevents/service/v1",
        "BIZ_EVENTS_SUBSCRIPTION_KEY": KEY,
    }
    town.run("outbound", "-m", "services.payments.outbound", **outbound)

    def has_stamp() -> bool:
        try:
            return bool(town.stamp(bought.id).content_base64)
        except RpcError:
            return False

    eventually(has_stamp)
    [receipt] = town.receipts(bought.id)
    assert receipt.receipt_id == makeshift.receipt_id
    assert len(town.confirmed(receipt.receipt_id)) == 1
