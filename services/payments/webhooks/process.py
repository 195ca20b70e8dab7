"""Events of payments, sent to the entities' software: `python -m chassis.webhooks payments`. A plain process.

It reads the outbox from where each webhook was looked at last, makes a delivery of each event that is the entity's, and
sends what is due. A delivery is leased: who is killed with one leaves it to another process, and the event may be sent
twice, under the same `webhook-id`. Any number of these processes may run.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import orjson
from standardwebhooks import Webhook

from chassis import clock, logs, watchdog
from chassis.https_post import post
from chassis.storage.database import Database, Tx, is_out_of_reach
from chassis.storage.database_clock import time_to_decide
from contracts.events.payments import WEBHOOK_DISABLED, WebhookDisabled
from services.payments import models
from services.payments.domain.webhooks import HISTORY_KEPT, Answer, host_of, next_try
from services.payments.metrics import WEBHOOKS_DISABLED, WEBHOOKS_SENT
from services.payments.models import WebhookEndpoint
from services.payments.repository import webhooks
from services.payments.repository.webhooks import Claimed
from services.payments.webhooks.settings import WebhookSettings

log = logs.get_logger(__name__)

_AT_ONCE: Final = 8
_REST_S: Final = 1.0
_PAUSE_MAX_S: Final = 15.0
_LEASE_MARGIN: Final = timedelta(seconds=30)
_PURGE_EVERY: Final = timedelta(hours=1)
_PART: Final = "webhooks"


class Webhooks:
    """Makes deliveries and sends them until it is stopped, through any outage of the database.

    `time_to_decide` says by which time addresses are given up; None while this process must leave that to others.
    """

    def __init__(
        self, database: Database, settings: WebhookSettings, time_to_decide: Callable[[], datetime | None]
    ) -> None:
        self._database = database
        self._settings = settings
        self._time_to_decide = time_to_decide
        self._stopping = threading.Event()
        self._purged_at: datetime | None = None

    def stop(self) -> None:
        """Let `run` return after the calls under way."""
        self._stopping.set()

    def run(self) -> None:
        """Work until stopped."""
        pause_s = _REST_S
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="webhook") as senders:
            while not self._stopping.is_set():
                watchdog.moved(_PART)
                try:
                    if not self.work(senders):
                        watchdog.rest(_PART, self._stopping, _REST_S)
                    pause_s = _REST_S
                except Exception as error:
                    expected = is_out_of_reach(error)
                    log.warning("webhooks_interrupted", error=type(error).__name__, exc_info=not expected)
                    watchdog.rest(_PART, self._stopping, pause_s)
                    pause_s = min(pause_s * 2, _PAUSE_MAX_S)
        watchdog.rests(_PART)
        self._database.close()

    def work(self, senders: ThreadPoolExecutor) -> bool:
        """Make deliveries, and send what is due; return whether there was anything to do."""
        now = self._time_to_decide()
        if now is None:
            return False
        with self._database.transaction() as tx:
            more = webhooks.make_deliveries(tx.session, now)
        lease = timedelta(seconds=self._settings.timeout_s) + _LEASE_MARGIN
        with self._database.transaction() as tx:
            claimed = webhooks.claim(tx.session, now, lease, _AT_ONCE)
        for delivery, answer in zip(claimed, senders.map(partial(self._send, now=now), claimed), strict=True):
            watchdog.moved(_PART)
            self._settle(delivery, answer, self._time_to_decide() or now)
        self._purge(now)
        return more or bool(claimed)

    def _send(self, delivery: Claimed, now: datetime) -> Answer:
        """Send, and return what came of it: whatever is odd about one address stops no other."""
        try:
            return self._sent(delivery, now)
        except Exception:
            log.exception("webhook_not_sent", webhook=str(delivery.endpoint_id))
            return Answer(None, "not_sent", 0)

    def _sent(self, delivery: Claimed, now: datetime) -> Answer:
        if delivery.body is None and not delivery.test:
            return Answer(None, "event_deleted", 0)
        body = orjson.dumps(delivery.body if delivery.body is not None else _test_body(delivery, now))
        message_id = str(delivery.event_id)
        signed = [Webhook(secret).sign(message_id, now, body.decode()) for secret in delivery.secrets]
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "back-office-pagatore",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signed),
        }
        settings = self._settings
        came = post(delivery.url, body, headers, timeout_s=settings.timeout_s, allowed=settings.allowed)
        return Answer(came.status, came.problem, came.duration_ms)

    def _settle(self, claimed: Claimed, answer: Answer, now: datetime) -> None:
        """Write down what came of it, and what follows: nothing more, another try, or the end of its webhook."""
        WEBHOOKS_SENT.labels("delivered" if answer.is_good else answer.problem or str(answer.status)).inc()
        with self._database.transaction() as tx:
            endpoint = tx.session.get(WebhookEndpoint, claimed.endpoint_id, with_for_update=True)
            delivery = webhooks.note_attempt(tx.session, claimed.id, answer, now)
            if endpoint is None or delivery is None:
                return
            if answer.is_good:
                delivery.delivered_at, delivery.next_at, endpoint.failing_since = now, None, None
                return
            if claimed.test:
                delivery.next_at = None  # whoever tests looks at the answer
                return
            endpoint.failing_since = endpoint.failing_since or now
            delivery.next_at = next_try(delivery.attempts, delivery.first_try_at or now, now)
            if answer.is_gone or delivery.next_at is None:
                delivery.next_at = None
                self._disable(tx, endpoint, "gone" if answer.is_gone else "failing", now)

    def _disable(self, tx: Tx, endpoint: WebhookEndpoint, reason: str, now: datetime) -> None:
        if not endpoint.enabled:
            return
        endpoint.enabled, endpoint.disabled_reason = False, reason
        told = WebhookDisabled(
            webhook_id=endpoint.id,
            entity_code=endpoint.entity_code,
            host=host_of(endpoint.url),
            reason=reason,
            failing_since=endpoint.failing_since or now,
            at=now,
        )
        sequence = webhooks.events_about(tx.session, endpoint.id) + 1
        tx.emit(WEBHOOK_DISABLED, told, subject=str(endpoint.id), sequence=sequence, now=now)
        WEBHOOKS_DISABLED.labels(endpoint.entity_code).inc()
        log.error("webhook_disabled", entity_code=endpoint.entity_code, webhook=str(endpoint.id), reason=reason)

    def _purge(self, now: datetime) -> None:
        if self._purged_at is None or now - self._purged_at > _PURGE_EVERY:
            self._purged_at = now
            with self._database.transaction() as tx:
                webhooks.purge(tx.session, now - HISTORY_KEPT)


def _test_body(delivery: Claimed, now: datetime) -> dict[str, Any]:
    return {"id": str(delivery.event_id), "type": delivery.type, "time": now.isoformat(), "data": {}}


def make() -> Webhooks:
    """Make the process's one Webhooks, from the environment. Raises EnvError."""
    database = Database.of_service("payments", models, pool_size=2)
    return Webhooks(database, WebhookSettings.load(), partial(time_to_decide, database, clock.now))
