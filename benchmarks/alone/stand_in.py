"""Payments by stand-in while our station is off: how many of their receipts are lost or doubled. It should be none.

    AMQP_URL=… DATABASE_URL=… python -m benchmarks.alone.stand_in [--payments 1000] [--off-s 60]

A whole copy of the system is started and stopped. So many debts are issued by files and paid from the archive while
the node does not reach us; then the station is on again.
"""

import argparse
import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import requests

from tests.e2e.running import CREDITOR, PortalCopy, until

_FILE_ROWS = 500


def main() -> None:
    """Run the command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--payments", type=int, default=1_000)
    arguments.add_argument("--off-s", type=float, default=60.0)
    given = arguments.parse_args()
    environment = {name: os.environ[name] for name in ("AMQP_URL", "DATABASE_URL")}
    with tempfile.TemporaryDirectory() as folder:
        portal = PortalCopy(Path(folder) / "home", environment)
        portal.start()
        try:
            measure(portal, given.payments, given.off_s)
        finally:
            portal.stop()


def measure(portal: PortalCopy, payments: int, off_s: float) -> None:
    """Issue, pay by stand-in, and count."""
    numbers: list[str] = []
    while len(numbers) < payments:
        numbers += portal.issue_many(min(_FILE_ROWS, payments - len(numbers)))
    started = time.monotonic()
    until(lambda: set(numbers) <= archived(portal), timeout_s=600, pause_s=2, what="the notices in the archive")
    archived_s = time.monotonic() - started
    switch(portal, 86_400)
    started = time.monotonic()
    paid: list[str] = []
    for number in numbers:
        paid += portal.pay_at_counter(number)
    time.sleep(max(0.0, off_s - (time.monotonic() - started)))
    paid_s = time.monotonic() - started
    switch(portal, 0)
    started = time.monotonic()
    until(lambda: len(confirmed(portal, numbers)) >= len(paid), timeout_s=600, pause_s=2, what="all confirmations")
    confirmed_s = time.monotonic() - started
    time.sleep(10)
    times = Counter(confirmed(portal, numbers))
    print(f"archived     {len(numbers)} notices in {archived_s:.0f} s")
    print(f"paid         {len(paid)} by stand-in in {paid_s:.0f} s with our station off")
    print(f"confirmed    all in {confirmed_s:.0f} s after it was on again")
    print(f"lost         {len(set(paid) - set(times))}")
    print(f"doubled      {sum(count > 1 for count in times.values())}")


def archived(portal: PortalCopy) -> set[str]:
    """Return the notices that stand in the archive."""
    listed = requests.get(f"{portal.pagopa_url}/sandbox/archive", timeout=60).json()["positions"]
    return {one["paymentOption"][0]["nav"] for one in listed if one["organizationFiscalCode"] == CREDITOR}


def switch(portal: PortalCopy, down_s: float) -> None:
    """Turn our station off for so long, or on again."""
    requests.post(f"{portal.pagopa_url}/sandbox/switches", json={"station_down_s": down_s}, timeout=30)


def confirmed(portal: PortalCopy, numbers: list[str]) -> list[str]:
    """Return the receipts that were confirmed of these notices, each as often as it was."""
    wanted = set(numbers)
    data: list[dict[str, Any]] = [event["data"] for event in portal.events() if event["type"] == "PaymentConfirmed.v1"]
    return [one["receipt_id"] for one in data if one["notice_number"] in wanted]


if __name__ == "__main__":
    main()
