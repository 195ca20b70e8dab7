"""Every process works with its own database role and broker user, over TLS to both, as the deploy makes them."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest

from chassis.messaging import dead_letters
from chassis.messaging.broker_users import USERS, password_setting
from chassis.messaging.publisher import ConfirmedPublisher
from chassis.messaging.rpc_client import RpcClient
from chassis.messaging.wire import Message
from contracts.call import Call
from contracts.errors import ErrorCode, Unavailable
from contracts.events.subscriptions import SUBSCRIPTIONS
from contracts.shapes import Empty
from tests.conftest import PROJECT, wait_until, wait_until_answering
from tests.integration.chassis import own_servers
from tests.integration.chassis.own_servers import ADMINISTRATOR, PASSWORD, OwnPostgres, OwnRabbit

SERVICES = ("practices", "cart", "payments", "notices")
CONFIRMED = next(one.queue_name for one in SUBSCRIPTIONS if one.consumer == "practices.on_payment_confirmed")
CREATED = next(one.queue_name for one in SUBSCRIPTIONS if one.consumer == "payments.on_practice_created")
STARTS_WITHIN_S = 90


@dataclass(frozen=True)
class Deployment:
    """Two servers, on which the deploy's commands were run."""

    postgres: OwnPostgres
    rabbit: OwnRabbit
    passwords: dict[str, str]
    folder: Path

    def environment(self, user: str) -> dict[str, str]:
        """Return what the process of a user is given: addresses, and files with passwords and certificates."""
        service, _, is_relay = user.partition("-")
        role = f"portal_{service}_{'relay' if is_relay else 'service'}"
        return {
            "AMQP_URL": f"amqps://{user}@127.0.0.1:{self.rabbit.tls_port}//",
            "AMQP_PASSWORD_FILE": self.file(password_setting(user)),
            "AMQP_CA_FILE": str(self.rabbit.ca_file),
            f"{service.upper()}_DATABASE_URL": self.postgres.url(f"portal_{service}", role),
            "DATABASE_PASSWORD_FILE": self.file(f"{user.upper().replace('-', '_')}_DATABASE_PASSWORD"),
            "DATABASE_CA_FILE": str(self.postgres.ca_file),
            "EVENT_RETRY_DELAYS_S": "0.2,0.4",
        }

    def file(self, name: str) -> str:
        """Return a file with a password."""
        (self.folder / name).write_text(f"{self.passwords[name]}\n")
        return str(self.folder / name)

    def url(self, user: str) -> str:
        return self.rabbit.url(user, self.passwords[password_setting(user)])


@pytest.fixture(name="deployment", scope="module")
def make_deployment(tmp_path_factory):
    """Run the commands of a deploy, as docs/operations.md has them."""
    names = [name for user in USERS for name in (password_setting(user), f"{user.upper()}_DATABASE_PASSWORD")]
    passwords = {name.replace("-", "_"): uuid4().hex for name in names}
    with own_servers.postgres() as postgres, own_servers.rabbit() as rabbit:
        administration = {
            **passwords,
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(PROJECT),
            "DATABASE_URL": postgres.url("portal", ADMINISTRATOR),
            "DATABASE_PASSWORD": PASSWORD,
            "DATABASE_CA_FILE": str(postgres.ca_file),
            "BROKER_ADMIN_URL": rabbit.management_url.replace(":administrator@", "@"),
            "BROKER_ADMIN_PASSWORD": "administrator",
        }
        for words in (
            ["chassis.migrations", "upgrade", "all"],
            ["chassis.database_roles", "apply", "all"],
            ["chassis.broker_users", "apply"],
            ["chassis.broker_users", "apply"],
        ):
            done = subprocess.run(
                [sys.executable, "-m", *words], env=administration, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr + done.stdout
            assert not any(password in done.stderr + done.stdout for password in passwords.values())
        yield Deployment(postgres, rabbit, passwords, tmp_path_factory.mktemp("secrets"))


@pytest.fixture(name="start")
def make_start(deployment, start_process, environment):
    """Return a function that starts a process of the product with nothing but what its user is given."""
    environment.pop("DATABASE_URL")

    def start(user, *words):
        return start_process("-m", *words, env=deployment.environment(user))

    return start


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_answers_with_its_own_role_and_user(deployment, start, service):
    running = start(service, "chassis.run", service)
    gateway = RpcClient(deployment.url("gateway"))
    wait_until_answering(gateway, service, running, STARTS_WITHIN_S)
    gateway.close()
    assert start(service, "chassis.health", service).process.wait(STARTS_WITHIN_S) == 0
    assert "AccessRefused" not in running.log()


def test_the_nodes_door_calls_payments_and_nobody_else(deployment, start):
    running = start("payments", "chassis.run", "payments")
    node = RpcClient(deployment.url("node"))
    wait_until_answering(node, "payments", running, STARTS_WITHIN_S)
    practices = Call("practices", "ping", Empty, Empty, idempotent=True, timeout_s=3)
    with pytest.raises(Unavailable) as refused:
        node.call(practices, Empty())
    assert refused.value.code is ErrorCode.SERVICE_UNAVAILABLE
    node.close()


def rows(deployment, database, statement, *values):
    connection = psycopg2.connect(deployment.postgres.url(database, ADMINISTRATOR), password=PASSWORD)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        found = cursor.fetchall() if cursor.description else []
    connection.close()
    return found


def sample_of(name):
    return json.loads((PROJECT / "contracts" / "samples" / f"{name}.json").read_text())


def test_an_event_goes_its_whole_way_from_one_outbox_to_the_others_inbox(deployment, start):
    sample = sample_of("PracticeCreated.v1")
    insert = (
        "INSERT INTO outbox (event_id, type, subject, body, created_at)"
        " VALUES (%s, 'PracticeCreated.v1', %s, %s, now())"
    )
    rows(deployment, "portal_practices", insert, sample["id"], sample["subject"], json.dumps(sample))
    running = [start("practices-relay", "chassis.relay", "practices"), start("payments", "chassis.run", "payments")]
    heard = "SELECT 1 FROM inbox WHERE message_id = %s"
    wait_until(lambda: rows(deployment, "portal_payments", heard, sample["id"]), timeout_s=STARTS_WITHIN_S)
    again = start(
        "practices-relay", "chassis.outbox", "republish", "--since", "2026-01-01T00:00:00Z", "--service", "practices"
    )
    assert again.process.wait(STARTS_WITHIN_S) == 0, again.log()
    assert "     1  practices" in again.log()
    assert not any("AccessRefused" in one.log() for one in running)


def test_an_event_that_fails_is_put_off_and_put_aside_without_the_default_exchange(deployment, start):
    practices = start("practices", "chassis.run", "practices")
    administrator = deployment.rabbit.url(ADMINISTRATOR, "administrator")
    gateway = RpcClient(deployment.url("gateway"))
    wait_until_answering(gateway, "practices", practices, STARTS_WITHIN_S)
    gateway.close()
    of_no_practice = sample_of("PaymentConfirmed.v1")
    publisher = ConfirmedPublisher(deployment.url("payments-relay"))
    message = Message("payments.events", "PaymentConfirmed.v1", json.dumps(of_no_practice), message_id="failing")
    publisher.publish_all([message])
    publisher.close()
    wait_until(lambda: dead_letters.count(administrator, CONFIRMED) == 1, timeout_s=STARTS_WITHIN_S)
    (letter,) = dead_letters.look(administrator, CONFIRMED)
    assert (letter["id"], letter["x-attempts"]) == ("failing", 3)
    looked = start("practices", "chassis.dead_letters", "list")
    assert looked.process.wait(STARTS_WITHIN_S) == 0
    assert f"     1  {CONFIRMED}" in looked.log()
    assert f"{CREATED} (not of this user)" in looked.log()
    replayed = start("practices", "chassis.dead_letters", "replay", CONFIRMED)
    assert replayed.process.wait(STARTS_WITHIN_S) == 0
    assert f"     1  {CONFIRMED}" in replayed.log()
    declared = start("practices", "chassis.topology", "declare", "practices")
    assert declared.process.wait(STARTS_WITHIN_S) == 0, declared.log()
    assert "AccessRefused" not in practices.log()
