"""API keys of the entities' own software: what the file holds, who sent one, what it may do.

Only the SHA-256 of a key stands in the file, so the file can be read without being able to act for anybody.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import falcon

from contracts.actors import Actor
from contracts.error_details import ScopeMissing
from contracts.errors import ErrorCode, Refused


class Scope(StrEnum):
    """What a key may do."""

    DEBTS_READ = "debts:read"
    DEBTS_WRITE = "debts:write"
    IMPORTS_WRITE = "imports:write"
    PAYMENTS_READ = "payments:read"
    EVENTS_READ = "events:read"
    SETTLEMENTS_WRITE = "settlements:write"
    REFUNDS_WRITE = "refunds:write"
    NOTICES_PRINT = "notices:print"
    WEBHOOKS_WRITE = "webhooks:write"
    OPS_DEAD_LETTERS = "ops:dead-letters"


_ACTOR_MAX_CHARS: Final = 128
# Whoever may put a debt is answered with it.
_IMPLIED: Final[Mapping[Scope, Scope]] = {Scope.DEBTS_READ: Scope.DEBTS_WRITE}


@dataclass(frozen=True)
class ApiKey:
    """A key of one entity, or of the portal's operator, whose `entity_code` is empty.

    `name` says which software holds it, for the entity's own book-keeping.
    """

    entity_code: str
    scopes: frozenset[Scope]
    name: str

    @property
    def actor(self) -> Actor:
        """Who writes, as the audit names it."""
        return Actor(kind="api_key", id=self.name[:_ACTOR_MAX_CHARS] or "-")

    def has(self, scope: Scope) -> bool:
        """Return whether the key may do what the scope says."""
        return scope in self.scopes or _IMPLIED.get(scope) in self.scopes

    def check(self, scope: Scope, entity_code: str | None) -> None:
        """Raise Refused(SCOPE_MISSING) unless this key has `scope` and belongs to `entity_code` (None: to any)."""
        if not self.has(scope) or entity_code not in (None, self.entity_code):
            raise Refused(ErrorCode.SCOPE_MISSING, ScopeMissing(scope=scope.value))


class ApiKeys:
    """The keys in force, by the hex SHA-256 of their text."""

    def __init__(self, by_sha256: Mapping[str, ApiKey]) -> None:
        self._by_sha256 = by_sha256

    @classmethod
    def load(cls, path: str | Path | None) -> "ApiKeys":
        """Read API_KEYS_FILE: JSON `[{"sha256", "entity_code", "scopes": [...], "name"}]`. No path: no keys.

        A key of the operator names no entity.
        """
        rows = json.loads(Path(path).read_text(encoding="utf-8")) if path else []
        return cls(
            {
                row["sha256"]: ApiKey(
                    row.get("entity_code", ""), frozenset(Scope(s) for s in row["scopes"]), row["name"]
                )
                for row in rows
            }
        )

    def of(self, req: falcon.Request) -> ApiKey:
        """Return the key sent as `Authorization: Bearer` or `X-Api-Key`, or raise Refused(API_KEY_INVALID)."""
        scheme, _, token = (req.get_header("Authorization") or "").partition(" ")
        text = token.strip() if scheme.lower() == "bearer" else req.get_header("X-Api-Key") or ""
        key = self._by_sha256.get(hashlib.sha256(text.encode()).hexdigest())
        if not text or key is None:
            raise Refused(ErrorCode.API_KEY_INVALID)
        return key
