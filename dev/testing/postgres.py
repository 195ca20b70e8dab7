"""The PostgreSQL the tests run on, and databases that end with the run."""

import contextlib
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import psycopg2
import sqlalchemy as sa

from chassis.settings import DEFAULT_DATABASE_URL, with_driver
from dev.console import step
from dev.problem import ProblemError
from dev.testing import packages
from dev.ticks import ticks

_ANSWER_S: Final = 5
_START_S: Final = 60
_MAY_CREATE: Final = "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"


@contextmanager
def provided(run_name: str) -> Iterator[str]:
    """Yield a DATABASE_URL whose databases are dropped afterwards.

    On the server of DATABASE_URL, else of the standard local port, else of Debian's package, installed and started (and
    stopped afterwards). Raises ProblemError where no database can be created.
    """
    given = os.environ.get("DATABASE_URL", "")
    server = given or DEFAULT_DATABASE_URL
    with ExitStack() as ending:
        if not may_create(server):
            if given:
                raise ProblemError("PostgreSQL at DATABASE_URL does not answer, or its user may not create databases.")
            if not _is_listening():
                ending.callback(_start_debian_package())
            server = ending.enter_context(own_role(server, run_name))
        url = sa.make_url(with_driver(server)).set(database=run_name).render_as_string(hide_password=False)
        ending.callback(_drop_all, url, run_name)
        yield url


def may_create(url: str) -> bool:
    """Return whether a server lets us in as somebody who may create databases."""
    try:
        with _connected(url) as cursor:
            cursor.execute(_MAY_CREATE)
            row = cursor.fetchone()
            return bool(row and row[0])
    except psycopg2.Error:
        return False


@contextmanager
def _connected(url: str) -> Iterator[psycopg2.extensions.cursor]:
    server = sa.make_url(url).set(drivername="postgresql", database="postgres")
    connection = psycopg2.connect(server.render_as_string(hide_password=False), connect_timeout=_ANSWER_S)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def _is_listening() -> bool:
    """Return whether anything speaks PostgreSQL on the standard port, whatever it thinks of us."""
    try:
        psycopg2.connect(
            host="127.0.0.1", port=5432, user="nobody", dbname="postgres", connect_timeout=_ANSWER_S
        ).close()
    except psycopg2.OperationalError as error:
        return "refused" not in str(error) and "timeout" not in str(error)
    return True


@contextmanager
def own_role(url: str, name: str) -> Iterator[str]:
    """Yield the address with a role that ends with the run, made by the server's own administrator.

    Each run has its own: a second one must not change the password under the first. Raises ProblemError.
    """
    password = secrets.token_hex(16)
    made = f"CREATE ROLE {name} LOGIN CREATEDB PASSWORD '{password}'; GRANT pg_signal_backend TO {name}"
    if packages.as_root() is None or not any(_administer(made) for _ in ticks(_START_S, every_s=0.5)):
        raise ProblemError(
            "PostgreSQL answers on port 5432 and does not let us create databases; set DATABASE_URL to a user who may."
        )
    try:
        yield sa.make_url(url).set(username=name, password=password).render_as_string(hide_password=False)
    finally:
        _administer(f"DROP ROLE IF EXISTS {name}")


def _administer(statements: str) -> bool:
    """Run statements as the administrator of the server on this machine, all or none; tell whether that went well."""
    prefix = packages.as_root()
    if prefix is None:
        return False
    command = [*prefix, "su", "postgres", "-c", "psql -q -1 -v ON_ERROR_STOP=1 -d postgres"]
    done = subprocess.run(command, input=statements, text=True, capture_output=True, cwd="/", check=False)
    return done.returncode == 0


def _start_debian_package() -> Callable[[], None]:
    if not shutil.which("pg_lsclusters"):
        packages.install(["postgresql"])
    prefix = packages.as_root()
    if prefix is None:
        raise ProblemError("PostgreSQL is installed but not running; start it, then run this again.")
    listed = subprocess.run(["pg_lsclusters", "--no-header"], capture_output=True, text=True, check=True).stdout
    clusters = [line.split()[:2] for line in listed.splitlines() if re.match(r"\d+ +\S+ +5432 ", line)]
    if not clusters:
        raise ProblemError("PostgreSQL is installed without a cluster on port 5432; make one with pg_createcluster.")
    control = [*prefix, "pg_ctlcluster", "--skip-systemctl-redirect", *clusters[0]]
    step("starting PostgreSQL")
    _run_quietly([*control, "start"])
    for _ in ticks(_START_S, every_s=0.5):
        if _is_listening():
            return lambda: _run_quietly([*control, "stop", "--mode", "fast"])
    raise ProblemError("PostgreSQL could not be started; its log is in /var/log/postgresql.")


def _run_quietly(command: list[str]) -> None:
    subprocess.run(command, capture_output=True, check=False)


def _drop_all(url: str, prefix: str) -> None:
    with contextlib.suppress(psycopg2.Error), _connected(url) as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (prefix,))
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
