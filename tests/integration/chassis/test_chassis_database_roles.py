"""The database's roles on a real PostgreSQL: what each may do, what the server logs of it, and that TLS proves it."""

import contextlib
import json
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest
import sqlalchemy as sa
from psycopg2 import errors
from sqlalchemy.exc import OperationalError

from chassis.clock import now
from chassis.messaging import relay
from chassis.settings import database_url, with_password, with_tls
from chassis.storage import migrations, outbox, roles
from chassis.storage.database import Database, make_engine
from services.payments import models as payments_models
from services.practices import models as practices_models
from tests.integration.chassis import own_servers
from tests.integration.chassis.own_servers import ADMINISTRATOR, PASSWORD, OwnPostgres
from tests.integration.chassis.tls import certificate_for

SERVICES = ("practices", "payments", "cart")
OWN_PASSWORD = "p@ss/word of a role"
SOMEBODY = "RSSMRA85T10A562S"


def as_administrator(server: OwnPostgres, database: str) -> str:
    return with_tls(with_password(server.url(database, ADMINISTRATOR), PASSWORD), str(server.ca_file))


def apply_to(server: OwnPostgres, service: str) -> None:
    made = (
        roles.Role(f"portal_{service}_service", OWN_PASSWORD),
        roles.Role(f"portal_{service}_relay", OWN_PASSWORD),
    )
    roles.apply(service, as_administrator(server, f"portal_{service}"), made)


@pytest.fixture(name="server", scope="module")
def make_server():
    with own_servers.postgres() as server:
        for service in SERVICES:
            migrations.upgrade(service, as_administrator(server, f"portal_{service}"))
            apply_to(server, service)
        yield server


@pytest.fixture(name="connect")
def make_connect(server: OwnPostgres):
    """Return a function that connects a role to a database; all are closed afterwards."""
    opened = []

    def connect(database: str, role: str):
        connection = psycopg2.connect(server.url(database, role), password=OWN_PASSWORD)
        connection.autocommit = True
        opened.append(connection)
        return connection.cursor()

    yield connect
    for connection in opened:
        connection.close()


def tables_of(models) -> list[str]:
    return sorted(models.Base.metadata.tables)


def insert_event(cursor, *, relayed: bool = False) -> None:
    cursor.execute(
        "INSERT INTO outbox (event_id, type, subject, body, created_at, relayed_at, position)"
        " VALUES (%s, 'PracticeCreated.v1', 'x', %s, now(), %s, %s)",
        (str(uuid4()), json.dumps({"data": {}}), now() if relayed else None, 1 if relayed else None),
    )


def test_the_role_of_payments_cannot_read_the_tables_of_practices(connect):
    for role in ("portal_payments_service", "portal_payments_relay", "portal_practices_nobody"):
        with pytest.raises(psycopg2.OperationalError, match=r"permission denied|authentication failed"):
            connect("portal_practices", role)


def test_no_role_enters_the_servers_own_database_with_rights(connect):
    cursor = connect("portal_payments", "portal_payments_service")
    for forbidden in ("CREATE ROLE another", "CREATE DATABASE another", "SELECT * FROM pg_authid"):
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute(forbidden)


@pytest.mark.parametrize(("service", "models"), [("practices", practices_models), ("payments", payments_models)])
def test_a_services_role_reads_and_writes_rows(connect, service, models):
    cursor = connect(f"portal_{service}", f"portal_{service}_service")
    for table in tables_of(models):
        cursor.execute(f'SELECT count(*) FROM "{table}"')
        for privilege in ("INSERT",) if table in ("outbox", "audit_entries") else ("INSERT", "UPDATE", "DELETE"):
            cursor.execute("SELECT has_table_privilege(%s, %s)", (f'"{table}"', privilege))
            assert cursor.fetchone() == (True,), (table, privilege)
    insert_event(cursor)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE another (id int)",
        "CREATE TEMP TABLE another (id int)",
        "ALTER TABLE practices ADD COLUMN another int",
        "DROP TABLE practices",
        "TRUNCATE practices",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "UPDATE alembic_version SET version_num = 'x'",
        "UPDATE outbox SET body = '{}'",
        "DELETE FROM outbox",
        "DELETE FROM outbox_other",
        "INSERT INTO outbox_other SELECT * FROM outbox",
        "SELECT outbox_keep_months(now(), interval '0 days')",
        "UPDATE audit_entries SET reason = 'x'",
        "DELETE FROM audit_entries",
    ],
)
def test_a_services_role_changes_no_table_and_no_event(connect, statement):
    cursor = connect("portal_practices", "portal_practices_service")
    with pytest.raises(errors.InsufficientPrivilege):
        cursor.execute(statement)


def test_the_relays_role_reads_and_marks_its_outbox_and_nothing_else(connect):
    cursor = connect("portal_practices", "portal_practices_relay")
    for table in set(tables_of(practices_models)) - {"outbox"}:
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute(f'SELECT 1 FROM "{table}"')
    for forbidden in ("UPDATE outbox SET type = 'x'", "UPDATE outbox SET subject = 'x'", "TRUNCATE outbox"):
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute(forbidden)
    with pytest.raises(errors.InsufficientPrivilege):
        insert_event(cursor)


def test_a_relay_does_all_its_work_with_its_role(server, connect, monkeypatch):
    service = connect("portal_practices", "portal_practices_service")
    insert_event(service)
    url = with_tls(
        with_password(server.url("portal_practices", "portal_practices_relay"), OWN_PASSWORD), str(server.ca_file)
    )
    worker = relay.Relay("practices", practices_models, url=url, amqp_url="amqp://nowhere", listeners=())
    monkeypatch.setattr(worker, "_publish", lambda batch: None)  # the broker's part has tests of its own
    assert worker.relay_batch(now()) >= 1
    database = Database(url, practices_models)
    with database.transaction() as tx:
        assert outbox.depth(tx.session, practices_models.OutboxMessage, now())[0] == 0
        outbox.purge(tx.session, practices_models.OutboxMessage, now())
        assert outbox.keep_months(tx.session, now()) == 0
    database.close()
    service.execute("SELECT count(*) FROM outbox WHERE relayed_at IS NULL")
    assert service.fetchone() == (0,)


def test_applying_the_roles_again_changes_nothing_and_covers_new_tables(server, connect):
    administrator = make_engine(as_administrator(server, "portal_cart"))
    with administrator.begin() as connection:
        connection.execute(sa.text("CREATE TABLE a_later_migration (id int)"))
    apply_to(server, "cart")
    connect("portal_cart", "portal_cart_service").execute("INSERT INTO a_later_migration VALUES (1)")
    with administrator.begin() as connection:
        connection.execute(sa.text("DROP TABLE a_later_migration"))
    administrator.dispose()


def test_the_owner_of_a_database_applies_the_rights_of_roles_that_others_made(server, connect):
    """So it is in Kubernetes: the operator makes roles and databases, the migrations' job is the database's owner."""
    with psycopg2.connect(as_administrator(server, "postgres")) as connection, connection.cursor() as cursor:
        for role in ("portal_owned", "portal_owned_service", "portal_owned_relay"):
            cursor.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{OWN_PASSWORD}'")
    connection.autocommit = True
    connection.cursor().execute("CREATE DATABASE portal_owned OWNER portal_owned")
    connection.close()
    url = with_tls(with_password(server.url("portal_owned", "portal_owned"), OWN_PASSWORD), str(server.ca_file))
    migrations.upgrade("practices", url)
    roles.apply("practices", url)
    connect("portal_owned", "portal_owned_service").execute("SELECT 1 FROM practices")
    with pytest.raises(errors.InsufficientPrivilege):
        connect("portal_owned", "portal_owned_relay").execute("SELECT 1 FROM practices")


FAILING = {
    "a row that is there already": "INSERT INTO inbox (consumer, message_id) VALUES ('{0}', '{1}'), ('{0}', '{1}')",
    "a value of another type": "SELECT '{0}'::date",
    "a statement that is no SQL": "SELEC '{0}'",
    "a row that breaks a rule": "INSERT INTO inbox (consumer, message_id) VALUES ('{0}', NULL)",
    "a division by nothing, in a statement with a name": "SELECT '{0}', 1 / 0",
    "a statement that is fine": "SELECT '{0}'",
    "a statement that takes long": "SELECT '{0}', pg_sleep(0.2)",
    "a statement that takes too long": "SET statement_timeout = '100ms'; SELECT '{0}', pg_sleep(5)",
}


@pytest.mark.parametrize("role", ["service", "relay"])
@pytest.mark.parametrize("what", FAILING)
def test_the_database_logs_no_value_of_a_statement(server, connect, role, what):
    cursor = connect("portal_practices", f"portal_practices_{role}")
    with contextlib.suppress(psycopg2.Error):
        cursor.execute(FAILING[what].format(SOMEBODY, uuid4()))
    assert SOMEBODY not in server.log.read_text()


def test_the_same_statements_of_another_role_are_logged_with_their_values(server):
    """The server logs all it can: it is by the roles that the values of ours are missing."""
    connection = psycopg2.connect(as_administrator(server, "portal_practices"))
    with connection.cursor() as cursor, contextlib.suppress(psycopg2.Error):
        cursor.execute("SELECT 'somebody else', 1 / 0")
    connection.close()
    assert "somebody else" in server.log.read_text()


@pytest.fixture(name="by_settings")
def make_by_settings(server, tmp_path, monkeypatch):
    """Set what a service is given: an address without a password, files with the password and the certificates."""
    (tmp_path / "password").write_text(f"{OWN_PASSWORD}\n")
    monkeypatch.setenv("PRACTICES_DATABASE_URL", server.url("portal_practices", "portal_practices_service"))
    monkeypatch.setenv("DATABASE_PASSWORD_FILE", str(tmp_path / "password"))
    monkeypatch.setenv("DATABASE_CA_FILE", str(server.ca_file))
    return monkeypatch


def test_tls_to_the_database_by_setting(by_settings):
    database = Database(database_url("practices"), practices_models)
    with database.reading() as session:
        of_us = sa.text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        assert session.scalar(of_us) is True
    database.close()


def test_a_database_that_cannot_prove_itself_is_not_talked_to(by_settings, tmp_path):
    Path(tmp_path / "other").mkdir()
    by_settings.setenv("DATABASE_CA_FILE", str(certificate_for("127.0.0.1", tmp_path / "other")))
    database = Database(database_url("practices"), practices_models)
    with pytest.raises(OperationalError, match="certificate verify failed"), database.reading() as session:
        session.execute(sa.text("SELECT 1"))
    database.close()
