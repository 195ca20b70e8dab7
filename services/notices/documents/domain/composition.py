"""Compose documents from what practices and payments answer, and refuse those with nothing to print."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from contracts.codes import ANONYMOUS_FISCAL_CODE
from contracts.errors import ErrorCode, Refused
from services.notices.documents.domain.content import (
    ROME,
    Artworks,
    NoticeContent,
    PaidReceipt,
    Party,
    Payee,
    Payment,
    PostalAccount,
    ReceiptContent,
    Share,
)
from services.notices.documents.domain.payment_codes import POSTAL_AMOUNT_MAX_CENTS

_SEVERAL: Final = {"it": "Pagamento di {count} pratiche", "en": "Payment of {count} items"}

_REFUSALS: Final[Mapping[str, ErrorCode]] = {
    "paid": ErrorCode.PRACTICE_PAID,
    "reported": ErrorCode.PRACTICE_PAID,
    "cancelled": ErrorCode.PRACTICE_CANCELLED,
    "expired": ErrorCode.PRACTICE_EXPIRED,
}


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
        recipient=_party(first["debtor"]),
        payment=None if is_plan else payments[0],
        instalments=payments if is_plan else (),
        postal=_postal_account(entity, payments) if all(one.get("postal_slip", True) for one in owed) else None,
        artworks=artworks,
    )


def still_to_pay(practices: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return those of a plan that a notice may still ask for."""
    return [practice for practice in practices if practice["state"] not in _REFUSALS]


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
        debtor=_party(practice["debtor"]),
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


def _party(subject: Mapping[str, Any]) -> Party:
    street = " ".join(filter(None, (subject["street_name"], subject["civic_number"])))
    province = f"({subject['province']})" if subject["province"] else None
    town = " ".join(filter(None, (subject["postal_code"], subject["city"], province)))
    abroad = subject["country"] if subject["country"] not in {None, "IT"} else None
    fiscal_code = subject["fiscal_code"]
    return Party(
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
        payer=_party(payer) if payer and not masked else None,
        duplicate=receipt["duplicate"],
        shares=shares if len(shares) > 1 else (),
    )
