"""AMQP 0-9-1 frames made at once: a publication, and the ack of what it answers, in one write.

py-amqp makes a message object and three frames, and writes each answer and each ack for itself. Here a connection's
writer is replaced by one that also takes ready bytes; both kinds go through one lock, so that no two frames mix.
"""

import threading
from collections.abc import Callable, Mapping
from struct import Struct
from typing import Any, Final, Protocol

from amqp import serialization

_METHOD: Final = 1
_HEADER: Final = 2
_BODY: Final = 3
_END: Final = b"\xce"
_PUBLISH: Final = b"\x00\x3c\x00\x28\x00\x00"  # class 60, method 40, no ticket
_ACK: Final = Struct(">BHIIQBB")
_ACK_METHOD: Final = 0x003C_0050
_FRAME_HEAD: Final = Struct(">BHI")
_CONTENT_HEAD: Final = Struct(">HHQH")
_BASIC: Final = 60
_MANDATORY: Final = (b"\x00", b"\x01")
_UTF8: Final = b"\x05utf-8"
# The flags of the properties that are always there: content type and encoding, headers, delivery mode.
_ALWAYS: Final = 0xF000
_OPTIONAL: Final = (("correlation_id", 1 << 10), ("reply_to", 1 << 9), ("expiration", 1 << 8), ("message_id", 1 << 7))


def _short(text: str) -> bytes:
    encoded = text.encode()
    return bytes((len(encoded),)) + encoded


def _frame(kind: int, channel_id: int, payload: bytes) -> bytes:
    return _FRAME_HEAD.pack(kind, channel_id, len(payload)) + payload + _END


def _table(headers: Mapping[str, Any]) -> bytes:
    if not headers:
        return b"\x00\x00\x00\x00"
    table: bytes = serialization.dumps("F", (dict(headers),))
    return table


class Publication(Protocol):
    """What is published, wire.Message as it is."""

    @property
    def exchange(self) -> str: ...  # noqa: D102 -- wire.Message says it
    @property
    def routing_key(self) -> str: ...  # noqa: D102 -- as above
    @property
    def mandatory(self) -> bool: ...  # noqa: D102 -- as above
    @property
    def content_type(self) -> str: ...  # noqa: D102 -- as above
    @property
    def headers(self) -> Mapping[str, Any]: ...  # noqa: D102 -- as above
    @property
    def body(self) -> bytes | str: ...  # noqa: D102 -- as above


def publication(channel_id: int, message: Publication, properties: Mapping[str, Any], body_max: int) -> bytes:
    """Return the frames of a basic.publish. `properties` has `delivery_mode` and any of the four optional ones."""
    body = message.body.encode() if isinstance(message.body, str) else message.body
    method = _PUBLISH + _short(message.exchange) + _short(message.routing_key) + _MANDATORY[message.mandatory]
    flags = _ALWAYS
    optional = b""
    for name, flag in _OPTIONAL:
        value = properties.get(name)
        if value is not None:
            flags |= flag
            optional += _short(value)
    content = (
        _CONTENT_HEAD.pack(_BASIC, 0, len(body), flags)
        + _short(message.content_type)
        + _UTF8
        + _table(message.headers)
        + bytes((properties["delivery_mode"],))
        + optional
    )
    bodies = [_frame(_BODY, channel_id, body[at : at + body_max]) for at in range(0, len(body), body_max)]
    return b"".join((_frame(_METHOD, channel_id, method), _frame(_HEADER, channel_id, content), *bodies))


def ack(channel_id: int, delivery_tag: int) -> bytes:
    """Return the frame of a basic.ack."""
    return _ACK.pack(_METHOD, channel_id, 13, _ACK_METHOD, delivery_tag, 0, 0xCE)


class Writer:
    """Writes to one connection, from any thread: py-amqp's frames as it would itself, and ready bytes."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._transport = connection.transport
        self._by_frame: Callable[..., None] = connection.frame_writer
        self._lock = threading.Lock()
        self.body_max: int = connection.frame_max - 8

    def __call__(self, *frame: Any) -> None:
        """Write a frame as py-amqp hands it over."""
        with self._lock:
            self._by_frame(*frame)

    def send(self, ready: bytes) -> None:
        """Write whole frames."""
        with self._lock:
            self._transport.write(ready)
            self._connection.bytes_sent += 1  # what py-amqp's heartbeat goes by
