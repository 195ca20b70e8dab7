"""What payments sends to pagoPA at pagoPA's pace: `python -m services.payments.outbound`. A plain process, no eventlet.

    python -m services.payments.outbound            sends until it is stopped
    python -m services.payments.outbound compare    lets the running one compare everything with the archive, now
    python -m services.payments.outbound retry      takes up again what was refused, once its cause is mended
    python -m services.payments.outbound health     whether its database answers, as an exit code

Changed positions go to the archive of notices one by one or in files, the archive's own list is compared with what was
sent, receipts that never came are asked for. Any number of these processes may run: rows are leased, and the turns at
pagoPA's services are shared through the database.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from environs.exceptions import EnvError
from sqlalchemy.exc import SQLAlchemyError

from chassis import clock, logs, metrics, watchdog
from chassis.messaging.rpc_client import RpcClient
from chassis.settings import ChassisSettings
from chassis.storage import answer_limit
from chassis.storage.database import Database, is_out_of_reach
from chassis.storage.database_clock import time_to_decide
from services.payments import models
from services.payments.archive.bulk_client import BulkClient
from services.payments.archive.comparison import Comparison
from services.payments.archive.gpd_client import GpdClient
from services.payments.archive.loader import Loader, LoaderLimits
from services.payments.archive.pace import Limit, Pace
from services.payments.archive.sender import Sender
from services.payments.metrics import ARCHIVE_CHANGED, ARCHIVE_OLDEST_SECONDS, ARCHIVE_REFUSED, RECOVERIES_WAITING
from services.payments.recovery.biz_events import BizEventsClient
from services.payments.recovery.recovery import Recovery
from services.payments.repository import archive, recoveries
from services.payments.settings import Settings

log = logs.get_logger(__name__)

NAME: Final = "payments-outbound"
_REST_S: Final = 1.0
_PAUSE_START_S: Final = 0.5
_PAUSE_MAX_S: Final = 15.0
_MEASURE_EVERY_S: Final = 10.0
_POOL: Final = 2
_NEW_AMOUNTS: Final = 1_000
_SEND: Final = "archive"
_SEND_NEXT: Final = "archive, next batch"
_FILES: Final = "archive files"
_LIST: Final = "archive list"
_RECOVERY: Final = "recovery"


@dataclass(frozen=True, slots=True)
class Job:
    """A kind of work: `work` does a piece of it and says whether there was any. It is looked for every `rest_s`.

    It is handed the database's time, and not asked for by a process whose own clock is off that: it would give up what
    is still to come, and take turns at pagoPA's services that are days away.
    """

    name: str
    work: Callable[[datetime], bool]
    rest_s: float = _REST_S


class Outbound:
    """The jobs, each in a thread of its own, through any outage of the database or of pagoPA."""

    def __init__(self, database: Database, rpc: RpcClient, settings: Settings) -> None:
        self._database = database
        self._rpc = rpc
        self._stopping = threading.Event()
        window = timedelta(seconds=settings.aca_calls_window_s)
        pace = self._pace("aca", Limit(settings.aca_calls_max, window), _SEND, _SEND_NEXT, _LIST)
        bulk_pace = self._pace("aca-bulk", Limit(1, timedelta(seconds=1 / settings.aca_bulk_calls_per_s)), _FILES)
        biz_window = timedelta(seconds=settings.biz_events_window_s)
        biz_limit = Limit(settings.biz_events_calls_max, biz_window, headroom=1.0)
        biz_pace = self._pace("biz-events", biz_limit, _RECOVERY)
        client = GpdClient(settings)
        self.sender = Sender(database, client, pace, at_once=settings.aca_calls_at_once)
        limits = LoaderLimits(settings.aca_bulk_from, settings.aca_bulk_rows_max)
        self.loader = Loader(database, BulkClient(settings), bulk_pace, limits)
        self.comparison = Comparison(database, client, pace, timedelta(hours=settings.aca_compare_every_h))
        self.recovery = Recovery(
            database,
            rpc,
            BizEventsClient(settings),
            biz_pace,
            timedelta(days=settings.recovery_days),
            clock.now,
        )
        self._jobs: Sequence[Job] = (
            # While one batch is on its way the next is made ready: no turn goes by unused.
            Job(_SEND, lambda now: self.sender.send_batch(now) > 0),
            Job(_SEND_NEXT, lambda now: self.sender.send_batch(now) > 0),
            Job(_FILES, self.loader.work, 2.0),
            Job("amounts of the day", self._note_new_amounts, 5.0),
            Job(_LIST, self.comparison.work, 5.0),
            Job(_RECOVERY, self.recovery.work, 5.0),
            Job("figures", self._measure, _MEASURE_EVERY_S),
        )

    def stop(self) -> None:
        """Let `run` return after the calls under way."""
        self._stopping.set()

    def run(self) -> None:
        """Work until stopped."""
        threads = [threading.Thread(target=self._run_job, args=(job,), name=job.name) for job in self._jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.sender.close()
        self._rpc.close()
        self._database.close()

    def _pace(self, name: str, limit: Limit, *jobs: str) -> Pace:
        return Pace(self._database, name, limit, clock.now, self._stopping, jobs)

    def _run_job(self, job: Job) -> None:
        pause_s = _PAUSE_START_S
        while not self._stopping.is_set():
            watchdog.moved(job.name)
            try:
                now = time_to_decide(self._database, clock.now)
                if now is None or not job.work(now):
                    watchdog.rest(job.name, self._stopping, job.rest_s)
                pause_s = _PAUSE_START_S
            except Exception as error:
                log.warning(
                    "outbound_interrupted",
                    job=job.name,
                    error=type(error).__name__,
                    pause_s=pause_s,
                    exc_info=not is_out_of_reach(error),
                )
                watchdog.rest(job.name, self._stopping, pause_s)
                pause_s = min(pause_s * 2, _PAUSE_MAX_S)
        watchdog.rests(job.name)

    def _note_new_amounts(self, now: datetime) -> bool:
        """Let positions be sent again that cost another amount today; the database's day decides."""
        with self._database.transaction() as tx:
            return archive.note_new_amounts(tx.session, now, _NEW_AMOUNTS) == _NEW_AMOUNTS

    def _measure(self, now: datetime) -> bool:
        """Set the figures that Prometheus looks at."""
        with self._database.reading() as session:
            backlog = archive.backlog(session)
            waiting = recoveries.waiting_count(session)
        ARCHIVE_CHANGED.set(backlog.changed)
        ARCHIVE_OLDEST_SECONDS.set((now - backlog.oldest_at).total_seconds() if backlog.oldest_at else 0.0)
        ARCHIVE_REFUSED.clear()
        for problem, count in backlog.problems.items():
            ARCHIVE_REFUSED.labels(problem).set(count)
        RECOVERIES_WAITING.set(waiting)
        return False


def make(amqp_url: str) -> Outbound:
    """Make the process's one Outbound, from the environment. Raises EnvError."""
    settings = Settings.load()
    pool_size = settings.aca_calls_at_once + _POOL
    database = Database.of_service("payments", models, pool_size=pool_size, application_name=NAME)
    return Outbound(database, RpcClient(amqp_url), settings)


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    match arguments:
        case []:
            return _run()
        case ["compare"]:
            return _compare()
        case ["retry"]:
            return _retry()
        case ["health"]:
            return _health()
        case _:
            sys.stderr.write("usage: python -m services.payments.outbound [compare | retry | health]\n")
            return 2


def _run() -> int:
    settings = ChassisSettings.load()
    logs.configure(NAME, settings.log_level)
    try:
        outbound = make(settings.amqp_url)
    except EnvError as error:
        sys.stderr.write(f"{NAME}: {error}\n")
        return os.EX_CONFIG
    metrics.serve(settings.metrics_port)
    answer_limit.install_plain()
    watchdog.watch(NAME, settings.watchdog_s)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: outbound.stop())
    log.info("outbound_started")
    outbound.run()
    log.info("outbound_stopped")
    return 0


def _compare() -> int:
    database = Database.of_service("payments", models)
    with database.transaction() as tx:
        creditors = archive.compare_all(tx.session)
    database.close()
    sys.stdout.write(f"{creditors} creditors are compared now\n")
    return 0


def _retry() -> int:
    database = Database.of_service("payments", models)
    with database.transaction() as tx:
        positions = archive.try_again(tx.session, clock.now())
    database.close()
    sys.stdout.write(f"{positions} positions are tried again\n")
    return 0


def _health() -> int:
    database = Database.of_service("payments", models, pool_size=1)
    try:
        database.ping()
    except SQLAlchemyError:
        return 1
    finally:
        database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
