"""The node's envelope as text, whichever way it was written: encodings of XML, and compression."""

import codecs
import re
import zlib
from typing import Final

import falcon

from gateway.edge.bodies import read_body

ENVELOPE_MAX_BYTES: Final = 512 * 1024
UNREADABLE: Final = ""
"""What payments answers with its fault for what is not well formed."""

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_STARTS: Final = ((b"<\x00?\x00", "utf-16-le"), (b"\x00<\x00?", "utf-16-be"))
_KNOWN: Final = frozenset(
    codecs.lookup(name).name
    for name in ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii", "latin-1", "iso8859-15", "cp1252")
)
_CHARSET: Final = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9._-]+)", re.IGNORECASE)
_DECLARED: Final = re.compile(r"^(<\?xml[^>]*?)\s+encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_ZLIB_OF_ANY_KIND: Final = 32 + zlib.MAX_WBITS


def read_envelope(req: falcon.Request) -> str:
    """Return the envelope; UNREADABLE for what nobody can read. Raises falcon.HTTPContentTooLarge, also unpacked."""
    body = _unpacked(
        read_body(req, ENVELOPE_MAX_BYTES), (req.get_header("Content-Encoding") or "identity").lower().strip()
    )
    if body is None:
        return UNREADABLE
    for encoding in _encodings(body, req.content_type or ""):
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        declared = _DECLARED.match(text)
        # What it says of itself is true no longer, and the parser would believe it.
        return text if declared is None or _name(declared[2]) == "utf-8" else _DECLARED.sub(r"\1", text)
    return UNREADABLE


def _encodings(body: bytes, content_type: str) -> list[str]:
    """Return what it may be written in, the likeliest first: its mark, the header, its own word (RFC 7303)."""
    found = [encoding for start, encoding in (*_MARKS, *_STARTS) if body.startswith(start)]
    told = _CHARSET.search(content_type)
    declared = _DECLARED.match(body[:200].decode("latin-1"))
    names = [told[1] if told else "", declared[2] if declared else "utf-8"]
    return [*found, *(name for name in map(_name, names) if name in _KNOWN)]


def _name(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return ""


def _unpacked(body: bytes, encoding: str) -> bytes | None:
    """Undo Content-Encoding, never beyond the limit; None where that cannot be done."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return None
    unpacker = zlib.decompressobj(_ZLIB_OF_ANY_KIND)
    try:
        unpacked = unpacker.decompress(body, ENVELOPE_MAX_BYTES + 1)
    except zlib.error:
        return None
    if len(unpacked) > ENVELOPE_MAX_BYTES:
        raise falcon.HTTPContentTooLarge
    return unpacked if unpacker.eof else None
