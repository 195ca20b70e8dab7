"""Parts are killed, stopped and cut off while people pay: what is lost, what is doubled, how long until it goes on.

`./portal test faults` prints a line for each: payments, lost, doubled, seconds until the next payment was taken.
`FAULTS_PAYMENTS` says how many are made under each fault.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import requests
from kombu import Connection

from tests.conftest import PROJECT
from tests.e2e.line import Line
from tests.e2e.running import ENTITY, PortalCopy, until

PAYMENTS = int(os.environ.get("FAULTS_PAYMENTS", "40"))
PAYERS = 4
LASTS_S = 15
"""How long a part is stopped, or a line cut."""
QUEUE = "evt-payments-PaymentConfirmed.v1--practices.on_payment_confirmed"
KILLED = (
    *("payments", "payments-relay", "practices", "practices-relay", "cart", "identity", "notices", "notices-relay"),
    *("gateway", "node"),
)
STOPPED = ("payments", "payments-relay", "practices")

pytestmark = pytest.mark.timeout(900)


@dataclass
class Figures:
    """What became of the payments under one fault."""

    notices: Sequence[str]
    lost: int
    doubled: int
    recovered_s: float


@contextmanager
def stopped(portal: PortalCopy, program: str) -> Iterator[None]:
    """A part that is there and does nothing."""
    pids = portal.family(program)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def under(portal: PortalCopy, fault: Callable[[], None]) -> Figures:
    """Let people pay, do the fault when a third of them have, and count."""
    notices = portal.issue_many(PAYMENTS)
    taken_at: list[float] = []

    def pay(notice: str) -> list[str]:
        receipts = until(lambda: portal.pay_at_counter(notice), timeout_s=300, what=f"payment of {notice}")
        taken_at.append(time.monotonic())
        return receipts

    with ThreadPoolExecutor(PAYERS) as payers:
        paying: list[Future[list[str]]] = [payers.submit(pay, notice) for notice in notices]
        until(lambda: len(taken_at) >= PAYMENTS / 3, timeout_s=300, what="a third of the payments")
        began_at = time.monotonic()
        fault()
        receipts = [receipt for one in paying for receipt in one.result()]
    portal.wait_until_ready(timeout_s=120)
    until(lambda: not unpaid(portal, receipts), timeout_s=180, what="every payment told")
    after = [at - began_at for at in sorted(taken_at) if at > began_at]
    return Figures(notices, len(unpaid(portal, receipts)), doubled(portal, receipts), after[0] if after else 0.0)


def not_shown_paid(portal: PortalCopy, notices: Sequence[str]) -> list[str]:
    """The notices whose payer is not told that they are paid."""

    def state(notice: str) -> str:
        search = {"notice_number": notice}
        found = requests.post(f"{portal.url}/api/v1/creditors/{ENTITY}/searches", json=search, timeout=60)
        return str(found.json()["items"][0]["state"]) if found.ok else ""

    return [notice for notice in notices if state(notice) != "paid"]


def confirmations(portal: PortalCopy) -> list[str]:
    return [one["data"]["receipt_id"] for one in portal.events() if one["type"] == "PaymentConfirmed.v1"]


def unpaid(portal: PortalCopy, receipts: list[str]) -> set[str]:
    """The receipts nobody was told of."""
    return set(receipts) - set(confirmations(portal))


def doubled(portal: PortalCopy, receipts: list[str]) -> int:
    """How many receipts were told of more than once."""
    return sum(count > 1 for receipt, count in Counter(confirmations(portal)).items() if receipt in set(receipts))


def tell(portal: PortalCopy, capfd: pytest.CaptureFixture[str], fault: str, figures: Figures) -> None:
    until(lambda: not not_shown_paid(portal, figures.notices), timeout_s=180, what="every payer told")
    with capfd.disabled():
        print(
            f"\n{fault:<28} {PAYMENTS} payments  lost {figures.lost}  doubled {figures.doubled}"
            f"  next one after {figures.recovered_s:.1f} s",
            flush=True,
        )
    assert (figures.lost, figures.doubled) == (0, 0)


@pytest.mark.parametrize("program", KILLED)
def test_a_part_that_is_killed_loses_and_doubles_no_payment(
    portal: PortalCopy, capfd: pytest.CaptureFixture[str], program: str
) -> None:
    tell(portal, capfd, f"kill -9 {program}", under(portal, lambda: portal.kill(program)))


@pytest.mark.parametrize("program", STOPPED)
def test_a_part_that_stands_still_loses_and_doubles_no_payment(
    portal: PortalCopy, capfd: pytest.CaptureFixture[str], program: str
) -> None:
    def stand_still() -> None:
        with stopped(portal, program):
            time.sleep(LASTS_S)  # how long it stands still

    tell(portal, capfd, f"SIGSTOP {program}", under(portal, stand_still))


@pytest.mark.parametrize("line", ["broker_line", "database_line"])
def test_a_server_that_is_away_loses_and_doubles_no_payment(
    portal: PortalCopy, capfd: pytest.CaptureFixture[str], request: pytest.FixtureRequest, line: str
) -> None:
    way: Line = request.getfixturevalue(line)

    def cut() -> None:
        way.cut()
        try:
            time.sleep(LASTS_S)  # how long it is away
        finally:
            way.mend()

    tell(portal, capfd, f"{line} cut", under(portal, cut))


def test_a_queue_that_is_purged_is_filled_again_by_publishing_anew(
    portal: PortalCopy, amqp_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def purge() -> None:
        with stopped(portal, "practices"), Connection(amqp_url) as connection:
            time.sleep(LASTS_S)  # letters come meanwhile
            connection.default_channel.queue_purge(QUEUE)

    figures = under(portal, purge)
    anew = portal.run("-m", "chassis.outbox", "republish", "--since", since, "--to-consumer", QUEUE)
    assert anew.wait(120) == 0
    tell(portal, capfd, "purge of practices' queue", figures)


def test_every_process_of_the_procfile_is_killed_once() -> None:
    programs = {line.partition(":")[0] for line in (PROJECT / "Procfile").read_text().splitlines() if ": exec" in line}
    assert programs - set(KILLED) == {"identity-relay"}, "it carries no payment"
