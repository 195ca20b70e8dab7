"""How a document's content is kept and told apart: as JSON, by its hash, under a file name."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final

from services.notices.documents.domain.content import (
    ROME,
    Artwork,
    Artworks,
    Content,
    NoticeContent,
    PaidReceipt,
    Party,
    Payee,
    Payment,
    PostalAccount,
    ReceiptContent,
    Share,
    Verification,
)

TEMPLATE_VERSION: Final = 8
"""Raise it with any change that alters the bytes of a document, so that kept ones are made anew."""


def content_sha256(content: Content) -> str:
    """Return the key of a document: hex hash of what it says, its kind, and the template version."""
    inputs = {"template": TEMPLATE_VERSION, **to_json(content)}
    canonical = json.dumps(inputs, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def to_json(content: Content) -> dict[str, Any]:
    """Make the JSON-ready form that travels to the renderer; `from_json` is its inverse."""
    kind = "notice" if isinstance(content, NoticeContent) else "receipt"
    text = json.dumps({"kind": kind, "content": asdict(content)}, default=lambda moment: moment.isoformat())
    result: dict[str, Any] = json.loads(text)
    return result


def from_json(document: Mapping[str, Any]) -> Content:
    """Rebuild the content that `to_json` wrote."""
    content = dict(document["content"])
    content["payee"] = Payee(**content["payee"])
    content["artworks"] = Artworks(**{place: art and Artwork(**art) for place, art in content["artworks"].items()})
    content["verification"] = content["verification"] and Verification(**content["verification"])
    if document["kind"] == "notice":
        content["payment"] = content["payment"] and _read_payment(content["payment"])
        content["instalments"] = tuple(_read_payment(payment) for payment in content["instalments"])
        content["postal"] = content["postal"] and PostalAccount(**content["postal"])
        content["recipient"] = _read_party(content["recipient"])
        return NoticeContent(**content)
    content["debtor"] = _read_party(content["debtor"])
    content["receipts"] = tuple(
        PaidReceipt(
            **{
                **receipt,
                "paid_at": datetime.fromisoformat(receipt["paid_at"]).astimezone(ROME),
                "application_date": _read_date(receipt["application_date"]),
                "payer": receipt["payer"] and _read_party(receipt["payer"]),
                "shares": tuple(Share(**share) for share in receipt["shares"]),
                "debtor": receipt["debtor"] and _read_party(receipt["debtor"]),
            }
        )
        for receipt in content["receipts"]
    )
    return ReceiptContent(**content)


def file_name(content: Content) -> str:
    """Name of the file offered to the browser; no personal data."""
    if isinstance(content, NoticeContent):
        return f"avviso-{content.payments[0].notice_number}.pdf"
    return f"quietanza-{content.receipts[0].notice_number}.pdf"


def _read_party(person: Mapping[str, Any]) -> Party:
    return Party(**{**person, "address": tuple(person["address"])})


def _read_payment(payment: Mapping[str, Any]) -> Payment:
    return Payment(**{**payment, "due_date": _read_date(payment["due_date"])})


def _read_date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
