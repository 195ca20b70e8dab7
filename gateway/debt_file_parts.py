"""A debt file on its way to practices: in parts, of which no more than one is in memory."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from contracts.actors import Actor
from contracts.rpc import practices
from contracts.rpc.practices import ImportReport
from gateway.visit import Visit

FILE_MAX_BYTES: Final = practices.IMPORT_PARTS_MAX * practices.IMPORT_PART_MAX_BYTES


@dataclass(frozen=True, kw_only=True)
class SentFile:
    """A file that somebody sends to an entity. `preview`: it is not to be loaded yet; `key` makes it one import."""

    entity_code: str
    name: str
    key: str
    preview: bool
    service_codes: Sequence[str] | None = None
    actor: Actor | None = None


def queue(visit: Visit, file: SentFile, pieces: Iterator[bytes]) -> ImportReport:
    """Send a file of one piece at least and have it queued. Raises Refused as practices does."""
    import_id, digest, count = uuid4(), hashlib.sha256(), 0
    for count, piece in enumerate(pieces, start=1):
        digest.update(piece)
        part = practices.ImportPartRequest(
            entity_code=file.entity_code,
            import_id=import_id,
            file_name=file.name,
            number=count,
            content_base64=base64.b64encode(piece).decode(),
        )
        visit.call(practices.IMPORT_PART, part)
    request = practices.ImportQueueRequest(
        idempotency_key=file.key,
        entity_code=file.entity_code,
        import_id=import_id,
        parts=count,
        sha256=digest.hexdigest(),
        preview=file.preview,
        service_codes=file.service_codes,
        actor=file.actor,
    )
    return visit.call(practices.QUEUE_IMPORT, request)
