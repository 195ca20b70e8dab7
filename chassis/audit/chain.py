"""What an entry's SHA-256 is made of: the one before it, and its own content in one canonical form."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

Json = Mapping[str, Any]
"""A JSON object: what an entry tells of a change, of which the audit knows no type."""
FIRST: Final = bytes(32)
"""What stands for the entry before the first."""


@dataclass(frozen=True)
class Content:
    """All that an entry says. `before` and `after` are JSON values."""

    entity_code: str
    number: int
    at: datetime
    actor_kind: str
    actor_id: str
    operation: str
    subject: str
    reason: str | None
    before: Json
    after: Json
    correlation_id: str | None


def digest(previous_sha256: bytes, content: Content) -> bytes:
    """Return the SHA-256 of an entry behind the one before."""
    return sha256(previous_sha256 + _canonical(content)).digest()


def _canonical(content: Content) -> bytes:
    """Write the content as JSON that does not depend on the order of keys, on spaces or on a time zone."""
    values = {**vars(content), "at": content.at.astimezone(UTC).isoformat(timespec="microseconds")}
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
