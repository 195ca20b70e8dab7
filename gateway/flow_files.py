"""A settlement flow on its way to payments: as XML, in base64 or in a ZIP, small enough for one message.

A message carries 16 MiB at most and a flow's XML may have 24: what is large goes on as a ZIP of ours. A ZIP from
outside is read before it is believed, whatever its directory says.
"""

import base64
import binascii
import io
import zipfile
from typing import Final

from contracts.error_details import TooLarge, Unreadable
from contracts.errors import ErrorCode, Refused

XML_MAX_BYTES: Final = 24 * 1024 * 1024
UPLOAD_MAX_BYTES: Final = XML_MAX_BYTES
_MESSAGE_MAX_BYTES: Final = 11 * 1024 * 1024  # in base64 and with its envelope below RabbitMQ's 16 MiB
_ZIPPED_FROM_BYTES: Final = 1024 * 1024
_MAX_RATIO: Final = 200
_RATIO_COUNTS_FROM_BYTES: Final = 1024 * 1024
_READ_BYTES: Final = 256 * 1024
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 0x1
_BOM: Final = b"\xef\xbb\xbf"


def for_payments(content: bytes) -> bytes:
    """Return the flow as payments reads it, from a ZIP only if its one file can be read and is no bomb.

    Raises Refused: SETTLEMENT_UNREADABLE with a `reason`, IMPORT_TOO_LARGE.
    """
    content = _without_base64(content)
    if content.startswith(b"PK"):
        content = _only_file(content)
    if len(content) > XML_MAX_BYTES:
        raise _too_large()
    if len(content) < _ZIPPED_FROM_BYTES:
        return content
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("flow.xml", content)
    if zipped.tell() > _MESSAGE_MAX_BYTES:
        raise _too_large()
    return zipped.getvalue()


def _without_base64(content: bytes) -> bytes:
    """Take off base64. What is none goes on as it is: payments says what is wrong with it."""
    start = content.removeprefix(_BOM).lstrip()
    if start.startswith((b"<", b"PK")):
        return content
    try:
        return base64.b64decode(b"".join(start.split()), validate=True) or content
    except binascii.Error:
        return content


def _only_file(content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(files) != 1:
                raise _unreadable("a ZIP must hold one file")
            if files[0].compress_type not in _METHODS or files[0].flag_bits & _ENCRYPTED:
                raise _unreadable("a file in a ZIP must be stored or deflated, without a password")
            return _bounded(archive, files[0])
    except Refused:
        raise
    except Exception:  # noqa: BLE001 -- whatever zipfile, zlib and their like raise over it, the file is the sender's
        raise _unreadable("the ZIP cannot be opened") from None


def _bounded(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Read a file, counting: neither its size nor its ratio is what the directory says."""
    read = bytearray()
    packed_bytes = max(entry.compress_size, 1)
    with archive.open(entry) as file:
        while piece := file.read(_READ_BYTES):
            read += piece
            if len(read) > XML_MAX_BYTES:
                raise _too_large()
            if len(read) > _RATIO_COUNTS_FROM_BYTES and len(read) > packed_bytes * _MAX_RATIO:
                raise _unreadable("the ZIP unpacks to too much")
    return bytes(read)


def _unreadable(reason: str) -> Refused:
    return Refused(ErrorCode.SETTLEMENT_UNREADABLE, Unreadable(reason=reason))


def _too_large() -> Refused:
    return Refused(ErrorCode.IMPORT_TOO_LARGE, TooLarge(max_bytes=XML_MAX_BYTES))
