"""Taking a file, bounded in memory.

The cap is what the service reads: of a debt file FILE_MAX_BYTES. One RPC message carries the whole file in base64, and
RabbitMQ 4 takes 16 MiB of it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, cast

import falcon
from falcon.media.multipart import BodyPart

from contracts.error_details import TooLarge
from contracts.errors import ErrorCode, Refused
from gateway.api.field_errors import FieldError, invalid
from gateway.edge.bodies import Readable, stream_of
from gateway.edge.strange_bytes import is_plain

FILE_MAX_BYTES: Final = 5 * 1024 * 1024
_MULTIPART_EXTRA_BYTES: Final = 64 * 1024
_CHUNK_BYTES: Final = 64 * 1024


@dataclass(frozen=True)
class Upload:
    """A received file. `name` is empty where the sender gave none."""

    name: str
    content: bytes


def receive(
    req: falcon.Request, media_types: Collection[str] = ("text/csv",), *, max_bytes: int = FILE_MAX_BYTES
) -> Upload:
    """Take a body of one of these types, or the part `file` of a `multipart/form-data` one.

    Raises Refused(IMPORT_TOO_LARGE) from the Content-Length alone where there is one, else once the cap is passed, and
    falcon.HTTPLengthRequired for parts without it.
    """
    media_type = (req.content_type or "").partition(";")[0].strip().lower()
    if (req.content_length or 0) > max_bytes + _MULTIPART_EXTRA_BYTES:
        raise too_large(max_bytes)
    if media_type in media_types:
        return Upload("", _read(stream_of(req), max_bytes))
    if media_type == "multipart/form-data":
        return _part(req, max_bytes)
    raise falcon.HTTPUnsupportedMediaType


def too_large(max_bytes: int) -> Refused:
    """Return the refusal, naming the cap."""
    return Refused(ErrorCode.IMPORT_TOO_LARGE, TooLarge(max_bytes=max_bytes))


def _part(req: falcon.Request, max_bytes: int) -> Upload:
    if req.content_length is None:  # chunked: Falcon's reader of parts needs to know where they end
        raise falcon.HTTPLengthRequired
    try:
        for part in cast("Iterable[BodyPart]", req.get_media()):
            if part.name == "file":
                name = part.filename or ""
                if not is_plain(name):
                    raise invalid([FieldError("pointer", "/file", "invalid")])
                return Upload(name[:200], _read(part.stream, max_bytes))
    except (LookupError, UnicodeError):
        raise invalid([FieldError("pointer", "/file", "invalid")]) from None
    raise invalid([FieldError("pointer", "/file", "required")])


def _read(stream: Readable, max_bytes: int) -> bytes:
    chunks = []
    left = max_bytes + 1
    while left > 0 and (chunk := stream.read(min(left, _CHUNK_BYTES))):
        chunks.append(chunk)
        left -= len(chunk)
    if left <= 0:
        raise too_large(max_bytes)
    return b"".join(chunks)
