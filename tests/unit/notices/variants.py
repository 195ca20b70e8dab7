"""Every variant of the documents by name, made from the notice and the receipt of conftest.py."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from io import BytesIO
from typing import Final

from PIL import Image

from services.notices.documents.domain.content import (
    Artwork,
    Artworks,
    Content,
    NoticeContent,
    Party,
    ReceiptContent,
    Share,
    Verification,
)
from tests.unit.notices.conftest import instalments

LINK: Final = "https://pagamenti.conservatorio.example/verifica/ABCD-EFGH-JKMN"
SVG: Final = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
OTHER_LANGUAGES: Final = ("en", "de", "fr", "sl")

_Variant = Callable[[NoticeContent, ReceiptContent], Content]

_SHAPES: Final[Mapping[str, tuple[int, bool]]] = {
    "single": (0, True),
    "two": (2, True),
    "three": (3, True),
    "many": (13, True),
    "two alone": (2, False),
    "three alone": (3, False),
    "nine alone": (9, False),
}
"""How many instalments, and whether all can be paid at once too."""


def every_variant(notice: NoticeContent, receipt: ReceiptContent) -> dict[str, Content]:
    """Compose all of them."""
    verification = Verification("ABCD-EFGH-JKMN", LINK)
    logo = Artworks(entity=Artwork("image/svg+xml", base64.b64encode(SVG.encode()).decode()))
    notice = replace(notice, verification=verification, artworks=logo)
    receipt = replace(receipt, verification=verification, artworks=logo)
    return {name: make(notice, receipt) for name, make in _VARIANTS.items()}


def _notice(shape: str, *, slips: bool = False, due: bool = True, first: str = "it", second: str = "") -> _Variant:
    count, single = _SHAPES[shape]

    def make(notice: NoticeContent, _receipt: ReceiptContent) -> Content:
        payment = notice.payment
        if payment and not due:
            payment = replace(payment, due_date=None)
        return replace(
            notice,
            language=first,
            second_language=second or None,
            payment=payment if single else None,
            instalments=instalments(count, due=due),
            postal=notice.postal if slips else None,
        )

    return make


def _penalty(*, slips: bool = False, first: str = "it", second: str = "") -> _Variant:
    def make(notice: NoticeContent, _receipt: ReceiptContent) -> Content:
        return replace(
            notice,
            language=first,
            second_language=second or None,
            payment=None,
            instalments=instalments(2),
            penalty=True,
            postal=notice.postal if slips else None,
        )

    return make


def _other_alphabets(notice: NoticeContent, _receipt: ReceiptContent) -> Content:
    lines = ("王小明 山田 타로 יוסף", "สมชาย Արամ ნინო अनिल চক্রবর্তী குமார் ශ්\u200dරී")
    recipient = Party("ZZZZZZ80A01Z219Z", "محمد عبد الله Γιώργος Владимир", lines)
    return replace(notice, recipient=recipient, subject="Contributo di محمد عبد الله e יוסף בן דוד")


def _with_picture(notice: NoticeContent, _receipt: ReceiptContent) -> Content:
    buffer = BytesIO()
    Image.new("RGB", (60, 40), "navy").save(buffer, "JPEG")
    picture = Artwork("image/jpeg", base64.b64encode(buffer.getvalue()).decode())
    return replace(notice, artworks=Artworks(entity=picture))


def _receipt(*, language: str = "it", count: int = 1, cart: bool = False, shares: tuple[Share, ...] = ()) -> _Variant:
    def make(_notice: NoticeContent, receipt: ReceiptContent) -> Content:
        paid = receipt.receipts[0]
        several = tuple(
            replace(
                paid,
                receipt_id=f"{number:032x}",
                shares=shares,
                duplicate=number > 0 and not cart,
                subject=f"Contributo {number}" if cart else None,
                beneficiary="Anna Rossi" if cart and number else None,
                debtor=Party("VRDLCU80A01F205X", "Luca Verdi") if cart and number > 1 else None,
            )
            for number in range(count)
        )
        return replace(receipt, language=language, receipts=several)

    return make


_VARIANTS: Final[dict[str, _Variant]] = {
    **{name: _notice(name) for name in _SHAPES},
    **{f"{name} with slips": _notice(name, slips=True) for name in _SHAPES},
    **{f"{name} without due date": _notice(name, due=False) for name in ("single", "three", "nine alone")},
    **{
        f"{name} in {language}": _notice(name, slips=slips, first=language)
        for language in OTHER_LANGUAGES
        for name, slips in (("single", True), ("three", True), ("two", False), ("nine alone", False))
    },
    **{
        f"{name} in it and {language}": _notice(name, slips=slips, second=language)
        for language in OTHER_LANGUAGES
        for name, slips in (("single", True), ("three", True), ("two alone", False), ("nine alone", False))
    },
    **{f"penalty in {language}": _penalty(first=language) for language in ("it", *OTHER_LANGUAGES)},
    **{
        f"penalty with slips in it and {language}": _penalty(slips=True, second=language)
        for language in OTHER_LANGUAGES
    },
    "penalty with slips": _penalty(slips=True),
    "penalty in it and de": _penalty(second="de"),
    "single in de and it": _notice("single", slips=True, first="de", second="it"),
    "single in other alphabets": _other_alphabets,
    "single with a picture": _with_picture,
    "receipt": _receipt(),
    "receipt in en": _receipt(language="en"),
    "receipt of a practice paid twice": _receipt(count=2),
    "receipt of a cart": _receipt(count=5, cart=True),
    "receipt of a payment to two": _receipt(
        shares=(Share(100_000, "99999000013", "Comune di Test"), Share(50_000, "80012345676", "Conservatorio"))
    ),
}
NAMES: Final = tuple(_VARIANTS)
