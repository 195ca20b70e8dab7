"""Checking an e-mail address as people type it."""

import re
from typing import Final

from gateway.translations import marked as _

MAX_CHARS: Final = 256
_SHAPE: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")


def email_error(text: str, *, reminders: bool) -> str | None:
    """Say what is wrong with an address, in Italian; none at all is fine unless reminders are to go there."""
    if not text:
        return _("Per ricevere i promemoria scrivi un indirizzo e-mail.") if reminders else None
    if len(text) > MAX_CHARS or not _SHAPE.fullmatch(text):
        return _("L'indirizzo e-mail non è corretto.")
    return None
