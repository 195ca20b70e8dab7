"""Reading a delivery report (RFC 3464): which mail of ours was not delivered, and why."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from typing import Final
from uuid import UUID

_RECIPIENT_HEADERS: Final = ("to", "delivered-to", "x-original-to", "envelope-to")
_VERP: Final = re.compile(r"\+([0-9a-f]{32})@")
_MESSAGE_ID: Final = re.compile(r"<([0-9a-f]{32})@")
_STATUS: Final = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
_STATUS_TYPES: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_ORIGINAL_TYPES: Final = frozenset(
    {"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"}
)


@dataclass(frozen=True)
class DeliveryReport:
    """That a mail of ours was not delivered. `status` is that of RFC 3463, `5.1.1`."""

    mail_id: UUID
    status: str


def read_report(content: bytes) -> DeliveryReport | None:
    """Read a delivery report: which mail, by the address it was sent back to or by its id, and why.

    None for what is none: whatever the parser raises over a message, it is its sender's.
    """
    try:
        return _report(content)
    except Exception:  # noqa: BLE001 -- anybody may send anything here, and Python's reader of mail has its surprises
        return None


def _report(content: bytes) -> DeliveryReport | None:
    message = message_from_bytes(content, policy=policy.default)
    if message.get_content_type() != "multipart/report":
        return None
    status = next((_status(fields) for fields in _recipients(message) if _has_failed(fields)), None)
    mail_id = next(_ids(message), None)
    return DeliveryReport(UUID(hex=mail_id), status) if status and mail_id else None


def _recipients(message: EmailMessage) -> Iterator[Message]:
    """Yield the groups of fields about recipients; the first group of a delivery-status part is about the message."""
    for part in message.walk():
        groups = part.get_payload()
        if part.get_content_type() in _STATUS_TYPES and isinstance(groups, list):
            yield from (group for group in groups[1:] if isinstance(group, Message))


def _has_failed(fields: Message) -> bool:
    return str(fields.get("action", "")).strip().lower() == "failed"


def _status(fields: Message) -> str:
    """Return the status, without the comment that may follow it; of one that is none, that something failed."""
    found = _STATUS.match(str(fields.get("status", "")).strip())
    return found[0] if found else "5.0.0"


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
