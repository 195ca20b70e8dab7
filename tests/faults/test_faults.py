"""Parts are killed, stopped, cut off and misled while people pay: what is lost and doubled, how long until it goes on.

`./portal test faults` prints a line for each, and a table at the end. `FAULTS_PAYMENTS` says how many payments are made
under each fault.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from kombu import Connection

from contracts.calendar import rome_day
from tests.conftest import PROJECT
from tests.e2e.line import Line
from tests.e2e.running import PortalCopy, until
from tests.faults.listening import own_queue, told_of, wait_until_heard, webhook
from tests.faults.paying import Figures, pay_under, state

PAYMENTS = int(os.environ.get("FAULTS_PAYMENTS", "40"))
LASTS_S = 15
"""How long a part is stopped, or a line cut or silent."""
QUEUE = "evt-payments-PaymentConfirmed.v1--practices.on_payment_confirmed"
STOPPED = ("payments", "payments-relay", "practices", "node", "payments-webhooks", "entity-router")
LISTENED_TO = ("payments-webhooks", "entity-router", "payments-relay")
"""What stands between a payment and the body's own software."""
PROGRAMS = [line.partition(":")[0] for line in (PROJECT / "Procfile").read_text().splitlines() if ": exec" in line]
# Runs a service in a process whose clock is three days ahead.
AHEAD = """
import runpy
from datetime import timedelta
import chassis.clock
right = chassis.clock.now
chassis.clock.now = lambda: right() + timedelta(days=3)
runpy.run_module("chassis.run", run_name="__main__", alter_sys=True)
"""
# The practices of this service are not paid after their last day.
STRICT_SERVICE = "MENSA"

Tell = Callable[[Figures], None]
pytestmark = pytest.mark.timeout(900)


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


@contextmanager
def beside(portal: PortalCopy, service: str, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A second process of a service, which shares the work; told to stop at the end, as an operator does."""
    process = portal.run(*arguments, service, **environment)
    try:
        until(lambda: portal.consumers(f"rpc-{service}") == 2, what=f"a second process of {service}")
        yield process
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def lasting(break_it: Callable[[], object], mend_it: Callable[[], object]) -> float:
    """Break something for LASTS_S; return when it was mended."""
    break_it()
    try:
        time.sleep(LASTS_S)  # how long it is broken
    finally:
        mend_it()
    return time.monotonic()


def purge_queue(portal: PortalCopy, amqp_url: str, purged: list[int]) -> float:
    """Take away what waits for practices; note in `purged` how much it was."""
    with stopped(portal, "practices"), Connection(amqp_url) as connection:
        channel = connection.default_channel

        def waiting() -> int:
            return int(channel.queue_declare(QUEUE, passive=True).message_count)

        until(waiting, what="an event in the queue")
        purged.append(channel.queue_purge(QUEUE))
    return time.monotonic()


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_part_that_is_killed_loses_and_doubles_no_payment(portal: PortalCopy, tell: Tell, program: str) -> None:
    def kill() -> float:
        killed_at = time.monotonic()
        portal.kill(program)
        return killed_at

    tell(pay_under(portal, f"kill -9 {program}", kill, portal.issue_many(PAYMENTS)))


@pytest.mark.parametrize("program", STOPPED)
def test_a_part_that_stands_still_loses_and_doubles_no_payment(portal: PortalCopy, tell: Tell, program: str) -> None:
    def stand_still() -> float:
        with stopped(portal, program):
            time.sleep(LASTS_S)  # how long it stands still
        return time.monotonic()

    tell(pay_under(portal, f"{program} stands still for {LASTS_S} s", stand_still, portal.issue_many(PAYMENTS)))


@pytest.mark.parametrize("server", ["broker", "database"])
def test_a_server_that_is_away_loses_and_doubles_no_payment(
    portal: PortalCopy, tell: Tell, request: pytest.FixtureRequest, server: str
) -> None:
    line: Line = request.getfixturevalue(f"{server}_line")
    name = f"{server} away for {LASTS_S} s"
    tell(pay_under(portal, name, lambda: lasting(line.cut, line.mend), portal.issue_many(PAYMENTS)))


@pytest.mark.parametrize("server", ["broker", "database"])
def test_a_server_that_falls_silent_loses_and_doubles_no_payment(
    portal: PortalCopy, tell: Tell, request: pytest.FixtureRequest, server: str
) -> None:
    line: Line = request.getfixturevalue(f"{server}_line")
    name = f"{server} silent for {LASTS_S} s"
    tell(pay_under(portal, name, lambda: lasting(line.silence, line.mend), portal.issue_many(PAYMENTS)))


@pytest.mark.parametrize("lost", ["AMQP_URL", "DATABASE_URL"])
def test_one_of_two_processes_behind_a_partition_loses_and_doubles_no_payment(
    portal: PortalCopy, tell: Tell, lost: str
) -> None:
    way = Line(portal.setting(lost), 0)
    name = f"one of two payments cut off from its {'broker' if lost == 'AMQP_URL' else 'database'}, silently"
    with beside(portal, "payments", "-m", "chassis.run", **{lost: way.url_through(portal.setting(lost))}):
        tell(pay_under(portal, name, lambda: lasting(way.silence, way.mend), portal.issue_many(PAYMENTS)))
    way.cut()


@pytest.mark.parametrize("program", LISTENED_TO)
def test_a_part_that_is_killed_keeps_nothing_from_the_bodys_software(
    portal: PortalCopy, amqp_url: str, certificate: Path, tell: Tell, program: str
) -> None:
    def kill() -> float:
        killed_at = time.monotonic()
        portal.kill(program)
        return killed_at

    notices = portal.issue_many(PAYMENTS)
    with own_queue(amqp_url), webhook(portal, certificate) as heard:
        tell(pay_under(portal, f"kill -9 {program}, the body listening", kill, notices))
        print(wait_until_heard(told_of(portal, notices), amqp_url, heard))


def test_a_queue_that_is_purged_is_repaired_by_itself(portal: PortalCopy, amqp_url: str, tell: Tell) -> None:
    purged: list[int] = []
    notices = portal.issue_many(PAYMENTS)
    fault = partial(purge_queue, portal, amqp_url, purged)
    tell(pay_under(portal, "queue of practices purged, and left to parity", fault, notices))
    assert purged[0] > 0, "there was something to lose"


def test_a_queue_that_is_purged_is_filled_again_by_publishing_anew(
    portal: PortalCopy, amqp_url: str, tell: Tell
) -> None:
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    purged: list[int] = []

    def publish_anew() -> None:
        anew = portal.run("-m", "chassis.outbox", "republish", "--since", since, "--to-consumer", QUEUE)
        assert anew.wait(120) == 0

    notices = portal.issue_many(PAYMENTS)
    fault = partial(purge_queue, portal, amqp_url, purged)
    tell(pay_under(portal, "queue of practices purged, then republished", fault, notices, repair=publish_anew))
    assert purged[0] > 0, "there was something to lose"


@pytest.mark.parametrize("service", ["payments", "practices"])
def test_one_process_with_a_wrong_clock_loses_no_payment_and_expires_nothing(
    portal: PortalCopy, tell: Tell, service: str
) -> None:
    tomorrow = rome_day(datetime.now(UTC) + timedelta(days=1)).strftime("%d/%m/%Y")
    notices = portal.issue_many(PAYMENTS, STRICT_SERVICE, tomorrow)
    unpaid = portal.issue_many(5, STRICT_SERVICE, tomorrow)

    def complaints() -> int:
        return portal.beside_file.read_text().count("clock_is_off")

    def mislead() -> float:
        before = complaints()
        with beside(portal, service, "-c", AHEAD):
            until(lambda: complaints() > before, timeout_s=180, what="the word that its clock is off")
        return time.monotonic()

    figures = pay_under(portal, f"one of two {service} three days ahead", mislead, notices)
    tell(figures)
    assert figures.refused == 0, "a notice due tomorrow was called too late"
    assert {state(portal, notice) for notice in unpaid} == {"to_pay"}
