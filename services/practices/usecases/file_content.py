"""The bytes of a file, or of a part of one, out of a message."""

from base64 import b64decode
from binascii import Error as Base64Error

from contracts.error_details import InvalidRequest, TooLarge
from contracts.errors import ErrorCode, Refused


def content_of(content_base64: str, max_bytes: int) -> bytes:
    """Return the bytes received; what is far too long is not even decoded.

    Raises Refused(IMPORT_TOO_LARGE), (INVALID_REQUEST).
    """
    if len(content_base64) > max_bytes * 4 // 3 + 4:
        raise Refused(ErrorCode.IMPORT_TOO_LARGE, TooLarge(max_bytes=max_bytes))
    try:
        return b64decode(content_base64, validate=True)
    except (Base64Error, ValueError):
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=["content_base64"])) from None
