"""Mails that came back: refused at the door, or reported later by a delivery report (RFC 3464)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from chassis import logs
from chassis.storage.database import Database
from services.notices.mail import domain, repository

log = logs.get_logger(__name__)

_RECIPIENT_HEADERS: Final = ("to", "delivered-to", "x-original-to", "envelope-to")
_VERP: Final = re.compile(r"\+([0-9a-f]{32})@")
_MESSAGE_ID: Final = re.compile(r"<([0-9a-f]{32})@")
_STATUS_TYPES: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_ORIGINAL_TYPES: Final = frozenset(
    {"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"}
)


@dataclass(frozen=True)
class Report:
    """That a mail of ours was not delivered. `status` is that of RFC 3463, `5.1.1`."""

    mail_id: UUID
    status: str


def note(session: Session, mail_id: UUID, *, hard: bool, status: str, now: datetime) -> None:
    """Note that a mail came back, once; after the third time for the address itself, that is not used any more."""
    if repository.add_bounce(session, mail_id, hard=hard, status=status, now=now) and hard:
        repository.refuse_address_of(session, mail_id, after=domain.HARD_BOUNCES_MAX)


def record(database: Database, content: bytes, now: datetime) -> bool:
    """Take in a message from the mailbox of delivery reports; False when it is none about a mail of ours."""
    report = read(content)
    if report is None:
        log.info("delivery_report_ignored", reason="not a failure report about a mail of ours")
        return False
    with database.transaction() as tx:
        if not repository.came_back(tx.session, report.mail_id, report.status, now):
            log.info("delivery_report_ignored", reason="no such mail", mail_id=str(report.mail_id))
            return False
        note(tx.session, report.mail_id, hard=domain.is_hard(report.status), status=report.status, now=now)
    log.info("mail_came_back", mail_id=str(report.mail_id), status=report.status)
    return True


def read(content: bytes) -> Report | None:
    """Read a delivery report: which mail, by the address it was sent back to or by its id, and why."""
    message = message_from_bytes(content, policy=policy.default)
    if message.get_content_type() != "multipart/report":
        return None
    status = next((_status(fields) for fields in _recipients(message) if _has_failed(fields)), None)
    mail_id = next(_ids(message), None)
    return Report(UUID(hex=mail_id), status) if status and mail_id else None


def _recipients(message: EmailMessage) -> Iterator[Message]:
    """Yield the groups of fields about recipients; the first group of a delivery-status part is about the message."""
    for part in message.walk():
        groups = part.get_payload()
        if part.get_content_type() in _STATUS_TYPES and isinstance(groups, list):
            yield from (group for group in groups[1:] if isinstance(group, Message))


def _has_failed(fields: Message) -> bool:
    return str(fields.get("action", "")).strip().lower() == "failed"


def _status(fields: Message) -> str:
    """Return the status, without the comment that may follow it."""
    return (str(fields.get("status", "")).split() or ["5.0.0"])[0]


def _ids(message: EmailMessage) -> Iterator[str]:
    for name in _RECIPIENT_HEADERS:
        for value in message.get_all(name, []):
            yield from _VERP.findall(str(value))
    for part in message.walk():
        if part.get_content_type() in _ORIGINAL_TYPES:
            yield from _MESSAGE_ID.findall(_original_id(part))


def _original_id(part: Message) -> str:
    """Return the Message-ID of a mail that is quoted, as a message or as its headers alone."""
    quoted = part.get_payload()
    if isinstance(quoted, list):
        return "".join(str(message.get("message-id", "")) for message in quoted if isinstance(message, Message))
    content = part.get_payload(decode=True)
    headers = message_from_bytes(content if isinstance(content, bytes) else b"", policy=policy.default)
    return str(headers.get("message-id", ""))


def mailing(database: Database, request: Mapping[str, Any]) -> dict[str, Any]:
    """Say whether the citizen's address is one that is not used any more."""
    with database.reading() as session:
        return {
            "address_refused": repository.is_refused(
                session, request["citizen_id"], domain.address_sha256(request["email"])
            )
        }
