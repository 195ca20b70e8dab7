"""Taking a file, bounded in memory.

The cap is what practices reads. One RPC message carries the whole file in base64, and RabbitMQ 4 takes 16 MiB of it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import falcon

from contracts.error_details import TooLarge
from contracts.errors import ErrorCode, Refused
from gateway.api.field_errors import FieldError
from gateway.api.request import invalid
from gateway.edge.bodies import Readable, stream_of

FILE_MAX_BYTES: Final = 5 * 1024 * 1024
_MULTIPART_EXTRA_BYTES: Final = 64 * 1024
_CHUNK_BYTES: Final = 64 * 1024


@dataclass(frozen=True)
class Upload:
    """A received file. `name` is empty where the sender gave none."""

    name: str
    content: bytes


def receive(req: falcon.Request, media_types: Collection[str] = ("text/csv",)) -> Upload:
    """Take a body of one of these types, or the part `file` of a `multipart/form-data` one.

    Raises Refused(IMPORT_TOO_LARGE) from the Content-Length alone where there is one, else once the cap is passed, and
    falcon.HTTPLengthRequired for parts without it.
    """
    media_type = (req.content_type or "").partition(";")[0].strip().lower()
    if (req.content_length or 0) > FILE_MAX_BYTES + _MULTIPART_EXTRA_BYTES:
        raise too_large()
    if media_type in media_types:
        return Upload("", _read(stream_of(req)))
    if media_type == "multipart/form-data":
        return _part(req)
    raise falcon.HTTPUnsupportedMediaType


def too_large() -> Refused:
    """Return the refusal, naming the cap."""
    return Refused(ErrorCode.IMPORT_TOO_LARGE, TooLarge(max_bytes=FILE_MAX_BYTES))


def _part(req: falcon.Request) -> Upload:
    if req.content_length is None:  # chunked: Falcon's reader of parts needs to know where they end
        raise falcon.HTTPLengthRequired
    form: Any = req.get_media()
    for part in form:
        if part.name == "file":
            return Upload((part.filename or "")[:200], _read(part.stream))
    raise invalid([FieldError("pointer", "/file", "required")])


def _read(stream: Readable) -> bytes:
    chunks = []
    left = FILE_MAX_BYTES + 1
    while left > 0 and (chunk := stream.read(min(left, _CHUNK_BYTES))):
        chunks.append(chunk)
        left -= len(chunk)
    if left <= 0:
        raise too_large()
    return b"".join(chunks)
