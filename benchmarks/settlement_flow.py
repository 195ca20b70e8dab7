"""How long paVerify waits while a settlement flow of 50,000 rows is taken in by the same process of payments.

    python benchmarks/settlement_flow.py [--rows 50000] [--quiet-seconds 5]

One client asks the node's question again as soon as it is answered, first while nothing else happens, then from the
upload's first byte until every row has been looked at. The times of both are told; below 200 ms is the goal on an idle
machine of two processors.
"""

import argparse
import base64
import io
import os
import threading
import time
import zipfile
from collections.abc import Callable
from contextlib import ExitStack

from node_soap import (
    CREDITOR,
    Caller,
    Side,
    bench_environment,
    free_port,
    gunicorn,
    prepare,
    process,
    verify,
    wait_until_answering,
)

from chassis.messaging.rpc_client import RpcClient
from contracts.rpc import settlement

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


def tell(name: str, times: list[float]) -> None:
    """Print a line."""
    p50, p99 = (times[int(len(times) * share)] for share in (0.50, 0.99))
    print(f"{name:8} {len(times):6} paVerify: p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {times[-1]:.1f} ms")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--quiet-seconds", type=float, default=5)
    options = parser.parse_args()
    environment = bench_environment()
    prepare(environment, 1_000)
    content = flow(options.rows)
    side = Side("bus", free_port())
    with ExitStack() as running:
        running.enter_context(process(environment, "-m", "chassis.run", "payments"))
        running.enter_context(process(environment, *gunicorn(side.port, "gateway.wsgi:application")))
        wait_until_answering([side], environment["AMQP_URL"])
        rpc, caller = RpcClient(environment["AMQP_URL"]), Caller(side)
        ends_at = time.monotonic() + options.quiet_seconds
        quiet = asked_while(caller, lambda: time.monotonic() < ends_at)
        upload = threading.Thread(target=take_whole, args=(rpc, content))
        started = time.monotonic()
        upload.start()
        busy = asked_while(caller, upload.is_alive)
        took_s = time.monotonic() - started
        rpc.close()
    print(
        f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; {options.rows} rows looked at in {took_s:.1f} s"
    )
    tell("quiet", quiet)
    tell("flow", busy)


if __name__ == "__main__":
    main()
