"""`./portal up`: the whole system and its sandbox in one process of green threads, on an embedded PostgreSQL.

A program of its own, because making a process green must come before every other import.
"""

import dev.interrupts  # noqa: F401 -- before the imports that take time

# isort: split
import chassis.runtime.green  # noqa: F401 -- before every import that opens sockets or makes threads

# isort: split
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

from environs import EnvError

from chassis import logs
from chassis.embedded import connection, system
from chassis.messaging import rpc_client
from chassis.runtime.wsgi import serving
from dev import assets
from dev.console import complain, step
from dev.launcher import banner, first_operator, readiness, schema
from dev.launcher.copy import SERVICES, Copy, held
from dev.launcher.environment import environment
from dev.launcher.ports import listen, with_mail_ports
from dev.launcher.postgres import EmbeddedPostgres
from dev.paths import Home
from dev.problem import ProblemError
from gateway.app import create_app as create_gateway
from gateway.settings import Settings as GatewaySettings
from sandbox import peers

_STOP_POLL_S: Final = 0.2


def up(copy: Copy) -> None:
    """Run a copy until Ctrl-C or SIGTERM. Raises ProblemError when it cannot start."""
    stop = _StopRequest()
    with held(copy.home), ExitStack() as running:
        listeners = [running.enter_context(listen(copy.host, port, flag)) for flag, port in copy.ports.items()]
        copy, mail_sockets = with_mail_ports(copy)
        assets.prepare()
        step("starting PostgreSQL")
        postgres = EmbeddedPostgres(copy.home.postgres, copy.home.logs / "postgres.log")
        running.callback(postgres.stop)
        postgres.start()
        os.environ.update(environment(copy), AMQP_URL=connection.INPROC_URL, DATABASE_URL=postgres.url("portal"))
        os.environ.setdefault("CHECK_CONTRACTS", "true")  # on a laptop a wrong message should show where it is made
        schema.prepare(copy.home.logs / "migrations.log")
        first_operator.invite(copy)
        running.enter_context(_mail(mail_sockets, copy.home.logs / "mail.log"))
        step("starting the five services, the gateway and the sandbox")
        _log_to(copy.home.logs / "portal.log")
        running.callback(_start_services().stop)
        for listener, app in zip(listeners, _apps(), strict=True):
            running.enter_context(serving(listener, app))
        readiness.wait_until_ready(copy)
        readiness.import_first_debts(copy)
        banner.show(copy)
        stop.wait()
        step("stopping")
    step("stopped")


def _start_services() -> system.Running:
    try:
        return system.start(SERVICES)
    except (RuntimeError, EnvError) as error:
        raise ProblemError(f"The services did not start: {error}") from error


def _apps() -> list[Any]:
    """Make the WSGI applications, in the order of the copy's ports."""
    gateway = create_gateway(GatewaySettings.load(), rpc_client.shared(connection.INPROC_URL))
    return [gateway, peers.spid(), peers.pagopa()]


@contextmanager
def _mail(sockets: list[socket.socket], log: Path) -> Iterator[None]:
    """Run the mail of the sandbox as a process of its own, which ends with this one: asyncio does not go with green."""
    numbers = [one.fileno() for one in sockets]
    command = [sys.executable, "-m", "sandbox.mail", "--fds", *map(str, numbers)]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            pass_fds=numbers,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for us
        )
    for one in sockets:
        one.close()
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _log_to(file: Path) -> None:
    """Write the JSON log to a file: the terminal is for the person."""
    logs.configure("portal", os.environ.get("LOG_LEVEL", "INFO"))
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(file.open("a", encoding="utf-8"))


class _StopRequest:
    """Ctrl-C or SIGTERM. Before the copy is up they interrupt the start; a second one ends the process at once."""

    def __init__(self) -> None:
        self._asked = False
        self._waiting = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def wait(self) -> None:
        """Return once asked. Polls: a signal does not wake the green threads' hub."""
        self._waiting = True
        while not self._asked:
            time.sleep(_STOP_POLL_S)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked:
            os._exit(1)
        self._asked = True
        if not self._waiting:
            raise KeyboardInterrupt


def main(arguments: list[str]) -> int:
    """Run a copy given as home, host and its ports; answer the exit code."""
    home, host, *ports = arguments
    try:
        up(Copy(Home(Path(home)), host, *(int(port) for port in ports)))
    except ProblemError as problem:
        complain(str(problem))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
