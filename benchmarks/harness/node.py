"""The pagoPA node for a benchmark: its envelopes, two doors for them, and payments' database full of notices."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from threading import local
from typing import Any, Final
from uuid import uuid4

import falcon
import sqlalchemy as sa

from benchmarks.harness import world, wrk
from benchmarks.harness.turns import Turn
from chassis import clock, settings
from chassis.storage import answer_limit
from chassis.storage.database import Database
from contracts.call import Call, Reply, Request
from contracts.errors import Unavailable
from contracts.rpc import payments
from services.payments import models
from services.payments.usecases.node.answer import answer_node
from services.payments.usecases.node.context import NodeContext

CREDITOR: Final = "80012345676"
PATH: Final = "/pagopa/pa-for-node"
HEAD: Final = f"<idPA>{CREDITOR}</idPA><idBrokerPA>{CREDITOR}</idBrokerPA><idStation>{CREDITOR}_01</idStation>"
OK: Final = "<outcome>OK</outcome>"
_FILL: Final = """
INSERT INTO positions (practice_id, entity_code, creditor_fiscal_code, notice_number, iuv, standing, sequence,
    terms_sequence, amount_cents, description, debtor, transfers, created_at)
SELECT gen_random_uuid(), 'PM108', :creditor, '3' || lpad(n::text, 17, '0'), lpad(n::text, 17, '0'), 'open', 1,
    1, 1234, 'TARI 2026', '{"entity_type": "F", "fiscal_code": "ANONIMO", "full_name": "Prova"}'::jsonb,
    jsonb_build_array(jsonb_build_object('id_transfer', 1, 'amount_cents', 1234, 'fiscal_code', :creditor,
        'company_name', 'Ente', 'iban', 'IT60X0542811101000000123456', 'remittance_information', 'TARI',
        'category', '9/0601112AP/')), now()
FROM generate_series(CAST(:first AS bigint), :last) AS n
"""
_CHUNK: Final = 50_000  # well within the time a statement may take
_LUA: Final = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "text/xml"
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
    answer_limit.install_plain()
    app: falcon.App[Any, Any] = falcon.App()
    app.add_route(PATH, DirectDoor())
    return app


@dataclass(frozen=True)
class Side:
    """A door: where it listens, and the processes behind it."""

    port: int
    pids: tuple[int, ...]

    @property
    def url(self) -> str:
        """The address the node calls."""
        return f"http://127.0.0.1:{self.port}{PATH}"


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


def receipt(notice: int, receipt_id: str | None = None) -> bytes:
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
        f"{HEAD}<receipt><receiptId>{receipt_id or uuid4().hex}</receiptId><noticeNumber>3{notice:017d}</noticeNumber>"
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
        connection.request("POST", PATH, body, {"Content-Type": "text/xml"})
        answer = connection.getresponse().read()
        if b"<outcome>OK</outcome>" not in answer:
            raise RuntimeError(answer[:500].decode())
        return time.perf_counter() - started


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


@contextmanager
def doors(env: Mapping[str, str], services: Mapping[str, int]) -> Iterator[tuple[Side, Side]]:
    """Run both web processes: the use case called straight, and the gateway's door in front of the bus.

    `services` are the processes behind the bus, by name.
    """
    straight, bus = world.free_port(), world.free_port()
    with (
        world.process(env, *world.gunicorn("benchmarks.harness.node:direct()", straight, threads=32)) as one,
        world.process(env, *world.gunicorn("gateway.node:application", bus, threads=32)) as other,
    ):
        sides = Side(straight, (one.pid,)), Side(bus, (other.pid, *services.values()))
        for side in sides:
            world.wait_for(lambda side=side: Caller(side).post(verify(0)), "the node's door")  # type: ignore[misc]  # -- bound now
        yield sides


def prepare(env: Mapping[str, str], positions: int) -> Database:
    """Make payments' database anew, with `positions` notices that nobody has paid, and open it."""
    world.databases_made_anew(env, ("payments",))
    answer_limit.install_plain()
    database = Database(settings.database_of("payments", env["DATABASE_URL"]), models)
    station = {"code": "PM108", "company_name": "Ente", "broker_fiscal_code": CREDITOR, "station_id": f"{CREDITOR}_01"}
    with database.transaction() as tx:
        tx.session.add(models.Creditor(fiscal_code=CREDITOR, as_of=clock.now(), **station))
    for first in range(0, positions, _CHUNK):
        with database.transaction() as tx:
            last = min(first + _CHUNK, positions) - 1
            tx.session.execute(sa.text(_FILL), {"creditor": CREDITOR, "first": first, "last": last})
    with database.reading() as session:
        session.execute(sa.text("ANALYZE"))
    return database


def verifying(side: Side, clients: int, seconds: float) -> Turn:
    """Ask with paVerifyPaymentNotice again and again."""
    Caller(side).post(verify(0))  # that it is answered OK: wrk looks at the status alone
    script = f"{_LUA}wrk.body = [[{verify(0).decode()}]]\n"
    return wrk.turn(side.url, side.pids, clients=clients, seconds=seconds, script=script)


class Receipts:
    """paSendRTV2 of notices nobody has paid, each once; `database` is where they arrive."""

    def __init__(self, database: Database, positions: int) -> None:
        self._database = database
        self._next = 1
        self._positions = positions

    def taken(self) -> int:
        """Return how many are stored."""
        with self._database.reading() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(models.Receipt)) or 0

    def next(self) -> bytes:
        """Write the next one."""
        self._next += 1
        return receipt(self._next - 1)

    def sending(self, side: Side, clients: int, seconds: float) -> Turn:
        """Send receipts; raises RuntimeError where one that was answered is not stored."""
        before, first = self.taken(), self._next
        template = receipt(0, "RECEIPT").decode().replace(f"{0:017d}", "NOTICE")
        script = f"""{_LUA}
local template = [[{template}]]
local number = {first} - 1
request = function()
  number = number + 1
  local notice = string.format("%017.0f", number)
  local body = template:gsub("NOTICE", notice):gsub("RECEIPT", "bench-{uuid4().hex[:8]}-" .. notice)
  return wrk.format("POST", nil, nil, body)
end
"""
        turn = wrk.turn(side.url, side.pids, clients=clients, seconds=seconds, script=script)
        stored = self.taken() - before
        self._next = first + stored + clients + 1
        if stored < turn.units or self._next > self._positions:
            raise RuntimeError(f"{turn.units} answers, {stored} receipts, next {self._next} of {self._positions}")
        return turn
