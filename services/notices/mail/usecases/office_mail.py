"""The mail about one practice that an operator sends to an address: at once, and the address is stored nowhere.

What it says is what other mail says, and it leads to the practice by a link of its own; who had it sent stands in the
audit of practices, which makes the link.
"""

from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final
from uuid import uuid4

from chassis import logs
from contracts.calendar import rome_day
from contracts.call import Rpc
from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.rpc import payments, practices
from contracts.rpc.notices import PracticeMailRequest
from contracts.rpc.payments import Receipt, ReceiptsRequest
from contracts.rpc.practices import EntityRequest, GetManyRequest, PayLinkRequest, Practice
from contracts.shapes import Empty, Viewer
from services.notices.mail import domain, smtp, texts
from services.notices.mail.domain import Kind
from services.notices.mail.settings import MailSettings

log = logs.get_logger(__name__)

_WAIT_MAX_S: Final = 5.0
"""For each step of the server's: somebody is waiting for the page."""
_LINK_DAYS: Final = 90


def mail_practice(
    rpc: Rpc, settings: MailSettings | None, public_url: str, request: PracticeMailRequest, now: datetime
) -> Empty:
    """Send it. Once it may have left it counts as sent: who gets nothing asks again.

    Raises Refused(PRACTICE_NOT_FOUND) also for a notice that cannot be paid any more, (RECEIPT_NOT_FOUND),
    (INVALID_REQUEST) for an address that is none, Unavailable where no mail can be sent now.
    """
    if settings is None:
        raise Unavailable(ErrorCode.SERVICE_UNAVAILABLE)
    if not domain.is_sendable(request.email):
        raise _wrong_address()
    message = _message(settings, request, _text(rpc, public_url, request, now), now)
    hurried = replace(settings, timeout_s=min(settings.timeout_s, _WAIT_MAX_S))
    try:
        smtp.hand_over(hurried, settings.sender.addr_spec, request.email, message.as_bytes(policy=SMTP), lambda: True)
    except smtp.RefusedError as error:
        log.info("office_mail_refused", by_recipient=error.by_recipient)
        raise _wrong_address() from error
    except smtp.TryAgainError as error:
        log.warning("office_mail_not_sent", reason=str(error))
        raise Unavailable(ErrorCode.SERVICE_UNAVAILABLE) from error
    except smtp.OutcomeUnknownError as error:
        log.warning("office_mail_outcome_unknown", reason=str(error))
    return Empty()


def _text(rpc: Rpc, public_url: str, request: PracticeMailRequest, now: datetime) -> texts.MailText:
    kind = Kind(request.kind)
    practice = _practice(rpc, request)
    receipt = _receipt(rpc, practice) if kind is Kind.RECEIPT else None
    if receipt is None and not practice.payable:
        raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
    due_date = practice.printed_date or practice.due_date
    link = PayLinkRequest(
        entity_code=practice.entity_code,
        practice_id=practice.id,
        valid_days=_LINK_DAYS,
        actor=request.actor,
        mailed=request.kind,
    )
    facts = texts.MailFacts(
        kind=kind,
        practice=practice,
        creditor=rpc.call(practices.ENTITY, EntityRequest(entity_code=practice.entity_code)).creditor,
        receipt=receipt,
        days_left=None if due_date is None else (due_date - rome_day(now)).days,
        pay_token=rpc.call(practices.MAKE_PAY_LINK, link).link_token,
        by_office=True,
    )
    return texts.mail_text(facts, request.language, public_url)


def _practice(rpc: Rpc, request: PracticeMailRequest) -> Practice:
    """Return the practice whole, which the gateway has looked for in the operator's office."""
    viewer = Viewer(
        visitor_id=f"{request.actor.kind}:{request.actor.id}",
        granted_practice_ids=[request.practice_id],
        identified_practice_ids=[request.practice_id],
    )
    asked = GetManyRequest(viewer=viewer, practice_ids=[request.practice_id])
    found = rpc.call(practices.GET_MANY, asked).practices
    if not found or found[0].entity_code != request.entity_code:
        raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
    return found[0]


def _receipt(rpc: Rpc, practice: Practice) -> Receipt:
    """Return the first receipt: of what was paid twice, the one that paid it."""
    receipts = rpc.call(payments.RECEIPTS, ReceiptsRequest(practice_id=practice.id)).receipts
    if not receipts:
        raise Refused(ErrorCode.RECEIPT_NOT_FOUND)
    return receipts[0]


def _message(settings: MailSettings, request: PracticeMailRequest, text: texts.MailText, now: datetime) -> EmailMessage:
    message = EmailMessage()
    message["From"] = settings.sender
    message["To"] = request.email
    message["Subject"] = text.subject
    message["Date"] = now
    message["Message-ID"] = f"<{uuid4().hex}@{settings.sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text.plain, cte="quoted-printable")
    message.add_alternative(text.html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = request.language
    return message


def _wrong_address() -> Refused:
    return Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=["email"]))
