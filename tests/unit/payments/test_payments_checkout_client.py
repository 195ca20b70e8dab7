"""pagoPA Checkout over HTTP: what it is asked in each version, and what each of its answers means to the payer."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]  # -- no stubs in the lock

from contracts.codes import AmountCents, CreditorFiscalCode, NoticeNumber
from contracts.errors import ErrorCode, Refused, RpcError, Unavailable
from services.payments.checkout_client import Cart, CartNotice, CheckoutClient
from services.payments.settings import Settings

SPECS = Path(__file__).parents[3].parent / "shared" / "specs" / "pagopa" / "openapi"
ADDRESS = "http://localhost:8080/enti/PM108/esito/x?esito="
CART = Cart(
    id=UUID(int=7),
    notices=(
        CartNotice(
            NoticeNumber("301000000000000144"),
            CreditorFiscalCode("80012345676"),
            "Conservatorio",
            "Imposta di bollo",
            AmountCents(1600),
        ),
    ),
    ok_url=f"{ADDRESS}ok",
    cancel_url=f"{ADDRESS}annullato",
    error_url=f"{ADDRESS}errore",
    waiting_url=f"{ADDRESS}attesa",
    email="mario.rossi@posta.example",
    all_postal=False,
)


@dataclass
class Answer:
    """What Checkout says, unless it is `silent`."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    silent: bool = False


class Checkout(ThreadingHTTPServer):
    """Checkout, saying what a test wants it to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Door)
        self.answer = Answer(302, headers={"Location": "https://checkout.example/c/1"})
        self.asked: list[tuple[str, dict[str, Any], dict[str, str]]] = []
        self.closing = threading.Event()

    def url(self, version: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/checkout/ec/{version}"


class Door(BaseHTTPRequestHandler):
    server: Checkout

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, json.loads(body), dict(self.headers)))
        answer = self.server.answer
        if answer.silent:
            self.server.closing.wait(30)
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body.encode())))
        self.end_headers()
        self.wfile.write(answer.body.encode())

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def checkout() -> Iterator[Checkout]:
    with Checkout() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()


def client(url: str, timeout_s: float = 10.0) -> CheckoutClient:
    settings = replace(
        Settings.load(), checkout_url=url, checkout_subscription_key="secret", checkout_timeout_s=timeout_s
    )
    return CheckoutClient(settings)


def refusal(url: str, timeout_s: float = 10.0) -> RpcError:
    with pytest.raises(RpcError) as caught:
        client(url, timeout_s).open(CART)
    return caught.value


def problem(status: int, title: str, detail: str) -> Answer:
    return Answer(status, json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}))


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_cart_is_asked_for_as_each_version_of_the_official_document_says(checkout: Checkout, version: str) -> None:
    assert client(checkout.url(version)).open(CART) == "https://checkout.example/c/1"
    [(path, body, headers)] = checkout.asked
    assert path == f"/checkout/ec/{version}/carts"
    assert headers["Ocp-Apim-Subscription-Key"] == "secret"
    assert body["idCart"] == str(CART.id)
    assert (body["returnUrls"].get("returnWaitingUrl") == f"{ADDRESS}attesa") is (version == "v2")
    document_file = SPECS / f"checkout_{version}.json"
    if not document_file.is_file():
        pytest.skip("the official OpenAPI documents are not here")
    document = json.loads(document_file.read_text())
    name = "CartRequestV2" if version == "v2" else "CartRequest"
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(body)


ANSWERS: list[tuple[Answer, type[RpcError], ErrorCode]] = [
    (
        problem(400, "Request validation error", "The input request is invalid"),
        Refused,
        ErrorCode.CHECKOUT_REFUSED,
    ),
    (Answer(401), Refused, ErrorCode.CHECKOUT_NOT_ALLOWED),
    (Answer(403), Refused, ErrorCode.CHECKOUT_NOT_ALLOWED),
    (Answer(404), Refused, ErrorCode.CHECKOUT_NOT_ALLOWED),
    (
        problem(422, "Invalid payment info", "Invalid payment notice data"),
        Refused,
        ErrorCode.CHECKOUT_NOTICE_REFUSED,
    ),
    (
        problem(422, "Invalid payment info", "Duplicate payment notice values found."),
        Refused,
        ErrorCode.CHECKOUT_NOTICES_REPEATED,
    ),
    (
        problem(422, "Multiple payment notices not processable", "Too many payment notices, expected max 5"),
        Refused,
        ErrorCode.CHECKOUT_TOO_MANY_NOTICES,
    ),
    (problem(422, "Something new", "Nobody has seen this yet"), Refused, ErrorCode.CHECKOUT_REFUSED),
    (Answer(422, "no JSON at all"), Refused, ErrorCode.CHECKOUT_REFUSED),
    (problem(500, "Internal server error", "Error processing the request"), Unavailable, ErrorCode.CHECKOUT_ERROR),
    (problem(502, "Bad gateway", "Bad gateway"), Unavailable, ErrorCode.CHECKOUT_ERROR),
    (Answer(503), Unavailable, ErrorCode.CHECKOUT_ERROR),
    (Answer(200, "{}"), Unavailable, ErrorCode.CHECKOUT_ERROR),
    (Answer(302), Unavailable, ErrorCode.CHECKOUT_ERROR),
    (Answer(302, headers={"Location": "javascript:alert(1)"}), Unavailable, ErrorCode.CHECKOUT_ERROR),
    (Answer(429), Unavailable, ErrorCode.CHECKOUT_BUSY),
]


@pytest.mark.parametrize(("answer", "family", "code"), ANSWERS)
def test_every_documented_and_observed_answer_has_its_code(
    checkout: Checkout, answer: Answer, family: type[RpcError], code: ErrorCode
) -> None:
    checkout.answer = answer
    error = refusal(checkout.url("v2"))
    assert type(error) is family
    assert error.code is code
    assert error.params["status"] == answer.status
    if answer.body.startswith('{"type"'):
        told = json.loads(answer.body)
        assert (error.params["title"], error.params["detail"]) == (told["title"], told["detail"])


@pytest.mark.parametrize(
    ("said", "passed_on"),
    [("7", {"retry_after_s": 7}), ("0", {}), ("99999", {}), ("Fri, 27 Nov 2026 01:00:00 GMT", {})],
)
def test_how_long_a_busy_checkout_wants_to_be_left_alone_is_passed_on(
    checkout: Checkout, said: str, passed_on: dict[str, int]
) -> None:
    checkout.answer = Answer(429, headers={"Retry-After": said})
    params = refusal(checkout.url("v2")).params
    assert params == {"status": 429} | passed_on


def test_a_checkout_that_does_not_answer_in_time_or_is_not_there_is_unavailable(checkout: Checkout) -> None:
    checkout.answer = Answer(302, silent=True)
    silent = refusal(checkout.url("v2"), timeout_s=0.2)
    assert (type(silent), silent.code, silent.params) == (Unavailable, ErrorCode.CHECKOUT_UNAVAILABLE, {})
    absent = refusal("http://127.0.0.1:9/checkout/ec/v2")
    assert (type(absent), absent.code, absent.params) == (Unavailable, ErrorCode.CHECKOUT_UNAVAILABLE, {})
