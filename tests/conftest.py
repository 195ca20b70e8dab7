"""Fixtures for tests on real parts. Ask for them by name; nothing starts before it is asked for.

amqp_url          AMQP_URL, else RabbitMQ on the standard local port; fails clearly where nothing answers.
database_url      DATABASE_URL, else PostgreSQL on the standard local port, with `_test` behind its database name;
                  services put `_<service>` behind that.
service_database  a factory: `service_database("practices")` -> storage.database.Database of `<name>_test_practices`,
                  migrated once per session, its tables emptied before each test.
environment       the dict of environment variables for child processes (AMQP_URL, DATABASE_URL, fast retries ...);
                  a test may add to it before it starts one.
run_service       a factory: `run_service("practices")` -> Running: a real service process, answering PING.
                  `run_service("payments", relay=True)` runs its outbox relay beside it; extra variables:
                  `run_service("identity", env={"SPID_LEVEL": "2"})`. `.log()` is its output, `.lines("rpc_served")`
                  its parsed log lines of one kind, `.stop()` and `.kill()` end it; all are ended after the test.
start_process     a factory: `start_process("-m", "some.module", env={...})` -> Running, for any other program.
rpc               a chassis.messaging.rpc_client.RpcClient: `rpc.call(practices.SEARCH, {...})`.
tick              `tick(PaymentsService.end_overdue_checkouts, timedelta(days=3), database=…)` runs a timer once, in a
                  process whose clock is that far off, and returns the events it logged.
eventually        `eventually(lambda: check())` repeats until that returns something true, and returns it; the test
                  fails after PATIENCE_S.
publish_event     `publish_event(PAYMENT_CONFIRMED, data, subject="...", sequence=1)` puts an event on the broker as a
                  relay would and returns its id (`event_id=` to send the same one twice).

Tests of one session share one virtual host: do not run two sessions against the same AMQP_URL at once.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import hypothesis
import pytest
import sqlalchemy as sa
import structlog
from structlog.testing import capture_logs

from chassis import clock, correlation, logs, settings
from chassis.messaging import wire
from chassis.messaging.events import wrap
from chassis.messaging.publisher import ConfirmedPublisher
from chassis.messaging.rpc_client import RpcClient
from chassis.storage import migrations
from chassis.storage.database import Database
from contracts.call import Call
from contracts.errors import RpcError
from contracts.events.envelope import Data, EventType
from contracts.shapes import Empty

# Here and in the processes that tests start, what is sent is proven to keep its contract.
os.environ.setdefault("CHECK_CONTRACTS", "true")

# What the tests' own process logs keeps short tracebacks. Where rich is installed, structlog would draw every local
# variable: 0.3 s of processor time a failure, so that 200 refused requests at once outlast their callers.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

# How long an example takes says how busy the machine is: by itself hypothesis fails one that takes 0.2 s.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")

T = TypeVar("T")
PROJECT = Path(__file__).parent.parent
PATIENCE_S = 90
"""How long a test waits for what must come. Only one that fails waits so long: a slow machine is no reason to fail."""
LISTENS_WITHIN_S = 30

_TABLE_NAMES = sa.text(
    "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
)
# A table that was only just made has no page.
_TABLES_IN_USE = sa.text("""
    SELECT quote_ident(relname),
        CASE WHEN pg_relation_size(oid) > 1048576
            OR EXISTS (SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid AND NOT tgisinternal)
        THEN 'truncate' ELSE 'delete' END
    FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
        AND pg_relation_size(oid) > 0
""")
_RESTART_SEQUENCES = sa.text("""
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
""")


def require_server(url: str, name: str, default_port: int) -> None:
    parts = urlsplit(url)
    address = (parts.hostname or "127.0.0.1", parts.port or default_port)
    try:
        socket.create_connection(address, timeout=3).close()
    except OSError:
        pytest.fail(f"{name} does not answer at {address[0]}:{address[1]}")


def wait_until(check: Callable[[], T], *, timeout_s: float = PATIENCE_S, pause_s: float = 0.05) -> T:
    ends_at = time.monotonic() + timeout_s
    while True:
        result = check()
        if result:
            return result
        if time.monotonic() > ends_at:
            pytest.fail(f"not within {timeout_s} s: {check}")
        time.sleep(pause_s)


@pytest.fixture(autouse=True)
def no_correlation_id_is_left_behind() -> Iterator[None]:
    yield
    correlation.set(None)


@pytest.fixture(autouse=True)
def logging_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command run inside the test process must not set up logging for the tests after it."""
    monkeypatch.setattr(logs, "configure", lambda *_: None)


@pytest.fixture(scope="session")
def amqp_url() -> str:
    url = os.environ.get("AMQP_URL", settings.DEFAULT_AMQP_URL)
    require_server(url, "RabbitMQ", 5672)
    return url


@pytest.fixture(scope="session")
def database_url() -> str:
    url = os.environ.get("DATABASE_URL", settings.DEFAULT_DATABASE_URL)
    require_server(url, "PostgreSQL", 5432)
    address, question, options = settings.with_driver(url).partition("?")
    return f"{address}_test{question}{options}"


@pytest.fixture(scope="session")
def migrated(database_url: str) -> Callable[[str], str]:
    """Return a function that makes a service's test database anew, once per session, and returns its address."""
    urls: dict[str, str] = {}

    def url_of(service: str) -> str:
        if service not in urls:
            url = settings.database_of(service, database_url)
            drop_database(url)
            migrations.upgrade(service, url)
            urls[service] = url
        return urls[service]

    return url_of


def drop_database(url: str) -> None:
    target = sa.make_url(url)
    engine = sa.create_engine(target.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{target.database}" WITH (FORCE)'))
    engine.dispose()


def empty_tables(database: Database) -> None:
    """Delete every row and begin every sequence anew, once nobody writes any more.

    TRUNCATE gives each table and index a new file, 8 ms a table however empty: it is for large tables, and for those
    whose triggers forbid to delete.
    """
    with database.engine.begin() as connection:
        names = connection.scalars(_TABLE_NAMES).all()
        if not names:
            return
        connection.execute(sa.text(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE"))
        by_way: dict[str, list[str]] = {"delete": [], "truncate": []}
        for name, way in connection.execute(_TABLES_IN_USE):
            by_way[way].append(name)
        if by_way["truncate"]:
            connection.execute(sa.text(f"TRUNCATE {', '.join(by_way['truncate'])} CASCADE"))
        if by_way["delete"]:
            # In one statement: what refers to what is looked at when it is over.
            each = [f"emptied_{place} AS (DELETE FROM {name})" for place, name in enumerate(by_way["delete"])]
            connection.execute(sa.text(f"WITH {', '.join(each)} SELECT"))
        connection.execute(_RESTART_SEQUENCES)


@pytest.fixture
def service_database(migrated: Callable[[str], str]) -> Iterator[Callable[[str], Database]]:
    opened: dict[str, Database] = {}

    def open_database(service: str) -> Database:
        if service not in opened:
            models = import_module(f"services.{service}.models")
            opened[service] = Database(migrated(service), models)
            empty_tables(opened[service])
        return opened[service]

    yield open_database
    for database in opened.values():
        database.close()


def child_environment(amqp_url: str, database_url: str) -> dict[str, str]:
    return {
        **os.environ,
        "AMQP_URL": amqp_url,
        "DATABASE_URL": database_url,
        "EVENT_RETRY_DELAYS_S": "0.2,0.4",
        # What services fetch by themselves a test asks for.
        "FDR_FETCH_S": "0",
        "SPID_REGISTRY_REFRESH_S": "0",
        "PYTHONPATH": str(PROJECT),
        "LOG_LEVEL": "INFO",
    }


@pytest.fixture
def environment(amqp_url: str, database_url: str) -> dict[str, str]:
    return child_environment(amqp_url, database_url)


@dataclass
class Running:
    """A process of the system under test."""

    process: subprocess.Popen[bytes]
    log_file: Path
    relay: "Running | None" = None
    _forgotten_chars: int = 0

    def log(self) -> str:
        return self.log_file.read_text()[self._forgotten_chars :]

    def forget_log(self) -> None:
        self._forgotten_chars += len(self.log())

    def lines(self, event: str) -> list[dict[str, Any]]:
        entries = [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]
        return [entry for entry in entries if entry.get("event") == event]

    def stop(self) -> int:
        if self.relay is not None:
            self.relay.stop()
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        if self.relay is not None:
            self.relay.kill()
        return self._end(signal.SIGKILL)

    def _end(self, number: int) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            pytest.fail(f"still running {PATIENCE_S} s after signal {number}:\n{self.log()[-4000:]}")


class ProcessStarter:
    """Starts programs of this project, each with a log file of its own in `folder`, and ends them all."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._started: list[Running] = []

    def __call__(self, *arguments: str, env: dict[str, str] | None = None) -> Running:
        log_file = self._folder / f"process-{len(self._started)}.log"
        with log_file.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=PROJECT,
                env={**self._environment, **(env or {})},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._started.append(Running(process, log_file))
        return self._started[-1]

    def end_all(self) -> None:
        for running in self._started:
            if running.process.poll() is None:
                running.process.kill()
                running.process.wait()


@pytest.fixture
def start_process(tmp_path: Path, environment: dict[str, str]) -> Iterator[ProcessStarter]:
    starter = ProcessStarter(tmp_path, environment)
    yield starter
    starter.end_all()


@pytest.fixture
def run_service(
    start_process: ProcessStarter,
    migrated: Callable[[str], str],
    service_database: Callable[[str], Database],
    rpc: RpcClient,
) -> Callable[..., Running]:
    def run(service: str, *, relay: bool = False, env: dict[str, str] | None = None) -> Running:
        if service in migrations.services_with_migrations():
            service_database(service)
        running = start_process("-m", "chassis.run", service, env=env)
        if relay:
            running.relay = start_process("-m", "chassis.relay", service, env=env)
        wait_until_answering(rpc, service, running)
        return running

    return run


def wait_until_answering(rpc: RpcClient, service: str, running: Running, timeout_s: float = PATIENCE_S) -> None:
    ping = Call(service, "ping", Empty, Empty, idempotent=True, timeout_s=1)

    def answers() -> bool:
        if running.process.poll() is not None:
            pytest.fail(f"{service} ended with {running.process.returncode}:\n{running.log()[-4000:]}")
        try:
            rpc.call(ping, Empty())
        except RpcError:
            return False
        return True

    wait_until(answers, timeout_s=timeout_s, pause_s=0.1)


@pytest.fixture
def rpc(amqp_url: str) -> Iterator[RpcClient]:
    client = RpcClient(amqp_url)
    yield client
    client.close()


@pytest.fixture
def tick(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    def run(timer: Callable[[Any], None], clock_off: timedelta, **provided: Any) -> list[str]:
        at = clock.now
        with monkeypatch.context() as patched, capture_logs() as lines:
            patched.setattr(clock, "now", lambda: at() + clock_off)
            timer(SimpleNamespace(**provided))
        events = [line["event"] for line in lines]
        assert "timer_failed" not in events, lines
        return events

    return run


@pytest.fixture
def eventually() -> Callable[..., Any]:
    return wait_until


@pytest.fixture
def publish_event(amqp_url: str) -> Iterator[Callable[..., UUID]]:
    publishers: dict[str, ConfirmedPublisher] = {}

    def publish(
        event_type: EventType[Data],
        data: Data,
        *,
        subject: str,
        sequence: int = 1,
        event_id: UUID | None = None,
        now: datetime | None = None,
    ) -> UUID:
        event_id = event_id or uuid4()
        time_of_event = now or datetime.now(UTC)
        body = wrap(event_type, data, event_id=event_id, subject=subject, sequence=sequence, time=time_of_event)
        exchange = wire.event_exchange(event_type.source)
        publisher = publishers.setdefault(exchange.name, ConfirmedPublisher(amqp_url, declare=[exchange]))
        message = wire.Message(
            exchange.name, event_type.type, json.dumps(body), message_id=str(event_id), mandatory=True
        )
        # A service answers calls a moment before its event queues are there; a relay would have declared them.
        ends_at = time.monotonic() + LISTENS_WITHIN_S
        while publisher.publish_all([message]) and time.monotonic() < ends_at:
            time.sleep(0.05)
        return event_id

    yield publish
    for publisher in publishers.values():
        publisher.close()
