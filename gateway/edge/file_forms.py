"""A form with one file in it that is read whole, bounded: fields as text, the file as bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import falcon

from contracts.errors import ErrorCode, Refused
from gateway.edge.bodies import FORM_MAX_BYTES, Readable
from gateway.edge.strange_bytes import is_plain

_CHUNK_BYTES: Final = 64 * 1024


@dataclass(frozen=True)
class FileForm:
    """The fields, and the file's bytes: none where no file was chosen, None where it is larger than may be."""

    fields: Mapping[str, str]
    content: bytes | None


def read_file_form(req: falcon.Request, part_name: str, max_bytes: int) -> FileForm:
    """Read a multipart form whose file is the part of this name.

    Raises Refused(INVALID_REQUEST), and falcon.HTTPContentTooLarge where the whole form is said to be too large.
    """
    if not (req.content_type or "").startswith("multipart/form-data") or req.content_length is None:
        raise Refused(ErrorCode.INVALID_REQUEST)
    if req.content_length > max_bytes + FORM_MAX_BYTES:
        raise falcon.HTTPContentTooLarge
    try:
        return _parts(req.get_media(), part_name, max_bytes)
    except (falcon.MediaMalformedError, falcon.MediaNotFoundError, LookupError, UnicodeError):
        raise Refused(ErrorCode.INVALID_REQUEST) from None


def _parts(parts: Any, part_name: str, max_bytes: int) -> FileForm:
    fields: dict[str, str] = {}
    content: bytes | None = b""
    for part in parts:
        if part.name == part_name:
            content = _bounded(part.stream, max_bytes)
            continue
        fields[part.name] = part.stream.read(FORM_MAX_BYTES).decode()
        if not is_plain(fields[part.name]) or not is_plain(part.name or ""):
            raise Refused(ErrorCode.INVALID_REQUEST)
    return FileForm(fields, content)


def _bounded(stream: Readable, max_bytes: int) -> bytes | None:
    read = bytearray()
    while chunk := stream.read(_CHUNK_BYTES):
        read += chunk
        if len(read) > max_bytes:
            return None
    return bytes(read)
