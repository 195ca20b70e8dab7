"""The check of an e-mail address as a citizen types it.

It is looser than what pagoPA takes (contracts.codes.is_email): it asks whether mail can get there.
"""

import re
from typing import Final

from contracts.codes import EMAIL_MAX_CHARS
from gateway.translations import marked as _

_SHAPE: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")


def email_error(text: str, *, reminders: bool) -> str | None:
    """Say what is wrong with an address, in Italian; none at all is fine unless reminders are to go there."""
    if not text:
        return _("Per ricevere i promemoria scrivi un indirizzo e-mail.") if reminders else None
    if len(text) > EMAIL_MAX_CHARS or not _SHAPE.fullmatch(text):
        return _("L'indirizzo e-mail non è corretto.")
    return None
