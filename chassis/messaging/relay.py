"""The outbox relay of one service, or of all: `python -m chassis.relay practices|all`. A plain process, no eventlet.

It wakes by LISTEN, or each second, and publishes what waits in batches: one confirm wait and one commit per batch.
Any number of relays of a service may run; an advisory lock lets one work at a time, so events leave in the order of
their rows and get positions without holes. A row is marked only after the broker's confirm: a crash in between
publishes it again, and the consumers' inboxes drop it.
"""

import os
import select as io_select
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib import import_module
from time import monotonic
from types import ModuleType
from typing import Any, Final

import sqlalchemy as sa
from environs.exceptions import EnvError
from sqlalchemy.orm import Session

from chassis import clock, logs, metrics, watchdog
from chassis.messaging import wire
from chassis.messaging.publisher import ConfirmedPublisher, PublishFailed, QueueFull
from chassis.settings import ChassisSettings
from chassis.storage import answer_limit, outbox
from chassis.storage.database import OUTBOX_CHANNEL, database_url, is_out_of_reach, make_engine
from contracts.events.subscriptions import SUBSCRIPTIONS, Subscription

log = logs.get_logger(__name__)

BATCH_SIZE: Final = 200
POLL_S: Final = 1.0
_ADVISORY_LOCK: Final = 0x72_65_6C_61_79  # "relay", any number that nobody else uses
_PAUSE_START_S: Final = 0.5
_PAUSE_MAX_S: Final = 5.0
_PURGE_EVERY_S: Final = 3_600
_MEASURE_EVERY_S: Final = 10


class Relay:
    """Publishes the events of one service's outbox.

    `models` is the service's models module. The queues of its `listeners` are declared on each new connection: an
    event must never be published before them, also not to a broker that has lost all it had.
    """

    def __init__(
        self, service: str, models: ModuleType, *, url: str, amqp_url: str, listeners: Sequence[Subscription]
    ) -> None:
        self.service = service
        self._heard = {listener.event_type.type for listener in listeners}
        self._model = models.OutboxMessage
        self._engine = make_engine(url, pool_size=2, application_name=f"{service}-relay")
        queues = [wire.event_queue(listener) for listener in listeners]
        self._publisher = ConfirmedPublisher(amqp_url, declare=[wire.event_exchange(service)], listeners=queues)
        self._stopping = threading.Event()
        self._purged_at = self._measured_at = float("-inf")

    def stop(self) -> None:
        """Let `run` return after the batch under way."""
        self._stopping.set()

    def run(self) -> None:
        """Relay until stopped, through any outage of broker or database."""
        pause_s = _PAUSE_START_S
        while not self._stopping.is_set():
            watchdog.moved(self._part)
            try:
                with self._listening() as listening:
                    while not self._stopping.is_set():
                        self._work_off(listening)
                        pause_s = _PAUSE_START_S
            except Exception as error:
                expected = isinstance(error, PublishFailed) or is_out_of_reach(error)
                log.warning(
                    "relay_interrupted",
                    service=self.service,
                    error=type(error).__name__,
                    pause_s=pause_s,
                    exc_info=not expected,
                )
                self._stopping.wait(pause_s)
                pause_s = min(pause_s * 2, _PAUSE_MAX_S)
        watchdog.rests(self._part)
        self._publisher.close()
        self._engine.dispose()

    @property
    def _part(self) -> str:
        return f"relay of {self.service}"

    def relay_batch(self, now: datetime) -> int:
        """Publish the next batch and mark it; return its size, 0 when there is none or another relay is at it."""
        model = self._model
        with Session(self._engine) as session, session.begin():
            if not session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_ADVISORY_LOCK))):
                return 0
            waiting = sa.select(model.id, model.event_id, model.type, model.body).where(model.relayed_at.is_(None))
            batch = session.execute(
                waiting.order_by(model.id).limit(BATCH_SIZE).with_for_update(skip_locked=True)
            ).all()
            if not batch:
                return 0
            self._publish(batch)
            self._mark(session, [row.id for row in batch], now)
        metrics.OUTBOX_RELAYED.labels(self.service).inc(len(batch))
        return len(batch)

    def _mark(self, session: Session, ids: list[int], now: datetime) -> None:
        """Note that rows are published, and number them on from the newest position."""
        model = self._model
        newest = sa.select(sa.func.coalesce(sa.func.max(model.position), 0)).scalar_subquery()
        offset = sa.func.row_number().over(order_by=model.id)
        numbered = sa.select(model.id, (newest + offset).label("position")).where(model.id.in_(ids)).subquery()
        marked = sa.update(model).where(model.id == numbered.c.id)
        session.execute(
            marked.values(relayed_at=now, position=numbered.c.position).execution_options(synchronize_session=False)
        )

    def _publish(self, batch: Any) -> None:
        types = {str(row.event_id): row.type for row in batch}
        try:
            unrouted = self._publisher.publish_all([self._message(row) for row in batch])
        except QueueFull:
            metrics.OUTBOX_REFUSED.labels(self.service).inc()
            raise
        if self._heard.intersection(types[event_id] for event_id in unrouted):
            self._publisher.close()
            raise PublishFailed("a listener's queue is gone")
        for event_id in unrouted:
            metrics.OUTBOX_UNROUTED.labels(self.service, types[event_id]).inc()

    def _message(self, row: Any) -> wire.Message:
        exchange = wire.event_exchange(self.service).name
        return wire.event_message(row.body, row.event_id, exchange=exchange, routing_key=row.type)

    @contextmanager
    def _listening(self) -> Iterator[sa.Connection]:
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text(f"LISTEN {OUTBOX_CHANNEL}"))
            yield connection

    def _work_off(self, listening: sa.Connection) -> None:
        while not self._stopping.is_set() and self.relay_batch(clock.now()) == BATCH_SIZE:
            watchdog.moved(self._part)
        watchdog.moved(self._part)
        self._publisher.keep_alive()
        self._keep_house(listening)
        driver: Any = listening.connection.driver_connection
        io_select.select([driver], [], [], POLL_S)
        driver.poll()
        driver.notifies.clear()

    def _keep_house(self, listening: sa.Connection) -> None:
        if monotonic() - self._measured_at > _MEASURE_EVERY_S:
            self._measured_at = monotonic()
            listening.execute(sa.text("SELECT 1"))  # it only ever listens: a silent server would not show
            with Session(self._engine) as session:
                waiting, lag_s = outbox.depth(session, self._model, clock.now())
            metrics.OUTBOX_DEPTH.labels(self.service).set(waiting)
            metrics.OUTBOX_LAG_SECONDS.labels(self.service).set(lag_s)
        if monotonic() - self._purged_at > _PURGE_EVERY_S:
            self._purged_at = monotonic()
            self._forget()

    def _forget(self) -> None:
        """Let go of what is old, and before that take the persons out; in batches, so that events go on leaving."""
        with Session(self._engine) as session, session.begin():
            dropped = outbox.keep_months(session, clock.now())
        if dropped is None:
            log.warning("outbox_months_put_off", service=self.service)
        with Session(self._engine) as session, session.begin():
            purged = outbox.purge(session, self._model, clock.now())
        redacted = 0
        while not self._stopping.is_set():
            watchdog.moved(self._part)
            with Session(self._engine) as session, session.begin():
                count = outbox.redact(session, self._model, clock.now())
            redacted += count
            if not count:
                break
        if dropped or purged or redacted:
            log.info("outbox_tidied", service=self.service, months=dropped, purged=purged, redacted=redacted)


def relay_of(service: str, *, amqp_url: str) -> Relay | None:
    """Return the relay of a service, None where it emits nothing."""
    models = import_module(f"services.{service}.models")
    if not hasattr(models, "OutboxMessage"):
        return None
    listeners = [listener for listener in SUBSCRIPTIONS if listener.event_type.source == service]
    url = database_url(service)
    return Relay(service, models, url=url, amqp_url=amqp_url, listeners=listeners)


def relays_of(name: str, *, amqp_url: str) -> list[Relay]:
    """Return the relay of one service, with `all` those of all services here; none where nothing is emitted."""
    services = list(outbox.emitting_services()) if name == "all" else [name]
    relays = [relay_of(service, amqp_url=amqp_url) for service in services]
    return [relay for relay in relays if relay is not None]


def run_together(relays: Sequence[Relay]) -> None:
    """Run relays beside each other, each on its own connections, until they are stopped."""
    threads = [threading.Thread(target=relay.run, name=f"{relay.service}-relay") for relay in relays]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m chassis.relay SERVICE|all\n")
        return 2
    (name,) = arguments
    settings = ChassisSettings.load()
    logs.configure(f"{name}-relay", settings.log_level)
    relays = relays_of(name, amqp_url=settings.amqp_url)
    if not relays:
        sys.stderr.write(f"{name} emits no events\n")
        return 2
    try:
        metrics_port = metrics.serve(settings.metrics_port)
    except EnvError as error:
        sys.stderr.write(f"{name}-relay: {error}\n")
        return os.EX_CONFIG
    if metrics_port is not None:
        log.info("metrics_served", port=metrics_port)
    answer_limit.install_plain()
    watchdog.watch(f"{name}-relay", settings.watchdog_s)

    def stop(*_: object) -> None:
        for relay in relays:
            relay.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    log.info("relay_started", service=name)
    run_together(relays)
    log.info("relay_stopped", service=name)
    return 0
