"""Debt files packed by gzip, unpacked while they are read, and no further than a file may be long."""

import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from contracts.error_details import TooLarge
from contracts.errors import ErrorCode, Refused

_GZIP_MARK: Final = b"\x1f\x8b"
_PIECE_BYTES: Final = 1024 * 1024
_GZIP_OR_ZLIB: Final = 16 + zlib.MAX_WBITS


def is_packed(content: bytes) -> bool:
    """Return whether a file that begins so is packed by gzip."""
    return content.startswith(_GZIP_MARK)


def unpacked(pieces: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    """Yield a file in pieces, unpacked where it is packed.

    Raises Refused(IMPORT_TOO_LARGE) past `max_bytes` of what comes out, (IMPORT_NOT_UTF8) where gzip is broken off.
    """
    coming = iter(pieces)
    first = b""
    # The first piece may be shorter than the mark.
    while len(first) < len(_GZIP_MARK) and (piece := next(coming, None)) is not None:
        first += piece
    whole = chain([first], coming)
    size = 0
    for piece in _inflated(whole) if is_packed(first) else whole:
        size += len(piece)
        if size > max_bytes:
            raise Refused(ErrorCode.IMPORT_TOO_LARGE, TooLarge(max_bytes=max_bytes))
        yield piece


def beginning(content: bytes, max_bytes: int) -> bytes:
    """Return the first bytes of a file, unpacked, given the first of it as it came. Raises Refused(IMPORT_NOT_UTF8)."""
    if not is_packed(content):
        return content[:max_bytes]
    try:
        return zlib.decompressobj(_GZIP_OR_ZLIB).decompress(content, max_bytes)
    except zlib.error:
        raise Refused(ErrorCode.IMPORT_NOT_UTF8) from None


def _inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the content of one gzip member after the other."""
    member = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        for piece in pieces:
            rest = piece
            while rest:
                if member.eof:
                    member = zlib.decompressobj(_GZIP_OR_ZLIB)
                yield member.decompress(rest, _PIECE_BYTES)
                rest = member.unused_data if member.eof else member.unconsumed_tail
    except zlib.error:
        raise Refused(ErrorCode.IMPORT_NOT_UTF8) from None
    if not member.eof:
        raise Refused(ErrorCode.IMPORT_NOT_UTF8)
