"""The invented service that the chassis is tested with: its database, its processes, a proxy to cut its lines."""

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import sqlalchemy as sa
from kombu import Connection

from chassis import settings
from chassis.messaging import wire
from chassis.storage import migrations, outbox_months
from chassis.storage.database import Database
from tests.conftest import ProcessStarter, child_environment, empty_tables, wait_until
from tests.integration.chassis import probe
from tests.integration.chassis.tls import TlsProxy, certificate_for
from tests.proxy import Proxy

EVENT_QUEUE = probe.LISTENER.queue_name
QUEUES = (EVENT_QUEUE, f"{EVENT_QUEUE}.dead", "probe.retry.200ms", "probe.retry.400ms")


@pytest.fixture(scope="session")
def probe_url(database_url: str) -> str:
    url = settings.database_of("probe", database_url)
    migrations.create_database_if_missing(url)
    engine = sa.create_engine(url)
    probe.Base.metadata.drop_all(engine)
    probe.Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for statement in outbox_months.STEPS:
            connection.execute(sa.text(statement))
    engine.dispose()
    return url


@pytest.fixture
def database(probe_url: str) -> Iterator[Database]:
    database = Database(probe_url, probe)
    empty_tables(database)
    yield database
    database.close()


@pytest.fixture
def effects(database: Database) -> Callable[[], list[int]]:
    def read() -> list[int]:
        with database.reading() as session:
            return list(session.scalars(sa.select(probe.Effect.number).order_by(probe.Effect.number)))

    return read


@pytest.fixture
def attempts(database: Database) -> Callable[[], list[int]]:
    def read() -> list[int]:
        with database.reading() as session:
            return list(session.scalars(sa.select(probe.Attempt.number).order_by(probe.Attempt.number)))

    return read


@pytest.fixture
def clean_broker(amqp_url: str) -> None:
    with Connection(amqp_url) as connection:
        channel = connection.channel()
        for name in ("rpc-probe", *QUEUES):
            channel.queue_delete(name)


@pytest.fixture
def dead_letters_waiting(amqp_url: str) -> Callable[[], int]:
    def count() -> int:
        with Connection(amqp_url) as connection:
            queue = wire.dead_letter_queue(EVENT_QUEUE)(connection.channel())
            return int(queue.queue_declare().message_count)

    return count


class System:
    """The green process of probe_system; its methods are the commands."""

    def __init__(self, connection: socket.socket, running) -> None:
        self._connection = connection
        self._lines = connection.makefile("rw")
        self.running = running

    def __getattr__(self, command: str):
        def send(*positional, **arguments):
            if command == "call":
                arguments.update(zip(("name", "request"), positional, strict=False))
            self._lines.write(json.dumps({"do": command, **arguments}) + "\n")
            self._lines.flush()
            answer = self._lines.readline()
            if not answer:
                pytest.fail(f"the process ended:\n{self.running.log()[-4000:]}")
            answer = json.loads(answer)
            assert "failure" not in answer, answer["failure"]
            return answer["result"]

        return send

    def end(self) -> int:
        self._connection.shutdown(socket.SHUT_RDWR)
        return int(self.running.process.wait(15))


class SystemStarter:
    """Starts probe_system processes and connects to them."""

    def __init__(self, start_process: ProcessStarter, folder: Path) -> None:
        self._start_process = start_process
        self._folder = folder
        self._opened: list[socket.socket] = []

    def __call__(self, url: str, **env: str) -> System:
        path = str(self._folder / f"system-{len(self._opened)}")
        running = self._start_process(
            "-m", "tests.integration.chassis.probe_system", path, env={"AMQP_URL": url, "LOG_LEVEL": "DEBUG", **env}
        )
        connection = socket.socket(socket.AF_UNIX)
        self._opened.append(connection)

        def connect() -> bool:
            if running.process.poll() is not None:
                pytest.fail(f"the process ended:\n{running.log()[-4000:]}")
            try:
                connection.connect(path)
            except OSError:
                return False
            return True

        wait_until(connect)
        return System(connection, running)

    def close(self) -> None:
        for connection in self._opened:
            connection.close()


@pytest.fixture
def start_system(start_process, database, tmp_path):
    starter = SystemStarter(start_process, tmp_path)
    yield starter
    starter.close()


@pytest.fixture(scope="module", params=["rabbitmq", "inproc"])
def shared_system(request, amqp_url, database_url, tmp_path_factory):
    """Return a function that gives the one process on either broker, started anew only where it has ended."""
    url = amqp_url if request.param == "rabbitmq" else "inproc://"
    folder = tmp_path_factory.mktemp("systems")
    start_process = ProcessStarter(folder, child_environment(amqp_url, database_url))
    start = SystemStarter(start_process, folder)
    systems: list[System] = []

    def living_system() -> System:
        if not systems or systems[-1].running.process.poll() is not None:
            systems.append(start(url))
        return systems[-1]

    yield living_system
    start.close()
    start_process.end_all()


@pytest.fixture
def system(shared_system, database):
    """The invented service on either broker, answering, with nothing left from the test before."""
    system = shared_system()
    system.purge(names=QUEUES)
    system.running.forget_log()
    return system


@pytest.fixture
def proxied() -> Iterator[Callable[[str, int], tuple[str, Proxy]]]:
    """Return a function that puts a proxy before a server: (its address through the proxy, the proxy)."""
    made: list[Proxy] = []

    def put_before(url: str, default_port: int) -> tuple[str, Proxy]:
        parts = urlsplit(url)
        proxy = Proxy(parts.hostname or "127.0.0.1", parts.port or default_port)
        made.append(proxy)
        credentials, at, _ = parts.netloc.rpartition("@")
        netloc = f"{credentials}{at}127.0.0.1:{proxy.port}"
        return urlunsplit(parts._replace(netloc=netloc)), proxy

    yield put_before
    for proxy in made:
        proxy.close()


@pytest.fixture
def run_probe(start_process, database, clean_broker):
    """Start the invented service as a process of its own."""

    def run(**env: str):
        return start_process("-m", "tests.integration.chassis.probe_service", env={"LOG_LEVEL": "DEBUG", **env})

    return run


@pytest.fixture
def run_relay(start_process, database):
    def run(**env: str):
        return start_process("-m", "tests.integration.chassis.probe_relay", env=env)

    return run


@pytest.fixture
def tls_url(amqp_url, tmp_path, monkeypatch):
    """Return a function giving the address of the broker behind TLS, its certificate being for `address`."""
    made = []

    def behind_tls(address):
        file = certificate_for(address, tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        parts = urlsplit(amqp_url)
        proxy = TlsProxy(parts.hostname or "127.0.0.1", parts.port or 5672, file)
        made.append(proxy)
        credentials = parts.netloc.rpartition("@")[0]
        return f"amqps://{credentials}@127.0.0.1:{proxy.port}{parts.path}"

    yield behind_tls
    for proxy in made:
        proxy.close()
