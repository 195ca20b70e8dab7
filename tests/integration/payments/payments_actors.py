"""Who acts around payments when its use cases are called straight: practices, the node, Checkout, a payer."""

from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from contracts.errors import Unavailable
from services.payments import models
from services.payments.settings import Settings
from services.payments.usecases.checkouts import start

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


def emitted(database, name=None):
    with database.reading() as session:
        rows = session.scalars(sa.select(models.OutboxMessage).order_by(models.OutboxMessage.id)).all()
    return [row for row in rows if name is None or row.type == f"{name}.v1"]


def cashier_at(pagopa_url):
    return start.Cashier(replace(Settings.load(), checkout_url=pagopa_url))


def start(cashier, database, practices, numbers, now):
    request = {
        "idempotency_key": uuid4().hex,
        "payer_ref": "visitor:somebody",
        "practice_ids": [UUID(int=number) for number in numbers],
        "return_url": "http://localhost/esito/{checkout_id}",
    }
    return cashier.start(database, practices, request, lambda: now)
