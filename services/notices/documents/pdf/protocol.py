"""What travels between the service and its rendering processes: frames of a length and that many bytes.

A request is one frame of JSON. A reply is one frame: a status byte, then the PDF or the name of what went wrong.
"""

import socket
import struct
from typing import Final

OK: Final = b"+"
FAILED: Final = b"-"

_LENGTH: Final = struct.Struct(">I")


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
