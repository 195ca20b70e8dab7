"""Delivers receipts in the background until the creditor has acknowledged them, across restarts of either side."""

import threading

from sandbox.pagopa.node_client import NodeClient, StationFault
from sandbox.pagopa.store import Receipt, Store
from sandbox.pagopa.switches import Switches

_LOOK_EVERY_S = 0.5
_SECOND_DELIVERY_AFTER_S = 2.0


class Delivery:
    """Sender threads over the store. Works the same under eventlet's monkey patch."""

    def __init__(
        self,
        store: Store,
        node: NodeClient,
        retry_delays_s: tuple[float, ...],
        senders: int,
        switches: Switches | None = None,
    ) -> None:
        self._store = store
        self._node = node
        self._retry_delays_s = retry_delays_s
        self._senders = senders
        self._switches = switches
        self._news = threading.Condition()

    def start(self) -> None:
        """Start sending; the threads end with the process."""
        for number in range(self._senders):
            threading.Thread(target=self._run, name=f"receipts-{number}", daemon=True).start()

    def hurry(self) -> None:
        """Look for due receipts at once."""
        with self._news:
            self._news.notify_all()

    def _run(self) -> None:
        while True:
            receipt = None if self._is_station_down else self._store.claim_due()
            if receipt is not None:
                self._deliver(receipt)
                continue
            with self._news:
                self._news.wait(_LOOK_EVERY_S)

    @property
    def _is_station_down(self) -> bool:
        """Return whether nothing can be delivered: a thousand receipts that are tried in vain take all the time."""
        return self._switches is not None and self._switches.is_station_down

    def _deliver(self, receipt: Receipt) -> None:
        try:
            answer = self._node.send_receipt(receipt.envelope)
        except StationFault as fault:
            answer = f"{fault.code} {fault.description}".strip()
        if answer == "OK":
            self._store.acknowledged(receipt, answer, _SECOND_DELIVERY_AFTER_S)
        else:
            delay_s = self._retry_delays_s[min(receipt.attempts, len(self._retry_delays_s) - 1)]
            self._store.unanswered(receipt, answer, delay_s)
