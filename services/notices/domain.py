"""What a document says, and whether it may be printed: pure rules over what practices and payments answer.

The dataclasses are the renderer's whole input, artwork included: same content, same bytes, same hash.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from contracts.codes import ANONYMOUS_FISCAL_CODE
from contracts.errors import ErrorCode, Refused
from services.notices.codes import POSTAL_AMOUNT_MAX_CENTS

TEMPLATE_VERSION: Final = 8
"""Raise it with any change that alters the bytes of a document, so that kept ones are made anew."""

ROME: Final = ZoneInfo("Europe/Rome")

_SEVERAL: Final = {"it": "Pagamento di {count} pratiche", "en": "Payment of {count} items"}
_CODE_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})

_REFUSALS: Final[Mapping[str, ErrorCode]] = {
    "paid": ErrorCode.PRACTICE_PAID,
    "reported": ErrorCode.PRACTICE_PAID,
    "cancelled": ErrorCode.PRACTICE_CANCELLED,
    "expired": ErrorCode.PRACTICE_EXPIRED,
}


@dataclass(frozen=True)
class Artwork:
    """A logo: `media_type` image/svg+xml or image/jpeg, and the file's bytes in base64."""

    media_type: str
    content_base64: str


@dataclass(frozen=True)
class Artworks:
    """The two logos of a page; None: pagoPA's is drawn, the body's place stays empty."""

    pagopa: Artwork | None = None
    entity: Artwork | None = None


@dataclass(frozen=True)
class Payee:
    """Ente Creditore as printed. `has_website`: the online line names it."""

    fiscal_code: str
    name: str
    office: str | None
    info: str | None
    cbill: str | None
    has_website: bool


@dataclass(frozen=True)
class Person:
    """Debtor, payer or beneficiary; `fiscal_code` None where there is none to print."""

    fiscal_code: str | None
    full_name: str
    address: tuple[str, ...] = ()


@dataclass(frozen=True)
class Payment:
    """One thing payable: what both codes encode. `instalment` is its number among several, else None."""

    notice_number: str
    amount_cents: int
    due_date: date | None
    instalment: int | None


@dataclass(frozen=True)
class PostalAccount:
    """The body's postal account; `authorisation` is Poste Italiane's, as it must stand on the slip."""

    number: str
    holder: str
    authorisation: str | None


@dataclass(frozen=True)
class Verification:
    """What lets anybody check that a document is genuine: its short code, and the page that answers for it."""

    code: str
    link: str


@dataclass(frozen=True)
class NoticeContent:
    """An avviso di pagamento: one `payment`, or two and more `instalments`, or the choice between both.

    With `postal` each of them has its postal slip. `second_language`: the fixed texts also in that one, in grey.
    """

    language: str
    subject: str
    payee: Payee
    recipient: Person
    payment: Payment | None
    postal: PostalAccount | None
    artworks: Artworks
    instalments: tuple[Payment, ...] = ()
    second_language: str | None = None
    verification: Verification | None = None

    @property
    def payments(self) -> tuple[Payment, ...]:
        """Everything payable with this notice, in the order printed."""
        return ((self.payment,) if self.payment else ()) + self.instalments


@dataclass(frozen=True)
class Share:
    """One transfer of a payment that went to several, or to several accounts."""

    amount_cents: int
    fiscal_code: str
    payee: str | None


@dataclass(frozen=True)
class PaidReceipt:
    """One receipt of the node. `paid_at` in Europe/Rome; amounts in cents; `shares` only where there are several.

    `subject`, `beneficiary` and `debtor` where the document holds several practices and they are this receipt's own.
    """

    receipt_id: str
    notice_number: str
    iuv: str
    amount_cents: int
    fee_cents: int | None
    psp: str
    payment_method: str | None
    paid_at: datetime
    application_date: date | None
    payer: Person | None
    duplicate: bool
    shares: tuple[Share, ...] = ()
    subject: str | None = None
    beneficiary: str | None = None
    debtor: Person | None = None


@dataclass(frozen=True)
class ReceiptContent:
    """A quietanza: every receipt of one practice, or of the practices of one cart, oldest first."""

    language: str
    subject: str
    payee: Payee
    debtor: Person
    beneficiary: str | None
    receipts: tuple[PaidReceipt, ...]
    artworks: Artworks
    verification: Verification | None = None


Content = NoticeContent | ReceiptContent
_Content = TypeVar("_Content", NoticeContent, ReceiptContent)


def refuse_unprintable(practice: Mapping[str, Any]) -> None:
    """Raise Refused when there is nothing left to pay: PRACTICE_PAID, PRACTICE_CANCELLED or PRACTICE_EXPIRED.

    And PRACTICE_ONLINE_ONLY for what no PSP but our own Checkout can sell.
    """
    code = _REFUSALS.get(practice["state"])
    if code:
        raise Refused(code)
    if practice.get("online_only"):
        raise Refused(ErrorCode.PRACTICE_ONLINE_ONLY)


def notice_content(
    owed: Sequence[Mapping[str, Any]],
    entity: Mapping[str, Any],
    artworks: Artworks,
    language: str,
    second_language: str | None = None,
) -> NoticeContent:
    """Compose a notice from its Entity and one Practice, or the Practices of a plan (contracts.rpc.practices)."""
    first, is_plan = owed[0], len(owed) > 1
    payments = tuple(_payment(practice) for practice in owed)
    return NoticeContent(
        language=language,
        second_language=None if second_language == language else second_language,
        subject=_with_initial_capital(_plan_subject(first) if is_plan else first["description"]),
        payee=_payee(entity),
        recipient=_person(first["debtor"]),
        payment=None if is_plan else payments[0],
        instalments=payments if is_plan else (),
        postal=_postal_account(entity, payments) if all(one.get("postal_slip", True) for one in owed) else None,
        artworks=artworks,
    )


def still_to_pay(practices: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return those of a plan that a notice may still ask for."""
    return [practice for practice in practices if practice["state"] not in _REFUSALS]


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


def receipt_content(
    practice: Mapping[str, Any],
    entity: Mapping[str, Any],
    receipts: Sequence[Mapping[str, Any]],
    artworks: Artworks,
    language: str,
) -> ReceiptContent:
    """Compose a quietanza from a Practice, its Entity and its Receipts (contracts.rpc.payments).

    A masked practice (found by notice number alone) keeps its mask: the debtor is the practice's and the payers,
    whom the receipts would name, are left out. Raises Refused(RECEIPT_NOT_FOUND) when nothing was paid.
    """
    if not receipts:
        raise Refused(ErrorCode.RECEIPT_NOT_FOUND)
    beneficiary = practice["beneficiary"]
    return ReceiptContent(
        language=language,
        subject=practice["description"],
        payee=_payee(entity),
        debtor=_person(practice["debtor"]),
        beneficiary=beneficiary["full_name"] if beneficiary else None,
        receipts=tuple(_paid_receipt(receipt, masked=practice["masked"]) for receipt in receipts),
        artworks=artworks,
    )


def cart_receipt_content(
    paid: Sequence[tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]],
    entity: Mapping[str, Any],
    artworks: Artworks,
    language: str,
) -> ReceiptContent:
    """Compose one quietanza for a cart: each Practice with its Receipts, in the order of the cart.

    Raises Refused(RECEIPT_NOT_FOUND) when nothing was paid.
    """
    single = [
        receipt_content(practice, entity, receipts, artworks, language) for practice, receipts in paid if receipts
    ]
    if not single:
        raise Refused(ErrorCode.RECEIPT_NOT_FOUND)
    first = single[0]
    if len(single) == 1:
        return first
    receipts = tuple(
        replace(
            receipt,
            subject=content.subject,
            beneficiary=content.beneficiary,
            debtor=content.debtor if content.debtor != first.debtor else None,
        )
        for content in single
        for receipt in content.receipts
    )
    return replace(first, subject=_SEVERAL[language].format(count=len(single)), beneficiary=None, receipts=receipts)


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
        content["recipient"] = _read_person(content["recipient"])
        return NoticeContent(**content)
    content["debtor"] = _read_person(content["debtor"])
    content["receipts"] = tuple(
        PaidReceipt(
            **{
                **receipt,
                "paid_at": datetime.fromisoformat(receipt["paid_at"]).astimezone(ROME),
                "application_date": _read_date(receipt["application_date"]),
                "payer": receipt["payer"] and _read_person(receipt["payer"]),
                "shares": tuple(Share(**share) for share in receipt["shares"]),
                "debtor": receipt["debtor"] and _read_person(receipt["debtor"]),
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


def _payee(entity: Mapping[str, Any]) -> Payee:
    creditor = entity["creditor"]
    site = re.sub(r"^https?://(www\.)?|/$", "", entity["website"] or "")
    return Payee(
        fiscal_code=creditor["fiscal_code"],
        name=creditor["company_name"],
        office=creditor["office_name"],
        info=" · ".join(filter(None, (site, entity["contact_email"]))) or None,
        cbill=entity["cbill"] and entity["cbill"].upper(),
        has_website=bool(site),
    )


def _person(subject: Mapping[str, Any]) -> Person:
    street = " ".join(filter(None, (subject["street_name"], subject["civic_number"])))
    province = f"({subject['province']})" if subject["province"] else None
    town = " ".join(filter(None, (subject["postal_code"], subject["city"], province)))
    abroad = subject["country"] if subject["country"] not in {None, "IT"} else None
    fiscal_code = subject["fiscal_code"]
    return Person(
        fiscal_code=None if fiscal_code == ANONYMOUS_FISCAL_CODE else fiscal_code.upper(),
        full_name=subject["full_name"],
        address=tuple(filter(None, (street, town, abroad))),
    )


def _payment(practice: Mapping[str, Any]) -> Payment:
    instalment = practice["instalment"]
    return Payment(
        notice_number=practice["notice_number"],
        amount_cents=practice["amount_cents"],
        due_date=practice["due_date"],
        instalment=instalment["number"] if instalment and instalment["total"] > 1 else None,
    )


def _with_initial_capital(text: str) -> str:
    """Return the subject as the guide wants it (pagopa.md section 2.2)."""
    return text[:1].upper() + text[1:]


def _plan_subject(practice: Mapping[str, Any]) -> str:
    """Return the causale without which instalment it is: that stands beside each."""
    number, total = practice["instalment"]["number"], practice["instalment"]["total"]
    which = rf"[\s,;–-]*\brata\s+{number}\s*(?:di|/)\s*{total}\b"
    return re.sub(which, "", practice["description"], flags=re.IGNORECASE).strip(" ,;–-") or practice["description"]


def _postal_account(entity: Mapping[str, Any], payments: Sequence[Payment]) -> PostalAccount | None:
    """Return the account for the slips, or None without one, or when an amount has no room in the slip's code."""
    number = re.sub(r"\D", "", entity["postal_account"] or "")
    has_room = all(payment.amount_cents <= POSTAL_AMOUNT_MAX_CENTS for payment in payments)
    if not 1 <= len(number) <= 12 or not has_room:
        return None
    holder = entity["postal_account_holder"] or entity["creditor"]["company_name"]
    return PostalAccount(number=number, holder=holder, authorisation=entity["postal_authorisation"])


def _paid_receipt(receipt: Mapping[str, Any], *, masked: bool) -> PaidReceipt:
    payer, transfers = receipt["payer"], receipt["transfers"]
    shares = tuple(Share(item["amount_cents"], item["fiscal_code"], item.get("company_name")) for item in transfers)
    return PaidReceipt(
        receipt_id=receipt["receipt_id"],
        notice_number=receipt["notice_number"],
        iuv=receipt["iuv"],
        amount_cents=receipt["amount_cents"],
        fee_cents=receipt["fee_cents"],
        psp=receipt["psp_name"] or receipt["psp_id"],
        payment_method=receipt["payment_method"],
        paid_at=receipt["paid_at"].astimezone(ROME),
        application_date=receipt["application_date"],
        payer=_person(payer) if payer and not masked else None,
        duplicate=receipt["duplicate"],
        shares=shares if len(shares) > 1 else (),
    )


def _read_person(person: Mapping[str, Any]) -> Person:
    return Person(**{**person, "address": tuple(person["address"])})


def _read_payment(payment: Mapping[str, Any]) -> Payment:
    return Payment(**{**payment, "due_date": _read_date(payment["due_date"])})


def _read_date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
