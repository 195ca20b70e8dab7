"""Alembic for every service: `python -m chassis.migrations upgrade practices|all`, `check …`, `sql …`.

A one-shot job before a deploy, never part of a service's start: replicas would race. An advisory lock makes two jobs
at once harmless all the same. A service has services/<name>/migrations/env.py, three lines calling `run_env`, and
versions/0001_<sentence>.py.
"""

import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg2
import sqlalchemy as sa
from alembic import command, context
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from psycopg2 import errorcodes, sql
from sqlalchemy.pool import NullPool

from chassis import logs
from chassis.settings import database_url, with_driver
from chassis.storage.outbox_months import PARTITIONS

SERVICES_FOLDER: Final = Path(__file__).parents[2] / "services"
ADVISORY_LOCK: Final = 0x70_6F_72_74_61_6C  # "portal", any number that nobody else uses
LOCK_TIMEOUT: Final = "10s"
"""How long a migration waits for a table: whoever comes after it waits with it."""

log = logs.get_logger(__name__)


def services_with_migrations() -> list[str]:
    """Return the names of the services that own a database, in alphabetical order."""
    return sorted(path.parent.parent.name for path in SERVICES_FOLDER.glob("*/migrations/env.py"))


def upgrade(service: str, url: str | None = None) -> None:
    """Bring a service's database to its newest revision; create the database where there is none."""
    url = url or database_url(service)
    create_database_if_missing(url)
    with _locked_connection(url) as connection:
        command.upgrade(_config(service, connection), "head")
    log.info("database_migrated", service=service)


def check(service: str, url: str | None = None) -> None:
    """Raise alembic.util.CommandError where models and migrations do not agree."""
    with _locked_connection(url or database_url(service)) as connection:
        command.check(_config(service, connection))


def sql_of(service: str, revision: str) -> str:
    """Return what one revision of a service does as SQL, for who reads it before it runs."""
    written = io.StringIO()
    config = Config(output_buffer=written)
    config.set_main_option("script_location", str(SERVICES_FOLDER / service / "migrations"))
    before = ScriptDirectory.from_config(config).get_revision(revision).down_revision or "base"
    command.upgrade(config, f"{before}:{revision}", sql=True)
    return written.getvalue()


def revisions_of(service: str) -> list[Script]:
    """Return a service's revisions, oldest first."""
    config = Config()
    config.set_main_option("script_location", str(SERVICES_FOLDER / service / "migrations"))
    return list(ScriptDirectory.from_config(config).walk_revisions())[::-1]


def print_sql(service: str) -> None:
    """Write what all revisions of a service do to standard output."""
    for revision in revisions_of(service):
        sys.stdout.write(f"-- {service} {revision.revision}: {revision.doc}\n{sql_of(service, revision.revision)}\n")


def run_env(metadata: sa.MetaData) -> None:
    """Do what a service's migrations/env.py is for."""
    if context.is_offline_mode():
        context.configure(dialect_name="postgresql", literal_binds=True, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
        return
    connection: sa.Connection = context.config.attributes["connection"]
    connection.execute(sa.text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    # Alembic's own transaction, not this one, so that a migration may leave it to build an index beside the traffic.
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transaction_per_migration=True,
        compare_type=True,
        include_name=_is_a_models,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()


def _is_a_models(name: str | None, kind: str, _parents: object) -> bool:
    """Return whether something in the database stands in the models: of a partitioned table the whole alone does."""
    return kind != "table" or re.fullmatch(PARTITIONS, name or "") is None


def create_database_if_missing(url: str) -> None:
    """Create the database that `url` names; another job may be doing the same."""
    target = sa.make_url(url)
    server = target.set(drivername="postgresql", database="postgres")
    connection = psycopg2.connect(server.render_as_string(hide_password=False))
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (target.database,))
            if cursor.fetchone() is None:
                cursor.execute(
                    sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(
                        sql.Identifier(target.database or "")
                    )
                )
    except psycopg2.Error as error:
        if error.pgcode not in {errorcodes.DUPLICATE_DATABASE, errorcodes.UNIQUE_VIOLATION}:
            raise
    finally:
        connection.close()


@contextmanager
def _locked_connection(url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(with_driver(url), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
        connection.commit()
        yield connection  # the lock goes with the connection


def _config(service: str, connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SERVICES_FOLDER / service / "migrations"))
    config.attributes["connection"] = connection
    return config


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    actions: dict[str, Callable[[str], None]] = {"upgrade": upgrade, "check": check, "sql": print_sql}
    if len(arguments) != 2 or arguments[0] not in actions:
        sys.stderr.write("usage: python -m chassis.migrations upgrade|check|sql SERVICE|all\n")
        return 2
    logs.configure("migrations", os.environ.get("LOG_LEVEL", "INFO"))
    action, service = arguments
    for name in services_with_migrations() if service == "all" else [service]:
        actions[action](name)
    return 0
