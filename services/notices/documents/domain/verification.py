"""The short code by which anybody can ask whether a document is genuine."""

from dataclasses import replace
from typing import Final, TypeVar

from services.notices.documents.domain.content import NoticeContent, ReceiptContent, Verification
from services.notices.documents.domain.document_key import content_sha256

_CODE_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})
_Content = TypeVar("_Content", NoticeContent, ReceiptContent)


def verifiable(content: _Content, public_url: str) -> _Content:
    """Give a document its code, made from all that it says, and the link that answers for it."""
    code = verification_code(content_sha256(content))
    return replace(content, verification=Verification(code, f"{public_url}/verifica/{code}"))


def verification_code(sha256: str) -> str:
    """Return sixty bits of a hash as twelve letters and figures nobody confuses: `7Q2M-K0ZC-9XW4`."""
    number = int(sha256[:15], 16)
    code = "".join(_CODE_ALPHABET[number >> shift & 31] for shift in range(55, -1, -5))
    return "-".join(code[start : start + 4] for start in range(0, 12, 4))


def typed_code(text: str) -> str | None:
    """Return a code as it is kept from what a person typed, or None when it cannot be one."""
    plain = "".join(text.upper().split()).replace("-", "").translate(_MISREAD)
    if len(plain) != 12 or any(character not in _CODE_ALPHABET for character in plain):
        return None
    return "-".join(plain[start : start + 4] for start in range(0, 12, 4))
