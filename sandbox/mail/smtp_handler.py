"""What the SMTP server does with a mail. It refuses two recipients: `rifiuta…@` for good, `occupato…@` for now."""

from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.mail.mailbox import Mailbox

_REFUSED: Final = ("rifiuta", "550 5.1.1 no such user here")
_BUSY: Final = ("occupato", "451 4.2.0 try again later")


class MailboxHandler:
    """aiosmtpd's handler: stores every mail but those to the two names."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient, or answer as its name says."""
        for name, answer in (_REFUSED, _BUSY):
            if address.lower().startswith(name):
                return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 -- the same
        """Store the mail."""
        content = envelope.content
        self._mailbox.add(content.encode() if isinstance(content, str) else content or b"")
        return "250 2.0.0 OK: stored for reading"
