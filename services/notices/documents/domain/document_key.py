"""What tells a document apart: the hash of all that it says, the short code made of that, the name of its file."""

import hashlib
import json
from dataclasses import asdict, replace
from typing import Final, TypeVar

from services.notices.documents.domain.content import NoticeContent, ReceiptContent, VerifiableContent, Verification

TEMPLATE_VERSION: Final = 11
"""Raise it with any change that alters the bytes of a document, so that stored ones are made anew."""

_CODE_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})
_Content = TypeVar("_Content", NoticeContent, ReceiptContent)


def content_sha256(content: VerifiableContent) -> str:
    """Return the key of a document: hex hash of what it says, its kind, and the template version.

    It depends on the names of the fields: another name for one of them is another key.
    """
    inputs = {"template": TEMPLATE_VERSION, "kind": content.kind, "content": asdict(content)}
    canonical = json.dumps(
        inputs,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        default=lambda moment: moment.isoformat(),
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


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
    """Return a code as it is stored from what people typed, or None when it cannot be one."""
    plain = "".join(text.upper().split()).replace("-", "").translate(_MISREAD)
    if len(plain) != 12 or any(character not in _CODE_ALPHABET for character in plain):
        return None
    return "-".join(plain[start : start + 4] for start in range(0, 12, 4))


def file_name(content: VerifiableContent) -> str:
    """Return the name of the file offered to the browser; no personal data."""
    if isinstance(content, NoticeContent):
        return f"avviso-{content.payments[0].notice_number}.pdf"
    return f"quietanza-{content.receipts[0].notice_number}.pdf"
