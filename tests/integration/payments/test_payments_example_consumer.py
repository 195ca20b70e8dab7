"""The consumers to copy, in Python and in JavaScript: while the broker is away, killed, and away for long."""

import csv
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from kombu import Connection, Exchange

from chassis.messaging import wire
from chassis.messaging.publisher import ConfirmedPublisher
from dev import assets
from tests.conftest import PROJECT

EXAMPLE = Path(__file__).parents[3] / "examples" / "reconciliation_consumer.py"
CONFIRMED, DUPLICATED, REPORTED = "PaymentConfirmed.v1", "PaymentDuplicated.v1", "PaymentReported.v1"
Eventually = Callable[..., Any]


@dataclass
class Accounting:
    """A consumer with its ledger, on an exchange and a queue of its own. `kind` is `python` or `node`."""

    kind: str
    folder: Path
    amqp_url: str
    exchange: str = field(default_factory=lambda: f"{uuid4().hex}.events")
    queue: str = field(default_factory=lambda: f"accounting.{uuid4().hex}")
    running: subprocess.Popen[bytes] | None = None

    @property
    def ledger(self) -> Path:
        return self.folder / ("ledger.sqlite3" if self.kind == "python" else "ledger.ndjson")

    def start(self) -> None:
        env = {**os.environ, "AMQP_URL": self.amqp_url, "EXCHANGE": self.exchange, "QUEUE": self.queue}
        with (self.folder / "log").open("ab") as log:
            self.running = subprocess.Popen(self._command(), env=env, stdout=log, stderr=subprocess.STDOUT)

    def _command(self) -> list[str]:
        if self.kind == "node":
            return [str(assets.NODE), str(EXAMPLE.with_suffix(".mjs")), str(self.ledger)]
        options = ["--exchange", self.exchange, "--queue", self.queue, "--ledger", str(self.ledger)]
        return [sys.executable, str(EXAMPLE), *options]

    def end(self, number: int = signal.SIGKILL) -> None:
        if self.running is not None:
            self.running.send_signal(number)
            self.running.wait(30)

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def publish(self, *events: dict[str, Any] | bytes) -> None:
        publisher = ConfirmedPublisher(self.amqp_url)
        messages = [
            wire.Message(
                exchange=self.exchange,
                routing_key=CONFIRMED if isinstance(event, bytes) else event["type"],
                body=event if isinstance(event, bytes) else json.dumps(event),
                message_id=uuid4().hex,
            )
            for event in events
        ]
        publisher.publish_all(messages)
        publisher.close()

    def receipts(self, event_type: str) -> list[str]:
        """The receipts of which the ledger has a row of this type, one entry for each row."""
        if self.kind == "node":
            lines = self.ledger.read_text().splitlines() if self.ledger.exists() else []
            rows = [json.loads(line) for line in lines if line.endswith("}")]
            return [row["receipt_id"] for row in rows if row["type"] == event_type]
        table = {CONFIRMED: "ledger", DUPLICATED: "unexpected", REPORTED: "reported"}[event_type]
        try:
            with closing(sqlite3.connect(self.ledger)) as ledger:
                return [row[0] for row in ledger.execute(f"SELECT receipt_id FROM {table} ORDER BY rowid")]
        except sqlite3.OperationalError:
            return []

    def set_aside(self) -> int:
        return self.log().count("set aside a message")


@pytest.fixture(params=["python", "node"])
def accounting(request: pytest.FixtureRequest, tmp_path: Path, amqp_url: str) -> Iterator[Accounting]:
    if request.param == "node":
        assets.prepare()
    made = Accounting(request.param, tmp_path, amqp_url)
    with Connection(amqp_url) as connection:
        channel = connection.channel()
        Exchange(made.exchange, type="topic", durable=True)(channel).declare()
        yield made
        made.end()
        channel.queue_delete(made.queue)
        channel.exchange_delete(made.exchange)


def sample(event_type: str, receipt_id: str, **data: Any) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((PROJECT / "contracts" / "samples" / f"{event_type}.json").read_text())
    event["id"] = str(uuid4())
    event["data"] |= {"receipt_id": receipt_id, **data}
    return event


def started(accounting: Accounting, eventually: Eventually) -> None:
    """Start it and wait until it listens: from then on its queue is there."""
    before = accounting.log().count("waiting for") if (accounting.folder / "log").exists() else 0
    accounting.start()
    eventually(lambda: accounting.log().count("waiting for") > before, timeout_s=90)


def test_each_fact_is_one_row_whatever_comes_first_and_however_often(
    accounting: Accounting, eventually: Eventually
) -> None:
    started(accounting, eventually)
    facts = [sample(event_type, "R1") for event_type in (REPORTED, DUPLICATED, CONFIRMED)]
    again = [{**fact, "id": str(uuid4())} for fact in facts]
    accounting.publish(*facts, *again, b"not json", b"[]", b'{"id": "x", "data": {}}', sample(CONFIRMED, "R2"))
    eventually(lambda: accounting.receipts(CONFIRMED) == ["R1", "R2"])
    assert accounting.receipts(REPORTED) == accounting.receipts(DUPLICATED) == ["R1"]
    assert accounting.set_aside() == 3
    accounting.end(signal.SIGTERM)
    assert accounting.running is not None
    assert accounting.running.returncode == 0


def test_killed_again_and_again_it_has_each_payment_once(accounting: Accounting, eventually: Eventually) -> None:
    started(accounting, eventually)
    receipts = [f"R{number}" for number in range(400)]
    drawn = random.Random(7)
    for first in range(0, 400, 100):
        accounting.publish(*[sample(CONFIRMED, receipt_id) for receipt_id in receipts[first : first + 100]])
        time.sleep(0.2 + drawn.random() * 0.3)  # killed at any moment
        accounting.end()
        accounting.start()
    eventually(lambda: len(accounting.receipts(CONFIRMED)) >= 400)
    assert sorted(accounting.receipts(CONFIRMED)) == sorted(receipts)


def test_away_for_a_week_it_catches_up_exactly(accounting: Accounting, eventually: Eventually) -> None:
    started(accounting, eventually)
    accounting.publish(sample(CONFIRMED, "before"))
    eventually(lambda: accounting.receipts(CONFIRMED) == ["before"])
    accounting.end()
    week = [f"day {day} payment {number}" for day in range(7) for number in range(50)]
    accounting.publish(*[sample(CONFIRMED, receipt_id) for receipt_id in week])
    accounting.start()
    eventually(lambda: len(accounting.receipts(CONFIRMED)) > len(week))
    assert accounting.receipts(CONFIRMED) == ["before", *week]


def test_what_books_join_on_is_in_the_python_ledger_and_a_day_is_closed_with_it(
    tmp_path: Path, amqp_url: str, eventually: Eventually
) -> None:
    accounting = Accounting("python", tmp_path, amqp_url)
    with Connection(amqp_url) as connection:
        channel = connection.channel()
        Exchange(accounting.exchange, type="topic", durable=True)(channel).declare()
        try:
            started(accounting, eventually)
            accounting.publish(
                sample(CONFIRMED, "R1", amount_cents=15_000, psp_name="=1+1"),
                # In Italy it is the next day.
                sample(CONFIRMED, "R2", amount_cents=1_005, paid_at="2026-09-14T22:30:00+00:00"),
                sample(CONFIRMED, "R3", amount_cents=99, paid_at="2026-09-15T22:30:00+00:00"),
                sample(DUPLICATED, "R2", notice_number="301000000123456735"),
                sample(REPORTED, "R1"),
            )
            eventually(lambda: len(accounting.receipts(CONFIRMED)) == 3 and accounting.receipts(REPORTED))
        finally:
            accounting.end()
            channel.queue_delete(accounting.queue)
            channel.exchange_delete(accounting.exchange)
    day = subprocess.run(
        [sys.executable, str(EXAMPLE), "--ledger", str(accounting.ledger), "--day", "2026-09-15"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert day.stdout.splitlines() == [
        "3.0.1.02.16: 2 payments, 160.05 EUR",
        "total: 2 payments, 160.05 EUR",
        "look at 301000000123456735 (receipt R2): already_paid",
        "not yet in a settlement flow: 1",
    ]
    file = tmp_path / "ledger.csv"
    subprocess.run(
        [sys.executable, str(EXAMPLE), "--ledger", str(accounting.ledger), "--export", str(file)], check=True
    )
    with file.open(newline="", encoding="utf-8") as lines:
        rows = {row["receipt_id"]: row for row in csv.DictReader(lines)}
    first = rows["R1"]
    assert (first["external_id"], first["instalment_number"], first["instalment_total"]) == (
        "RETTA-2627-00001-5",
        "5",
        "7",
    )
    assert (first["accounting_code"], first["beneficiary_name"]) == ("3.0.1.02.16", "Lucia Rossi")
    assert (first["unexpected"], rows["R2"]["unexpected"]) == ("", "already_paid")
    assert first["flow_id"]
    assert first["psp_name"] == "'=1+1"


def test_the_consumer_goes_on_trying_while_the_broker_refuses_it(
    tmp_path: Path, eventually: Callable[..., object]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]  # nobody listens there once it is closed
    output = tmp_path / "output.txt"
    command = [sys.executable, str(EXAMPLE), "--amqp-url", f"amqp://guest:guest@127.0.0.1:{port}//"]
    with output.open("w") as written:
        consumer = subprocess.Popen(command, cwd=tmp_path, stdout=written, stderr=subprocess.STDOUT)
    try:
        eventually(lambda: "again in 2 s" in output.read_text())
        assert consumer.poll() is None, output.read_text()
    finally:
        consumer.terminate()
        consumer.wait(timeout=10)
    assert "Traceback" not in output.read_text()
