"""`./portal up --processes`: the same code, a process per service, on AMQP_URL and DATABASE_URL."""

import os
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Final

import psycopg2
import sqlalchemy
from honcho.environ import parse_procfile
from kombu import Connection

from chassis.settings import DEFAULT_AMQP_URL, DEFAULT_DATABASE_URL
from dev import assets
from dev.console import step
from dev.launcher import banner, first_operator, readiness, schema
from dev.launcher.copy import Copy, held
from dev.launcher.environment import environment
from dev.launcher.ports import check_ports, with_node_port
from dev.launcher.supervisor import Program, StopFlag, Supervisor
from dev.paths import ROOT
from dev.problem import ProblemError

_PROBE_S: Final = 5


def up(copy: Copy, scale: Mapping[str, int]) -> None:
    """Run a copy until Ctrl-C or SIGTERM, starting again what ends. Raises ProblemError when it cannot start."""
    programs = _programs(scale)
    with held(copy.home), ExitStack() as running:
        copy = with_node_port(check_ports(copy))
        assets.prepare()
        settings = {**os.environ, **environment(copy), **_outside(), **_where(copy)}
        _check_reachable(settings["AMQP_URL"], settings["DATABASE_URL"])
        os.environ.update(settings)
        schema.prepare(copy.home.logs / "migrations.log")
        first_operator.invite(copy)
        step(f"starting {sum(program.count for program in programs)} processes (ids: {copy.home.processes})")
        stopping = StopFlag()
        supervisor = Supervisor(programs, settings, copy.home.logs, copy.home.processes)
        running.callback(supervisor.stop)
        running.callback(step, "stopping")
        greeting = threading.Thread(target=_greet, args=(copy, stopping), daemon=True)
        greeting.start()
        supervisor.run_until(stopping)
    if stopping.failure:
        raise ProblemError(stopping.failure)
    step("stopped")


def _greet(copy: Copy, stopping: StopFlag) -> None:
    """Wait for the portal beside the supervisor, then say where it is; give up the run when it does not come."""
    try:
        readiness.wait_until_ready(copy)
        readiness.import_first_debts(copy)
        banner.show(copy)
    except ProblemError as problem:
        stopping.fail(str(problem))


def _programs(scale: Mapping[str, int]) -> list[Program]:
    """Read the two Procfiles. Raises ProblemError for a name of `scale` that is not in them."""
    commands: dict[str, str] = {}
    for file in (ROOT / "Procfile", ROOT / "sandbox" / "Procfile"):
        commands |= parse_procfile(file.read_text()).processes
    unknown = set(scale) - set(commands)
    if unknown:
        raise ProblemError(f"--scale {min(unknown)}: there is no such process; there are {', '.join(commands)}.")
    return [
        Program(name, command, scale.get(name, 1), has_metrics="chassis." in command)
        for name, command in commands.items()
    ]


def _outside() -> dict[str, str]:
    """Broker and database: the environment's, else those of the standard local ports."""
    return {
        "AMQP_URL": os.environ.get("AMQP_URL", DEFAULT_AMQP_URL),
        "DATABASE_URL": os.environ.get("DATABASE_URL", DEFAULT_DATABASE_URL),
        "PYTHONPATH": str(ROOT),
    }


def _where(copy: Copy) -> dict[str, str]:
    """What the Procfiles' commands take their addresses from."""
    return {
        "HOST": copy.host,
        "PORT": str(copy.port),
        "NODE_PORT": str(copy.node_port),
        "SPID_PORT": str(copy.spid_port),
        "PAGOPA_PORT": str(copy.pagopa_port),
        "MAIL_PORT": str(copy.mail_port),
        "MAILBOX_PORT": str(copy.smtp_port),
    }


def _check_reachable(amqp_url: str, database_url: str) -> None:
    """Raise ProblemError naming the setting behind a server that does not answer."""
    broker = Connection(amqp_url, connect_timeout=_PROBE_S)
    try:
        broker.ensure_connection(max_retries=1, timeout=_PROBE_S)
    except Exception as error:  # noqa: BLE001 -- refused, unknown host, wrong password: all of them AMQP_URL's matter
        raise ProblemError(
            f"RabbitMQ does not let us in at {broker.as_uri()} ({error}); start it or set AMQP_URL."
        ) from None
    finally:
        broker.release()
    server = sqlalchemy.make_url(database_url).set(drivername="postgresql", database="postgres")
    try:
        psycopg2.connect(server.render_as_string(hide_password=False), connect_timeout=_PROBE_S).close()
    except psycopg2.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise ProblemError(f"PostgreSQL does not let us in ({reason}); start it or set DATABASE_URL.") from None
