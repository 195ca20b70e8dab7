"""Visitors whose cookie is worth nothing any more, because whoever it was has logged out.

The cookie is signed and lives a day, so a copy of it would otherwise go on opening what it was shown. Known to all
processes with RATE_LIMIT_STORAGE=redis://..., else to this one.
"""

from typing import Final

from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string

from chassis.logs import get_logger

_KEY: Final = "ended-visitor:"
_TIMEOUT_S: Final = 0.5
_log = get_logger("gateway.visitors")


class EndedVisitors:
    """A set of visitor ids, each held for as long as its cookie could live."""

    def __init__(self, storage: str, lifetime_s: int) -> None:
        self._lifetime_s = lifetime_s
        self._here: Storage = MemoryStorage()
        self._shared: Storage | None = None
        if not storage.startswith("memory://"):
            waits: dict[str, float | str | bool] = {"socket_timeout": _TIMEOUT_S, "socket_connect_timeout": _TIMEOUT_S}
            shared = storage_from_string(storage, wrap_exceptions=True, **waits)
            self._shared = shared if isinstance(shared, Storage) else None

    def add(self, visitor_id: str) -> None:
        """End a visitor."""
        self._here.incr(_KEY + visitor_id, self._lifetime_s)
        if self._shared is not None:
            try:
                self._shared.incr(_KEY + visitor_id, self._lifetime_s)
            except StorageError:
                _log.warning("ended_visitor_not_shared")

    def __contains__(self, visitor_id: str) -> bool:
        if self._here.get(_KEY + visitor_id):
            return True
        try:
            return self._shared is not None and self._shared.get(_KEY + visitor_id) > 0
        except StorageError:
            _log.warning("ended_visitors_unknown")
            return False
