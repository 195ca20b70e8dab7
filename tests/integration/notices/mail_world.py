"""What mail is tested with: a real SMTP server that does as told, and the answers of the services that are asked."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from chassis.storage.database import Database
from contracts.call import Call, Reply, Request
from contracts.codes import AmountCents, CreditorFiscalCode, FiscalCode, Iuv, NoticeNumber
from contracts.events.envelope import Data, Event, EventType
from contracts.events.identity import CONSENT_GRANTED, ConsentChanged
from contracts.events.payments import PAYMENT_CONFIRMED, PaymentConfirmed
from contracts.events.practices import PRACTICE_CANCELLED, PRACTICE_CREATED, PracticeEnded
from contracts.rpc.identity import Mailbox, MailboxReply, MailboxRequest
from contracts.rpc.payments import Receipt, Receipts, ReceiptsRequest
from contracts.rpc.practices import (
    Entity,
    EntityRequest,
    GetManyRequest,
    MadeLink,
    PayLinkRequest,
    Position,
    Practice,
    PracticeList,
)
from contracts.shapes import Creditor, LocalisedText, Subject, Transfer
from sandbox.mail import smtp_server
from services.notices.mail.settings import MailSettings
from services.notices.mail.usecases import delivery, mail_queue, projection
from services.notices.mail.usecases.dependencies import MailDependencies
from services.notices.models import Mail

MARIO_CODE = "RSSMRA85T10A562S"
MARIO = UUID(int=7)
NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
"""Twelve o'clock in Rome."""
PUBLIC_URL = "https://portale.example"
CREDITOR = Creditor(
    code="PM108",
    fiscal_code=CreditorFiscalCode("80012345676"),
    company_name="Conservatorio di Musica Giovanni Paisiello",
    broker_fiscal_code=CreditorFiscalCode("80012345676"),
    station_id="80012345676_01",
)
ENTITY = Entity(code="PM108", creditor=CREDITOR, contact_email="pagamenti@ente.example", services=[])
MAILBOX = Mailbox(
    fiscal_code=FiscalCode(MARIO_CODE),
    email="mario@posta.example",
    language="it",
    messages=["notice", "reminder", "receipt"],
)


@dataclass
class PostOffice:
    """An SMTP server on a port of its own. `rcpt` and `data` say what is answered, by the recipient's local part.

    `holding` keeps back the answer to DATA, after the message was taken, until `released`; `hanging_up` never gives it.
    """

    received: list[EmailMessage] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    rcpt: dict[str, list[str]] = field(default_factory=dict)
    data: dict[str, list[str]] = field(default_factory=dict)
    logins: list[str] = field(default_factory=list)
    holding: bool = False
    hanging_up: bool = False
    taken: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answers = self.rcpt.get(address.partition("@")[0])
        if answers:
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        answers = self.data.get(envelope.rcpt_tos[0].partition("@")[0])
        if answers:
            return answers.pop(0)
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.received.append(message)
        self.senders.append(envelope.mail_from or "")
        self.taken.set()
        if self.holding:
            await asyncio.get_running_loop().run_in_executor(None, self.released.wait)
        if self.hanging_up and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "250 2.0.0 OK: queued"

    def ids(self) -> list[str]:
        return [str(message["Message-ID"]) for message in self.received]

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, auth: Any) -> AuthResult:
        self.logins.append(auth.login.decode())
        return AuthResult(success=auth.password == b"segreta")


@contextmanager
def open_post_office(tls: ssl.SSLContext | None = None) -> Iterator[PostOffice]:
    """Run an SMTP server; with a certificate it wants STARTTLS and a login."""
    office = PostOffice()
    wanted: dict[str, Any] = {"require_starttls": True, "tls_context": tls, "auth_required": True} if tls else {}
    listener = socket.create_server(("127.0.0.1", 0))
    office.port = listener.getsockname()[1]
    with smtp_server.serving(listener, office, authenticator=office.authenticate, **wanted):
        try:
            yield office
        finally:
            office.released.set()


def mail_settings(port: int, **changes: Any) -> MailSettings:
    values: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "user": None,
        "password": None,
        "ca_file": None,
        "timeout_s": 10.0,
        "sender": Address("Portale dei pagamenti", addr_spec="no-reply@ente.example"),
        "bounce_address": "ritorni@ente.example",
        "hours": range(8, 20),
    }
    return MailSettings(**values | changes)


def make_practice(number: int = 1, **changes: Any) -> Practice:
    """Return a practice of Mario's as practices answers it."""
    practice = Practice(
        id=uuid4(),
        entity_code="PM108",
        creditor_name=CREDITOR.company_name,
        service_code="TARI",
        service_title=LocalisedText(it="Tassa rifiuti (TARI)", en="Waste tax (TARI)"),
        origin="issued",
        debtor=Subject(entity_type="F", fiscal_code=MARIO_CODE, full_name="Mario Rossi"),
        description="Contributo didattico Lucia Bianchi",
        amount_cents=AmountCents(123_456),
        notice_number=NoticeNumber(f"3010000000{number:08d}"),
        iuv=Iuv(f"010000000{number:08d}"),
        due_date=date(2026, 12, 31),
        state="to_pay",
        state_since=NOON,
        overdue=False,
        payable=True,
        created_at=NOON,
    )
    return replace(practice, **changes)


def make_receipt(practice: Practice, receipt_id: str) -> Receipt:
    return Receipt(
        receipt_id=receipt_id,
        practice_id=practice.id,
        entity_code=practice.entity_code,
        creditor_fiscal_code=CREDITOR.fiscal_code,
        company_name=CREDITOR.company_name,
        notice_number=practice.notice_number,
        iuv=practice.iuv,
        amount_cents=practice.amount_cents,
        description=practice.description,
        debtor=practice.debtor,
        psp_id="ABI00001",
        psp_name="Banca di Prova",
        transfers=[],
        paid_at=NOON,
        received_at=NOON,
    )


def position_of(practice: Practice, sequence: int = 1) -> Position:
    """Return what PracticeCreated says of a practice."""
    return Position(
        practice_id=practice.id,
        sequence=sequence,
        creditor=CREDITOR,
        service_code=practice.service_code,
        origin=practice.origin,
        notice_number=practice.notice_number,
        iuv=practice.iuv,
        amount_cents=practice.amount_cents,
        description=practice.description,
        debtor=practice.debtor,
        transfers=[
            Transfer(
                id_transfer=1,
                amount_cents=practice.amount_cents,
                fiscal_code=CREDITOR.fiscal_code,
                company_name=CREDITOR.company_name,
                iban="IT60X0542811101000000123456",
                remittance_information="TARI",
                category="0101100IM",
            )
        ],
        due_date=practice.due_date,
        created_at=practice.created_at,
    )


def ended(practice: Practice, sequence: int, *, at: datetime = NOON) -> PracticeEnded:
    return PracticeEnded(
        practice_id=practice.id,
        sequence=sequence,
        entity_code=practice.entity_code,
        creditor_fiscal_code=CREDITOR.fiscal_code,
        notice_number=practice.notice_number,
        iuv=practice.iuv,
        reason="Emesso per errore",
        at=at,
    )


def paid(practice: Practice, receipt_id: str) -> PaymentConfirmed:
    return PaymentConfirmed(
        receipt_id=receipt_id,
        practice_id=practice.id,
        entity_code=practice.entity_code,
        creditor_fiscal_code=CREDITOR.fiscal_code,
        notice_number=practice.notice_number,
        iuv=practice.iuv,
        amount_cents=practice.amount_cents,
        paid_at=NOON,
        psp_id="ABI00001",
        psp_name="Banca di Prova",
    )


def event_of(event_type: EventType[Data], data: Data, *, at: datetime = NOON, sequence: int = 1) -> Event[Data]:
    """Return an event as it comes to a handler."""
    return Event(
        specversion="1.0",
        id=uuid4(),
        source=f"/services/{event_type.source}",
        type=event_type.type,
        subject="",
        time=at,
        sequence=f"{sequence:010d}",
        datacontenttype="application/json",
        data=data,
    )


class Neighbours:
    """The services that notices asks, as an RPC client: nothing but their answers."""

    def __init__(self) -> None:
        self.mailboxes: dict[UUID, Mailbox | None] = {}
        self.practices: dict[UUID, Practice] = {}
        self.receipts: dict[UUID, list[Receipt]] = {}
        self.entity = ENTITY
        self.failing: Exception | None = None

    def call(self, call: Call[Request, Reply], request: Request, *, correlation_id: str | None = None) -> Reply:
        if self.failing:
            raise self.failing
        reply = self._reply(request)
        assert isinstance(reply, call.reply_type)
        return reply

    def _reply(self, request: Any) -> Any:
        match request:
            case MailboxRequest():
                return MailboxReply(mailbox=self.mailboxes.get(request.citizen_id))
            case GetManyRequest():
                found = [self.practices[one] for one in request.practice_ids if one in self.practices]
                return PracticeList(practices=found)
            case EntityRequest():
                return self.entity
            case PayLinkRequest():
                return MadeLink(id=uuid4(), link_token=f"pay-{request.practice_id}", expires_at=NOON)
            case ReceiptsRequest():
                return Receipts(receipts=self.receipts.get(request.practice_id, []))
        raise AssertionError(f"nobody answers {type(request).__name__}")


class MailWorld:
    """Notices' database, its neighbours and an SMTP server; `now` is the time of whatever is done."""

    def __init__(self, database: Database, office: PostOffice) -> None:
        self.database = database
        self.office = office
        self.neighbours = Neighbours()
        self.settings = mail_settings(office.port)
        self.now = NOON
        self._sequences: dict[UUID, int] = {}

    # --- what happens elsewhere ---

    def consent(self, citizen_id: UUID = MARIO, *, at: datetime | None = None, **mailbox: Any) -> None:
        self.neighbours.mailboxes[citizen_id] = replace(MAILBOX, **mailbox)
        with self.database.transaction() as tx:
            event = self._consent_event(citizen_id, at or self.now - timedelta(days=30))
            projection.learn_consents(tx, self.neighbours, [event])

    def revoke(self, citizen_id: UUID = MARIO) -> None:
        self.neighbours.mailboxes[citizen_id] = None
        with self.database.transaction() as tx:
            projection.learn_revocations(tx, [self._consent_event(citizen_id, self.now)], self.now)

    def _consent_event(self, citizen_id: UUID, at: datetime) -> Event[ConsentChanged]:
        self._sequences[citizen_id] = self._sequences.get(citizen_id, 0) + 1
        changed = ConsentChanged(
            citizen_id=citizen_id,
            purpose="email_reminders",
            document_id="email_reminders-1.1",
            document_version="1.1",
            at=at,
        )
        return event_of(CONSENT_GRANTED, changed, sequence=self._sequences[citizen_id])

    def owe(self, practice: Practice, *, sequence: int = 1) -> Practice:
        """Let a practice come to be, or be amended."""
        self.neighbours.practices[practice.id] = practice
        with self.database.transaction() as tx:
            projection.learn_positions(tx, [event_of(PRACTICE_CREATED, position_of(practice, sequence))], self.now)
        return practice

    def becomes(self, practice: Practice, **changes: Any) -> Practice:
        """Let practices answer something else about a practice, of which no event has come."""
        self.neighbours.practices[practice.id] = replace(practice, **changes)
        return self.neighbours.practices[practice.id]

    def cancel(self, practice: Practice, *, sequence: int) -> None:
        self.becomes(practice, state="cancelled")
        with self.database.transaction() as tx:
            projection.learn_ends(tx, [event_of(PRACTICE_CANCELLED, ended(practice, sequence, at=self.now))], self.now)

    def pay(self, practice: Practice) -> str:
        receipt_id = uuid4().hex
        self.becomes(practice, state="paid")
        self.neighbours.receipts.setdefault(practice.id, []).append(make_receipt(practice, receipt_id))
        with self.database.transaction() as tx:
            projection.learn_payments(tx, [event_of(PAYMENT_CONFIRMED, paid(practice, receipt_id), at=self.now)])
        return receipt_id

    # --- what notices does ---

    @property
    def dependencies(self) -> MailDependencies:
        return MailDependencies(self.database, self.neighbours, self.settings, PUBLIC_URL)

    def queue(self) -> int:
        reminders = mail_queue.queue_reminders(self.database, self.settings, self.now)
        return mail_queue.queue_news(self.database, self.now) + reminders

    def work(self) -> list[EmailMessage]:
        """Queue and send, and return what arrived by it."""
        before = len(self.office.received)
        self.queue()
        while delivery.send_next(self.dependencies, self.now):
            pass
        return self.office.received[before:]

    def mails(self) -> list[Mail]:
        with self.database.reading() as session:
            return list(session.scalars(sa.select(Mail).order_by(Mail.queued_at, Mail.id)))

    def states(self) -> list[tuple[str, str]]:
        return sorted((mail.kind, mail.state) for mail in self.mails())
