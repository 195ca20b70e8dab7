"""What works beside the services, all in one process, killed and stopped under payments.

A copy of its own, without the processes whose work that one does; the other copy is stopped before.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa

from chassis import settings
from tests.conftest import drop_database
from tests.e2e import conftest as other_copies
from tests.e2e.line import Line
from tests.e2e.running import PortalCopy, until
from tests.faults.listening import own_queue, told_of, wait_until_heard, webhook
from tests.faults.paying import pay_under
from tests.faults.test_faults import LASTS_S, PAYMENTS, PROGRAMS, Tell

pytestmark = pytest.mark.timeout(900)
_BESIDE = ("relay", "outbound", "webhooks", "router")


class Background:
    """`python -m chassis.background`, started again by whoever killed it: there is no supervisor for it here."""

    def __init__(self, copy: PortalCopy) -> None:
        self._copy = copy
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, with pagoPA's services where the sandbox has them."""
        url = self._copy.pagopa_url
        addresses = {
            "ACA_URL": f"{url}/aca/debt-positions-service/v1",
            "ACA_BULK_URL": f"{url}/upload/aca/debt-positions-service/v2",
            "BIZ_EVENTS_URL": f"{url}/bizevents/service/v1",
        }
        self._process = self._copy.run("-m", "chassis.background", **addresses)
        until(self._is_at_work, what="the background's queues")

    def _is_at_work(self) -> bool:
        return self._copy.consumers("entity-router.payments") > 0

    def kill(self) -> None:
        """`kill -9`."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stand_still(self) -> None:
        """Be there for a while, and do nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        time.sleep(LASTS_S)  # how long it stands still
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        """Ask it to finish; return its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(60)


@pytest.fixture(scope="module", name="copy")
def make_copy(
    tmp_path_factory: pytest.TempPathFactory,
    amqp_url: str,
    database_url: str,
    broker_line: Line,
    more_environment: Mapping[str, str],
) -> Iterator[PortalCopy]:
    for other in other_copies._running:
        other.stop()
    target = sa.make_url(database_url)
    target = target.set(database=f"{(target.database or '').removesuffix('_test')}_e2e")
    url = target.render_as_string(hide_password=False)
    for service in other_copies.SERVICES:
        drop_database(settings.database_of(service, url))
    environment = {"AMQP_URL": broker_line.url_through(amqp_url), "DATABASE_URL": url, **more_environment}
    without = [name for name in PROGRAMS if name.endswith(_BESIDE)]
    assert len(without) == 7
    made = PortalCopy(tmp_path_factory.mktemp("background") / "home", environment, without)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module", name="background")
def make_background(copy: PortalCopy) -> Iterator[Background]:
    running = Background(copy)
    running.start()
    yield running
    assert running.stop() == os.EX_OK


def test_all_relays_in_one_process_killed_lose_and_double_nothing(
    copy: PortalCopy, background: Background, amqp_url: str, certificate: Path, tell: Tell
) -> None:
    def kill() -> float:
        background.kill()
        background.start()
        return time.monotonic()

    notices = copy.issue_many(PAYMENTS)
    with own_queue(amqp_url), webhook(copy, certificate) as heard:
        tell(pay_under(copy, "kill -9 chassis.background, the body listening", kill, notices))
        print(wait_until_heard(told_of(copy, notices), amqp_url, heard))


def test_all_relays_in_one_process_standing_still_lose_and_double_nothing(
    copy: PortalCopy, background: Background, tell: Tell
) -> None:
    def stand_still() -> float:
        background.stand_still()
        return time.monotonic()

    notices = copy.issue_many(PAYMENTS)
    tell(pay_under(copy, f"chassis.background stands still for {LASTS_S} s", stand_still, notices))
