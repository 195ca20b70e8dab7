"""A PostgreSQL and a RabbitMQ of the test's own, with TLS and with users: what they allow is asked of the real ones."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

from chassis.messaging.broker_users import Management, ManagementError
from dev.ticks import ticks
from tests.integration.chassis.tls import certificate_for

ADMINISTRATOR = "administrator"
PASSWORD = "of/no:worth@all"
START_S = 120


@dataclass(frozen=True)
class OwnPostgres:
    """A server that takes TLS alone, and logs all it can."""

    port: int
    ca_file: Path
    log: Path

    def url(self, database: str, user: str) -> str:
        """Return an address without a password, as settings have it beside a file with the password."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"


@dataclass(frozen=True)
class OwnRabbit:
    """A broker with plain and TLS listeners, and its management."""

    port: int
    tls_port: int
    management_url: str
    ca_file: Path

    def url(self, user: str, password: str, *, scheme: str = "amqp") -> str:
        return f"{scheme}://{user}:{password}@127.0.0.1:{self.tls_port if scheme == 'amqps' else self.port}//"


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as open_sockets:
        made = [open_sockets.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in made]


@contextmanager
def folder_of(user: str) -> Iterator[Path]:
    """Yield a folder that a user may enter, unlike pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="portal-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres() -> Iterator[OwnPostgres]:
    """Run Debian's PostgreSQL. Skips where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name))
    if not found:
        pytest.skip("the test needs what Debian calls postgresql")
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    with folder_of("postgres") as folder:
        data, log = folder / "data", folder / "log"
        (folder / "password").write_text(PASSWORD)
        certificate = certificate_for("127.0.0.1", folder)
        own_to_postgres(folder / "password", certificate)
        words = [f"--username={ADMINISTRATOR}", "--auth=scram-sha-256", f"--pwfile={folder / 'password'}"]
        made = subprocess.run(
            [*as_user, found[-1] / "initdb", "--no-sync", "-D", data, *words],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        (data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
        (port,) = free_ports(1)
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            "fsync": "off",
            "ssl": "on",
            "ssl_cert_file": str(certificate),
            "ssl_key_file": str(certificate),
            "log_statement": "all",
            "log_min_duration_statement": "0",
        }
        arguments = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with log.open("wb") as output:
            server = subprocess.Popen(
                [*as_user, found[-1] / "postgres", "-D", data, *arguments], cwd=folder, stdout=output, stderr=output
            )
        try:
            running = OwnPostgres(port, certificate, log)
            wait_for_postgres(running, server)
            yield running
        finally:
            server.send_signal(signal.SIGINT)  # does not wait for clients
            server.wait(60)


def own_to_postgres(*files: Path) -> None:
    for file in files:
        file.chmod(0o600)
        if os.geteuid() == 0:
            shutil.chown(file, "postgres")


def wait_for_postgres(server: OwnPostgres, process: subprocess.Popen[bytes]) -> None:
    for _ in ticks(START_S):
        assert process.poll() is None, server.log.read_text()
        with contextlib.suppress(psycopg2.OperationalError):
            psycopg2.connect(server.url("postgres", ADMINISTRATOR), password=PASSWORD).close()
            return
    pytest.fail(f"PostgreSQL did not start: {server.log.read_text()[-500:]}")


@contextmanager
def rabbit() -> Iterator[OwnRabbit]:
    """Run Debian's RabbitMQ beside the one of the tests, with its management. Skips where there is none."""
    found = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin"))
    if not found:
        pytest.skip("the test needs what Debian calls rabbitmq-server")
    with folder_of("rabbitmq") as folder:
        certificate = certificate_for("127.0.0.1", folder)
        port, tls_port, http_port, distribution_port = free_ports(4)
        (folder / "rabbitmq.conf").write_text(
            f"""listeners.tcp.default = 127.0.0.1:{port}
listeners.ssl.default = 127.0.0.1:{tls_port}
ssl_options.cacertfile = {certificate}
ssl_options.certfile = {certificate}
ssl_options.keyfile = {certificate}
management.tcp.ip = 127.0.0.1
management.tcp.port = {http_port}
default_user = {ADMINISTRATOR}
default_pass = administrator
"""
        )
        (folder / "enabled_plugins").write_text("[rabbitmq_management].\n")
        environment = {
            **os.environ,
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"portal-{port}@localhost",
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_DIST_PORT": str(distribution_port),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
        }
        with (folder / "output").open("wb") as output:
            server = subprocess.Popen(
                [found[-1] / "rabbitmq-server"], cwd=folder, env=environment, stdout=output, stderr=output
            )
        try:
            url = f"http://{ADMINISTRATOR}:administrator@127.0.0.1:{http_port}//"
            running = OwnRabbit(port, tls_port, url, certificate)
            wait_for_rabbit(running, server, folder / "output")
            yield running
        finally:
            server.terminate()
            server.wait(60)


def wait_for_rabbit(server: OwnRabbit, process: subprocess.Popen[bytes], output: Path) -> None:
    for _ in ticks(START_S, every_s=0.5):
        assert process.poll() is None, output.read_text()[-1_000:]
        with contextlib.suppress(ManagementError):
            Management(server.management_url).put("vhosts", "/")
            return
    pytest.fail(f"RabbitMQ did not start: {output.read_text()[-1_000:]}")
