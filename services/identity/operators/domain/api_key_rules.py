"""The rules of API keys: their names, their texts, and how long the text before is good."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from contracts.errors import ErrorCode, Refused
from contracts.rpc.api_keys import API_KEY_PREFIX
from contracts.scopes import ENTITY_SCOPES

PREVIOUS_LIVES: Final = timedelta(days=1)
"""How long software may go on with the text it has, after there is another one."""
USE_RESOLUTION: Final = timedelta(hours=1)
_TEXT_BYTES: Final = 32


@dataclass(frozen=True)
class KeyTexts:
    """Whether a key is in force, and which of its two texts is meant."""

    is_newest: bool
    previous_until: datetime | None
    revoked_at: datetime | None

    def is_good(self, now: datetime) -> bool:
        """Return whether who sends this text may act."""
        if self.revoked_at is not None:
            return False
        return self.is_newest or (self.previous_until is not None and now < self.previous_until)


def new_text() -> str:
    """Return the text of a new key: 256 bits by chance, with what it is in front."""
    return f"{API_KEY_PREFIX}{secrets.token_urlsafe(_TEXT_BYTES)}"


def checked_name(typed: str) -> str:
    """Return a key's name without needless space. Raises Refused(NAME_REQUIRED) where nothing can be read."""
    name = " ".join("".join(char if char.isprintable() else " " for char in typed).split())
    if not name:
        raise Refused(ErrorCode.NAME_REQUIRED)
    return name


def ordered_scopes(scopes: Sequence[str]) -> list[str]:
    """Return scopes once each, in the order of all of them."""
    return [scope.value for scope in ENTITY_SCOPES if scope.value in scopes]
