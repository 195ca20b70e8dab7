"""The notice number in what people have at hand: digits, an IUV, the text of the QR code, a postal slip's line.

Sources: the texts of the notice's codes (avviso di pagamento, QR code and Data Matrix), the code line of a TD 896 slip.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from contracts.codes import FiscalCode, NoticeNumber, check_digits
from contracts.error_details import NotANoticeNumber
from contracts.errors import ErrorCode, Refused

_BETWEEN: Final = re.compile(r"[\s.\-\u2010-\u2015\u2212·/_]")
_LABEL: Final = re.compile(r"^(codice\s*)?(avviso|iuv|nav|numero|n\.?)\b[\s:.°]*", re.IGNORECASE)
_ON_PAPER: Final = (
    re.compile(r"PAGOPA\|002\|(\d{18})\|\d{11}\|\d{2,11}", re.IGNORECASE),
    re.compile(r"codfase=NBPA;18(\d{18})12\d{12}10\d{10}3896.*", re.IGNORECASE),
    re.compile(r"18(\d{18})12\d{12}10\d{10}3896"),
    re.compile(r"<(\d{18})>\d+\+\d{2}>\d{12}<\d{0,2}896>"),
)
"""QR code; Data Matrix; its code line; the line that is printed at the foot of a postal slip. Without spaces."""
_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_EMAIL: Final = re.compile(r"\S+@\S+\.\S+")
_AMOUNT: Final = re.compile(r"(€|EUR)?\d{1,3}(\.?\d{3})*,\d{2}(€|EUR|EURO)?", re.IGNORECASE)
_RF_IUV: Final = re.compile(r"RF\d{2}[A-Z0-9]{1,21}")
_IUV_DIGITS: Final = 17
_NOTICE_DIGITS: Final = 18
_MAX_CHARS: Final = 400


def notice_number_in(text: str) -> NoticeNumber:
    """Return the notice number that a text says or holds.

    Raises Refused(INVALID_NOTICE_NUMBER) with NotANoticeNumber, which tells what the text looks like instead.
    """
    plain = _plain(text)
    digits = digits_on_paper(text) or _BETWEEN.sub("", _LABEL.sub("", plain))
    if len(digits) == _IUV_DIGITS and _are_digits(digits) and digits[15:] == check_digits(f"3{digits[:15]}"):
        return NoticeNumber(f"3{digits}")
    try:
        return NoticeNumber.typed(digits)
    except Refused:
        raise Refused(ErrorCode.INVALID_NOTICE_NUMBER, _looks_like(plain, digits)) from None


def digits_on_paper(text: str) -> str | None:
    """Return the notice number in the whole text of a code or line printed on a notice; None where it is no such text.

    Its check digits are not looked at.
    """
    written = re.sub(r"\s", "", _plain(text))
    found = (form.fullmatch(written) for form in _ON_PAPER)
    return next((one[1] for one in found if one), None)


def _plain(text: str) -> str:
    """Return a text without what cannot be seen, and in our digits: other keyboards have some of their own."""
    visible = (one for one in unicodedata.normalize("NFKC", text[:_MAX_CHARS]) if unicodedata.category(one) != "Cf")
    return "".join(str(unicodedata.digit(one)) if one.isdigit() else one for one in visible).strip()


def _are_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _is_fiscal_code(text: str) -> bool:
    try:
        FiscalCode.typed(text)
    except Refused:
        return False
    return True


_LOOKS: Final[tuple[tuple[str, Callable[[str], object]], ...]] = (
    ("email", _EMAIL.fullmatch),
    ("fiscal_code", _is_fiscal_code),
    ("amount", _AMOUNT.fullmatch),
    ("other_iuv", _RF_IUV.fullmatch),
    ("iban", _IBAN.fullmatch),
)


def _looks_like(text: str, digits: str) -> NotANoticeNumber:
    """Tell a text by its form; `digits` is the same without what stands between digits."""
    if _are_digits(digits) and not _is_fiscal_code(digits):
        looks = "mistyped" if len(digits) == _NOTICE_DIGITS else "digits"
        return NotANoticeNumber(looks_like=looks, digits=len(digits))
    compact = re.sub(r"\s", "", text).upper()
    return NotANoticeNumber(looks_like=next((name for name, is_one in _LOOKS if is_one(compact)), "other"))
