"""Taking a file, bounded in memory: whole where it is small, else as a stream.

One RPC message carries a whole file in base64, and RabbitMQ 4 takes 16 MiB of it; a larger one goes on in parts.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, cast

import falcon
from falcon.media.multipart import BodyPart

from gateway.api.field_errors import FieldError, invalid
from gateway.edge.bodies import Readable, stream_of
from gateway.edge.incoming_files import NAME_MAX_CHARS, Incoming, too_large
from gateway.edge.strange_bytes import BrokenBodyError, is_plain

# Of a file that is read whole: a settlement flow says more (flow_files).
WHOLE_MAX_BYTES: Final = 5 * 1024 * 1024
_MULTIPART_EXTRA_BYTES: Final = 64 * 1024
_CHUNK_BYTES: Final = 64 * 1024


@dataclass(frozen=True)
class Upload:
    """A received file. `name` is empty where the sender gave none."""

    name: str
    content: bytes


def receive(
    req: falcon.Request, media_types: Collection[str] = ("text/csv",), *, max_bytes: int = WHOLE_MAX_BYTES
) -> Upload:
    """Take a whole file as `incoming` does. Raises Refused(IMPORT_TOO_LARGE) once the cap is passed."""
    file = incoming(req, media_types, max_bytes=max_bytes)
    return Upload(file.name, b"".join(file.pieces(_CHUNK_BYTES, max_bytes)))


def incoming(req: falcon.Request, media_types: Collection[str], *, max_bytes: int) -> Incoming:
    """Begin to take a body of one of these types, or the part `file` of a `multipart/form-data` one.

    Raises Refused(IMPORT_TOO_LARGE) from the Content-Length alone where there is one, and falcon.HTTPLengthRequired for
    parts without it.
    """
    media_type = (req.content_type or "").partition(";")[0].strip().lower()
    if (req.content_length or 0) > max_bytes + _MULTIPART_EXTRA_BYTES:
        raise too_large(max_bytes)
    if media_type in media_types:
        return Incoming("", _Counted(stream_of(req), req.content_length))
    if media_type == "multipart/form-data":
        return _part(req)
    raise falcon.HTTPUnsupportedMediaType


def _part(req: falcon.Request) -> Incoming:
    if req.content_length is None:  # chunked: Falcon's reader of parts needs to know where they end
        raise falcon.HTTPLengthRequired
    try:
        for part in cast("Iterable[BodyPart]", req.get_media()):
            if part.name == "file":
                name = part.filename or ""
                if not is_plain(name):
                    raise invalid([FieldError("pointer", "/file", "invalid")])
                return Incoming(name[:NAME_MAX_CHARS], part.stream)
    except (LookupError, UnicodeError):
        raise invalid([FieldError("pointer", "/file", "invalid")]) from None
    raise invalid([FieldError("pointer", "/file", "required")])


class _Counted:
    """A body that must be as long as was said: what is broken off is not a file."""

    def __init__(self, stream: Readable, length: int | None) -> None:
        self._stream = stream
        self._left = length or 0

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes. Raises BrokenBodyError where they end too early."""
        chunk = self._stream.read(size)
        self._left -= len(chunk)
        if not chunk and self._left > 0:
            raise BrokenBodyError
        return chunk
