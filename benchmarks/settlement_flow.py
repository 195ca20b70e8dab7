"""How long paVerify waits while payments takes in a settlement flow of 50,000 rows, beside the same with nothing else.

One client asks the node's question again as soon as it is answered, first while nothing else happens, then from the
upload's first byte until every row has been looked at. Below 200 ms is the goal on an idle machine of two processors.
"""

import base64
import io
import threading
import time
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from benchmarks.harness import node, program, world
from benchmarks.harness.figures import Figure
from benchmarks.harness.node import CREDITOR, Caller, verify
from benchmarks.harness.turns import processor_s
from chassis.messaging.rpc_client import RpcClient
from contracts.rpc import settlement

ROWS: Final = 50_000
QUIET_S: Final = 5.0
FLOW_ID = "2026-11-21BESEITM1-BENCH"
ROW = (
    "<datiSingoliPagamenti><identificativoUnivocoVersamento>{number:017d}</identificativoUnivocoVersamento>"
    "<identificativoUnivocoRiscossione>{number:032x}</identificativoUnivocoRiscossione>"
    "<indiceDatiSingoloPagamento>1</indiceDatiSingoloPagamento><singoloImportoPagato>0.01</singoloImportoPagato>"
    "<codiceEsitoSingoloPagamento>0</codiceEsitoSingoloPagamento>"
    "<dataEsitoSingoloPagamento>2026-11-20</dataEsitoSingoloPagamento></datiSingoliPagamenti>"
)


def flow(rows: int) -> bytes:
    """Write a flow in a ZIP, whose rows are of no notice of ours."""
    person = "<{tag}><tipoIdentificativoUnivoco>{kind}</tipoIdentificativoUnivoco><codiceIdentificativoUnivoco>{code}"
    person += "</codiceIdentificativoUnivoco></{tag}>"
    sender = person.format(tag="identificativoUnivocoMittente", kind="B", code="BESEITM1")
    receiver = person.format(tag="identificativoUnivocoRicevente", kind="G", code=CREDITOR)
    xml = (
        '<FlussoRiversamento xmlns="http://www.digitpa.gov.it/schemas/2011/Pagamenti/">'
        f"<versioneOggetto>1.0</versioneOggetto><identificativoFlusso>{FLOW_ID}</identificativoFlusso>"
        "<dataOraFlusso>2026-11-21T23:40:00</dataOraFlusso>"
        "<identificativoUnivocoRegolamento>TRN</identificativoUnivocoRegolamento>"
        f"<dataRegolamento>2026-11-21</dataRegolamento><istitutoMittente>{sender}</istitutoMittente>"
        f"<istitutoRicevente>{receiver}</istitutoRicevente><numeroTotalePagamenti>{rows}</numeroTotalePagamenti>"
        f"<importoTotalePagamenti>{rows // 100}.{rows % 100:02d}</importoTotalePagamenti>"
        f"{''.join(ROW.format(number=10**9 + number) for number in range(rows))}</FlussoRiversamento>"
    )
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("flow.xml", xml)
    return zipped.getvalue()


def take_whole(rpc: RpcClient, content: bytes) -> None:
    """Send the flow and wait until no row of it is pending."""
    encoded = base64.b64encode(content).decode()
    taken = rpc.call(
        settlement.TAKE_SETTLEMENT, settlement.TakeSettlementRequest(entity_code="PM108", content_base64=encoded)
    )
    while taken.pending:
        time.sleep(0.2)
        request = settlement.SettlementRequest(entity_code="PM108", flow_id=FLOW_ID)
        taken = rpc.call(settlement.SETTLEMENT, request)


def asked_while(caller: Caller, goes_on: Callable[[], bool]) -> list[float]:
    """Return the times of answers, in milliseconds, asked one after the other for as long as something goes on."""
    times: list[float] = []
    while goes_on():
        times.append(caller.post(verify(0)) * 1000)
    return sorted(times)


def measure(_rounds: int) -> list[Figure]:
    """Measure."""
    content = flow(ROWS)
    with world.environment() as env, ExitStack() as running:
        database = node.prepare(env, 1_000)
        running.callback(database.close)
        payments = running.enter_context(world.process(env, "-m", "chassis.run", "payments")).pid
        _, bus = running.enter_context(node.doors(env, {"payments": payments}))
        rpc, caller = RpcClient(env["AMQP_URL"]), Caller(bus)
        running.callback(rpc.close)
        ends_at = time.monotonic() + QUIET_S
        quiet = asked_while(caller, lambda: time.monotonic() < ends_at)
        upload = threading.Thread(target=take_whole, args=(rpc, content))
        used_s, started = processor_s([payments]), time.monotonic()
        upload.start()
        busy = asked_while(caller, upload.is_alive)
        took_s, used_s = time.monotonic() - started, processor_s([payments]) - used_s
    return [
        Figure(name="paVerify alone, p99", value=_p99(quiet), unit="ms"),
        Figure(name="paVerify beside a flow, p99", value=_p99(busy), unit="ms", at_most=200),
        Figure(name="paVerify beside a flow, longest", value=busy[-1], unit="ms"),
        Figure(name="rows of a flow", value=ROWS / took_s, unit="rows/s"),
        Figure(name="processor of payments", value=used_s / ROWS * 1_000, unit="ms/row"),
    ]


def _p99(times: list[float]) -> float:
    return times[int(len(times) * 0.99)]


if __name__ == "__main__":
    program.main(measure, rounds=1)
