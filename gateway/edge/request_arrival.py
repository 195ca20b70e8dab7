"""A request while it arrives: its bytes, whether they are all there, and until when they must be."""

import re
import tempfile
from typing import IO, Final

READ_S: Final = 10.0
MIN_BYTES_PER_S: Final = 128 * 1024
HEAD_MAX_BYTES: Final = 64 * 1024
BODY_MAX_BYTES: Final = 26 * 1024 * 1024
_IN_MEMORY_BYTES: Final = 64 * 1024
_CHUNK_LINE_MAX_BYTES: Final = 1024
_END_OF_HEAD: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\ncontent-length[ \t]*:[ \t]*([0-9]{1,12})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding[ \t]*:[^\r\n]*chunked[ \t]*\r\n", re.IGNORECASE)
_CONTINUE: Final = re.compile(rb"\r\nexpect[ \t]*:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)
_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")


class HeadTooLargeError(Exception):
    """The head of the request does not end within HEAD_MAX_BYTES."""


class ArrivingRequest:
    """Bytes of one connection, from the beginning of a request on. What is large lies in a temporary file.

    Only where the request ends is looked at, to know when to hand it over; what it says is the HTTP server's matter.
    More than BODY_MAX_BYTES are not waited for: the door that they are for refuses them.
    """

    def __init__(self, now_s: float) -> None:
        self._started_s = now_s
        self._head = b""
        self._body: _Body | None = None
        self.size = 0
        self.bytes: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 -- its reader closes it
        self.is_whole = False
        self.wants_continue = False

    @property
    def deadline_s(self) -> float:
        """When the rest must be there (monotonic seconds): READ_S, and longer only while much arrives."""
        return self._started_s + READ_S + self.size / MIN_BYTES_PER_S

    @property
    def spooled_bytes(self) -> int:
        """How much of it does not count as small."""
        return max(0, self.size - _IN_MEMORY_BYTES)

    def feed(self, data: bytes) -> None:
        """Take what arrived. Raises HeadTooLargeError."""
        self.size += len(data)
        self.bytes.write(data)
        if self._body is None:
            before = max(0, len(self._head) - len(_END_OF_HEAD))
            self._head += data
            end = self._head.find(_END_OF_HEAD, before)
            if end < 0:
                if len(self._head) > HEAD_MAX_BYTES:
                    raise HeadTooLargeError
                return
            end += len(_END_OF_HEAD)
            data = self._head[end:]
            self._begin_body(self._head[:end])
        if self._body is not None:
            self.is_whole = self._body.ends_with(data) or self.size > BODY_MAX_BYTES
        self.wants_continue = self.wants_continue and not self.is_whole

    def _begin_body(self, head: bytes) -> None:
        length = _LENGTH.search(head)
        if _CHUNKED.search(head):
            self._body = _ChunkedBody()
        else:
            self._body = _CountedBody(int(length[1]) if length else 0)
        self.wants_continue = _CONTINUE.search(head) is not None
        self._head = b""


class _Body:
    def ends_with(self, data: bytes) -> bool:
        """Return whether the body is complete with these bytes, or will never be readable."""
        raise NotImplementedError


class _CountedBody(_Body):
    def __init__(self, length: int) -> None:
        self._left = length

    def ends_with(self, data: bytes) -> bool:
        self._left -= len(data)
        # What is refused by its length alone is not waited for.
        return self._left <= 0 or self._left > BODY_MAX_BYTES


class _ChunkedBody(_Body):
    """Walks over the chunks (RFC 9112, section 7.1): sizes, their data, and the trailers after the last."""

    def __init__(self) -> None:
        self._data_left = 0
        self._line = b""
        self._in_trailers = False

    def ends_with(self, data: bytes) -> bool:
        at = 0
        while at < len(data):
            skipped = min(self._data_left, len(data) - at)
            self._data_left -= skipped
            at += skipped
            if at == len(data):
                return False
            end = data.find(b"\n", at) + 1
            self._line += data[at : end or len(data)]
            if len(self._line) > _CHUNK_LINE_MAX_BYTES:
                return True
            if not end:
                return False
            at = end
            if self._is_last(self._line):
                return True
            self._line = b""
        return False

    def _is_last(self, line: bytes) -> bool:
        if self._in_trailers:
            return line == b"\r\n"
        size = _SIZE.fullmatch(line)
        if size is None:  # the server will say what is wrong with it
            return True
        length = int(size[1], 16)
        self._in_trailers = length == 0
        self._data_left = length + len(b"\r\n") if length else 0
        return False
