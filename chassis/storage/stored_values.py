"""JSON that gives back the Python values it was made from: what an idempotency key remembers."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from contracts.message import Message


def encode(value: Any) -> Any:
    """Turn values into plain JSON; UUIDs and times become single-key objects that `decode` knows."""
    if isinstance(value, Message):
        return {one.name: encode(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [encode(item) for item in value]
    if isinstance(value, UUID):
        return {"$uuid": str(value)}
    if isinstance(value, datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    return value


def decode(value: Any) -> Any:
    """Give back what `encode` was given."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"$uuid": str(text)} if len(value) == 1:
            return UUID(text)
        case {"$datetime": str(text)} if len(value) == 1:
            return datetime.fromisoformat(text)
        case {"$date": str(text)} if len(value) == 1:
            return date.fromisoformat(text)
    return {key: decode(item) for key, item in value.items()}


def fingerprint(request: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a request, the same for the same values in any order of keys."""
    canonical = json.dumps(encode(request), sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()
