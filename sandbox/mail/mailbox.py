"""Where the mails are stored: one maildir for all recipients."""

import mailbox
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Final

_SHOWN: Final = 200


@dataclass(frozen=True)
class StoredMail:
    """A mail and the key it is stored under."""

    key: str
    message: EmailMessage

    def header(self, name: str) -> str:
        """Return a header, empty where there is none."""
        return str(self.message.get(name, ""))

    def body(self, subtype: str) -> str:
        """Return the text or the HTML, empty where there is none."""
        part = self.message.get_body((subtype,))
        return part.get_content() if part is not None else ""


class Mailbox:
    """All mails that came. Each is a file of its own, so that receiving and reading may go on at once."""

    def __init__(self, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._open()

    def add(self, content: bytes) -> None:
        """Store a mail."""
        self._open().add(content)

    def newest(self) -> list[StoredMail]:
        """Return the mails, the latest first, as many as are shown."""
        return sorted(self._all(), key=_arrival, reverse=True)[:_SHOWN]

    def find(self, key: str) -> StoredMail | None:
        """Return one mail, or None."""
        content = self._open().get_bytes(key) if key in self._open() else None
        return None if content is None else StoredMail(key, _read(content))

    def clear(self) -> None:
        """Throw all mails away."""
        self._open().clear()

    def _all(self) -> Iterator[StoredMail]:
        box = self._open()
        for key in box.keys():  # noqa: SIM118 -- a mailbox is no dict
            try:
                yield StoredMail(key, _read(box.get_bytes(key)))
            except KeyError:
                continue  # cleared meanwhile

    def _open(self) -> mailbox.Maildir:
        # Anew each time: a Maildir remembers what it saw, and is not made for threads.
        return mailbox.Maildir(self._folder)


def _arrival(mail: StoredMail) -> tuple[int, ...]:
    """Return what orders mails: the time and the count in a maildir's file names, which are not padded."""
    found = re.match(r"(\d+)\.M(\d+)P\d+Q(\d+)", mail.key)
    return tuple(int(number) for number in found.groups()) if found else (0,)


def _read(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)
