"""Passwords and keys for docker-compose.yml, drawn at random: `python -m deploy.passwords >> .env`, once.

It makes what is ours to choose, and no other setting: a key of pagoPA's comes from pagoPA.
"""

import base64
import re
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

COMPOSE: Final = Path(__file__).resolve().parents[1] / "docker-compose.yml"
_OF_OTHERS: Final = {"CHECKOUT_SUBSCRIPTION_KEY"}
_FERNET: Final = {"SPID_TRACE_KEY"}


def names(compose: str) -> list[str]:
    """Return the variables that the secrets of a compose file are read from, those aside that others give us."""
    found = re.findall(r"^  \w+: \{ environment: (\w+) \}$", compose, re.MULTILINE)
    return [name for name in found if name not in _OF_OTHERS]


def lines(compose: str) -> Iterator[str]:
    """Yield a line of .env for each."""
    for name in names(compose):
        drawn = secrets.token_bytes(32)
        text = base64.urlsafe_b64encode(drawn).decode() if name in _FERNET else secrets.token_urlsafe(32)
        yield f"{name}={text}"


if __name__ == "__main__":
    sys.stdout.write("".join(f"{line}\n" for line in lines(COMPOSE.read_text(encoding="utf-8"))))
