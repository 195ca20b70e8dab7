"""What a logo may be that an office publishes: a PNG, of which nothing can be run, small enough for every page."""

import struct
from hashlib import sha256
from typing import Final

from contracts.rpc.office_catalogue import LOGO_MAX_BYTES, LOGO_PREFIX, LOGO_SIDE_MAX, LOGO_SIDE_MIN

_BEGIN: Final = b"\x89PNG\r\n\x1a\n"
_END: Final = b"IEND\xaeB`\x82"
_SIZE_AT: Final = 16
_NAME_DIGITS: Final = 32


def is_logo(content: bytes) -> bool:
    """Return whether a file is a PNG from its first byte to its last, of a size that pages and notices can show."""
    if len(content) > LOGO_MAX_BYTES or not (content.startswith(_BEGIN) and content.endswith(_END)):
        return False
    if content[12:16] != b"IHDR":
        return False
    sides = struct.unpack_from(">II", content, _SIZE_AT)
    return all(LOGO_SIDE_MIN <= side <= LOGO_SIDE_MAX for side in sides)


def name_of(content: bytes) -> str:
    """Return the name of a logo, which is made of its content: the same name is for ever the same file."""
    return f"{LOGO_PREFIX}{sha256(content).hexdigest()[:_NAME_DIGITS]}.png"
