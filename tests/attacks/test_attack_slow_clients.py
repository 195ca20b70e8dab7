"""Clients that send or read as slowly as they can, against the real processes: 400 sockets, a quarter of a minute."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.conftest import PATIENCE_S
from tests.integration.payments.node_messages import HEAD, envelope, notice

SOCKETS = 400
NODE = "/pagopa/pa-for-node"
SOAP = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"paVerifyPaymentNotice"'}
QUESTION = envelope("paVerifyPaymentNotice", HEAD + notice("301000000000000144"))
UNUSED_BROKER = "amqp://guest:guest@127.0.0.1:1//"

FORM = b"POST /enti/PM108/ricerca HTTP/1.1\r\nHost: x\r\n"
LIVE = b"GET /status/live HTTP/1.1\r\nHost: x\r\n"
SLOW = {
    "nothing at all": b"",
    "half a request line": b"POST /pag",
    "half a head": b"POST /pagopa/pa-for-node HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nX-A: ",
    "half a body": b"POST /pagopa/pa-for-node HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n<x>",
    "half a form": FORM + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 900\r\n\r\ncsrf_token=",
    "half a chunk": FORM + b"Transfer-Encoding: chunked\r\n\r\nff\r\n<x>",
    "chunks without a last": FORM + b"Transfer-Encoding: chunked\r\n\r\n1\r\n<\r\n",
    "a body that was to be continued": b"POST /pagopa/pa-for-node HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
    b"Expect: 100-continue\r\n\r\n",
    "the second request of a connection": LIVE + b"\r\nGET /status/live HTTP/1.1\r\nHo",
    "an answer that nobody closes": b"GET /status/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
}


@contextmanager
def slow_sockets(url: str, begun: bytes, count: int = SOCKETS) -> Iterator[list[socket.socket]]:
    """Hold `count` connections that sent `begun` and now send a byte each second."""
    parts = urlsplit(url)
    held: list[socket.socket] = []
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(1.0):
            for one in held:
                with contextlib.suppress(OSError):
                    one.send(b"a", socket.MSG_DONTWAIT)

    going_on = threading.Thread(target=go_on)
    try:
        for _ in range(count):
            one = socket.create_connection((parts.hostname, parts.port), timeout=5)
            held.append(one)
            one.sendall(begun)
        if begun and not begun.endswith(b"\r\n\r\n"):
            going_on.start()
        yield held
    finally:
        over.set()
        if going_on.ident:
            going_on.join()
        for one in held:
            one.close()


def seconds_of(ask: Callable[[], requests.Response], status: int = HTTPStatus.OK) -> float:
    started_s = time.monotonic()
    answer = ask()
    assert answer.status_code == status, answer.text
    return time.monotonic() - started_s


def slowest_of(count: int, ask: Callable[[], requests.Response]) -> float:
    return max(seconds_of(ask) for _ in range(count))


def not_stalled_s(quiet_s: float) -> float:
    """How long an answer may take under attack: a second, or on a slow machine five times what it took before."""
    return max(1, 5 * quiet_s)


def ask_node(url: str) -> requests.Response:
    return requests.post(f"{url}{NODE}", data=QUESTION, headers=SOAP, timeout=60)


def test_the_node_is_answered_within_a_second_while_400_slow_clients_hold_pages_and_door(
    start_gateway: Any, service_database: Any, run_service: Any
):
    service_database("payments")
    run_service("payments")
    pages = start_gateway(workers=2).url
    node = start_gateway(application="gateway.node:application").url
    quiet_s = slowest_of(10, lambda: ask_node(node))
    slowest_s: dict[str, float] = {}
    for attacked in (pages, node):
        with slow_sockets(attacked, SLOW["half a head"]):
            slowest_s[attacked] = slowest_of(10, lambda: ask_node(node))
    print(f"node, slowest of ten: {slowest_s[pages]:.3f} s (pages attacked), {slowest_s[node]:.3f} s (door attacked)")
    assert max(slowest_s.values()) < not_stalled_s(quiet_s)


@pytest.mark.parametrize("kind", SLOW)
def test_slow_clients_of_every_kind_hold_no_thread(start_gateway: Any, kind: str):
    url = start_gateway(AMQP_URL=UNUSED_BROKER).url
    quiet_s = slowest_of(5, lambda: requests.get(f"{url}{NODE}?wsdl", timeout=60))
    with slow_sockets(url, SLOW[kind], 200):
        slowest_s = slowest_of(5, lambda: requests.get(f"{url}{NODE}?wsdl", timeout=60))
    assert slowest_s < not_stalled_s(quiet_s)


def test_clients_that_do_not_read_their_answer_hold_no_thread_for_ever(start_gateway: Any):
    url = start_gateway(AMQP_URL=UNUSED_BROKER).url
    asked = b"GET /static/bootstrap-italia/js/bootstrap-italia.bundle.min.js HTTP/1.1\r\nHost: x\r\n\r\n" * 40
    quiet_s = slowest_of(5, lambda: requests.get(f"{url}/status/live", timeout=60))
    with slow_sockets(url, asked, 15):
        slowest_s = slowest_of(1, lambda: requests.get(f"{url}/status/live", timeout=60))
    assert slowest_s < not_stalled_s(quiet_s)


def test_a_request_that_is_not_whole_within_ten_seconds_is_ended(start_gateway: Any):
    url = start_gateway(AMQP_URL=UNUSED_BROKER).url
    started_s = time.monotonic()
    with slow_sockets(url, SLOW["half a body"], 3) as held:
        for one in held:
            one.settimeout(PATIENCE_S)
            assert one.recv(100).startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - started_s > 9


def test_a_large_request_that_keeps_coming_is_taken_whole(start_gateway: Any):
    url = start_gateway(AMQP_URL=UNUSED_BROKER).url
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    def pieces() -> Iterator[bytes]:
        for _ in range(20):
            yield b"x" * 3000
            time.sleep(0.05)  # it keeps coming, slowly

    # Known by its length or by its chunks, the body reached the gateway: it is the form that is wrong, not its size.
    for body in (b"a=" + b"x" * 60_000, pieces()):
        answer = requests.post(f"{url}/enti/PM108/ricerca", data=body, headers=form, timeout=10)
        assert answer.status_code == HTTPStatus.FORBIDDEN
    for body in (b"a=" + b"x" * 200_000, b"x" * 27_000_000):
        answer = requests.post(f"{url}/enti/PM108/ricerca", data=body, headers=form, timeout=20)
        assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_requests_sent_together_are_answered_one_after_the_other(start_gateway: Any):
    parts = urlsplit(start_gateway(AMQP_URL=UNUSED_BROKER).url)
    chunked = FORM + b"Transfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\nT: u\r\n\r\n"
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as one:
        one.sendall((LIVE + b"\r\n") * 3 + chunked + b"GET /status/live HTTP/1.0\r\n\r\n")
        answer = b""
        with contextlib.suppress(TimeoutError):
            while piece := one.recv(65536):
                answer += piece
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.count(b"HTTP/1.0 200 OK") == 1
    assert answer.count(b"HTTP/1.1 400 Bad Request") == 1


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /status/live HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 70_000, b"431"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
    ],
)
def test_a_head_that_is_none_is_refused_at_once(start_gateway: Any, sent: bytes, status: bytes):
    parts = urlsplit(start_gateway(AMQP_URL=UNUSED_BROKER).url)
    # Who waited for the rest of it would answer 408 after ten seconds.
    with socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_S) as one:
        one.sendall(sent)
        assert one.recv(100).split()[1] == status


@pytest.mark.parametrize("chunks", [b"zz\r\n", b"3\r\nabcde\r\n0\r\n\r\n", b"3\r\nabc\r\n-1\r\n\r\n"])
def test_chunks_that_are_none_are_the_senders_mistake_at_every_door(start_gateway: Any, chunks: bytes):
    parts = urlsplit(start_gateway(AMQP_URL=UNUSED_BROKER).url)
    for path, media_type in (
        ("/enti/PM108/ricerca", "application/x-www-form-urlencoded"),
        ("/api/v1/checkouts", "application/json"),
        ("/api/v1/checkouts", "text/csv"),
        ("/spid/acs", "application/x-www-form-urlencoded"),
        (NODE, "text/xml"),
    ):
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {media_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
        with socket.create_connection((parts.hostname, parts.port), timeout=5) as one:
            one.sendall(head.encode() + chunks)
            assert one.recv(100).split()[1].startswith(b"4"), (path, media_type)


def test_a_soap_message_in_chunks_reaches_the_node_door_whole(
    start_gateway: Any, service_database: Any, run_service: Any
):
    service_database("payments")
    run_service("payments")
    url = start_gateway(application="gateway.node:application").url
    pieces = (QUESTION[start : start + 40].encode() for start in range(0, len(QUESTION), 40))
    answer = requests.post(f"{url}{NODE}", data=pieces, headers=SOAP, timeout=10)
    assert answer.status_code == HTTPStatus.OK
    assert "paVerifyPaymentNoticeRes" in answer.text
    for body, packed in ((b"\xff\xfe\x00", {}), (b"no gzip", {"Content-Encoding": "gzip"}), (b"<a>\xff</a>", {})):
        fault = requests.post(f"{url}{NODE}", data=body, headers={**SOAP, **packed}, timeout=10)
        assert "paVerifyPaymentNoticeRes" in fault.text
        assert "PAA_SINTASSI_XSD" in fault.text
        unknown = requests.post(f"{url}{NODE}", data=body, headers={"Content-Type": "text/xml", **packed}, timeout=10)
        assert "soapenv:Fault" in unknown.text
