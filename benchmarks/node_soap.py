"""The pagoPA node's calls through gateway and RabbitMQ, against the same handler without the bus.

    python benchmarks/node_soap.py [--seconds 5] [--clients 16] [--processes 1] [--positions 100000]

Both sides are gunicorn with one gthread worker on this machine, in front of the same PostgreSQL; the baseline calls the
use case in the web process, the other one sends it over RabbitMQ to `--processes` payments processes. Rounds alternate,
so that a busy machine slows both alike. The ratio is the figure; the absolute numbers are for orientation.

It uses AMQP_URL and DATABASE_URL as the services do, but a database of its own (`<name>_bench_payments`), made anew.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from threading import local
from typing import Any
from uuid import uuid4

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import falcon  # noqa: E402 -- after the path is set
import sqlalchemy as sa  # noqa: E402 -- as above

from chassis import clock, settings  # noqa: E402 -- as above
from chassis.messaging.rpc_client import RpcClient  # noqa: E402 -- as above
from chassis.storage import migrations  # noqa: E402 -- as above
from chassis.storage.database import Database  # noqa: E402 -- as above
from contracts.call import Call, Reply, Request  # noqa: E402 -- as above
from contracts.errors import RpcError, Unavailable  # noqa: E402 -- as above
from contracts.rpc import payments  # noqa: E402 -- as above
from contracts.shapes import Empty  # noqa: E402 -- as above
from services.payments import models  # noqa: E402 -- as above
from services.payments.usecases.node.answer import answer_node  # noqa: E402 -- as above
from services.payments.usecases.node.context import NodeContext  # noqa: E402 -- as above

CREDITOR = "80012345676"
ROUNDS = 3
HEAD = f"<idPA>{CREDITOR}</idPA><idBrokerPA>{CREDITOR}</idBrokerPA><idStation>{CREDITOR}_01</idStation>"
FILL = """
INSERT INTO positions (practice_id, entity_code, creditor_fiscal_code, notice_number, iuv, standing, sequence,
    terms_sequence, amount_cents, description, debtor, transfers, created_at)
SELECT gen_random_uuid(), 'PM108', :creditor, '3' || lpad(n::text, 17, '0'), lpad(n::text, 17, '0'), 'open', 1,
    1, 1234, 'TARI 2026', '{"entity_type": "F", "fiscal_code": "ANONIMO", "full_name": "Prova"}'::jsonb,
    jsonb_build_array(jsonb_build_object('id_transfer', 1, 'amount_cents', 1234, 'fiscal_code', :creditor,
        'company_name', 'Ente', 'iban', 'IT60X0542811101000000123456', 'remittance_information', 'TARI',
        'category', '9/0601112AP/')), now()
FROM generate_series(0, :last) AS n
"""


class NobodyAtHome:
    """practices, which nothing here asks."""

    def call(self, call: Call[Request, Reply], request: Request, *, correlation_id: str | None = None) -> Reply:
        """Be away."""
        del call, request, correlation_id
        raise Unavailable


class DirectDoor:
    """The baseline: the use case in the web process."""

    def __init__(self) -> None:
        self._database = Database.of_service("payments", models, pool_size=16)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer the node."""
        context = NodeContext(self._database, NobodyAtHome(), clock.now())
        request = payments.NodeRequest(
            envelope=req.bounded_stream.read().decode(), soap_action=req.get_header("SOAPAction") or ""
        )
        resp.content_type = "text/xml"
        resp.text = answer_node(context, request).envelope


def direct() -> Any:
    """Make the baseline's application, for gunicorn."""
    app: falcon.App[Any, Any] = falcon.App()
    app.add_route("/pagopa/pa-for-node", DirectDoor())
    return app


@dataclass(frozen=True)
class Side:
    """A door to measure."""

    name: str
    port: int


def soap(root: str, inside: str) -> bytes:
    """Write an envelope."""
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:p="http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd">'
        f"<s:Body><p:{root}>{inside}</p:{root}></s:Body></s:Envelope>"
    ).encode()


def verify(notice: int) -> bytes:
    """Write a paVerifyPaymentNotice."""
    code = f"<qrCode><fiscalCode>{CREDITOR}</fiscalCode><noticeNumber>3{notice:017d}</noticeNumber></qrCode>"
    return soap("paVerifyPaymentNoticeReq", HEAD + code)


def receipt(notice: int) -> bytes:
    """Write a paSendRTV2 never sent before."""
    person = (
        "<uniqueIdentifier><entityUniqueIdentifierType>F</entityUniqueIdentifierType><entityUniqueIdentifierValue>ANONIMO"
        "</entityUniqueIdentifierValue></uniqueIdentifier><fullName>Prova</fullName>"
    )
    transfer = (
        f"<idTransfer>1</idTransfer><transferAmount>12.34</transferAmount><fiscalCodePA>{CREDITOR}</fiscalCodePA>"
        "<IBAN>IT60X0542811101000000123456</IBAN><remittanceInformation>TARI</remittanceInformation>"
        "<transferCategory>9/0601112AP/</transferCategory>"
    )
    inside = (
        f"{HEAD}<receipt><receiptId>{uuid4().hex}</receiptId><noticeNumber>3{notice:017d}</noticeNumber>"
        f"<fiscalCode>{CREDITOR}</fiscalCode><outcome>OK</outcome><creditorReferenceId>{notice:017d}</creditorReferenceId>"
        "<paymentAmount>12.34</paymentAmount><description>TARI</description><companyName>Ente</companyName>"
        f"<debtor>{person}</debtor><transferList><transfer>{transfer}</transfer></transferList><idPSP>PSP</idPSP>"
        "<PSPCompanyName>Banca</PSPCompanyName><idChannel>1_01</idChannel><channelDescription>app</channelDescription>"
        "<paymentDateTime>2026-11-23T10:00:00</paymentDateTime></receipt>"
    )
    return soap("paSendRTV2Request", inside)


class Caller:
    """Posts envelopes from many threads, each on a connection of its own."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self._mine = local()

    def post(self, body: bytes) -> float:
        """Return how long an OK took, in seconds; anything else raises."""
        connection = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._mine.connection = HTTPConnection("127.0.0.1", self._side.port, timeout=30)
        started = time.perf_counter()
        connection.request("POST", "/pagopa/pa-for-node", body, {"Content-Type": "text/xml"})
        answer = connection.getresponse().read()
        if b"<outcome>OK</outcome>" not in answer:
            raise RuntimeError(answer[:500].decode())
        return time.perf_counter() - started


def closed_loop(side: Side, make: Callable[[], bytes], clients: int, seconds: float) -> float:
    """Return answers per second with every client asking again as soon as it is answered."""
    caller = Caller(side)
    ends_at = time.perf_counter() + seconds

    def ask(_number: int) -> int:
        count = 0
        while time.perf_counter() < ends_at:
            caller.post(make())
            count += 1
        return count

    with ThreadPoolExecutor(clients) as pool:
        return sum(pool.map(ask, range(clients))) / seconds


def open_loop(side: Side, make: Callable[[], bytes], per_second: int, seconds: float) -> list[float]:
    """Return the times of requests sent at a fixed rate, counted from when each was due."""
    caller = Caller(side)
    started = time.perf_counter()

    def ask(number: int) -> float:
        due = started + number / per_second
        time.sleep(max(0.0, due - time.perf_counter()))
        caller.post(make())
        return time.perf_counter() - due

    with ThreadPoolExecutor(32) as pool:
        return sorted(pool.map(ask, range(int(per_second * seconds))))


def all_at_once(side: Side, bodies: list[bytes]) -> float:
    """Return how long it takes until the last of many simultaneous requests is answered, in seconds."""
    caller = Caller(side)
    started = time.perf_counter()
    with ThreadPoolExecutor(200) as pool:
        list(pool.map(caller.post, bodies))
    return time.perf_counter() - started


def free_port() -> int:
    """Return a port nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def process(environment: Mapping[str, str], *arguments: str) -> Iterator[None]:
    """Run a process of the project while the context lasts."""
    with tempfile.TemporaryFile() as output:
        running = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env={**environment}, stdout=output, stderr=output
        )
        try:
            yield
        finally:
            running.terminate()
            running.wait()


def gunicorn(port: int, application: str, *more: str) -> tuple[str, ...]:
    """Return the command line of a web process."""
    shape = (
        "--worker-class",
        "gthread",
        "--workers",
        "1",
        "--threads",
        "32",
        "--no-control-socket",
        "--backlog",
        "2048",
    )
    return ("-m", "gunicorn", application, *shape, "--bind", f"127.0.0.1:{port}", *more)


def bench_environment() -> dict[str, str]:
    """Return the environment of every process here: the services' own, with a database apart."""
    base, question, more = os.environ.get("DATABASE_URL", settings.DEFAULT_DATABASE_URL).partition("?")
    return {
        **os.environ,
        "DATABASE_URL": f"{base}_bench{question}{more}",
        "AMQP_URL": os.environ.get("AMQP_URL", settings.DEFAULT_AMQP_URL),
        "SECRET_KEY": "a secret of the benchmark that is long enough",
        "LOG_LEVEL": "WARNING",
        "MAX_WORKERS": "16",
        "PYTHONPATH": str(ROOT),
    }


@contextmanager
def doors(environment: Mapping[str, str], sides: list[Side]) -> Iterator[None]:
    """Run both web processes: the use case called straight, and the gateway in front of the bus."""
    direct_side, bus_side = sides
    folder = str(Path(__file__).parent)
    straight = gunicorn(direct_side.port, "node_soap:direct()", "--pythonpath", folder)
    with process(environment, *straight), process(environment, *gunicorn(bus_side.port, "gateway.wsgi:application")):
        yield


def prepare(environment: Mapping[str, str], positions: int) -> None:
    """Make the database anew, with `positions` notices that nobody has paid."""
    url = settings.database_of("payments", environment["DATABASE_URL"])
    target = sa.make_url(url)
    server = sa.create_engine(target.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{target.database}" WITH (FORCE)'))
    server.dispose()
    migrations.upgrade("payments", url)
    database = Database(url, models)
    with database.transaction() as tx:
        station = {
            "code": "PM108",
            "company_name": "Ente",
            "broker_fiscal_code": CREDITOR,
            "station_id": f"{CREDITOR}_01",
        }
        tx.session.add(models.Creditor(fiscal_code=CREDITOR, as_of=clock.now(), **station))
        tx.session.execute(sa.text("SET LOCAL statement_timeout = 0"))
        tx.session.execute(sa.text(FILL), {"creditor": CREDITOR, "last": positions - 1})
    with database.reading() as session:
        session.execute(sa.text("ANALYZE"))
    database.close()


def wait_until_answering(sides: list[Side], amqp_url: str) -> None:
    """Wait for the service and both doors."""
    client = RpcClient(amqp_url)
    ends_at = time.monotonic() + 30
    while True:
        try:
            client.call(payments.PING, Empty())
            for side in sides:
                Caller(side).post(verify(0))
        except (RpcError, OSError, RuntimeError):
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.2)
        else:
            client.close()
            return


def measure(sides: list[Side], options: argparse.Namespace) -> None:
    """Print the figures."""
    direct_side, bus_side = sides
    unpaid = iter(range(options.positions - 1, 0, -1))
    kinds: dict[str, Callable[[], bytes]] = {
        "paVerifyPaymentNotice": lambda: verify(0),
        "paSendRTV2": lambda: receipt(next(unpaid)),
    }
    for name, make in kinds.items():
        rates: dict[str, list[float]] = {side.name: [] for side in sides}
        for _ in range(ROUNDS):
            for side in sides:
                rates[side.name].append(closed_loop(side, make, options.clients, options.seconds))
        best = {side: statistics.median(found) for side, found in rates.items()}
        ratio = best[bus_side.name] / best[direct_side.name]
        print(f"{name:24} {best['bus']:7.0f}/s over the bus, {best['direct']:7.0f}/s direct: ratio {ratio:.2f}")
        times = open_loop(bus_side, make, 50, options.seconds)
        p50, p99 = (times[int(len(times) * share)] * 1000 for share in (0.50, 0.99))
        print(f"{'':24} at 50/s over the bus: p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    seconds = all_at_once(bus_side, [receipt(next(unpaid)) for _ in range(1000)])
    print(f"{'1000 receipts at once':24} all acknowledged after {seconds:.1f} s")


def main() -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--positions", type=int, default=100_000)
    options = parser.parse_args()
    environment = bench_environment()
    prepare(environment, options.positions)
    sides = [Side("direct", free_port()), Side("bus", free_port())]
    with ExitStack() as running:
        for _ in range(options.processes):
            running.enter_context(process(environment, "-m", "chassis.run", "payments"))
        running.enter_context(doors(environment, sides))
        wait_until_answering(sides, environment["AMQP_URL"])
        measure(sides, options)
        print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the end")
    return 0


if __name__ == "__main__":
    sys.exit(main())
