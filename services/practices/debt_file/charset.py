"""From the bytes of a file to its text, in the encodings that spreadsheets save: UTF-8, UTF-16, Windows-1252.

A file is pieces of bytes, however cut, so that one of any size is read in little memory.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from contracts.errors import ErrorCode, Refused

Pieces = Callable[[], Iterable[bytes]]
"""A file, to be read from its beginning as often as it is asked for."""

# UTF-32's little-endian mark begins with UTF-16's.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEAD_BYTES: Final = 4
# Letters and punctuation of Italian in UTF-8: in a text of Windows-1252 nobody writes what these bytes would mean.
_UTF8_TRACES: Final = re.compile(rb"\xc3[\x80-\xbf]|\xc2[\xa0-\xbf]|\xe2\x80[\x80-\xbf]")
_TRACE_BYTES: Final = 3
# Letters with accents of MS-DOS and of old Macintoshes, as Windows-1252 shows them.
_OTHER_CODE_PAGE: Final = re.compile(r"\w[\u201a\u02c6\u2022\u02dc]")


@dataclass(frozen=True)
class Encoding:
    """An encoding by its Python name, and the bytes of the mark before the text."""

    name: str
    mark_bytes: int = 0


def decoded(content: bytes) -> str:
    """Return the text of a whole file. Raises Refused as `encoding_of` does."""
    return "".join(text_of([content], encoding_of(lambda: [content])))


def encoding_of(pieces: Pieces) -> Encoding:
    """Return what the whole file can be read by.

    Raises Refused(IMPORT_NOT_UTF8) for another encoding, and for two of them mixed: letters of names would be wrong.
    """
    marked = marked_encoding(_head(pieces()))
    first = marked or Encoding("utf-8")
    if _is_readable(pieces, first):
        return first
    windows = Encoding("cp1252")
    if marked or _has_traces(pieces()) or not _is_readable(pieces, windows) or _is_of_another_page(pieces, windows):
        raise Refused(ErrorCode.IMPORT_NOT_UTF8)
    return windows


def marked_encoding(beginning: bytes) -> Encoding | None:
    """Return the encoding that the first bytes of a file tell of, by a mark or by zeros; None where they do not."""
    head = beginning[:_HEAD_BYTES]
    marked = next((Encoding(name, len(mark)) for mark, name in _MARKS if head.startswith(mark)), None)
    if marked is None and b"\x00" in head:
        marked = Encoding("utf-16-be" if head.startswith(b"\x00") else "utf-16-le")
    return marked


def text_of(pieces: Iterable[bytes], encoding: Encoding) -> Iterator[str]:
    """Yield the text without its mark, piece by piece. Raises UnicodeDecodeError."""
    decoder = codecs.getincrementaldecoder(encoding.name)()
    to_skip = encoding.mark_bytes
    for piece in pieces:
        yield decoder.decode(piece[to_skip:] if to_skip else piece)
        to_skip = max(0, to_skip - len(piece))
    yield decoder.decode(b"", final=True)


def _head(pieces: Iterable[bytes]) -> bytes:
    head = b""
    for piece in pieces:
        head += piece[:_HEAD_BYTES]
        if len(head) >= _HEAD_BYTES:
            break
    return head[:_HEAD_BYTES]


def _is_readable(pieces: Pieces, encoding: Encoding) -> bool:
    try:
        for _ in text_of(pieces(), encoding):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _has_traces(pieces: Iterable[bytes]) -> bool:
    before = b""
    for piece in pieces:
        if _UTF8_TRACES.search(before + piece):
            return True
        before = (before + piece)[1 - _TRACE_BYTES :]
    return False


def _is_of_another_page(pieces: Pieces, encoding: Encoding) -> bool:
    before = ""
    for text in text_of(pieces(), encoding):
        if _OTHER_CODE_PAGE.search(before + text):
            return True
        before = (before + text)[-1:]
    return False
