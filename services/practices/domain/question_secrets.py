"""What an entity's software knows our questions by: a secret of its own, signatures as Standard Webhooks has them."""

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Final

_SECRET_PREFIX: Final = "whsec_"  # noqa: S105 -- how Standard Webhooks begins a secret


def secret_of(key: str, entity_code: str) -> str:
    """Return the secret that questions to an entity's software are signed with; another for each entity."""
    digest = hmac.digest(key.encode(), f"amount-question:{entity_code}".encode(), hashlib.sha256)
    return _SECRET_PREFIX + base64.b64encode(digest).decode()


def signature(secret: str, message_id: str, at: datetime, body: bytes) -> str:
    """Return a signature as Standard Webhooks has it."""
    key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX))
    signed = f"{message_id}.{int(at.timestamp())}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
