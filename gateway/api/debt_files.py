"""Debt files on their way in: small ones in one call, others in parts that practices stores until they are loaded.

However large, no more than a part is in memory.
"""

import base64
from itertools import chain
from typing import Any, Final
from uuid import uuid4

import falcon

from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices
from contracts.rpc.practices import ImportReport
from gateway import debt_file_parts
from gateway.api import uploads
from gateway.api.operation import Asked
from gateway.debt_file_parts import FILE_MAX_BYTES, SentFile

# Some 2,000 rows, which are loaded in a second or two.
AT_ONCE_MAX_BYTES: Final = 256 * 1024
MEDIA_TYPES: Final = ("text/csv", "application/gzip", "application/jsonl", "application/x-ndjson", "application/json")
_GZIP_MARK: Final = b"\x1f\x8b"


def take(asked: Asked[Any, Any], entity_code: str, *, preview: bool = False) -> ImportReport:
    """Take the file of a request; its report is `done` where it was loaded at once. `preview`: it is not to be loaded.

    Raises Refused(IMPORT_EMPTY), (IMPORT_TOO_LARGE), and of small files what the service refuses.
    """
    file = uploads.incoming(asked.req, MEDIA_TYPES, max_bytes=FILE_MAX_BYTES)
    key = asked.idempotency_key or uuid4().hex
    pieces = file.pieces(practices.IMPORT_PART_MAX_BYTES, FILE_MAX_BYTES)
    first = next(pieces, b"")
    if not first:
        raise Refused(ErrorCode.IMPORT_EMPTY)
    if len(first) > AT_ONCE_MAX_BYTES or first.startswith(_GZIP_MARK) or _prefers_a_job(asked.req) or preview:
        sent = SentFile(entity_code=entity_code, name=file.name, key=key, preview=preview)
        return debt_file_parts.queue(asked.visit, sent, chain([first], pieces))
    request = practices.ImportRequest(
        idempotency_key=key,
        entity_code=entity_code,
        file_name=file.name,
        content_base64=base64.b64encode(first).decode(),
    )
    return asked.visit.call(practices.IMPORT, request)


def _prefers_a_job(req: falcon.Request) -> bool:
    """Return whether the sender wishes no answer but the job's address (RFC 7240)."""
    wishes = (req.get_header("Prefer") or "").split(",")
    return any(wish.partition(";")[0].strip().lower() == "respond-async" for wish in wishes)
