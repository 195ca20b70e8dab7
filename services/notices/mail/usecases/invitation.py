"""The mail that invites somebody into an entity's office: handed over at once, and never stored.

Its link is a secret that is stored nowhere in clear, so there is no queue to put it in: whoever invites sees the link
too, and is told where the mail was not taken.
"""

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from uuid import uuid4

from chassis.logs import get_logger
from contracts.rpc.notices import InvitationMail, InvitationMailRequest
from services.notices.mail import domain, invitation_texts, smtp
from services.notices.mail.settings import MailSettings

log = get_logger("notices.invitation")


def send(
    settings: MailSettings | None, public_url: str, request: InvitationMailRequest, now: datetime
) -> InvitationMail:
    """Send the mail; False where no mail is set up, or the address or the server does not take it."""
    if settings is None or not domain.is_sendable(request.email):
        return InvitationMail(sent=False)
    mail_id = uuid4().hex
    message = _message(settings, public_url, request, mail_id, now)
    try:
        smtp.hand_over(
            settings,
            settings.envelope_sender(mail_id),
            request.email,
            message.as_bytes(policy=SMTP),
            begin=lambda: True,
        )
    except (smtp.TryAgainError, smtp.RefusedError, smtp.OutcomeUnknownError) as error:
        log.warning("invitation_not_mailed", reason=str(error))
        return InvitationMail(sent=False)
    log.info("invitation_mailed")
    return InvitationMail(sent=True)


def _message(
    settings: MailSettings, public_url: str, request: InvitationMailRequest, mail_id: str, now: datetime
) -> EmailMessage:
    link = f"{public_url}/ufficio/invito/{request.invitation_token}"
    text = invitation_texts.text_of(request.entity_name, link, request.expires_at, request.language)
    message = EmailMessage()
    message["From"] = settings.sender
    message["To"] = request.email
    message["Subject"] = text.subject
    message["Date"] = now
    message["Message-ID"] = f"<{mail_id}@{settings.sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text.plain, cte="quoted-printable")
    message["Content-Language"] = request.language
    return message
