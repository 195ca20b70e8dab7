"""Real practices, payments and notices, started once per module; tests keep to practices of their own."""

import base64
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from kombu import Connection

from chassis.messaging import wire
from chassis.messaging.rpc_client import RpcClient
from chassis.storage.database import Database
from contracts.codes import FiscalCode
from contracts.events.subscriptions import SUBSCRIPTIONS
from contracts.rpc import notices, payments, practices
from contracts.rpc.notices import Document as DocumentReply
from contracts.rpc.notices import NoticeRequest, ReceiptRequest
from contracts.rpc.payments import NodeRequest
from contracts.rpc.practices import DebtRequest, GetManyRequest, Practice
from contracts.shapes import Viewer
from services.notices import models
from services.notices.models import Document, OutboxMessage
from services.payments import models as payments_models
from services.practices import models as practices_models
from services.practices.usecases import catalogue
from tests.conftest import PROJECT, Running, empty_tables, wait_until_answering

CATALOGUE: dict[str, Any] = json.loads((PROJECT / "sandbox/data/catalogue.json").read_text())
MARIO = Viewer(citizen_id=UUID(int=7), fiscal_code=FiscalCode("RSSMRA85T10A562S"))
RECEIPT = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:paf="http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd"><soapenv:Header/><soapenv:Body>
<paf:paSendRTV2Request><idPA>80012345676</idPA><idBrokerPA>80012345676</idBrokerPA><idStation>80012345676_01</idStation>
<receipt><receiptId>{receipt_id}</receiptId><noticeNumber>{notice_number}</noticeNumber><fiscalCode>80012345676</fiscalCode>
<outcome>OK</outcome><creditorReferenceId>{iuv}</creditorReferenceId><paymentAmount>148.50</paymentAmount>
<description>TARI 2026</description><companyName>Conservatorio</companyName>
<debtor><uniqueIdentifier><entityUniqueIdentifierType>F</entityUniqueIdentifierType>
<entityUniqueIdentifierValue>RSSMRA85T10A562S</entityUniqueIdentifierValue></uniqueIdentifier>
<fullName>Mario Rossi</fullName></debtor>
<transferList><transfer><idTransfer>1</idTransfer><transferAmount>148.50</transferAmount>
<fiscalCodePA>80012345676</fiscalCodePA><companyName>Conservatorio</companyName><IBAN>IT66N0999915800000000046108</IBAN>
<remittanceInformation>TARI 2026</remittanceInformation><transferCategory>0101100IM</transferCategory>
</transfer></transferList>
<idPSP>ABI00001</idPSP><PSPCompanyName>Banca di Prova</PSPCompanyName><idChannel>CH_01</idChannel>
<channelDescription>app</channelDescription>
<payer><uniqueIdentifier><entityUniqueIdentifierType>F</entityUniqueIdentifierType>
<entityUniqueIdentifierValue>VRDLCU80A01F205X</entityUniqueIdentifierValue></uniqueIdentifier>
<fullName>Luca Verdi</fullName></payer><paymentMethod>creditCard</paymentMethod><fee>1.50</fee>
<paymentDateTime>2026-11-23T11:40:05</paymentDateTime><applicationDate>2026-11-23</applicationDate></receipt>
</paf:paSendRTV2Request></soapenv:Body></soapenv:Envelope>"""


@dataclass
class Office:
    """Real practices, payments and notices, and somebody at the counter."""

    rpc: RpcClient
    documents: Database
    notices: Running

    def owed(self, **changes: Any) -> Practice:
        debt = DebtRequest(
            entity_code="PM108",
            external_id=uuid4().hex,
            service_code="TARI",
            fiscal_code="RSSMRA85T10A562S",
            full_name="Mario Rossi",
            amount_cents=14_850,
            description="TARI 2026",
            due_date=date(2026, 12, 31),
        )
        return self.rpc.call(practices.PUT_DEBT, replace(debt, **changes))

    def notice(self, practice: Practice, viewer: Viewer = MARIO, language: str = "it") -> bytes:
        request = NoticeRequest(practice_id=practice.id, viewer=viewer, language=language)
        return self._pdf(self.rpc.call(notices.NOTICE, request), practice)

    def receipt(
        self, practice: Practice, viewer: Viewer = MARIO, language: str = "it", receipt_id: str | None = None
    ) -> bytes:
        request = ReceiptRequest(practice_id=practice.id, viewer=viewer, language=language, receipt_id=receipt_id)
        return self._pdf(self.rpc.call(notices.RECEIPT, request), practice)

    def _pdf(self, reply: DocumentReply, practice: Practice) -> bytes:
        assert reply.media_type == "application/pdf"
        assert practice.notice_number in reply.file_name
        return base64.b64decode(reply.content_base64)

    def pay(self, practice: Practice) -> str:
        receipt_id = uuid4().hex
        envelope = RECEIPT.format(receipt_id=receipt_id, notice_number=practice.notice_number, iuv=practice.iuv)
        answer = self.rpc.call(payments.PA_FOR_NODE, NodeRequest(soap_action="paSendRTV2", envelope=envelope)).envelope
        assert "<outcome>OK</outcome>" in answer, answer
        return receipt_id

    def issued(self, practice: Practice) -> list[dict[str, Any]]:
        with self.documents.reading() as session:
            query = sa.select(OutboxMessage.body).where(OutboxMessage.subject == str(practice.id))
            return list(session.scalars(query.order_by(OutboxMessage.id)))

    def stored(self, practice: Practice) -> int:
        query = sa.select(sa.func.count()).where(Document.practice_id == practice.id)
        with self.documents.reading() as session:
            return session.scalar(query) or 0

    def state_of(self, practice: Practice) -> str:
        request = GetManyRequest(viewer=MARIO, practice_ids=[practice.id])
        return self.rpc.call(practices.GET_MANY, request).practices[0].state


def purge_queues(amqp_url: str) -> None:
    """Forget events that other modules left behind: notice numbers begin anew with empty tables."""
    with Connection(amqp_url) as connection:
        for subscription in SUBSCRIPTIONS:
            with contextlib.suppress(connection.channel_errors):
                wire.event_queue(subscription)(connection.channel()).purge()


@pytest.fixture(scope="module")
def office(
    amqp_url: str, database_url: str, migrated: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    opened = {
        "practices": Database(migrated("practices"), practices_models),
        "payments": Database(migrated("payments"), payments_models),
        "notices": Database(migrated("notices"), models),
    }
    for database in opened.values():
        empty_tables(database)
    purge_queues(amqp_url)
    catalogue.load_catalogue(opened["practices"], CATALOGUE)
    environment = {
        **os.environ,
        "AMQP_URL": amqp_url,
        "DATABASE_URL": database_url,
        "LOGOS_DIR": str(PROJECT / "sandbox/data/logos"),
        "LOG_LEVEL": "DEBUG",
    }
    folder = tmp_path_factory.mktemp("office")
    services = {name: start("chassis.run", name, environment, folder) for name in opened}
    relay = start("chassis.relay", "payments", environment, folder)
    rpc = RpcClient(amqp_url)
    for name, running in services.items():
        wait_until_answering(rpc, name, running)
    yield Office(rpc, opened["notices"], services["notices"])
    for running in (relay, *services.values()):
        running.kill()
    rpc.close()
    for database in opened.values():
        database.close()


def start(module: str, service: str, environment: dict[str, str], folder: Path) -> Running:
    log_file = folder / f"{module}-{service}.log"
    with log_file.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, service],
            cwd=PROJECT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return Running(process, log_file)
