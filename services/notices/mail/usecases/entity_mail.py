"""The mail to an entity whose webhook is sent nothing any more: to the address that its catalogue names.

A process that dies with one leaves it to another, which sends it, perhaps a second time: better twice than never.
"""

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from chassis import logs
from chassis.storage.database import Tx
from contracts.errors import Unavailable
from contracts.events.envelope import Event
from contracts.events.payments import WebhookDisabled
from contracts.rpc import practices
from contracts.rpc.practices import Entity, EntityRequest
from services.notices.mail import domain, entity_texts, smtp
from services.notices.mail.domain import EntityMailState
from services.notices.mail.repository import entity_mails
from services.notices.mail.usecases.dependencies import MailDependencies
from services.notices.models import EntityMail

log = logs.get_logger(__name__)

_API: Final = "{public_url}/api/v1/creditors/{entity_code}/webhooks/{webhook_id}"


def queue(tx: Tx, events: Sequence[Event[WebhookDisabled]], now: datetime) -> None:
    """Queue a mail for each webhook that was disabled."""
    for event in events:
        entity_mails.queue(tx.session, event.id, event.data, now)


def send_next(dependencies: MailDependencies, now: datetime) -> bool:
    """Take up the next mail that is due and send it, or put it off; False where none is due."""
    with dependencies.database.transaction() as tx:
        mail = entity_mails.claim(tx.session, now)
    if mail is None:
        return False
    try:
        _end(dependencies, mail, _handed_over(dependencies, mail, now))
    except Unavailable:
        with dependencies.database.transaction() as tx:
            entity_mails.put_off(tx.session, mail, now + domain.OUTAGE_PAUSE, counts=False)
    except smtp.TryAgainError as error:
        _try_again(dependencies, mail, str(error), now)
    except Exception as error:
        # A bug, or an answer that does not fit: the next mail must not wait for this one.
        log.exception("entity_mail_failed", mail_id=str(mail.id))
        _try_again(dependencies, mail, type(error).__name__, now)
    return True


def _handed_over(dependencies: MailDependencies, mail: EntityMail, now: datetime) -> EntityMailState:
    """Send a mail and return how it ended. Raises TryAgainError, Unavailable."""
    entity = dependencies.rpc.call(practices.ENTITY, EntityRequest(entity_code=mail.entity_code))
    recipient = entity.contact_email
    if recipient is None or not domain.is_sendable(recipient):
        return EntityMailState.NO_ADDRESS
    settings = dependencies.settings
    message = _message(dependencies, mail, entity, recipient, now)
    sender = settings.envelope_sender(mail.id.hex)
    try:
        smtp.hand_over(settings, sender, recipient, message.as_bytes(policy=SMTP), lambda: True)
    except smtp.RefusedError:
        return EntityMailState.REFUSED
    except smtp.OutcomeUnknownError:
        return EntityMailState.UNKNOWN
    return EntityMailState.SENT


def _message(
    dependencies: MailDependencies, mail: EntityMail, entity: Entity, recipient: str, now: datetime
) -> EmailMessage:
    sender = dependencies.settings.sender
    address = _API.format(public_url=dependencies.public_url, entity_code=mail.entity_code, webhook_id=mail.webhook_id)
    message = EmailMessage()
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = entity_texts.subject_of(mail.host)
    message["Date"] = now
    message["Message-ID"] = f"<{mail.id.hex}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    body = entity_texts.body_of(entity.creditor.company_name, mail.host, mail.reason, address)
    message.set_content(body, cte="quoted-printable")
    message["Content-Language"] = "it, en"
    return message


def _try_again(dependencies: MailDependencies, mail: EntityMail, reason: str, now: datetime) -> None:
    delay = domain.retry_delay(mail.attempts)
    if delay is None:
        _end(dependencies, mail, EntityMailState.GIVEN_UP)
        return
    with dependencies.database.transaction() as tx:
        entity_mails.put_off(tx.session, mail, now + delay, counts=True)
    log.warning("entity_mail_put_off", mail_id=str(mail.id), reason=reason)


def _end(dependencies: MailDependencies, mail: EntityMail, state: EntityMailState) -> None:
    with dependencies.database.transaction() as tx:
        entity_mails.end(tx.session, mail, state)
    say = log.info if state is EntityMailState.SENT else log.error
    say("entity_mail_ended", mail_id=str(mail.id), entity_code=mail.entity_code, state=state.value)
