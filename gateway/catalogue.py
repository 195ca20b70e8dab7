"""Entities and their services as `practices` tells them, at most a minute old: they stand on every page."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from chassis.logs import get_logger
from contracts.errors import RpcError, Unavailable
from contracts.rpc import practices
from contracts.rpc.practices import Entity, EntityName
from contracts.shapes import Empty
from gateway.visit import Visit

_FRESH_S: Final = 60.0
_MAX_ENTITIES: Final = 1_000

_log = get_logger("gateway.catalogue")


class EntityCatalogue:
    """Asks `practices` for an entity, at most once a minute; its last answer serves while `practices` is down."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entities: dict[str, tuple[float, Entity]] = {}
        self._names: Sequence[EntityName] = ()
        self._names_end_at = 0.0
        self._lock = threading.Lock()

    def get(self, visit: Visit, code: str) -> Entity:
        """Return an entity. Raises Refused(UNKNOWN_ENTITY) or Unavailable."""
        held = self._entities.get(code)
        if held and self._clock() - held[0] < _FRESH_S:
            return held[1]
        try:
            entity = visit.call(practices.ENTITY, practices.EntityRequest(entity_code=code))
        except Unavailable:
            if held is None:
                raise
            return held[1]
        self._hold(code, entity)
        return entity

    def forget(self, code: str) -> None:
        """Ask for an entity anew at the next page: its catalogue was published here just now."""
        with self._lock:
            self._entities.pop(code, None)

    def all(self, visit: Visit) -> Sequence[EntityName]:
        """Return every entity's code and name, at most a minute old; empty before `practices` answered once."""
        if self._clock() >= self._names_end_at:
            try:
                self._names = visit.call(practices.ENTITIES, Empty()).entities
                self._names_end_at = self._clock() + _FRESH_S
            except RpcError as error:
                _log.warning("entities_not_listed", code=error.code.value)
        return self._names

    def known(self, code: str | None) -> Entity | None:
        """Return what is held of an entity, however old, without asking anybody."""
        held = self._entities.get(code or "")
        return held[1] if held else None

    def _hold(self, code: str, entity: Entity) -> None:
        with self._lock:
            if len(self._entities) >= _MAX_ENTITIES:
                self._entities.clear()
            self._entities[code] = (self._clock(), entity)
