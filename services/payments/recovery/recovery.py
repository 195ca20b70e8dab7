"""Asks BizEvents for the receipts that never came: one call at a time, at the pace that is published.

What is wanted and when the next call may leave both stand in the database: a restart forgets neither.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from chassis.logs import get_logger
from chassis.storage.database import Database
from contracts.call import Rpc
from services.payments.archive.http import Answer
from services.payments.archive.pace import Pace
from services.payments.hostile_xml import Unreadable
from services.payments.metrics import RECOVERIES_GIVEN_UP, RECOVERY_CALLS
from services.payments.models import ReceiptRecovery
from services.payments.recovery.biz_events import BizEventsClient, as_envelope
from services.payments.repository import positions, recoveries
from services.payments.repository.recoveries import State
from services.payments.usecases.late_receipt import take_recovered
from services.payments.usecases.node.context import NodeContext

log = get_logger(__name__)

_LEASE: Final = timedelta(minutes=15)
_WAIT_START: Final = timedelta(hours=1)
_WAIT_MAX: Final = timedelta(days=1)
_DOUBLINGS_MAX: Final = 5
_REFUSED_PAUSE_S: Final = 3_600.0
_TWOFOLD: Final = 422
_NOT_ALLOWED: Final = (401, 403)


class Recovery:
    """Works off the receipts that are wanted."""

    def __init__(
        self,
        database: Database,
        rpc: Rpc,
        client: BizEventsClient,
        pace: Pace,
        give_up_after: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._rpc = rpc
        self._client = client
        self._pace = pace
        self._give_up_after = give_up_after
        self._clock = clock

    def work(self, now: datetime) -> bool:
        """Ask for one receipt; False where none is wanted, or it is not time for a call."""
        if not self._pace.is_open():
            return False
        with self._database.transaction() as tx:
            wanted = recoveries.take_next(tx.session, now, now + _LEASE)
            if wanted is None:
                return False
            has_come = recoveries.has_come(tx.session, wanted.creditor_fiscal_code, wanted.iur)
            if has_come:
                recoveries.end(tx.session, wanted.id, State.ARRIVED, now)
        if has_come:
            RECOVERY_CALLS.labels("arrived").inc()
        else:
            self._ask(wanted)
        return True

    def _ask(self, wanted: ReceiptRecovery) -> None:
        answer = self._pace.run(lambda: self._client.receipt(wanted.creditor_fiscal_code, wanted.iur, wanted.iuv))
        if answer is None:
            return
        now = self._clock()
        # The next turn counts from the answer: also over a restart two calls cannot come closer together.
        self._pace.pause(self._pace.limit.interval.total_seconds())
        RECOVERY_CALLS.labels(str(answer.status)).inc()
        if answer.is_ok:
            self._take(wanted, answer, now)
        elif answer.status == _TWOFOLD:
            self._give_up(wanted, "more_than_one", now)
        elif answer.status in _NOT_ALLOWED:
            log.error("biz_events_key_refused", status=answer.status)
            self._put_off(wanted, now, "key_refused", counts=False)
            self._pace.pause(_REFUSED_PAUSE_S)
        elif answer.status == 429:
            self._put_off(wanted, now, None, counts=False)
            self._pace.pause(answer.retry_after_s or self._pace.limit.interval.total_seconds())
        elif now - wanted.requested_at > self._give_up_after:
            self._give_up(wanted, "not_found" if answer.status == 404 else "no_answer", now)
        else:
            self._put_off(wanted, now, "not_found" if answer.status == 404 else "no_answer", counts=True)

    def _take(self, wanted: ReceiptRecovery, answer: Answer, now: datetime) -> None:
        """Store what BizEvents told as a receipt that has come."""
        with self._database.reading() as session:
            creditor = positions.creditor(session, wanted.creditor_fiscal_code)
        if creditor is None:
            self._give_up(wanted, "unknown_creditor", now)
            return
        try:
            envelope = as_envelope(answer.body, creditor)
            taken = take_recovered(NodeContext(self._database, self._rpc, now), envelope)
        except (ValueError, Unreadable):
            self._give_up(wanted, "unreadable", now)
            return
        if taken.fault:
            self._give_up(wanted, taken.fault, now)
            return
        with self._database.transaction() as tx:
            recoveries.end(tx.session, wanted.id, State.RECOVERED, now)
        log.info("receipt_recovered", recovery=wanted.id, reason=wanted.reason)

    def _put_off(self, wanted: ReceiptRecovery, now: datetime, problem: str | None, *, counts: bool) -> None:
        wait = min(_WAIT_MAX, _WAIT_START * 2 ** min(wanted.attempts, _DOUBLINGS_MAX)) if counts else timedelta()
        with self._database.transaction() as tx:
            recoveries.put_off(tx.session, wanted.id, now + wait, problem, counts=counts)

    def _give_up(self, wanted: ReceiptRecovery, problem: str, now: datetime) -> None:
        log.error("receipt_recovery_given_up", recovery=wanted.id, reason=wanted.reason, problem=problem)
        RECOVERIES_GIVEN_UP.labels(problem).inc()
        with self._database.transaction() as tx:
            recoveries.end(tx.session, wanted.id, State.GIVEN_UP, now, problem)
