"""A part dies or a line is cut in the middle: the pages say so, nothing is lost, the system recovers by itself.

These run last: they leave the system recovering.
"""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from uuid import uuid4

import pytest
import requests
from kombu import Connection

from tests.e2e.browser import Browser
from tests.e2e.line import Line
from tests.e2e.running import CREDITOR, ENTITY, PROJECT, PortalCopy, until
from tests.shares import share


@pytest.fixture(autouse=True)
def well(portal: PortalCopy) -> None:
    """Every test begins with a system that says it is well."""
    portal.wait_until_ready()


@pytest.mark.parametrize("program", ["practices", "payments", "cart", "identity", "notices", "gateway"])
def test_a_killed_process_is_started_again_and_the_journey_goes_on(
    portal: PortalCopy, browser: Browser, program: str
) -> None:
    practice = portal.put_debt(f"e2e-kill-{uuid4().hex[:8]}")
    browser.enter("mario-rossi")
    portal.kill(program)
    portal.wait_until_ready()
    assert browser.open_portal(f"/enti/{ENTITY}/pratiche").heading == "Pratiche associate"
    browser.pay(practice["id"]).choose("paid")
    browser.wait_for(practice["id"], "paid")
    assert browser.open_portal(f"/enti/{ENTITY}/pratiche/{practice['id']}/quietanza.pdf").answer.status_code == 200


def test_the_node_is_answered_while_practices_is_down(portal: PortalCopy) -> None:
    practice = portal.put_debt(f"e2e-alone-{uuid4().hex[:8]}")
    until(lambda: _known_to_payments(portal, practice["id"]), what="the position in payments")
    portal.kill("practices")
    assert portal.pay_at_counter(practice["notice_number"])
    portal.wait_until_ready()
    until(lambda: _state(portal, practice["notice_number"]) == "paid", timeout_s=40, what="paid")


@pytest.mark.parametrize("line", ["broker_line", "database_line"])
def test_a_cut_line_is_told_survived_and_mended(
    portal: PortalCopy, browser: Browser, line: str, request: pytest.FixtureRequest
) -> None:
    way: Line = request.getfixturevalue(line)
    practice = portal.put_debt(f"e2e-cut-{uuid4().hex[:8]}")
    browser.enter("mario-rossi").pay(practice["id"]).choose("late")
    way.cut()
    try:
        until(lambda: portal.status() == 503, timeout_s=30, what="503 from /status/ready")
        page = browser.open_portal(f"/enti/{ENTITY}/pratiche")
        assert page.answer.status_code == 503
        assert "momentaneamente" in page.text
        answer = portal.api("GET", f"/creditors/{ENTITY}/payments")
        assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
        assert answer.headers["Retry-After"]
        assert requests.get(f"{portal.url}/status/live", timeout=10).status_code == 200
    finally:
        way.mend()
    portal.wait_until_ready(timeout_s=60)
    browser.wait_for(practice["id"], "paid")
    assert browser.open_portal(f"/enti/{ENTITY}/pratiche").heading == "Pratiche associate"


# What is killed, and after which part of the payments has been made.
KILLS = [(0.15, "payments"), (0.35, "payments-relay"), (0.55, "payments"), (0.7, "payments-relay"), (0.85, "payments")]
KINDS = ("PaymentConfirmed", "PaymentDuplicated")
# MAX_WORKERS of a payments process: so many calls it may have in hand.
IN_HAND = 10


@pytest.mark.timeout(300)
def test_payments_leave_one_ledger_row_per_receipt_whatever_is_killed(
    portal: PortalCopy, accounting: "Accounting"
) -> None:
    accounting.start()
    notices = portal.issue_many(share(in_ci=100, nightly=500))
    tenth = len(notices) // 10
    # A second process of the service goes on while the first one is started again.
    with _beside(portal), ThreadPoolExecutor(16) as payers:
        paying = [payers.submit(_pay_until_taken, portal, notice, number) for number, notice in enumerate(notices)]
        for part, program in KILLS:
            until(partial(_are_done, paying, part), timeout_s=120, what=f"{part:.0%} of the payments")
            portal.kill(program)
            accounting.kill()
            accounting.start()
        receipts = [receipt_id for one in paying for receipt_id in one.result()]
    assert len(receipts) == len(notices) + tenth, "every tenth was paid at two PSPs"

    until(lambda: sorted(accounting.receipts()) == sorted(receipts), timeout_s=120, what="one row per receipt")
    told = [event for event in portal.events() if event["type"] in ("PaymentConfirmed.v1", "PaymentDuplicated.v1")]
    told_of = {kind: [e["data"]["receipt_id"] for e in told if e["type"].startswith(kind)] for kind in KINDS}
    assert sorted(set(told_of["PaymentConfirmed"]) & set(receipts)) == sorted(receipts)
    assert len(set(told_of["PaymentDuplicated"]) & set(receipts)) == tenth
    with ThreadPoolExecutor(16) as clerks:
        until(lambda: set(clerks.map(partial(_state, portal), notices)) == {"paid"}, timeout_s=90, what="all paid")


def test_with_three_payments_processes_one_killed_and_one_added_no_node_call_fails(portal: PortalCopy) -> None:
    notices = portal.issue_many(5)
    stopping, answers = Event(), list[tuple[int, bool]]()
    with _beside(portal) as second, _beside(portal, expected=3), ThreadPoolExecutor(8) as nodes:
        calling = [nodes.submit(_verify_until, stopping, portal, notices[n % 5], answers) for n in range(8)]
        try:
            until(lambda: len(answers) >= 40, what="the load")
            second.kill()
            until(lambda: portal.consumers("rpc-payments") == 2, what="the end of one of three")
            with _beside(portal, expected=3):
                before = len(answers)
                until(lambda: len(answers) >= before + 40, what="answers of three again")
        finally:
            stopping.set()
        for one in calling:
            one.result()
    failed = [answer for answer in answers if answer != (200, True)]
    # RabbitMQ gives even what the killed one had in hand to another, which has time to answer it.
    assert len(failed) <= IN_HAND, failed


def _verify_until(stopping: Event, portal: PortalCopy, notice: str, answers: list[tuple[int, bool]]) -> None:
    """Ask about a notice again and again; note each status, and whether the answer was OK."""
    code = f"<qrCode><fiscalCode>{CREDITOR}</fiscalCode><noticeNumber>{notice}</noticeNumber></qrCode>"
    while not stopping.is_set():
        answer = portal.node_call("paVerifyPaymentNotice", code)
        answers.append((answer.status_code, "<outcome>OK</outcome>" in answer.text))


@contextmanager
def _beside(portal: PortalCopy, expected: int = 2) -> Iterator[subprocess.Popen[str]]:
    """One more payments process, as `--scale` starts them; ended by kill -9."""
    process = portal.run("-m", "chassis.run", "payments")
    try:
        until(lambda: portal.consumers("rpc-payments") == expected, timeout_s=40, what=f"{expected} payments processes")
        yield process
    finally:
        process.kill()
        process.wait()


def _are_done(paying: Sequence[Future[list[str]]], part: float) -> bool:
    return sum(one.done() for one in paying) >= part * len(paying)


def _pay_until_taken(portal: PortalCopy, notice: str, number: int) -> list[str]:
    """Pay as a person does who tries again when the counter says that the body does not answer."""
    outcome = "two_psps" if number % 10 == 0 else "twice" if number % 10 == 1 else "paid"
    return until(lambda: portal.pay_at_counter(notice, outcome), timeout_s=60, what=f"payment of {notice}")


class Accounting:
    """The example consumer with its ledger, on a queue of its own."""

    def __init__(self, folder: Path, amqp_url: str) -> None:
        self._ledger = folder / "ledger.sqlite3"
        self._log = folder / "consumer.log"
        self._amqp_url = amqp_url
        self.queue = f"e2e.reconciliation.{uuid4().hex[:8]}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it listens."""
        program = PROJECT / "examples" / "reconciliation_consumer.py"
        options = ["--amqp-url", self._amqp_url, "--ledger", str(self._ledger), "--queue", self.queue]
        before = self._listening()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([sys.executable, str(program), *options], stdout=log, stderr=log)
        until(lambda: self._listening() > before, what="the consumer")

    def _listening(self) -> int:
        return self._log.read_text().count("waiting for") if self._log.exists() else 0

    def kill(self) -> None:
        """`kill -9`."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def receipts(self) -> list[str]:
        """The receipts in the ledger."""
        with closing(sqlite3.connect(self._ledger)) as ledger:
            return [row[0] for row in ledger.execute("SELECT receipt_id FROM ledger")]


@pytest.fixture
def accounting(tmp_path: Path, amqp_url: str) -> Iterator[Accounting]:
    """A body's accounting, ended after the test together with its queue."""
    made = Accounting(tmp_path, amqp_url)
    yield made
    made.kill()
    with Connection(amqp_url) as connection:
        connection.default_channel.queue_delete(made.queue)


def _state(portal: PortalCopy, notice_number: str) -> str:
    found = requests.post(
        f"{portal.url}/api/v1/creditors/{ENTITY}/searches", json={"notice_number": notice_number}, timeout=30
    )
    return str(found.json()["items"][0]["state"]) if found.ok else ""


def _known_to_payments(portal: PortalCopy, practice_id: str) -> bool:
    """The event that payments projects has been published and had its time."""
    return any(event["subject"] == practice_id for event in portal.events())
