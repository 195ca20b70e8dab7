"""The mail with somebody's private link: sent while they wait, so that neither address nor link is ever stored."""

from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final
from uuid import uuid4

from chassis import logs
from contracts.call import Rpc
from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.rpc import practices
from contracts.rpc.notices import LinkMailRequest
from contracts.rpc.practices import EntityRequest
from contracts.shapes import Empty
from services.notices.mail import domain, smtp
from services.notices.mail.link_texts import LINK_TEXTS
from services.notices.mail.settings import MailSettings

log = logs.get_logger(__name__)

_WAIT_MAX_S: Final = 5.0
"""For each step of the server's: somebody is waiting for the page."""


def mail_link(
    rpc: Rpc, settings: MailSettings | None, public_url: str, request: LinkMailRequest, now: datetime
) -> Empty:
    """Send the link. Once it may have left it counts as sent: who gets nothing asks again.

    Raises Refused(INVALID_REQUEST) for an address that is none, Unavailable where no mail can be sent now.
    """
    if settings is None:
        raise Unavailable(ErrorCode.SERVICE_UNAVAILABLE)
    if not domain.is_sendable(request.email):
        raise _wrong_address()
    creditor = rpc.call(practices.ENTITY, EntityRequest(entity_code=request.entity_code)).creditor
    message = _message(settings, public_url, request, creditor.company_name, now)
    hurried = replace(settings, timeout_s=min(settings.timeout_s, _WAIT_MAX_S))
    content = message.as_bytes(policy=SMTP)
    try:
        smtp.hand_over(hurried, settings.sender.addr_spec, request.email, content, lambda: True)
    except smtp.RefusedError as error:
        log.info("link_mail_refused", by_recipient=error.by_recipient)
        raise _wrong_address() from error
    except smtp.TryAgainError as error:
        log.warning("link_mail_not_sent", reason=str(error))
        raise Unavailable(ErrorCode.SERVICE_UNAVAILABLE) from error
    except smtp.OutcomeUnknownError as error:
        log.warning("link_mail_outcome_unknown", reason=str(error))
    return Empty()


def _message(
    settings: MailSettings, public_url: str, request: LinkMailRequest, entity: str, now: datetime
) -> EmailMessage:
    texts = LINK_TEXTS[request.language]
    message = EmailMessage()
    message["From"] = settings.sender
    message["To"] = request.email
    message["Subject"] = texts.subject.format(entity=entity)
    message["Date"] = now
    message["Message-ID"] = f"<{uuid4().hex}@{settings.sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    body = texts.body.format(entity=entity, link=f"{public_url}/privato/{request.link_token}")
    message.set_content(body, cte="quoted-printable")
    message["Content-Language"] = request.language
    return message


def _wrong_address() -> Refused:
    return Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=["email"]))
