"""From the bytes of a file to its text, in the encodings that spreadsheets save: UTF-8, UTF-16, Windows-1252."""

import codecs
import re
from typing import Final

from contracts.errors import ErrorCode, Refused

# UTF-32's little-endian mark begins with UTF-16's.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Letters and punctuation of Italian in UTF-8: in a text of Windows-1252 nobody writes what these bytes would mean.
_UTF8_TRACES: Final = re.compile(rb"\xc3[\x80-\xbf]|\xc2[\xa0-\xbf]|\xe2\x80[\x80-\xbf]")
# Letters with accents of MS-DOS and of old Macintoshes, as Windows-1252 shows them.
_OTHER_CODE_PAGE: Final = re.compile(r"\w[\u201a\u02c6\u2022\u02dc]")


def decoded(content: bytes) -> str:
    """Return the text, without a byte order mark.

    Raises Refused(IMPORT_NOT_UTF8) for another encoding, and for two of them mixed: letters of names would be wrong.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _strictly(content.removeprefix(mark), encoding)
    if b"\x00" in content[:4]:
        return _strictly(content, "utf-16-be" if content.startswith(b"\x00") else "utf-16-le")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        if _UTF8_TRACES.search(content):
            raise Refused(ErrorCode.IMPORT_NOT_UTF8) from None
    text = _strictly(content, "cp1252")
    if _OTHER_CODE_PAGE.search(text):
        raise Refused(ErrorCode.IMPORT_NOT_UTF8)
    return text


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise Refused(ErrorCode.IMPORT_NOT_UTF8) from None
