"""API keys of the entities' own software: those of the file and those made in offices, who sent one, what it may do.

Only the SHA-256 of a key stands in the file, so the file can be read without being able to act for anybody. Those made
in offices identity knows, by the same SHA-256.
"""

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import falcon

from contracts.actors import Actor
from contracts.error_details import ScopeMissing
from contracts.errors import ErrorCode, Refused
from contracts.rpc import api_keys
from contracts.scopes import ENTITY_SCOPES, Scope
from gateway.visit import Visit, visit_of

_ACTOR_MAX_CHARS: Final = 128
STORED_KEY_FRESH_S: Final = 10.0
"""So long a key made in an office is taken as it was told last: a revoked one may act for as long."""
_HELD_MAX: Final = 1_000
_STORED_KEY: Final = re.compile(rf"{api_keys.API_KEY_PREFIX}[A-Za-z0-9_-]{{43}}")
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


class StoredKeys:
    """The keys made in offices, as identity tells them, at most STORED_KEY_FRESH_S old."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: dict[str, tuple[float, ApiKey]] = {}
        self._lock = threading.Lock()

    def get(self, visit: Visit, sha256: str) -> ApiKey:
        """Return the key in force whose text has this SHA-256. Raises Refused(API_KEY_INVALID), Unavailable."""
        held = self._held.get(sha256)
        if held and self._clock() - held[0] < STORED_KEY_FRESH_S:
            return held[1]
        found = visit.call(api_keys.API_KEY_HOLDER, api_keys.ApiKeyHolderRequest(sha256=sha256))
        # A scope that identity of a later release knows is none of ours yet.
        scopes = frozenset(scope for scope in ENTITY_SCOPES if scope.value in found.scopes)
        key = ApiKey(found.entity_code, scopes, found.name)
        with self._lock:
            if len(self._held) >= _HELD_MAX:
                self._held.clear()
            self._held[sha256] = (self._clock(), key)
        return key


class ApiKeys:
    """The keys in force: of the file by the hex SHA-256 of their text, and those that identity has."""

    def __init__(self, by_sha256: Mapping[str, ApiKey]) -> None:
        self._by_sha256 = by_sha256
        self._stored = StoredKeys()

    @classmethod
    def load(cls, path: str | Path | None) -> "ApiKeys":
        """Read API_KEYS_FILE: JSON `[{"sha256", "entity_code", "scopes": [...], "name"}]`. No path: none in a file.

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
        """Return the key sent as `Authorization: Bearer` or `X-Api-Key`. Raises Refused(API_KEY_INVALID), Unavailable.

        Identity is asked only about what has the shape of a key made in an office.
        """
        scheme, _, token = (req.get_header("Authorization") or "").partition(" ")
        text = token.strip() if scheme.lower() == "bearer" else req.get_header("X-Api-Key") or ""
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        key = self._by_sha256.get(sha256)
        if key is not None and text:
            return key
        if not _STORED_KEY.fullmatch(text):
            raise Refused(ErrorCode.API_KEY_INVALID)
        return self._stored.get(visit_of(req), sha256)
