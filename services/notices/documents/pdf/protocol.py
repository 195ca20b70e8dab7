"""What travels between the service and its rendering processes: frames of a length and that many bytes.

A request is one frame as JSON: the content of a document, or a logo file. A reply is one frame: a status byte, then
the PDF, the logo as JSON, or the name of what went wrong.
"""

import socket
import struct
from typing import Any, Final

import msgspec
import orjson

from services.notices.documents.domain.content import (
    Artwork,
    Content,
    DayReportContent,
    LogoFile,
    NoticeContent,
    ReceiptContent,
    YearSummaryContent,
)

OK: Final = b"+"
FAILED: Final = b"-"

_LENGTH: Final = struct.Struct(">I")
_KINDS: Final[dict[str, type[Content | LogoFile]]] = {
    one.kind: one for one in (NoticeContent, ReceiptContent, DayReportContent, YearSummaryContent, LogoFile)
}


class _Request(msgspec.Struct):
    kind: str
    content: msgspec.Raw


def write_content(content: Content | LogoFile) -> bytes:
    """Write what a document says, or which logo is wanted; `read_content` is the inverse."""
    return orjson.dumps({"kind": content.kind, "content": content})


def read_content(request: bytes) -> Content | LogoFile:
    """Read what `write_content` wrote."""
    read = msgspec.json.decode(request, type=_Request)
    return msgspec.json.decode(read.content, type=_KINDS[read.kind], dec_hook=_construct)


def write_artwork(artwork: Artwork) -> bytes:
    """Write a logo that can be drawn; `read_artwork` is the inverse."""
    return orjson.dumps(artwork)


def read_artwork(reply: bytes) -> Artwork:
    """Read what `write_artwork` wrote."""
    return msgspec.json.decode(reply, type=Artwork)


def _construct(value_object: Any, value: Any) -> Any:
    """Make a value object of contracts, which msgspec does not know, out of its JSON value."""
    return value_object(value)


def send_frame(connection: socket.socket, payload: bytes) -> None:
    """Send one frame. Raises OSError when the other side is gone or the socket's timeout passes."""
    connection.sendall(_LENGTH.pack(len(payload)) + payload)


def receive_frame(connection: socket.socket) -> bytes | None:
    """Receive one frame; None when the other side closed before or within it. Raises TimeoutError."""
    head = _receive(connection, _LENGTH.size)
    return None if head is None else _receive(connection, _LENGTH.unpack(head)[0])


def _receive(connection: socket.socket, length: int) -> bytes | None:
    parts = []
    while length:
        part = connection.recv(min(length, 65_536))
        if not part:
            return None
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
