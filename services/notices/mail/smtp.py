"""Handing a mail to the SMTP server, step by step, so that it is always known what may have been sent.

Until DATA nothing leaves this machine and trying again is harmless; from DATA on only the server's answer tells.
"""

import contextlib
import smtplib
import ssl
from collections.abc import Callable
from typing import Final

from services.notices.mail.settings import MailSettings

_OK: Final = 250
_WILL_FORWARD: Final = 251
_PERMANENT: Final = 500
_ANSWER_MAX_CHARS: Final = 200


class TryAgainError(Exception):
    """Not sent, and later it may work: no connection, a server that is busy, refuses us or is set up wrong."""


class RefusedError(Exception):
    """The server refuses this mail for good. `by_recipient`: because of its address."""

    def __init__(self, answer: str, *, by_recipient: bool) -> None:
        super().__init__(answer)
        self.by_recipient = by_recipient


class OutcomeUnknownError(Exception):
    """The line broke after the mail had begun to leave: it may have been taken."""


def hand_over(
    settings: MailSettings, sender: str, recipient: str, message: bytes, begin: Callable[[], bool]
) -> str | None:
    """Send a message and return the server's answer; `begin` is called just before, and None returned if it says no.

    Raises TryAgainError, RefusedError, OutcomeUnknownError.
    """
    server = _connected(settings)
    try:
        _address(server, sender, recipient)
        return _data(server, message) if begin() else None
    finally:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            server.quit()
        server.close()


def _connected(settings: MailSettings) -> smtplib.SMTP:
    try:
        server = _opened(settings)
        if settings.user is not None:
            server.login(settings.user, settings.password or "")
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        raise TryAgainError(_reason(error)) from error
    return server


def _opened(settings: MailSettings) -> smtplib.SMTP:
    tls = ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)
    name = settings.sender.domain
    if settings.security == "tls":
        return smtplib.SMTP_SSL(settings.host, settings.port, name, timeout=settings.timeout_s, context=tls)
    server = smtplib.SMTP(settings.host, settings.port, name, timeout=settings.timeout_s)
    try:
        if settings.security == "starttls":
            server.starttls(context=tls)
    except BaseException:
        server.close()
        raise
    return server


def _address(server: smtplib.SMTP, sender: str, recipient: str) -> None:
    """Name sender and recipient. A sender that is refused is our own matter, whatever the code."""
    try:
        server.ehlo_or_helo_if_needed()
        code, answer = server.mail(sender)
        if code != _OK:
            raise TryAgainError(_said(code, answer))
        code, answer = server.rcpt(recipient)
    except (smtplib.SMTPException, OSError) as error:
        raise TryAgainError(_reason(error)) from error
    if code >= _PERMANENT:
        raise RefusedError(_said(code, answer), by_recipient=True)
    if code not in {_OK, _WILL_FORWARD}:
        raise TryAgainError(_said(code, answer))


def _data(server: smtplib.SMTP, message: bytes) -> str:
    code: int
    answer: bytes | str
    try:
        code, answer = server.data(message)
    except smtplib.SMTPDataError as error:
        code, answer = error.smtp_code, error.smtp_error
    except Exception as error:
        # Whatever it was: only an answer of the server could say that the mail was not taken.
        raise OutcomeUnknownError(_reason(error)) from error
    if code >= _PERMANENT:
        raise RefusedError(_said(code, answer), by_recipient=False)
    if code != _OK:
        raise TryAgainError(_said(code, answer))
    return _said(code, answer)


def _said(code: int, answer: bytes | str) -> str:
    """Write a server's answer; addresses in it are left out, the first line is enough."""
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    words = [word for word in text.split() if "@" not in word]
    return f"{code} {' '.join(words)}"[:_ANSWER_MAX_CHARS]


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _said(error.smtp_code, error.smtp_error)
    return type(error).__name__
