"""The town payments lives in: real practices, the gateway's door for the node, the sandbox pagoPA over HTTP.

`town` starts it all once per module and knows how to walk in it; tests keep to practices of their own. Nothing here
stands in for payments.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from http.server import ThreadingHTTPServer
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any, ClassVar
from uuid import UUID, uuid4
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
import requests
import sqlalchemy as sa
from kombu import Connection

from chassis.messaging.rpc_client import RpcClient
from chassis.storage.database import Database
from contracts.codes import FiscalCode
from contracts.errors import RpcError
from contracts.events import EVENTS
from contracts.rpc import payments, practices
from contracts.rpc.payments import Checkout, Receipt
from contracts.rpc.practices import Practice
from contracts.shapes import Stamp, Subject, Viewer
from gateway.app import create_app
from gateway.settings import Settings as GatewaySettings
from services.payments import models
from services.practices import models as practices_models
from services.practices.usecases import catalogue
from tests.conftest import PROJECT, Running, empty_tables, wait_until, wait_until_answering
from tests.integration.payments.payments_actors import OpensEveryCart

PAYER = "visitor:integration-test"
CREDITOR = "80012345676"
KEY = "a-subscription-key"
CATALOGUE: dict[str, Any] = json.loads((PROJECT / "sandbox/data/catalogue.json").read_text())
HANDLERS = {
    "payments": ("PracticeCreated", "PracticeAmended", "PracticeCancelled", "PracticeExpired"),
    "practices": ("CheckoutStarted", "CheckoutAbandoned", "PaymentConfirmed", "PaymentDuplicated", "PaymentReported"),
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        pass


class ThreadedServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 256


@dataclass
class Town:
    """What a test may ask of the people around payments."""

    rpc: RpcClient
    database: Database
    pagopa_url: str
    door_url: str
    folder: Path
    environment: dict[str, str]
    practices_database: Database
    running: dict[str, Running] = field(default_factory=dict)

    def run(self, name: str, *arguments: str, **env: str) -> Running:
        """Start a process of the town, in place of the one of that name."""
        self.kill(name)
        log_file = self.folder / f"{name}.log"
        with log_file.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=PROJECT,
                env={**self.environment, **env},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.running[name] = Running(process, log_file)
        return self.running[name]

    def kill(self, name: str) -> None:
        """kill -9."""
        if name in self.running:
            self.running[name].kill()

    def run_services(self, *services: str) -> None:
        """Start services and their relays at the same time; all answer when this returns."""
        for service in services:
            self.run(service, "-m", "chassis.run", service)
            self.run(f"{service}-relay", "-m", "chassis.relay", service)
        for service in services:
            wait_until_answering(self.rpc, service, self.running[service])

    def restart(self, service: str, **env: str) -> None:
        self.running[service].stop()
        wait_until_answering(self.rpc, service, self.run(service, "-m", "chassis.run", service, **env))

    def issue(self, amount_cents: int = 1234, **changes: Any) -> Practice:
        """Let the entity ask somebody for money."""
        debt = practices.DebtRequest(
            entity_code="PM108",
            external_id=uuid4().hex,
            service_code="TARI",
            fiscal_code="RSSMRA85T10A562S",
            full_name="Mario Rossi",
            amount_cents=amount_cents,
            description="TARI 2026",
        )
        return self.rpc.call(practices.PUT_DEBT, replace(debt, **changes))

    # Nobody's document: its SHA-256 in base64.
    STAMP: ClassVar = Stamp(document_hash="wHpFSLCGZjIvNSXxqtGbxg7275t446DRTk5ZrsdUQ6E=", province="MI")

    def insert(self, service_code: str, amount_cents: int, stamp: Stamp | None = None) -> Practice:
        """Let a citizen insert a debt of their own."""
        citizen = Subject(entity_type="F", fiscal_code="RSSMRA85T10A562S", full_name="Mario Rossi")
        request = practices.InsertRequest(
            idempotency_key=uuid4().hex,
            entity_code="PM108",
            service_code=service_code,
            viewer=Viewer(citizen_id=uuid4(), fiscal_code=FiscalCode(citizen.fiscal_code)),
            debtor=citizen,
            amount_cents=amount_cents,
            description="Inserita da Mario",
            stamp=stamp,
        )
        return self.rpc.call(practices.INSERT, request)

    def annul(self, practice: Practice) -> None:
        request = practices.AnnulRequest(
            entity_code="PM108", external_id=str(practice.external_id), reason="errore di calcolo"
        )
        self.rpc.call(practices.ANNUL_DEBT, request)

    def practice(self, practice_id: UUID) -> Practice:
        viewer = Viewer(granted_practice_ids=[practice_id])
        request = practices.GetManyRequest(viewer=viewer, practice_ids=[practice_id])
        return self.rpc.call(practices.GET_MANY, request).practices[0]

    def start(self, *issued: Practice, payer: str = PAYER, key: str | None = None) -> Checkout:
        """Press Paga."""
        request = payments.StartCheckoutRequest(
            idempotency_key=key or uuid4().hex,
            payer_ref=payer,
            practice_ids=[practice.id for practice in issued],
            return_url="http://localhost:8080/enti/PM108/esito/{checkout_id}",
        )
        return self.rpc.call(payments.START_CHECKOUT, request)

    def checkout(self, checkout_id: UUID, payer: str = PAYER) -> Checkout:
        return self.rpc.call(payments.CHECKOUT, payments.CheckoutRequest(checkout_id=checkout_id, payer_ref=payer))

    def returned(self, checkout: Checkout, outcome: str) -> Checkout:
        request = payments.ReturnedRequest(checkout_id=checkout.id, payer_ref=PAYER, outcome=outcome)
        return self.rpc.call(payments.RETURNED, request)

    def choose(self, checkout: Checkout, outcome: str, **more: Any) -> dict[str, Any]:
        """Choose an outcome on the payment page."""
        cart_id = str(checkout.redirect_url).split("/carts/")[1].split("/")[0]
        url = f"{self.pagopa_url}/sandbox/carts/{cart_id}/outcome"
        answer: dict[str, Any] = requests.post(url, json={"outcome": outcome, **more}, timeout=30).json()
        return answer

    def pay_at_counter(self, practice: Practice, outcome: str = "paid") -> requests.Response:
        body = {"creditor_fiscal_code": CREDITOR, "notice_number": practice.notice_number, "outcome": outcome}
        return requests.post(f"{self.pagopa_url}/sandbox/payments", json=body, timeout=30)

    def send_receipt(self, row_id: int) -> None:
        """Let the node deliver a receipt it held back."""
        requests.post(f"{self.pagopa_url}/sandbox/receipts/{row_id}/send", timeout=30)

    def deliveries(self) -> dict[str, Any]:
        listed: dict[str, Any] = requests.get(f"{self.pagopa_url}/sandbox/receipts", timeout=30).json()
        return listed

    def delivered(self, *issued: Practice) -> bool:
        """Return whether every receipt of these practices has been acknowledged."""
        numbers = {practice.notice_number for practice in issued}
        listed = [receipt for receipt in self.deliveries()["receipts"] if receipt["notice_number"] in numbers]
        return all(receipt["state"] == "acknowledged" for receipt in listed) and len(listed) >= len(numbers)

    def receipts(self, practice_id: UUID) -> Sequence[Receipt]:
        return self.rpc.call(payments.RECEIPTS, payments.ReceiptsRequest(practice_id=practice_id)).receipts

    def stamp(self, practice_id: UUID) -> payments.StampFile:
        return self.rpc.call(payments.STAMP, payments.ReceiptsRequest(practice_id=practice_id))

    def timeline(self, practice_id: UUID) -> Sequence[payments.TimelineEntry]:
        return self.rpc.call(payments.TIMELINE, payments.ReceiptsRequest(practice_id=practice_id)).entries

    def events(self, name: str, *issued: Practice) -> list[dict[str, Any]]:
        """Return the data of the events of a type that payments has published about these practices."""
        ids = {str(practice.id) for practice in issued}
        with self.database.reading() as session:
            bodies = session.scalars(
                sa.select(models.OutboxMessage.body)
                .where(models.OutboxMessage.type == f"{name}.v1", models.OutboxMessage.relayed_at.is_not(None))
                .order_by(models.OutboxMessage.id)
            ).all()
        told = [body["data"] for body in bodies]
        return [data for data in told if ids & {data.get("practice_id"), *data.get("practice_ids", ())}]

    def confirmed(self, receipt_id: str) -> list[dict[str, Any]]:
        """Return the data of each PaymentConfirmed of a receipt: one per creditor it was sent to."""
        with self.database.reading() as session:
            bodies = session.scalars(
                sa.select(models.OutboxMessage.body).where(models.OutboxMessage.type == "PaymentConfirmed.v1")
            ).all()
        return [body["data"] for body in bodies if body["data"]["receipt_id"] == receipt_id]

    def ask(self, envelope: str, action: str = "", *, status: int = 200) -> str:
        """Post an envelope to the door, as the node would."""
        answer = requests.post(
            self.door_url,
            data=envelope.encode(),
            headers={"SOAPAction": action, "Content-Type": "text/xml"},
            timeout=30,
        )
        assert answer.status_code == status
        return answer.text


def purge_queues(amqp_url: str) -> None:
    """Forget events that earlier tests left behind: notice numbers begin anew in each module."""
    with Connection(amqp_url) as connection:
        for service, names in HANDLERS.items():
            for name in names:
                event = EVENTS[f"{name}.v1"]
                snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
                queue = f"evt-{event.source}-{event.type}--{service}.on{snake}"
                with contextlib.suppress(connection.channel_errors):
                    connection.channel().queue_purge(queue)


@pytest.fixture(scope="module")
def module_rpc(amqp_url: str) -> Iterator[RpcClient]:
    client = RpcClient(amqp_url)
    yield client
    client.close()


@pytest.fixture(scope="module")
def door(amqp_url: str, module_rpc: RpcClient) -> Iterator[str]:
    """The gateway, for its address that the node calls."""
    port = free_port()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SECRET_KEY", "a secret of the tests that is long as a real one")
        environment.setenv("AMQP_URL", amqp_url)
        environment.setenv("CHECKOUT_RATE", "1000000/minute")  # every payer of these tests has one address
        settings = GatewaySettings.load()
    with make_server("127.0.0.1", port, create_app(settings, module_rpc), ThreadedServer, QuietHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{port}/pagopa/pa-for-node"
        server.shutdown()
        thread.join()


def is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def town(
    amqp_url: str,
    database_url: str,
    migrated: Callable[[str], str],
    door: str,
    module_rpc: RpcClient,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Town]:
    databases = {
        "practices": Database(migrated("practices"), practices_models),
        "payments": Database(migrated("payments"), models),
    }
    for database in databases.values():
        empty_tables(database)
    purge_queues(amqp_url)
    pagopa_port = free_port()
    pagopa_url = f"http://127.0.0.1:{pagopa_port}"
    folder = tmp_path_factory.mktemp("town")
    environment = {
        **os.environ,
        "AMQP_URL": amqp_url,
        "DATABASE_URL": database_url,
        "EVENT_RETRY_DELAYS_S": "0.2,0.4,1,2",
        "PARITY_EVERY_S": "0",  # what a test damages stays so until it looks
        "SANDBOX_HOME": str(folder / "pagopa"),
        "SANDBOX_PAGOPA_URL": pagopa_url,
        "PORTAL_NODE_URL": door,
        "CHECKOUT_URL": f"{pagopa_url}/checkout/ec/v2",
        "CHECKOUT_SUBSCRIPTION_KEY": KEY,
        "SANDBOX_RETRY_DELAYS_S": "0.3,0.5,1",
        "SANDBOX_LATE_RECEIPT_S": "2",
    }
    town = Town(module_rpc, databases["payments"], pagopa_url, door, folder, environment, databases["practices"])
    catalogue.load_catalogue(databases["practices"], CATALOGUE)
    town.run("pagopa", "-m", "sandbox.pagopa", str(pagopa_port))
    town.run_services("practices", "payments")
    wait_until(lambda: is_listening(pagopa_port))
    yield town
    for name in town.running:
        town.kill(name)
    for database in databases.values():
        database.close()


@pytest.fixture(autouse=True)
def earlier_checkouts_are_somebody_elses(request: pytest.FixtureRequest) -> None:
    """Let the payer of all these tests hold none of the five checkouts one may hold."""
    if "town" not in request.fixturenames:
        return
    town: Town = request.getfixturevalue("town")
    with town.database.transaction() as tx:
        held = models.Checkout.payer_ref == PAYER
        tx.session.execute(sa.update(models.Checkout).where(held).values(payer_ref=PAYER + uuid4().hex))


@pytest.fixture
def refused() -> Callable[..., tuple[str, dict[str, Any]]]:
    """Return the code and params with which something is refused."""

    def code_of(attempt: Callable[[], Any]) -> tuple[str, dict[str, Any]]:
        with pytest.raises(RpcError) as caught:
            attempt()
        return caught.value.code.value, caught.value.params

    return code_of


@pytest.fixture
def pagopa_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), OpensEveryCart) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def database(service_database):
    return service_database("payments")
