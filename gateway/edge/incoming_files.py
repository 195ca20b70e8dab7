"""A file as it comes in, bounded in memory: read once, from its beginning, in pieces."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import falcon

from contracts.error_details import TooLarge
from contracts.errors import ErrorCode, Refused
from gateway.edge.bodies import FORM_MAX_BYTES, Readable
from gateway.edge.strange_bytes import is_plain

NAME_MAX_CHARS: Final = 200
_CHUNK_BYTES: Final = 64 * 1024
_PART: Final = "file"


@dataclass(frozen=True)
class Incoming:
    """A file that is being received: to be read once, from its beginning. `name` is empty where none was given."""

    name: str
    stream: Readable

    def pieces(self, size: int, max_bytes: int) -> Iterator[bytes]:
        """Yield it in pieces of this size, the last one shorter. Raises Refused(IMPORT_TOO_LARGE) past the cap."""
        left = max_bytes
        while piece := _read_up_to(self.stream, size):
            left -= len(piece)
            if left < 0:
                raise too_large(max_bytes)
            yield piece


def too_large(max_bytes: int) -> Refused:
    """Return the refusal, naming the cap."""
    return Refused(ErrorCode.IMPORT_TOO_LARGE, TooLarge(max_bytes=max_bytes))


def begin_file_form(req: falcon.Request, max_bytes: int) -> tuple[Mapping[str, str], Incoming | None]:
    """Begin to read a form of a page that ends with its field `file`: return the fields before it, and the file.

    None where there is no such field. Raises Refused(IMPORT_TOO_LARGE) from the length alone, (INVALID_REQUEST).
    """
    if req.content_length is None:  # no browser does that, and Falcon's reader of parts needs to know
        raise Refused(ErrorCode.INVALID_REQUEST)
    if req.content_length > max_bytes + FORM_MAX_BYTES:
        raise too_large(max_bytes)
    fields: dict[str, str] = {}
    try:
        parts: Any = req.get_media()
        for part in parts:
            if part.name == _PART:
                return fields, _incoming(part)
            fields[part.name or ""] = part.stream.read(FORM_MAX_BYTES).decode()
    except (falcon.MediaMalformedError, falcon.MediaNotFoundError, LookupError, UnicodeError):
        raise Refused(ErrorCode.INVALID_REQUEST) from None
    if not all(is_plain(text) for pair in fields.items() for text in pair):
        raise Refused(ErrorCode.INVALID_REQUEST)
    return fields, None


def _incoming(part: Any) -> Incoming:
    name = part.filename or ""
    if not is_plain(name):
        raise Refused(ErrorCode.INVALID_REQUEST)
    return Incoming("".join(filter(str.isprintable, name))[-NAME_MAX_CHARS:], part.stream)


def _read_up_to(stream: Readable, size: int) -> bytes:
    chunks: list[bytes] = []
    left = size
    while left > 0 and (chunk := stream.read(min(left, _CHUNK_BYTES))):
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)
