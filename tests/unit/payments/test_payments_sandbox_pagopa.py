"""The sandbox pagoPA as a peer: what it sends is valid by the official schema, what it is asked it checks.

Its station is a real HTTP server answering with the messages payments builds.
"""

import json
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import falcon.testing
import pytest
from lxml import etree

from contracts.codes import AmountCents, CreditorFiscalCode, NoticeNumber
from contracts.shapes import Creditor, Subject, Transfer
from sandbox.pagopa.app import create_app
from sandbox.pagopa.pages import euro
from sandbox.pagopa.settings import Settings
from services.payments.domain.node import Fault
from services.payments.domain.positions import PaymentTerms, Position, PositionStatus
from services.payments.soap import responses
from services.payments.soap.envelope import open_envelope
from services.payments.soap.requests import Operation, read_message

ROOT = Path(__file__).parents[3]
SPECS = ROOT.parent / "shared" / "specs" / "pagopa"
needs_specs = pytest.mark.skipif(not SPECS.is_dir(), reason="the official pagoPA schema and samples are not here")
CREDITOR = Creditor(
    code="PM108",
    fiscal_code=CreditorFiscalCode("80012345676"),
    company_name="Conservatorio",
    office_name="Segreteria",
    broker_fiscal_code=CreditorFiscalCode("80012345676"),
    station_id="80012345676_01",
)
PAYABLE = "301000000000000144"
PAID = "301000000000004285"
DEBTOR = Subject(entity_type="F", fiscal_code="RSSMRA85T10A562S", full_name="Mario Rossi")


class Station(ThreadingHTTPServer):
    """A creditor's door: tells what is owed, and remembers what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Door)
        self.seen: list[str] = []
        self.refuses_receipts = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/pagopa/pa-for-node"

    def receipts(self) -> list[str]:
        return [text for text in self.seen if "paSendRTV2Request" in text]

    def answer(self, text: str, action: str) -> str:
        self.seen.append(text)
        message = read_message(text, action)
        assert message.problem is None, message.problem
        if message.operation.sends_receipt:
            self.refuses_receipts -= 1
            refused = self.refuses_receipts >= 0
            acknowledged = responses.acknowledged(message.operation)
            return responses.fault(message.operation, Fault.SYSTEM_ERROR, "x") if refused else acknowledged
        if message.notice_number == PAID:
            return responses.fault(message.operation, Fault.DUPLICATE_PAYMENT, message.id_pa)
        position = position_of(message.notice_number)
        assert position.terms is not None
        if message.operation is Operation.VERIFY:
            return responses.verified(message.operation, CREDITOR, position.terms)
        return responses.payment(message.operation, CREDITOR, position, position.terms, postal=message.postal)


class Door(BaseHTTPRequestHandler):
    server: Station

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        answer = self.server.answer(text, self.headers["SOAPAction"]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: object) -> None:
        pass


def position_of(notice_number: str) -> Position:
    number = NoticeNumber(notice_number)
    transfer = Transfer(
        id_transfer=1,
        amount_cents=AmountCents(1600),
        fiscal_code=CREDITOR.fiscal_code,
        company_name="Conservatorio",
        iban="IT60X0542811101000000123456",
        postal_iban="IT45R0760103200000000001016",
        remittance_information="Bollo",
        category="9/0601126IM/",
    )
    terms = PaymentTerms(
        amount_cents=AmountCents(1600),
        description="Imposta di bollo",
        due_date=None,
        payable_until=None,
        debtor=DEBTOR,
        transfers=(transfer,),
        created_at=datetime.now(UTC),
        public_description="Imposta di bollo",
    )
    return Position(UUID(int=1), "PM108", CREDITOR.fiscal_code, number, number.iuv, PositionStatus.OPEN, 1, terms=terms)


@pytest.fixture
def station() -> Iterator[Station]:
    with Station() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def settings(tmp_path: Path, station: Station) -> Settings:
    return Settings(
        home=tmp_path,
        url="http://localhost:8089",
        node_url=station.url,
        catalogue_file=ROOT / "sandbox" / "data" / "catalogue.json",
        subscription_key="secret",
        late_receipt_s=0.5,
        retry_delays_s=(0.05, 0.1),
        senders=2,
    )


@pytest.fixture
def client(tmp_path: Path, station: Station) -> falcon.testing.TestClient:
    return falcon.testing.TestClient(create_app(settings(tmp_path, station)))


def cart(*notice_numbers: str) -> dict[str, Any]:
    notices = [
        {
            "noticeNumber": number,
            "fiscalCode": "80012345676",
            "amount": 1600,
            "companyName": "Conservatorio",
            "description": "Imposta di bollo",
        }
        for number in notice_numbers
    ]
    names = ("Ok", "Cancel", "Error", "Waiting")
    urls = {f"return{name}Url": f"http://localhost:8080/esito?esito={name}" for name in names}
    return {"paymentNotices": notices, "returnUrls": urls, "idCart": "id-cart", "allCCP": False}


def post(client, body, key="secret", version="v2"):
    return client.simulate_post(
        f"/checkout/ec/{version}/carts", json=body, headers={"Ocp-Apim-Subscription-Key": key} if key else {}
    )


def opened(client, *numbers):
    location = post(client, cart(*(numbers or (PAYABLE,)))).headers["location"]
    assert location.startswith("http://localhost:8089/ecommerce/checkout/v1/carts/")
    assert location.endswith("/redirect?clientId=CHECKOUT_CART")
    return location.removeprefix("http://localhost:8089").removesuffix("?clientId=CHECKOUT_CART")


def choose(client, page, outcome):
    return client.simulate_post(page, body=f"outcome={outcome}", headers=FORM)


def wait_for(check, timeout_s=10):
    ends_at = time.monotonic() + timeout_s
    while not check():
        assert time.monotonic() < ends_at, check
        time.sleep(0.02)


def acknowledged(client):
    counts = client.simulate_get("/sandbox/receipts").json["counts"]
    return counts["made"] > 0 and counts["made"] == counts["acknowledged"]


@needs_specs
@pytest.mark.parametrize("outcome", ["paid", "two_psps"])
def test_every_message_of_the_node_is_valid_by_the_official_schema(client, station, outcome):
    schema = etree.XMLSchema(etree.parse(SPECS / "xsd" / "wsdl" / "xsd" / "paForNode.xsd"))
    choose(client, opened(client), outcome)
    wait_for(lambda: acknowledged(client))
    assert {"Verify", "GetPaymentV2", "SendRTV2"} <= {
        kind for text in station.seen for kind in ("Verify", "GetPaymentV2", "SendRTV2") if f":pa{kind}" in text
    }
    for text in station.seen:
        schema.assertValid(open_envelope(text))


@needs_specs
def test_the_official_sample_cart_is_taken_as_it_stands(client, station):
    body = json.loads((SPECS / "samples" / "20_checkout_carts_request.json").read_text())
    assert post(client, body, version="v1").status_code == 302


def test_only_v2_wants_to_know_where_to_wait(client):
    body = cart(PAYABLE)
    del body["returnUrls"]["returnWaitingUrl"]
    assert post(client, body, version="v1").status_code == 302
    refused = post(client, body, version="v2")
    assert (refused.status_code, refused.json["title"]) == (400, "Request validation error")


@pytest.mark.parametrize(
    ("outcome", "url", "receipts"),
    [
        ("paid", "Ok", 1),
        ("refused", "Error", 0),
        ("abandoned", "Cancel", 0),
        ("late", "Ok", 1),
        ("pending", "Waiting", 1),
        ("two_psps", "Ok", 2),
    ],
)
def test_each_outcome_sends_the_browser_and_the_receipts_where_they_belong(client, station, outcome, url, receipts):
    answer = choose(client, opened(client), outcome)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"http://localhost:8080/esito?esito={url}"
    wait_for(lambda: len(station.receipts()) == receipts)


def test_a_late_receipt_is_late(client, station):
    choose(client, opened(client), "late")
    assert station.receipts() == []
    wait_for(lambda: len(station.receipts()) == 1)


def test_a_receipt_is_sent_again_until_it_is_acknowledged(client, station):
    station.refuses_receipts = 3
    choose(client, opened(client), "paid")
    wait_for(lambda: acknowledged(client))
    assert len(station.receipts()) == 4
    assert len(set(station.receipts())) == 1


def test_a_receipt_never_sent_can_be_sent_by_hand(client, station):
    choose(client, opened(client), "never")
    [held_back] = client.simulate_get("/sandbox/receipts").json["receipts"]
    assert held_back["state"] == "held_back"
    assert client.simulate_post(f"/transactions/{held_back['id']}/send").status_code == 303
    wait_for(lambda: acknowledged(client))


def test_a_cart_ends_once(client, station):
    page = opened(client)
    choose(client, page, "paid")
    assert "già concluso" in choose(client, page, "paid").text
    wait_for(lambda: acknowledged(client))
    assert len(station.receipts()) == 1


def test_what_the_body_refuses_on_payment_is_an_error_and_pays_nothing(client, station):
    page = opened(client, PAYABLE)
    number = PAYABLE[:-2] + "99"
    cart_page = opened(client, number, PAYABLE)
    station.answer = lambda text, action: responses.fault(Operation.GET_PAYMENT_V2, Fault.DUPLICATE_PAYMENT, "x")
    for one in (page, cart_page):
        assert choose(client, one, "paid").headers["location"].endswith("esito=Error")
    assert client.simulate_get("/sandbox/receipts").json["receipts"] == []


SIX_NOTICES = cart(*(f"30100000000000{number:04d}" for number in range(6)))


@pytest.mark.parametrize(
    ("change", "status", "title"),
    [
        ({"paymentNotices": []}, 400, "Request validation error"),
        ({"paymentNotices": None}, 400, "Request validation error"),
        ({"returnUrls": {}}, 400, "Request validation error"),
        ({"emailNotice": "nobody"}, 400, "Request validation error"),
        (cart(PAYABLE, PAYABLE), 422, "Invalid payment info"),
        (
            cart(*(f"30100000000000{number:04d}" for number in range(6))),
            422,
            "Multiple payment notices not processable",
        ),
        (cart(PAYABLE, PAID), 422, "Invalid payment info"),
    ],
)
def test_a_cart_that_cannot_be_is_a_problem(client, station, change, status, title):
    answer = post(client, cart(PAYABLE) | change)
    assert (answer.status_code, answer.json["title"], answer.json["status"]) == (status, title, status)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("key", ["", "wrong"])
def test_a_cart_needs_the_subscription_key(client, key):
    assert post(client, cart(PAYABLE), key=key).status_code == 401


def test_a_body_out_of_reach_is_a_bad_gateway(tmp_path, station):
    away = Settings(**{**vars(settings(tmp_path, station)), "node_url": "http://127.0.0.1:9/x"})
    answer = post(falcon.testing.TestClient(create_app(away)), cart(PAYABLE))
    assert (answer.status_code, answer.json["title"]) == (502, "Bad gateway")


QR_TEXT = f"PAGOPA|002|{PAYABLE}|80012345676|1600"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("typed", [PAYABLE, "3010 0000 0000 0001 44", QR_TEXT, f" {QR_TEXT}\n"])
def test_the_counter_reads_a_number_or_the_text_of_the_qr_code(client, typed):
    body = urlencode({"avviso": typed, "ente": "80012345676"})
    page = client.simulate_post("/psp", body=body, headers=FORM).text
    assert "Imposta di bollo" in page
    assert "16,00 €" in page
    assert "Rossi" not in page
    paid = client.simulate_post("/psp", body=body + "&step=pay&psp=tabaccheria", headers=FORM).text
    assert "Punto Tabacchi Esempio" in paid
    wait_for(lambda: acknowledged(client))
    assert "Presa in carico" in client.simulate_get("/transactions").text


@pytest.mark.parametrize("typed", ["", "abc", "30100000000000014", "PAGOPA|003|301000000000000144|80012345676|1600"])
def test_the_counter_says_what_it_needs(client, typed):
    page = client.simulate_post("/psp", body=urlencode({"avviso": typed, "ente": "80012345676"}), headers=FORM).text
    assert "Scrivi le 18 cifre" in page


def test_the_counter_shows_why_the_body_would_not_take_the_money(client):
    page = client.simulate_post("/psp", body=f"avviso={PAID}&ente=80012345676", headers=FORM).text
    assert "PAA_PAGAMENTO_DUPLICATO" in page


def test_unanswered_receipts_survive_a_restart(tmp_path, station):
    first = falcon.testing.TestClient(create_app(settings(tmp_path, station)))
    choose(first, opened(first), "never")
    second = falcon.testing.TestClient(create_app(settings(tmp_path, station)))
    [held_back] = second.simulate_get("/sandbox/receipts").json["receipts"]
    second.simulate_post(f"/sandbox/receipts/{held_back['id']}/send")
    wait_for(lambda: acknowledged(second))


def test_receipts_are_sent_from_green_threads_too(tmp_path, station):
    program = """
        import eventlet
        eventlet.monkey_patch()
        import sys, time
        from pathlib import Path
        import falcon.testing
        from sandbox.pagopa.app import create_app
        from sandbox.pagopa.settings import Settings
        client = falcon.testing.TestClient(create_app(Settings.load()))
        body = {"creditor_fiscal_code": "80012345676", "notice_number": "301000000000000144"}
        print(client.simulate_post("/sandbox/payments", json=body).json)
        for _ in range(200):
            if client.simulate_get("/sandbox/receipts").json["counts"] == {"made": 1, "acknowledged": 1}:
                sys.exit(0)
            time.sleep(0.05)
        sys.exit("not acknowledged")
    """
    environment = {"SANDBOX_HOME": str(tmp_path), "PORTAL_NODE_URL": station.url, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(program)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("cents", "text"), [(1, "0,01 €"), (123456, "1.234,56 €"), (99_999_999_999, "999.999.999,99 €")]
)
def test_amounts_are_written_as_italians_write_them(cents, text):
    assert euro(cents) == text
