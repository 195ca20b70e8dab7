"""Reading what a client sends without ever holding more than is allowed."""

from collections.abc import Mapping
from typing import Final, Protocol
from urllib.parse import parse_qsl

import falcon

from contracts.errors import ErrorCode, Refused
from gateway.edge.strange_bytes import BrokenBodyError

FORM_MAX_BYTES: Final = 64 * 1024
FORM_MAX_FIELDS: Final = 100


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, none at the end."""


def stream_of(req: falcon.Request) -> Readable:
    """Return the body as it arrives, bounded by its length or, where its server ends it (gunicorn), by its chunks."""
    stream: Readable = req.stream
    return stream


def read_body(req: falcon.Request, max_bytes: int) -> bytes:
    """Read the whole body, counting while it streams; raises falcon.HTTPContentTooLarge beyond `max_bytes`."""
    if (req.content_length or 0) > max_bytes:
        raise falcon.HTTPContentTooLarge
    body = stream_of(req).read(max_bytes + 1)
    if len(body) < (req.content_length or 0) and len(body) <= max_bytes:
        raise BrokenBodyError
    if len(body) > max_bytes:
        raise falcon.HTTPContentTooLarge
    return body


def read_form(
    req: falcon.Request, max_bytes: int = FORM_MAX_BYTES, *, max_fields: int = FORM_MAX_FIELDS
) -> Mapping[str, str]:
    """Read an urlencoded form; the last of repeated fields wins. Raises Refused(INVALID_REQUEST) when unreadable."""
    return dict(read_form_fields(req, max_bytes, max_fields=max_fields))


def read_form_fields(
    req: falcon.Request, max_bytes: int = FORM_MAX_BYTES, *, max_fields: int = FORM_MAX_FIELDS
) -> list[tuple[str, str]]:
    """Read an urlencoded form as its fields in order, for those that may be repeated."""
    if not (req.content_type or "").startswith("application/x-www-form-urlencoded"):
        raise Refused(ErrorCode.INVALID_REQUEST)
    try:
        text = read_body(req, max_bytes).decode("utf-8")
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=max_fields)
    except ValueError:
        raise Refused(ErrorCode.INVALID_REQUEST) from None
