"""People pay while something is broken: what is lost, what is doubled, how long it takes until all is well again."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import requests

from tests.e2e.running import ENTITY, PortalCopy, until

PAYERS = 4
# Whoever pays tries again, and an outage ends: what takes longer than this is not coming.
NEVER_S = 300

Fault = Callable[[], float]
"""Breaks something and mends it; returns the moment (time.monotonic) when its cause was gone."""


@dataclass
class Paying:
    """Payments of notices at a counter, tried until they are taken."""

    portal: PortalCopy
    receipts: list[str] = field(default_factory=list)
    taken: int = 0
    refused: int = 0
    longest_s: float = 0.0

    def pay(self, notice: str) -> None:
        """Pay one, as often as it takes."""
        began_at = time.monotonic()
        self.receipts += until(lambda: self._try(notice), timeout_s=NEVER_S, what=f"payment of {notice}")
        self.taken += 1
        self.longest_s = max(self.longest_s, time.monotonic() - began_at)

    def _try(self, notice: str) -> list[str]:
        receipts = self.portal.pay_at_counter(notice)
        if not receipts:
            self.refused += 1
        return receipts


@dataclass
class Figures:
    """What became of the payments under one fault.

    `refused`: how often a counter had to try again. `longest_s`: the longest that anybody stood there. `recovered_s`:
    from the moment the cause was gone until a payment begun then was taken and its payer told so.
    """

    fault: str
    payments: int
    lost: int
    doubled: int
    refused: int
    longest_s: float
    recovered_s: float

    def __str__(self) -> str:
        return (
            f"| {self.fault} | {self.payments} | {self.lost} | {self.doubled} | {self.refused} | {self.longest_s:.1f} s"
            f" | {self.recovered_s:.1f} s |"
        )


HEAD = (
    "| fault | payments | lost | doubled | tried again | longest at the counter | recovered after |\n"
    "| --- | --- | --- | --- | --- | --- | --- |"
)


def pay_under(
    portal: PortalCopy,
    name: str,
    fault: Fault,
    notices: Sequence[str],
    repair: Callable[[], None] = lambda: None,
) -> Figures:
    """Let people pay, break something when a third of them have, and count once all is well again.

    `repair` is what an operator does by hand afterwards. Fails where a payment never comes through.
    """
    *paid_meanwhile, afterwards = notices
    paying = Paying(portal)
    with ThreadPoolExecutor(PAYERS) as payers:
        people: list[Future[None]] = [payers.submit(paying.pay, notice) for notice in paid_meanwhile]
        until(lambda: paying.taken >= len(paid_meanwhile) / 3, timeout_s=NEVER_S, what="a third of the payments")
        over_at = fault()
        probe = Paying(portal)
        probe.pay(afterwards)
        until(lambda: not not_shown_paid(portal, [afterwards]), timeout_s=NEVER_S, what="its payer told")
        recovered_s = time.monotonic() - over_at
        for person in people:
            person.result()
    portal.wait_until_ready(timeout_s=120)
    repair()
    receipts = [*paying.receipts, *probe.receipts]
    until(lambda: not untold(portal, receipts), timeout_s=NEVER_S, what="every payment told")
    until(lambda: not not_shown_paid(portal, notices), timeout_s=NEVER_S, what="every payer told")
    return Figures(
        name,
        len(notices),
        len(untold(portal, receipts)),
        doubled(portal, receipts),
        paying.refused + probe.refused,
        max(paying.longest_s, probe.longest_s),
        recovered_s,
    )


def not_shown_paid(portal: PortalCopy, notices: Sequence[str]) -> list[str]:
    """The notices whose payer is not told that they are paid."""
    return [notice for notice in notices if state(portal, notice) != "paid"]


def state(portal: PortalCopy, notice: str) -> str:
    """What a stranger is told of a notice; empty while nobody answers."""
    search = {"notice_number": notice}
    try:
        found = requests.post(f"{portal.url}/api/v1/creditors/{ENTITY}/searches", json=search, timeout=60)
    except requests.RequestException:
        return ""
    return str(found.json()["items"][0]["state"]) if found.ok else ""


def confirmations(portal: PortalCopy) -> list[str]:
    """The receipts that the body's accounting was told of, as often as it was."""
    return [one["data"]["receipt_id"] for one in portal.events() if one["type"] == "PaymentConfirmed.v1"]


def untold(portal: PortalCopy, receipts: Sequence[str]) -> set[str]:
    """The receipts nobody was told of: lost, if it stays so."""
    return set(receipts) - set(confirmations(portal))


def doubled(portal: PortalCopy, receipts: Sequence[str]) -> int:
    """How many receipts were told of more than once."""
    return sum(count > 1 for receipt, count in Counter(confirmations(portal)).items() if receipt in set(receipts))
