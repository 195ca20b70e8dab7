"""The truth about every euro, on a real database: contract samples at both ends, and random interleavings.

practices is played by a dict of positions that can be away; pagoPA Checkout by an HTTP server that opens every cart.
"""

import contextlib
import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from chassis.database import Database
from contracts.errors import Refused, Unavailable
from contracts.events import EVENTS
from contracts.events.envelope import Envelope
from services.payments import models
from services.payments.domain.positions import Standing
from services.payments.settings import Settings
from services.payments.usecases import positions, queries, receipts
from services.payments.usecases.checkouts import ending, opening, visiting
from services.payments.usecases.node import Node, answer_node

SAMPLES = Path(__file__).parents[3] / "contracts" / "samples"
CREDITOR = {
    "code": "PM108",
    "fiscal_code": "80012345676",
    "company_name": "Conservatorio",
    "office_name": None,
    "broker_fiscal_code": "80012345676",
    "station_id": "80012345676_01",
}
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HEAD = "<idPA>80012345676</idPA><idBrokerPA>80012345676</idBrokerPA><idStation>80012345676_01</idStation>"


def position(number: int, sequence: int = 1, amount_cents: int = 1000) -> dict[str, Any]:
    share = {
        "id_transfer": 1,
        "amount_cents": amount_cents,
        "fiscal_code": "80012345676",
        "company_name": "Conservatorio",
        "iban": "IT60X0542811101000000123456",
        "postal_iban": None,
        "remittance_information": "TARI",
        "category": "9/0601112AP/",
    }
    return {
        "practice_id": UUID(int=number),
        "sequence": sequence,
        "creditor": CREDITOR,
        "service_code": "TARI",
        "origin": "issued",
        "notice_number": f"3{number:017d}",
        "iuv": f"{number:017d}",
        "amount_cents": amount_cents,
        "description": "TARI",
        "debtor": {"entity_type": "F", "fiscal_code": "ANONIMO", "full_name": "Prova"},
        "transfers": [share],
        "due_date": None,
        "payable_until": None,
        "cancelled": False,
        "created_at": START,
    }


def ended(number: int, sequence: int) -> dict[str, Any]:
    known = position(number)
    names = ("practice_id", "notice_number", "iuv")
    rest = {"entity_code": "PM108", "creditor_fiscal_code": "80012345676", "reason": "errore", "at": START}
    return {name: known[name] for name in names} | rest | {"sequence": sequence}


def envelope(root: str, inside: str) -> str:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:p="http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd">'
        f"<s:Body><p:{root}>{HEAD}{inside}</p:{root}></s:Body></s:Envelope>"
    )


def verify(number: int) -> str:
    code = f"<qrCode><fiscalCode>80012345676</fiscalCode><noticeNumber>3{number:017d}</noticeNumber></qrCode>"
    return envelope("paVerifyPaymentNoticeReq", code)


def receipt(number: int, receipt_id: str, amount_cents: int, note: str | None) -> str:
    amount = f"{amount_cents // 100}.{amount_cents % 100:02d}"
    person = (
        "<uniqueIdentifier><entityUniqueIdentifierType>F</entityUniqueIdentifierType><entityUniqueIdentifierValue>ANONIMO"
        "</entityUniqueIdentifierValue></uniqueIdentifier><fullName>Prova</fullName>"
    )
    transfer = (
        f"<idTransfer>1</idTransfer><transferAmount>{amount}</transferAmount><fiscalCodePA>80012345676</fiscalCodePA>"
        "<IBAN>IT60X0542811101000000123456</IBAN><remittanceInformation>TARI</remittanceInformation>"
        "<transferCategory>9/0601112AP/</transferCategory>"
    )
    inside = (
        f"<receipt><receiptId>{receipt_id}</receiptId><noticeNumber>3{number:017d}</noticeNumber>"
        f"<fiscalCode>80012345676</fiscalCode><outcome>OK</outcome><creditorReferenceId>{number:017d}</creditorReferenceId>"
        f"<paymentAmount>{amount}</paymentAmount><description>TARI</description><companyName>Ente</companyName>"
        f"<debtor>{person}</debtor><transferList><transfer>{transfer}</transfer></transferList><idPSP>PSP</idPSP>"
        "<PSPCompanyName>Banca</PSPCompanyName><idChannel>1_01</idChannel><channelDescription>app</channelDescription>"
        f"{f'<paymentNote>{note}</paymentNote>' if note else ''}"
        "<paymentDateTime>2026-11-23T13:00:00</paymentDateTime></receipt>"
    )
    return envelope("paSendRTV2Request", inside)


class Practices:
    """practices, as far as POSITIONS goes: what it has issued, and whether it is there."""

    def __init__(self) -> None:
        self.issued: dict[int, dict[str, Any]] = {}
        self.away = False

    def call(self, _call, request):
        if self.away:
            raise Unavailable
        wanted = {str(practice_id) for practice_id in request["practice_ids"]} | {request.get("notice_number")}
        found = [one for one in self.issued.values() if {str(one["practice_id"]), one["notice_number"]} & wanted]
        known = request.get("creditor_fiscal_code") in (None, "80012345676")
        return {"creditor": CREDITOR if known else None, "positions": found}


class OpensEveryCart(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(302)
        self.send_header("Location", f"http://checkout/{uuid4()}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


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


def emitted(database, name=None):
    with database.reading() as session:
        rows = session.scalars(sa.select(models.OutboxMessage).order_by(models.OutboxMessage.id)).all()
    return [row for row in rows if name is None or row.type == f"{name}.v1"]


@pytest.mark.parametrize("name", ["PracticeCreated", "PracticeAmended", "PracticeCancelled", "PracticeExpired"])
def test_the_golden_sample_of_each_event_we_listen_to_becomes_a_position(database, name):
    event = Envelope().load(json.loads((SAMPLES / f"{name}.v1.json").read_text()))
    event["data"] = EVENTS[f"{name}.v1"].schema.load(event["data"])
    with database.transaction() as tx:
        if name in ("PracticeCreated", "PracticeAmended"):
            positions.project_position(tx, event, START)
        else:
            standing = Standing.CANCELLED if name == "PracticeCancelled" else Standing.EXPIRED
            positions.project_end(tx, event, standing, START)
    with database.reading() as session:
        stored = session.get_one(models.Position, event["data"]["practice_id"])
    assert stored.notice_number == event["data"]["notice_number"]
    assert stored.sequence == event["data"]["sequence"]


def test_the_events_we_emit_have_the_fields_of_their_golden_samples(database, pagopa_url):
    practices = Practices()
    practices.issued = {1: position(1), 2: position(2)}
    cashier = cashier_at(pagopa_url)
    opened = start(cashier, database, practices, [1, 2], START)
    answer_node(Node(database, practices, START), receipt(1, "R1", 1000, str(opened["id"])), "")
    answer_node(Node(database, practices, START), receipt(1, "R2", 1000, None), "")
    returned = {"checkout_id": opened["id"], "payer_ref": "visitor:somebody", "outcome": "annullato"}
    assert visiting.returned(database, returned, START)["state"] == "partially_paid"
    for name in ("CheckoutStarted", "CheckoutAbandoned", "PaymentConfirmed", "PaymentDuplicated"):
        sample = json.loads((SAMPLES / f"{name}.v1.json").read_text())
        for message in emitted(database, name):
            assert set(message.body) == set(sample)
            assert set(message.body["data"]) == set(sample["data"])


def test_of_two_receipts_at_once_the_timeline_tells_first_the_one_that_was_judged_first(database):
    practices = Practices()
    practices.issued = {1: position(1)}
    arrived_first, judged_first = uuid4().hex, uuid4().hex
    # The second to arrive got the lock of the position first: its transaction is over before the other one judges.
    answer_node(Node(database, practices, START + timedelta(milliseconds=5)), receipt(1, judged_first, 1000, None), "")
    answer_node(Node(database, practices, START + timedelta(milliseconds=1)), receipt(1, arrived_first, 1000, None), "")
    told = [
        (entry["kind"], entry["detail"]["receipt_id"])
        for entry in queries.timeline(database, UUID(int=1))["entries"]
        if "receipt_id" in entry["detail"]
    ]
    assert told == [
        ("PaymentConfirmed.v1", judged_first),
        ("PaymentConfirmed.v1", arrived_first),
        ("PaymentDuplicated.v1", arrived_first),
    ]
    kept = queries.receipts_of(database, UUID(int=1))["receipts"]
    assert [(one["receipt_id"], one["duplicate"]) for one in kept] == [(judged_first, False), (arrived_first, True)]


def cashier_at(pagopa_url):
    return opening.Cashier(replace(Settings.load(), checkout_url=pagopa_url))


def start(cashier, database, practices, numbers, now):
    request = {
        "idempotency_key": uuid4().hex,
        "payer_ref": "visitor:somebody",
        "practice_ids": [UUID(int=number) for number in numbers],
        "return_url": "http://localhost/esito/{checkout_id}",
    }
    return cashier.start(database, practices, request, lambda: now)


NUMBERS = st.integers(1, 3)


class Payments(RuleBasedStateMachine):
    """What can happen to three practices, in any order."""

    database: ClassVar[Database]
    cashier: ClassVar[opening.Cashier]

    @initialize()
    def begin(self):
        with self.database.engine.begin() as connection:
            tables = ", ".join(f'"{table}"' for table in models.Base.metadata.tables)
            connection.execute(sa.text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
        self.practices = Practices()
        self.now = START
        self.sent: dict[str, tuple[int, int, str | None]] = {}
        self.opened: list[UUID] = []
        self.sequences: Counter[int] = Counter()

    def publish(self, handle, data, *rest):
        event = {"time": self.now, "data": data}
        with self.database.transaction() as tx:
            handle(tx, event, *rest, self.now)

    @rule(number=NUMBERS, amount_cents=st.sampled_from([1000, 2000]), is_told=st.booleans())
    def issue_or_amend(self, number, amount_cents, is_told):
        self.sequences[number] += 1
        self.practices.issued[number] = position(number, self.sequences[number], amount_cents)
        if is_told:
            self.publish(positions.project_position, self.practices.issued[number])

    @rule(number=NUMBERS)
    def hear_again(self, number):
        if number in self.practices.issued:
            self.publish(positions.project_position, self.practices.issued[number])

    @rule(number=NUMBERS, standing=st.sampled_from([Standing.CANCELLED, Standing.EXPIRED]))
    def end(self, number, standing):
        if number in self.practices.issued:
            self.sequences[number] += 1
            self.publish(positions.project_end, ended(number, self.sequences[number]), standing)

    @rule()
    def practices_goes_or_comes(self):
        self.practices.away = not self.practices.away

    @rule(number=NUMBERS)
    def ask(self, number):
        before = len(emitted(self.database))
        answer = answer_node(Node(self.database, self.practices, self.now), verify(number), "")
        assert "outcome>" in answer
        assert len(emitted(self.database)) == before or not self.practices.away

    @rule(number=NUMBERS, amount_cents=st.sampled_from([1000, 2000]), names_checkout=st.booleans())
    def pay(self, number, amount_cents, names_checkout):
        note = str(self.opened[-1]) if self.opened and names_checkout else None
        self.deliver(uuid4().hex, (number, amount_cents, note))

    @rule(choice=st.randoms(use_true_random=False))
    def deliver_again(self, choice):
        if self.sent:
            receipt_id = choice.choice(sorted(self.sent))
            self.deliver(receipt_id, self.sent[receipt_id])

    def deliver(self, receipt_id, sent):
        number, amount_cents, note = sent
        text = receipt(number, receipt_id, amount_cents, note)
        answer = answer_node(Node(self.database, self.practices, self.now), text, "")
        assert "<outcome>OK</outcome>" in answer
        self.sent[receipt_id] = sent

    @rule(numbers=st.sets(NUMBERS, min_size=1))
    def click_paga(self, numbers):
        with contextlib.suppress(Refused, Unavailable):
            self.opened.append(start(self.cashier, self.database, self.practices, sorted(numbers), self.now)["id"])

    @rule(choice=st.randoms(use_true_random=False), outcome=st.sampled_from(["ok", "annullato", "errore"]))
    def come_back(self, choice, outcome):
        if self.opened:
            request = {"checkout_id": choice.choice(self.opened), "payer_ref": "visitor:somebody", "outcome": outcome}
            visiting.returned(self.database, request, self.now)

    @rule(minutes=st.sampled_from([1, 31]))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)
        ending.end_overdue(self.database, self.now)
        receipts.resolve_waiting(self.database, self.practices, self.now)

    @invariant()
    def every_receipt_is_kept_once(self):
        with self.database.reading() as session:
            stored = session.scalars(sa.select(models.Receipt.receipt_id)).all()
        assert Counter(stored) == Counter(list(self.sent))

    @invariant()
    def money_is_confirmed_once_and_only_if_it_came(self):
        told = Counter(message.body["data"]["receipt_id"] for message in emitted(self.database, "PaymentConfirmed"))
        assert all(count == 1 for count in told.values())
        assert set(told) <= set(self.sent)

    @invariant()
    def a_practice_is_held_by_one_checkout_and_never_when_it_is_paid(self):
        with self.database.reading() as session:
            held = session.scalars(sa.select(models.CheckoutItem.practice_id).where(models.CheckoutItem.holding)).all()
            paid = session.scalars(
                sa.select(models.Position.practice_id).where(models.Position.paid_receipt_id.is_not(None))
            ).all()
        assert len(held) == len(set(held))
        assert not set(held) & set(paid)

    @invariant()
    def events_of_one_subject_are_numbered_without_a_clash(self):
        numbers = [(message.subject, message.body["sequence"]) for message in emitted(self.database)]
        assert len(numbers) == len(set(numbers))

    def teardown(self):
        """In the end, with practices there, all money received is money told, cent by cent."""
        if not hasattr(self, "practices"):
            return
        self.practices.away = False
        receipts.resolve_waiting(self.database, self.practices, self.now)
        received = sum(amount_cents for _, amount_cents, _ in self.sent.values())
        confirmed = [message.body["data"] for message in emitted(self.database, "PaymentConfirmed")]
        assert sum(data["amount_cents"] for data in confirmed) == received
        with self.database.reading() as session:
            paid = session.scalars(
                sa.select(models.Position.practice_id).where(models.Position.paid_receipt_id.is_not(None))
            ).all()
        assert {str(practice_id) for practice_id in paid} == {
            data["practice_id"] for data in confirmed if data["practice_id"]
        }


def test_money_received_is_money_recorded_whatever_happens_in_whatever_order(database, pagopa_url):
    class Bound(Payments):
        pass

    Bound.database = database
    Bound.cashier = cashier_at(pagopa_url)
    quiet = settings(
        max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
    )
    run_state_machine_as_test(Bound, settings=quiet)
