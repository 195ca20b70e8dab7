"""Who acts around payments when its use cases are called straight: practices, the node, Checkout, a payer."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from uuid import UUID, uuid4

import sqlalchemy as sa

from chassis.messaging.events import read_event, wrap
from chassis.storage.database import Database
from contracts.call import Call, Reply, Request, Rpc
from contracts.codes import AmountCents, CreditorFiscalCode, Iuv, NoticeNumber
from contracts.errors import Unavailable
from contracts.events.envelope import Data, Event, EventType
from contracts.events.practices import PracticeEnded
from contracts.rpc.payments import Checkout, NodeRequest, StartCheckoutRequest
from contracts.rpc.practices import Position, PositionReply, PositionRequest
from contracts.shapes import Creditor, Subject, Transfer
from services.payments import models
from services.payments.settings import Settings
from services.payments.usecases.checkouts.start import CheckoutStarter
from services.payments.usecases.node.answer import answer_node
from services.payments.usecases.node.context import NodeContext

CREDITOR = Creditor(
    code="PM108",
    fiscal_code=CreditorFiscalCode("80012345676"),
    company_name="Conservatorio",
    broker_fiscal_code=CreditorFiscalCode("80012345676"),
    station_id="80012345676_01",
)
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HEAD = "<idPA>80012345676</idPA><idBrokerPA>80012345676</idBrokerPA><idStation>80012345676_01</idStation>"


def position(number: int, sequence: int = 1, amount_cents: int = 1000) -> Position:
    transfer = Transfer(
        id_transfer=1,
        amount_cents=AmountCents(amount_cents),
        fiscal_code=CREDITOR.fiscal_code,
        company_name="Conservatorio",
        iban="IT60X0542811101000000123456",
        remittance_information="TARI",
        category="9/0601112AP/",
    )
    return Position(
        practice_id=UUID(int=number),
        sequence=sequence,
        creditor=CREDITOR,
        service_code="TARI",
        origin="issued",
        notice_number=NoticeNumber(f"3{number:017d}"),
        iuv=Iuv(f"{number:017d}"),
        amount_cents=AmountCents(amount_cents),
        description="TARI",
        debtor=Subject(entity_type="F", fiscal_code="ANONIMO", full_name="Prova"),
        transfers=[transfer],
        created_at=START,
    )


def ended(number: int, sequence: int) -> PracticeEnded:
    known = position(number)
    return PracticeEnded(
        practice_id=known.practice_id,
        sequence=sequence,
        entity_code="PM108",
        creditor_fiscal_code=CREDITOR.fiscal_code,
        notice_number=known.notice_number,
        iuv=known.iuv,
        reason="errore",
        at=START,
    )


def event(event_type: EventType[Data], data: Data, at: datetime) -> Event[Data]:
    """What a consumer is given."""
    body = wrap(event_type, data, event_id=uuid4(), subject="a-practice", sequence=1, time=at)
    return read_event(event_type, body)


def envelope(root: str, inside: str) -> str:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:p="http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd">'
        f"<s:Body><p:{root}>{HEAD}{inside}</p:{root}></s:Body></s:Envelope>"
    )


def verify(number: int) -> str:
    code = f"<qrCode><fiscalCode>80012345676</fiscalCode><noticeNumber>3{number:017d}</noticeNumber></qrCode>"
    return envelope("paVerifyPaymentNoticeReq", code)


def activate(number: int) -> str:
    code = f"<qrCode><fiscalCode>80012345676</fiscalCode><noticeNumber>3{number:017d}</noticeNumber></qrCode>"
    return envelope("paGetPaymentV2Request", code)


def receipt(number: int, receipt_id: str, amount_cents: int, note: str | None, psp: str = "PSP") -> str:
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
        f"<debtor>{person}</debtor><transferList><transfer>{transfer}</transfer></transferList><idPSP>{psp}</idPSP>"
        "<PSPCompanyName>Banca</PSPCompanyName><idChannel>1_01</idChannel><channelDescription>app</channelDescription>"
        f"{f'<paymentNote>{note}</paymentNote>' if note else ''}"
        "<paymentDateTime>2026-11-23T13:00:00</paymentDateTime></receipt>"
    )
    return envelope("paSendRTV2Request", inside)


class Practices:
    """practices, as far as POSITIONS goes: what it has issued, and whether it is there."""

    def __init__(self) -> None:
        self.issued: dict[int, Position] = {}
        self.creditors = [CREDITOR]
        self.together: list[set[int]] = []
        self.away = False
        self.gone = False

    def call(self, call: Call[Request, Reply], request: Request, *, correlation_id: str | None = None) -> Reply:
        if self.away:
            raise Unavailable
        assert isinstance(request, PositionRequest)
        wanted = {str(practice_id) for practice_id in request.practice_ids} | {request.notice_number}
        found = [one for one in self.issued.values() if {str(one.practice_id), one.notice_number} & wanted]
        numbers = {number for number, one in self.issued.items() if one in found}
        for group in self.together:
            if group & numbers:
                found = [self.issued[number] for number in sorted(group)]
        asked = request.creditor_fiscal_code or CREDITOR.fiscal_code
        known = next((one for one in self.creditors if one.fiscal_code == asked and not self.gone), None)
        reply = PositionReply(creditor=known, positions=found)
        assert isinstance(reply, call.reply_type)
        return reply


class OpensEveryCart(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(302)
        self.send_header("Location", f"http://checkout/{uuid4()}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


def emitted(database, name=None):
    with database.reading() as session:
        rows = session.scalars(sa.select(models.OutboxMessage).order_by(models.OutboxMessage.id)).all()
    return [row for row in rows if name is None or row.type == f"{name}.v1"]


def ask_node(database: Database, rpc: Rpc, now: datetime, text: str) -> str:
    """Let the node say something at `now` and return the envelope it is answered with.

    What is written of it has the database's time: the row is moved to the moment that the test plays.
    """
    with database.reading() as session:
        before = session.scalar(sa.select(sa.func.coalesce(sa.func.max(models.NodeCall.id), 0)))
    answer = answer_node(NodeContext(database, rpc, now), NodeRequest(envelope=text)).envelope
    with database.transaction() as tx:
        tx.session.execute(sa.update(models.NodeCall).where(models.NodeCall.id > before).values(at=now))
    return answer


def starter_at(pagopa_url: str) -> CheckoutStarter:
    return CheckoutStarter(replace(Settings.load(), checkout_url=pagopa_url))


def start(
    starter: CheckoutStarter, database: Database, practices: Practices, numbers: Iterable[int], now: datetime
) -> Checkout:
    request = StartCheckoutRequest(
        idempotency_key=uuid4().hex,
        payer_ref="visitor:somebody",
        practice_ids=[UUID(int=number) for number in numbers],
        return_url="http://localhost/esito/{checkout_id}",
    )
    return starter.start(database, practices, request, lambda: now)
