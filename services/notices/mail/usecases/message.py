"""Composing a mail: what it may say is asked at the moment of sending, from whoever is the truth for it."""

from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from contracts.calendar import rome_day
from contracts.call import Rpc
from contracts.codes import FiscalCode
from contracts.errors import ErrorCode
from contracts.rpc import identity, payments, practices
from contracts.rpc.identity import Mailbox, MailboxRequest
from contracts.rpc.payments import Receipt, ReceiptsRequest
from contracts.rpc.practices import Entity, EntityRequest, GetManyRequest, PayLinkRequest, Practice
from contracts.shapes import LocalisedText, Viewer
from services.notices.mail import domain, texts
from services.notices.mail.domain import Kind, Verdict
from services.notices.mail.usecases.dependencies import MailDependencies
from services.notices.models import Mail

_PAY_LINK_DAYS: Final = 90


class NotToBeSentError(Exception):
    """There is no reason left to send it: `revoked`, `not_agreed`, `address`, `not_theirs`, `over`, `no_receipt`."""


class NotNowError(Exception):
    """The practice is being paid at this moment, or nobody knows its amount: look again later."""


@dataclass(frozen=True)
class RenderedMessage:
    """A mail ready to go. `recipient` is the bare address, `content` what follows DATA."""

    recipient: str
    content: bytes


def compose(dependencies: MailDependencies, mail: Mail, now: datetime) -> RenderedMessage:
    """Compose a mail. Raises NotToBeSentError, NotNowError; RpcError when who must be asked does not answer."""
    rpc, kind, today = dependencies.rpc, Kind(mail.kind), rome_day(now)
    mailbox = _mailbox(rpc, mail, kind)
    practice = _practice(rpc, mail, mailbox)
    due_date = practice.printed_date or practice.due_date
    judged = domain.verdict(kind, practice.state, due_date, mail.occasion, today)
    if judged is Verdict.DROP or practice.not_payable_code == ErrorCode.NOTHING_DUE:
        raise NotToBeSentError("over")
    if judged is Verdict.WAIT or practice.not_payable_code == ErrorCode.AMOUNT_NOT_KNOWN:
        raise NotNowError
    entity = rpc.call(practices.ENTITY, EntityRequest(entity_code=practice.entity_code))
    facts = texts.MailFacts(
        kind=kind,
        practice=practice,
        creditor=entity.creditor,
        receipt=_receipt(rpc, mail) if kind is Kind.RECEIPT else None,
        days_left=_days_left(due_date, today),
        pay_token=_pay_token(rpc, practice) if kind is not Kind.RECEIPT and practice.payable else None,
        service_text=_service_text(entity, practice) if kind is not Kind.RECEIPT else None,
    )
    message = _message(dependencies, mail, mailbox, facts, now)
    return RenderedMessage(mailbox.email, message.as_bytes(policy=SMTP))


def _mailbox(rpc: Rpc, mail: Mail, kind: Kind) -> Mailbox:
    mailbox = rpc.call(identity.MAILBOX, MailboxRequest(citizen_id=mail.citizen_id)).mailbox
    if mailbox is None:
        raise NotToBeSentError("revoked")
    if kind.message not in mailbox.messages:
        raise NotToBeSentError("not_agreed")
    if not domain.is_sendable(mailbox.email):
        raise NotToBeSentError("address")
    return mailbox


def _practice(rpc: Rpc, mail: Mail, mailbox: Mailbox) -> Practice:
    """Return the practice as its debtor sees it; it may have been amended to be somebody else's."""
    viewer = Viewer(citizen_id=mail.citizen_id, fiscal_code=FiscalCode(mailbox.fiscal_code))
    found = rpc.call(practices.GET_MANY, GetManyRequest(viewer=viewer, practice_ids=[mail.practice_id])).practices
    if not found or found[0].debtor.fiscal_code != mailbox.fiscal_code:
        raise NotToBeSentError("not_theirs")
    return found[0]


def _receipt(rpc: Rpc, mail: Mail) -> Receipt:
    for receipt in rpc.call(payments.RECEIPTS, ReceiptsRequest(practice_id=mail.practice_id)).receipts:
        if receipt.receipt_id == mail.occasion:
            return receipt
    raise NotToBeSentError("no_receipt")


def _pay_token(rpc: Rpc, practice: Practice) -> str:
    """Return the token of a new link that leads to paying it without login; it stands in the mail and nowhere else."""
    request = PayLinkRequest(entity_code=practice.entity_code, practice_id=practice.id, valid_days=_PAY_LINK_DAYS)
    return rpc.call(practices.MAKE_PAY_LINK, request).link_token


def _service_text(entity: Entity, practice: Practice) -> LocalisedText | None:
    """Return what the service says besides, where the catalogue still has it."""
    services = {service.code: service for service in entity.services}
    return services[practice.service_code].notice_text if practice.service_code in services else None


def _days_left(due_date: date | None, today: date) -> int | None:
    return None if due_date is None else (due_date - today).days


def _message(
    dependencies: MailDependencies, mail: Mail, mailbox: Mailbox, facts: texts.MailFacts, now: datetime
) -> EmailMessage:
    sender = dependencies.settings.sender
    text = texts.mail_text(facts, mailbox.language, dependencies.public_url)
    message = EmailMessage()
    message["From"] = sender
    message["To"] = mailbox.email
    message["Subject"] = text.subject
    message["Date"] = now
    # The same for every attempt: should a mail go out twice after all, mailboxes show it once.
    message["Message-ID"] = f"<{mail.id.hex}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["List-Unsubscribe"] = f"<{dependencies.public_url}/profilo/privacy>"
    message.set_content(text.plain, cte="quoted-printable")
    message.add_alternative(text.html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = mailbox.language
    return message
