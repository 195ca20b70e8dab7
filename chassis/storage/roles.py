"""What a service and its relay may do in the service's database, and what the server may write in its log about them.

A database has three roles. Its owner runs the migrations, and this. `<database>_service` reads and writes rows and
changes no table. `<database>_relay` sees the outbox alone: it reads events, marks them, and forgets them in time; its
months are made and dropped by a function of the owner's (outbox_months.py). Nobody else may connect, so that no service
reaches another's database with what it has.

    python -m chassis.database_roles apply practices|all

It is part of each deploy, after the migrations, and changes nothing the second time. Run by somebody who may make roles
it makes them too, with the passwords of <SERVICE>_DATABASE_PASSWORD and <SERVICE>_RELAY_DATABASE_PASSWORD; where
another makes them (the Kubernetes operator), they must be there.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import psycopg2
import sqlalchemy as sa
from psycopg2 import sql

from chassis import logs
from chassis.settings import ChassisSettings, database_url, environment
from chassis.storage.migrations import services_with_migrations

log = logs.get_logger(__name__)

Cursor = psycopg2.extensions.cursor

UNLOGGED: Final = {
    # psycopg2 writes values into its statements, so a statement in the log is people's data in the log.
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    # "Key (fiscal_code)=(...) already exists" and "Failing row contains (...)" are details.
    "log_error_verbosity": "terse",
    # "invalid input syntax for type date: ..." has the value in its first line. The process logs the error's class.
    "log_min_messages": "fatal",
}
"""Settings of the server with which nothing that a statement holds reaches its log."""

_RELAYED: Final = ("relayed_at", "position", "body")
_VERSIONS: Final = "alembic_version"
_OUTBOX: Final = "outbox"
_KEEP_MONTHS: Final = "outbox_keep_months(timestamptz, interval)"
_AUDIT: Final = "audit_entries"


@dataclass(frozen=True)
class Role:
    """A role that is to be; `password` is None where somebody else makes it."""

    name: str
    password: str | None


def roles_of(service: str, database: str) -> tuple[Role, Role]:
    """Return the role of a service and that of its relay; the relay of a service without events has none of a use."""
    env = environment()
    prefix = service.upper()
    return (
        Role(f"{database}_service", env.str(f"{prefix}_DATABASE_PASSWORD", "") or None),
        Role(f"{database}_relay", env.str(f"{prefix}_RELAY_DATABASE_PASSWORD", "") or None),
    )


def apply(service: str, url: str | None = None, roles: tuple[Role, Role] | None = None) -> None:
    """Give a service's roles what they may have in its database, and take everything else from everybody.

    Raises psycopg2.Error where a role is missing and may not be made.
    """
    address = sa.make_url(url or database_url(service))
    database = address.database or ""
    of_service, of_relay = roles or roles_of(service, database)
    emits = hasattr(import_module(f"services.{service}.models"), "OutboxMessage")
    wanted = (of_service, of_relay) if emits else (of_service,)
    with _cursor(address) as cursor:
        if _may_make_roles(cursor):
            for role in wanted:
                _make(cursor, role)
        _close(cursor, database, [role.name for role in wanted])
        _allow_service(cursor, of_service.name)
        if emits:
            _allow_relay(cursor, of_relay.name)
        unlogged = [_keep_out_of_the_log(cursor, database, role.name) for role in wanted]
    if not all(unlogged):
        log.warning("database_may_log_values", service=service, settings=sorted(UNLOGGED))
    log.info("database_roles_applied", service=service, roles=[role.name for role in wanted])


@contextmanager
def _cursor(address: sa.URL) -> Iterator[Cursor]:
    """Yield a cursor whose transaction commits when all went well."""
    server = address.set(drivername="postgresql")
    connection = psycopg2.connect(server.render_as_string(hide_password=False))
    try:
        with connection, connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def _may_make_roles(cursor: Cursor) -> bool:
    cursor.execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
    return _one(cursor)


def _make(cursor: Cursor, role: Role) -> None:
    """Make a role where there is none; give it its password, where there is one."""
    cursor.execute("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", (role.name,))
    if not _one(cursor):
        _run(cursor, "CREATE ROLE {} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT", role.name)
    if role.password is not None:
        cursor.execute(
            sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role.name), sql.Literal(role.password))
        )


def _close(cursor: Cursor, database: str, roles: list[str]) -> None:
    """Let nobody in but the owner and these roles, and let them make nothing."""
    _run(cursor, "REVOKE ALL ON DATABASE {} FROM PUBLIC", database)
    _run(cursor, "REVOKE ALL ON SCHEMA public FROM PUBLIC")
    for role in roles:
        _run(cursor, "REVOKE ALL ON DATABASE {} FROM {}", database, role)
        _run(cursor, "GRANT CONNECT ON DATABASE {} TO {}", database, role)
        _run(cursor, "REVOKE ALL ON SCHEMA public FROM {}", role)
        _run(cursor, "GRANT USAGE ON SCHEMA public TO {}", role)
        _run(cursor, "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}", role)


def _allow_service(cursor: Cursor, role: str) -> None:
    """Let a service work with rows: of outbox and audit it writes new ones and reads them, and changes none."""
    _run(cursor, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}", role)
    _run(cursor, "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}", role)
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", (f"public.{_VERSIONS}",))
    if _one(cursor):
        _run(cursor, "REVOKE INSERT, UPDATE, DELETE ON {} FROM {}", _VERSIONS, role)
    cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass(%s)", (_OUTBOX,))
    for (partition,) in cursor.fetchall():
        _run(cursor, "REVOKE ALL ON {} FROM {}", partition, role)
    for table in (_OUTBOX, _AUDIT):
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", (f"public.{table}",))
        if _one(cursor):
            _run(cursor, "REVOKE UPDATE, DELETE ON {} FROM {}", table, role)


def _allow_relay(cursor: Cursor, role: str) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, _RELAYED))
    cursor.execute(
        sql.SQL("GRANT SELECT, DELETE, UPDATE ({}) ON {} TO {}").format(
            columns, sql.Identifier(_OUTBOX), sql.Identifier(role)
        )
    )
    cursor.execute("SELECT to_regprocedure(%s) IS NOT NULL", (_KEEP_MONTHS,))
    if _one(cursor):
        cursor.execute(
            sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(sql.SQL(_KEEP_MONTHS), sql.Identifier(role))
        )


def _keep_out_of_the_log(cursor: Cursor, database: str, role: str) -> bool:
    """Have the server log no value of this role's statements; return whether it is so, by the role or the server."""
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    if _one(cursor):
        for name, value in UNLOGGED.items():
            cursor.execute(
                sql.SQL("ALTER ROLE {} IN DATABASE {} SET {} = {}").format(
                    sql.Identifier(role), sql.Identifier(database), sql.Identifier(name), sql.Literal(value)
                )
            )
        return True
    names = list(UNLOGGED)
    cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", (names,))
    found = dict(cursor.fetchall())
    return all(found.get(name, value) == value for name, value in UNLOGGED.items())


def _run(cursor: Cursor, statement: str, *names: str) -> None:
    cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _one(cursor: Cursor) -> bool:
    row: Any = cursor.fetchone()
    return bool(row and row[0])


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    if len(arguments) != 2 or arguments[0] != "apply":
        sys.stderr.write("usage: python -m chassis.database_roles apply SERVICE|all\n")
        return 2
    logs.configure("database-roles", ChassisSettings.load().log_level)
    for name in services_with_migrations() if arguments[1] == "all" else [arguments[1]]:
        apply(name)
    return 0
