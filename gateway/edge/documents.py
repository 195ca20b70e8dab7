"""A form with a document in it: only its fingerprint is wanted, so it is hashed as it streams by and never stored."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Final

import falcon

from contracts.errors import ErrorCode, Refused
from gateway.edge.bodies import FORM_MAX_BYTES, Readable, read_form

DOCUMENT_MAX_BYTES: Final = 20 * 1024 * 1024
_CHUNK_BYTES: Final = 64 * 1024
_PART: Final = "document"
_NAME_MAX_CHARS: Final = 120


def read_document_form(req: falcon.Request) -> Mapping[str, str]:
    """Read a form, urlencoded or multipart; of a file in its field `document` become `document_hash` and `_name`.

    The hash is SHA-256 in base64, 44 characters. Raises falcon.HTTPContentTooLarge and Refused(INVALID_REQUEST).
    """
    if not (req.content_type or "").startswith("multipart/form-data"):
        return read_form(req)
    if req.content_length is None:  # no browser does that, and Falcon's reader of parts needs to know
        raise Refused(ErrorCode.INVALID_REQUEST)
    if req.content_length > DOCUMENT_MAX_BYTES + FORM_MAX_BYTES:
        raise falcon.HTTPContentTooLarge
    try:
        return _fields(req.get_media())
    except (falcon.MediaMalformedError, falcon.MediaNotFoundError, UnicodeDecodeError):
        raise Refused(ErrorCode.INVALID_REQUEST) from None


def _fields(parts: Any) -> Mapping[str, str]:
    fields: dict[str, str] = {}
    for part in parts:
        if part.name != _PART:
            fields[part.name] = part.stream.read(FORM_MAX_BYTES).decode()
            continue
        digest, size = _digest(part.stream)
        # A browser sends an empty part where no file was chosen.
        if size:
            name = "".join(char for char in part.filename or "" if char.isprintable())
            fields |= {"document_hash": digest, "document_name": name[-_NAME_MAX_CHARS:]}
    return fields


def _digest(stream: Readable) -> tuple[str, int]:
    sha256, size = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK_BYTES):
        size += len(chunk)
        if size > DOCUMENT_MAX_BYTES:
            raise falcon.HTTPContentTooLarge
        sha256.update(chunk)
    return base64.b64encode(sha256.digest()).decode(), size
