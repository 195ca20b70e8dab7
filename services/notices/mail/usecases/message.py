"""Writing a mail: what it may say is asked at the moment of sending, from whoever is the truth for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from chassis.messaging.rpc_client import RpcClient
from contracts.rpc import identity, payments, practices
from services.notices.mail import domain, texts
from services.notices.mail.domain import Kind, Verdict
from services.notices.mail.settings import MailSettings
from services.notices.models import Mail

Facts = Mapping[str, Any]


class NotToBeSentError(Exception):
    """There is no reason left to send it: `revoked`, `not_agreed`, `address`, `not_theirs`, `over`, `no_receipt`."""


class NotNowError(Exception):
    """The practice is being paid at this moment: look again later."""


@dataclass(frozen=True)
class Letter:
    """A mail ready to go. `recipient` is the bare address."""

    recipient: str
    message: bytes


def write(rpc: RpcClient, settings: MailSettings, public_url: str, mail: Mail, now: datetime) -> Letter:
    """Write a mail. Raises NotToBeSentError, NotNowError; RpcError when who must be asked does not answer."""
    kind = Kind(mail.kind)
    mailbox = _mailbox(rpc, mail, kind)
    practice = _practice(rpc, mail, mailbox)
    today = now.astimezone(domain.ROME).date()
    judged = domain.verdict(kind, practice["state"], practice["due_date"], mail.occasion, today)
    if judged is Verdict.DROP:
        raise NotToBeSentError("over")
    if judged is Verdict.WAIT:
        raise NotNowError
    content = texts.Content(
        kind=kind,
        practice=practice,
        creditor=rpc.call(practices.ENTITY, {"entity_code": practice["entity_code"]})["creditor"],
        receipt=_receipt(rpc, mail) if kind is Kind.RECEIPT else None,
        days_left=_days_left(practice["due_date"], today),
    )
    return Letter(mailbox["email"], _message(settings, public_url, mail, mailbox, content, now).as_bytes(policy=SMTP))


def _mailbox(rpc: RpcClient, mail: Mail, kind: Kind) -> Facts:
    mailbox: Facts | None = rpc.call(identity.MAILBOX, {"citizen_id": mail.citizen_id})["mailbox"]
    if mailbox is None:
        raise NotToBeSentError("revoked")
    if kind.message not in mailbox["messages"]:
        raise NotToBeSentError("not_agreed")
    if not domain.is_sendable(mailbox["email"]):
        raise NotToBeSentError("address")
    return mailbox


def _practice(rpc: RpcClient, mail: Mail, mailbox: Facts) -> Facts:
    """Return the practice as its debtor sees it; it may have been amended to be somebody else's."""
    viewer = {"citizen_id": mail.citizen_id, "fiscal_code": mailbox["fiscal_code"]}
    found = rpc.call(practices.GET_MANY, {"viewer": viewer, "practice_ids": [mail.practice_id]})["practices"]
    if not found or found[0]["debtor"]["fiscal_code"] != mailbox["fiscal_code"]:
        raise NotToBeSentError("not_theirs")
    practice: Facts = found[0]
    return practice


def _receipt(rpc: RpcClient, mail: Mail) -> Facts:
    receipts: list[Facts] = rpc.call(payments.RECEIPTS, {"practice_id": mail.practice_id})["receipts"]
    for receipt in receipts:
        if receipt["receipt_id"] == mail.occasion:
            return receipt
    raise NotToBeSentError("no_receipt")


def _days_left(due_date: date | None, today: date) -> int | None:
    return None if due_date is None else (due_date - today).days


def _message(
    settings: MailSettings, public_url: str, mail: Mail, mailbox: Facts, content: texts.Content, now: datetime
) -> EmailMessage:
    language = mailbox["language"]
    written = texts.written(content, language, public_url)
    message = EmailMessage()
    message["From"] = settings.sender
    message["To"] = mailbox["email"]
    message["Subject"] = written.subject
    message["Date"] = now
    # The same for every attempt: should a mail go out twice after all, mailboxes show it once.
    message["Message-ID"] = f"<{mail.id.hex}@{settings.sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["List-Unsubscribe"] = f"<{public_url}/profilo/privacy>"
    message.set_content(written.text, cte="quoted-printable")
    message.add_alternative(written.html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = language
    return message
