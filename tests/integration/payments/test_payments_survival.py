"""Nothing lost, nothing doubled: kill -9 of payments, of the sandbox node and of the accounting in mid-payment."""

import csv
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import requests
import sqlalchemy as sa
from kombu import Connection

from services.payments import models
from tests.conftest import PROJECT, wait_until_answering

CONSUMER = "examples/reconciliation_consumer.py"


@pytest.fixture(scope="module")
def start_consumer(town):
    """Start the accounting, again after a kill, on a queue of its own that is deleted in the end."""
    queue, amqp_url = f"reconciliation.{uuid4()}", town.environment["AMQP_URL"]
    ledger = str(town.folder / "ledger.sqlite3")

    def start():
        return town.run("consumer", CONSUMER, "--amqp-url", amqp_url, "--ledger", ledger, "--queue", queue)

    yield start
    town.kill("consumer")
    with Connection(amqp_url) as connection:
        connection.channel().queue_delete(queue)


def export_ledger(town):
    file = town.folder / "ledger.csv"
    arguments = [sys.executable, CONSUMER, "--ledger", str(town.folder / "ledger.sqlite3"), "--export", str(file)]
    subprocess.run(arguments, cwd=PROJECT, check=True, capture_output=True)
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def pay_until_it_works(town, practice):
    """Stand at the counter and try again while the body does not answer, as people do."""
    for _ in range(120):
        answer = town.pay_at_counter(practice)
        if answer.status_code == 200:
            return answer.json()["receipt_ids"]
        assert answer.json()["fault"] not in {"PAA_PAGAMENTO_DUPLICATO", "PAA_PAGAMENTO_SCONOSCIUTO"}
        threading.Event().wait(0.25)
    raise AssertionError("the body never answered")


def test_a_hundred_payments_survive_kill_9_of_payments_and_of_the_consumer(town, eventually, start_consumer):
    start_consumer()
    eventually(lambda: "waiting for" in town.running["consumer"].log())
    practices = [town.issue(1000 + number) for number in range(100)]
    paid = {}
    with ThreadPoolExecutor(4) as people:
        futures = {people.submit(pay_until_it_works, town, practice): practice for practice in practices}
        eventually(lambda: sum(future.done() for future in futures) >= 25)
        town.kill("payments")
        town.kill("consumer")
        threading.Event().wait(1)
        restarted = town.run("payments", "-m", "chassis.run", "payments")
        wait_until_answering(town.rpc, "payments", restarted)
        start_consumer()
        eventually(lambda: sum(future.done() for future in futures) >= 60)
        town.kill("payments")
        town.kill("payments-relay")
        restarted = town.run("payments", "-m", "chassis.run", "payments")
        town.run("payments-relay", "-m", "chassis.relay", "payments")
        wait_until_answering(town.rpc, "payments", restarted)
        for future, practice in futures.items():
            [paid[practice.notice_number]] = [future.result(60)]
    receipt_ids = {receipt_id for ids in paid.values() for receipt_id in ids}
    assert len(receipt_ids) == 100
    eventually(lambda: town.delivered(*practices))
    eventually(lambda: len(town.events("PaymentConfirmed", *practices)) >= 100)

    confirmed = Counter(data["receipt_id"] for data in town.events("PaymentConfirmed", *practices))
    assert confirmed == Counter(receipt_ids)
    assert town.events("PaymentDuplicated", *practices) == []
    eventually(lambda: len(export_ledger(town)) >= 100)
    rows = export_ledger(town)
    assert Counter(row["receipt_id"] for row in rows) == Counter(receipt_ids)
    assert sum(int(row["amount_cents"]) for row in rows) == sum(practice.amount_cents for practice in practices)
    eventually(lambda: all(town.practice(practice.id).state == "paid" for practice in practices))


def test_two_hundred_clicks_on_paga_over_http_are_one_checkout(town, eventually):
    practice, portal = town.issue(), town.door_url.removesuffix("/pagopa/pa-for-node")
    found = requests.post(
        f"{portal}/api/v1/creditors/PM108/searches", json={"notice_number": practice.notice_number}, timeout=30
    )
    body, start = {"practice_ids": [str(practice.id)]}, threading.Barrier(200)

    def press(key):
        headers = {"Idempotency-Key": key}
        return requests.post(
            f"{portal}/api/v1/checkouts", json=body, headers=headers, cookies=found.cookies, timeout=100
        )

    def click(key):
        start.wait()
        answer = press(key)
        return key, answer.status_code, answer.json().get("id")

    with ThreadPoolExecutor(200) as fingers:
        clicked = list(fingers.map(click, [uuid4().hex for _ in range(200)]))
    opened = {checkout_id for _, status, checkout_id in clicked if status == 201}
    assert {status for _, status, _ in clicked} <= {201, 503, 504}
    # Who was not served at once (nobody, where two cores have too much to do) clicks again, as the message says.
    for key in [key for key, status, _ in clicked if status != 201][:10]:
        opened.add(eventually(lambda key=key: press(key).json().get("id")))
    assert len(opened) == 1
    started = eventually(lambda: town.events("CheckoutStarted", practice))
    assert {data["checkout_id"] for data in started} == opened


def test_the_ledger_keeps_one_row_when_an_event_is_published_again(town, eventually, start_consumer):
    start_consumer()
    practice = town.issue()
    town.pay_at_counter(practice)
    notice_number = practice.notice_number
    eventually(lambda: [row for row in export_ledger(town) if row["notice_number"] == notice_number])
    with town.database.transaction() as tx:
        again = sa.update(models.OutboxMessage).where(models.OutboxMessage.subject == str(practice.id))
        tx.session.execute(again.values(relayed_at=None, position=None))
    eventually(lambda: "had already receipt" in town.running["consumer"].log())
    assert len([row for row in export_ledger(town) if row["notice_number"] == notice_number]) == 1


def test_a_message_that_is_no_payment_is_set_aside_and_does_not_block(town, eventually, start_consumer):
    start_consumer()
    with Connection(town.environment["AMQP_URL"]) as connection:
        producer = connection.Producer()
        for body in (b"not json", b"[]", b'{"id": "x", "data": {}}'):
            producer.publish(
                body,
                exchange="payments.events",
                routing_key="PaymentConfirmed.v1",
                content_type="application/json",
                content_encoding="utf-8",
            )
    practice = town.issue()
    town.pay_at_counter(practice)
    eventually(lambda: any(row["notice_number"] == practice.notice_number for row in export_ledger(town)))
    assert town.running["consumer"].log().count("set aside a message") >= 3


def test_receipts_the_node_could_not_deliver_survive_its_own_restart(town, eventually):
    practice = town.issue()
    town.choose(town.start(practice), "never")
    town.kill("pagopa")
    port = town.pagopa_url.rsplit(":", 1)[1]
    town.run("pagopa", "-m", "sandbox.pagopa", port)
    held_back = eventually(lambda: held_back_of(town, practice))
    requests.post(f"{town.pagopa_url}/sandbox/receipts/{held_back[0]['id']}/send", timeout=10).raise_for_status()
    eventually(lambda: town.practice(practice.id).state == "paid")


def held_back_of(town, practice):
    try:
        listed = town.deliveries()["receipts"]
    except requests.ConnectionError:
        return []
    return [receipt for receipt in listed if receipt["notice_number"] == practice.notice_number]
