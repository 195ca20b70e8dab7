"""Processes of the project for a benchmark: their settings, databases made anew, ports, and an end to all of them."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from chassis import settings
from dev.launcher.copy import SERVICES, Copy
from dev.launcher.environment import environment as settings_of
from dev.paths import BUILD, ROOT, Home

CATALOGUE: Final = ROOT / "sandbox" / "data" / "catalogue.json"
_START_S: Final = 60.0


@contextmanager
def environment(*, suffix: str = "", **more: str) -> Iterator[dict[str, str]]:
    """Yield the settings of every process, with keys of their own and databases `<name>_bench_<service>`, then dropped.

    Broker and server are those of AMQP_URL and DATABASE_URL. Logs are at WARNING, unless LOG_LEVEL is given.
    """
    base, question, options = os.environ.get("DATABASE_URL", settings.DEFAULT_DATABASE_URL).partition("?")
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.create()
        made = {
            **os.environ,
            **settings_of(Copy(home, "127.0.0.1", free_port(), free_port(), free_port(), smtp_port=free_port())),
            "DATABASE_URL": f"{base}_bench{suffix}{question}{options}",
            "AMQP_URL": os.environ.get("AMQP_URL", settings.DEFAULT_AMQP_URL),
            "LOG_LEVEL": "WARNING",
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
            # Compiled once, as in an image.
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(BUILD / "pycache"),
            **more,
        }
        try:
            yield made
        finally:
            for service in SERVICES:
                drop_database(settings.database_of(service, made["DATABASE_URL"]))


def databases_made_anew(env: Mapping[str, str], services: tuple[str, ...] = SERVICES) -> None:
    """Drop the databases of services and make them again; practices' with the sandbox's catalogue."""
    for service in services:
        drop_database(settings.database_of(service, env["DATABASE_URL"]))
        run(env, "-m", "chassis.migrations", "upgrade", service)
    if "practices" in services:
        run(env, "-m", "services.practices", "load-catalogue", str(CATALOGUE))


def drop_database(url: str) -> None:
    """Drop a database, whoever is connected to it."""
    target = sa.make_url(url)
    server = sa.create_engine(target.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{target.database}" WITH (FORCE)'))
    server.dispose()


def run(env: Mapping[str, str], *arguments: str) -> None:
    """Run Python to its end. Raises RuntimeError with what it said where it fails."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env={**env}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{arguments}: {done.stdout[-1000:]}{done.stderr[-2000:]}")


def process(env: Mapping[str, str], *arguments: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """Run Python while the context lasts."""
    return _running(env, [sys.executable, *arguments])


def shell(env: Mapping[str, str], command: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """Run a line of a Procfile while the context lasts, with the Python of this process."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', os.defpath)}"
    return _running({**env, "PATH": path}, ["/bin/sh", "-c", command])


@contextmanager
def _running(env: Mapping[str, str], command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program while the context lasts; what it said is told where it ended before."""
    with tempfile.TemporaryFile() as output:
        running = subprocess.Popen(
            command, cwd=ROOT, env={**env}, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            yield running
            if running.poll() is not None:
                output.seek(0)
                raise RuntimeError(f"{command} ended by itself: {output.read()[-2000:].decode(errors='replace')}")
        finally:
            running.terminate()
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def gunicorn(application: str, port: int, *, threads: int = 16) -> tuple[str, ...]:
    """Return the command line of a web process with one worker, as the Procfile has it."""
    shape = ("--worker-class", "gateway.edge.worker.ReadAheadWorker", "--workers", "1", "--threads", str(threads))
    return ("-m", "gunicorn", application, *shape, "--no-control-socket", "--bind", f"127.0.0.1:{port}")


def free_port() -> int:
    """Return a port nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(is_there: Callable[[], object], what: str, *, within_s: float = _START_S) -> None:
    """Ask until the answer is true, whatever is raised meanwhile. Raises TimeoutError naming what did not come."""
    ends_at = time.monotonic() + within_s
    problem: Exception | None = None
    while time.monotonic() < ends_at:
        try:
            if is_there():
                return
        except Exception as error:  # noqa: BLE001 -- nothing listens yet, no table yet: all mean not yet
            problem = error
        time.sleep(0.05)
    raise TimeoutError(what) from problem
