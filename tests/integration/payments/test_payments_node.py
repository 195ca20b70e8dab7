"""The node's door: receipts nobody expected, and answers while practices is away. Faults: test_payments_faults.py."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from lxml import etree

from contracts.rpc import payments
from services.payments import models
from services.payments.soap.envelope import open_envelope
from services.payments.usecases import retention
from tests.conftest import wait_until_answering
from tests.integration.payments.node_messages import (
    ASKING,
    CREDITOR,
    HEAD,
    SENDING,
    deliver,
    envelope,
    expire,
    fault_of,
    notice,
    outcome_of,
    receipt,
    said,
)

SPECS = Path(__file__).parents[4] / "shared" / "specs" / "pagopa"
needs_specs = pytest.mark.skipif(not SPECS.is_dir(), reason="the official pagoPA schema is not here")


@pytest.fixture(scope="module")
def official():
    return etree.XMLSchema(etree.parse(SPECS / "xsd" / "wsdl" / "xsd" / "paForNode.xsd"))


def assert_valid(official, answer):
    official.assertValid(open_envelope(answer))


@needs_specs
@pytest.mark.parametrize("action", ASKING)
def test_a_notice_to_pay_is_answered_ok_and_valid_and_nothing_changes(town, official, action):
    practice = town.issue()
    for _ in range(3):
        answer = town.ask(envelope(action, HEAD + notice(practice.notice_number)), f'"{action}"')
        assert outcome_of(answer) == "OK"
        assert_valid(official, answer)
    assert town.practice(practice.id).state == "to_pay"


@pytest.mark.parametrize("action", ["paGetPayment", "paGetPaymentV2"])
@pytest.mark.parametrize(("kind", "abi"), [("POSTAL", "07601"), ("PAGOPA", "09999")])
def test_a_postal_payment_gets_the_postal_account(town, action, kind, abi):
    number = town.issue().notice_number
    inside = HEAD + notice(number) + f"<transferType>{kind}</transferType>"
    assert str(said(town.ask(envelope(action, inside), action), "IBAN"))[5:10] == abi


@pytest.mark.parametrize("action", ASKING)
def test_paid_cancelled_and_expired_notices_say_so(town, eventually, publish_event, action):
    paid, cancelled, expired = town.issue(), town.issue(), town.issue()
    deliver(town, paid.notice_number)
    town.annul(cancelled)
    expire(publish_event, expired)
    expected = {
        paid.notice_number: "PAA_PAGAMENTO_DUPLICATO",
        cancelled.notice_number: "PAA_PAGAMENTO_ANNULLATO",
        expired.notice_number: "PAA_PAGAMENTO_SCADUTO",
    }
    for number, fault in expected.items():
        ask = envelope(action, HEAD + notice(number))
        eventually(lambda ask=ask, fault=fault: fault_of(town.ask(ask, action)) == fault)


@pytest.mark.parametrize("action", SENDING)
def test_the_same_receipt_is_acknowledged_each_time_and_counts_once(town, eventually, action):
    practice = town.issue()
    receipt_id = uuid4().hex
    for _ in range(3):
        answer = deliver(town, practice.notice_number, action, receipt_id=receipt_id)
        assert outcome_of(answer) == "OK"
    eventually(lambda: town.events("PaymentConfirmed", practice))
    assert [found.receipt_id for found in town.receipts(practice.id)] == [receipt_id]
    assert len(town.events("PaymentConfirmed", practice)) == 1


def test_the_same_receipt_twenty_times_at_once_counts_once(town, eventually):
    practice = town.issue()
    text = envelope("paSendRTV2", HEAD + receipt(practice.notice_number))
    with ThreadPoolExecutor(20) as nodes:
        assert {outcome_of(answer) for answer in nodes.map(lambda _: town.ask(text), range(20))} == {"OK"}
    eventually(lambda: town.events("PaymentConfirmed", practice))
    assert len(town.receipts(practice.id)) == 1
    assert len(town.events("PaymentConfirmed", practice)) == 1


def test_two_receipts_at_once_are_one_expected_and_one_flagged(town, eventually):
    practice = town.issue()
    barrier = threading.Barrier(2)

    def arrive(_):
        barrier.wait()
        return outcome_of(deliver(town, practice.notice_number))

    with ThreadPoolExecutor(2) as nodes:
        assert list(nodes.map(arrive, range(2))) == ["OK", "OK"]
    eventually(lambda: len(town.events("PaymentConfirmed", practice)) == 2)
    [flagged] = eventually(lambda: town.events("PaymentDuplicated", practice))
    first, second = town.receipts(practice.id)
    assert (flagged["receipt_id"], flagged["first_receipt_id"]) == (second.receipt_id, first.receipt_id)


@pytest.mark.parametrize("reason", ["cancelled", "expired", "other_amount"])
def test_money_for_what_was_not_owed_like_that_is_kept_confirmed_and_flagged(town, eventually, publish_event, reason):
    practice = town.issue()
    town.ask(envelope("paVerifyPaymentNotice", HEAD + notice(practice.notice_number)))
    if reason == "cancelled":
        town.annul(practice)
    if reason == "expired":
        expire(publish_event, practice)
    if reason != "other_amount":
        eventually(lambda: status(town, practice) == reason)
    assert (
        outcome_of(deliver(town, practice.notice_number, amount="99.00" if reason == "other_amount" else "12.34"))
        == "OK"
    )
    [flagged] = eventually(lambda: town.events("PaymentDuplicated", practice))
    assert flagged["reason"] == reason
    assert len(town.events("PaymentConfirmed", practice)) == 1
    assert len(town.receipts(practice.id)) == 1


def status(town, practice):
    with town.database.reading() as session:
        position = session.get(models.Position, practice.id)
        return position and position.status


def test_paid_in_time_and_told_late_is_not_late(town):
    practice = town.issue()
    town.ask(envelope("paVerifyPaymentNotice", HEAD + notice(practice.notice_number)))
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with town.database.transaction() as tx:
        tx.session.get_one(models.Position, practice.id).payable_until = yesterday.date()
    deliver(town, practice.notice_number, at=yesterday.replace(hour=12, tzinfo=None).isoformat(timespec="seconds"))
    assert town.events("PaymentDuplicated", practice) == []
    assert judgement(town, practice.notice_number) == "expected"


def judgement(town, notice_number):
    with town.database.reading() as session:
        query = models.Receipt.__table__.select().where(models.Receipt.notice_number == notice_number)
        return session.execute(query).one().judgement


def test_a_receipt_for_a_notice_nobody_issued_is_kept_and_flagged(town, eventually):
    number = "301888888888888888"
    assert outcome_of(deliver(town, number)) == "OK"
    assert judgement(town, number) == "unknown_notice"
    # The list waits for every transaction that was running in payments' database.
    found_later = eventually(lambda: [found for found in all_payments(town) if found.notice_number == number])
    [listed] = found_later
    assert listed.practice_id is None


def test_a_receipt_without_money_is_kept_and_confirms_nothing(town):
    refused, nothing = town.issue(), town.issue()
    assert outcome_of(deliver(town, refused.notice_number, outcome="KO")) == "OK"
    assert outcome_of(deliver(town, nothing.notice_number, amount="0.00")) == "OK"
    for practice in (refused, nothing):
        assert judgement(town, practice.notice_number) == "no_money"
        assert town.receipts(practice.id) == []
        assert town.events("PaymentConfirmed", practice) == []


def test_as_one_of_several_beneficiaries_we_are_told_of_our_share(town):
    number = "302777777777777777"
    shares = [("77777777777", "10.00"), (CREDITOR, "2.34")]
    assert outcome_of(deliver(town, number, owner="77777777777", shares=shares)) == "OK"
    assert judgement(town, number) == "secondary"


def test_a_receipt_that_cannot_be_taken_is_kept_whole_for_a_human(town):
    practice = town.issue()
    answer = deliver(town, practice.notice_number, amount="12,34")
    assert fault_of(answer) == "PAA_SINTASSI_XSD"
    with town.database.reading() as session:
        query = models.NodeCall.__table__.select().where(models.NodeCall.notice_number == practice.notice_number)
        kept = session.execute(query).one()
    assert "<paymentAmount>12,34</paymentAmount>" in kept.raw_xml


FIRST_PAGE = payments.PaymentsRequest(entity_code="PM108")


def all_payments(town, limit=1000):
    """Walk the pages to the end. A receipt is in them as soon as no older transaction is running."""
    seen: list[payments.Receipt] = []
    cursor = None
    while True:
        page = town.rpc.call(payments.LIST_PAYMENTS, replace(FIRST_PAGE, limit=limit, cursor=cursor))
        if not page.receipts:
            return seen
        seen += page.receipts
        cursor = page.next_cursor


def test_pages_of_payments_follow_each_other_without_gap_or_repetition(town, eventually):
    sent = [town.issue().notice_number for _ in range(5)]
    for number in sent:
        deliver(town, number)

    def listed():
        return [found.notice_number for found in all_payments(town, limit=2) if found.notice_number in sent]

    eventually(lambda: listed() == sent)


def test_a_cursor_that_is_none_of_ours_is_refused(town, refused):
    request = replace(FIRST_PAGE, cursor="'; drop table")
    assert refused(lambda: town.rpc.call(payments.LIST_PAYMENTS, request)) == ("invalid_request", {"field": "cursor"})


def test_while_practices_is_away_the_node_is_answered_and_no_receipt_is_refused(town, eventually):
    known, unseen = town.issue(), town.issue()
    town.ask(envelope("paVerifyPaymentNotice", HEAD + notice(known.notice_number)))
    town.kill("practices")
    with town.database.transaction() as tx:
        eventually(lambda: tx.session.get(models.Position, unseen.id, populate_existing=True))
        tx.session.delete(tx.session.get_one(models.Position, unseen.id))
    try:
        asked = town.ask(envelope("paVerifyPaymentNotice", HEAD + notice(known.notice_number)))
        assert outcome_of(asked) == "OK"
        asked = town.ask(envelope("paVerifyPaymentNotice", HEAD + notice(unseen.notice_number)))
        assert fault_of(asked) == "PAA_SYSTEM_ERROR"
        assert outcome_of(deliver(town, unseen.notice_number)) == "OK"
        assert outcome_of(deliver(town, "301666666666666666")) == "OK"
        assert judgement(town, unseen.notice_number) is None
        assert town.events("PaymentConfirmed", unseen) == []
    finally:
        wait_until_answering(town.rpc, "practices", town.run("practices", "-m", "chassis.run", "practices"))
    eventually(lambda: judgement(town, unseen.notice_number) == "expected")
    eventually(lambda: judgement(town, "301666666666666666") == "unknown_notice")
    eventually(lambda: town.practice(unseen.id).state == "paid")
    assert len(town.events("PaymentConfirmed", unseen)) == 1


def test_the_door_is_shut_to_bodies_too_large(town):
    answer = requests.post(town.door_url, data=b"x" * 10_000_000, timeout=30)
    assert answer.status_code == 413


def test_questions_of_long_ago_are_forgotten_but_not_refused_receipts(town):
    long_ago = datetime.now(UTC) - timedelta(days=401)
    call = {"operation": "paGetPayment", "creditor_fiscal_code": CREDITOR, "notice_number": uuid4().hex}
    with town.database.transaction() as tx:
        for at, raw_xml in ((long_ago, None), (long_ago, "<kept/>"), (datetime.now(UTC), None)):
            tx.session.add(models.NodeCall(at=at, raw_xml=raw_xml, **call))
    retention.purge_node_calls(town.database, datetime.now(UTC))
    with town.database.reading() as session:
        left = session.query(models.NodeCall).filter_by(notice_number=call["notice_number"]).all()
    assert sorted((kept.at < datetime.now(UTC) - timedelta(days=1), kept.raw_xml) for kept in left) == [
        (False, None),
        (True, "<kept/>"),
    ]
