"""What a document says, composed from what practices and payments answer; what has nothing to print is refused."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from contracts.calendar import ROME
from contracts.codes import ANONYMOUS_FISCAL_CODE
from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused
from contracts.rpc.notices import DayReportRequest
from contracts.rpc.payments import Receipt
from contracts.rpc.practices import Entity, Practice
from contracts.rpc.settlement import Day, DayFlow
from contracts.shapes import Creditor, Subject
from services.notices.documents.domain.content import (
    Artworks,
    DatedAmount,
    DayReportContent,
    Flow,
    FlowRow,
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
    "underpaid": ErrorCode.PRACTICE_UNDERPAID,
    "paid": ErrorCode.PRACTICE_PAID,
    "reported": ErrorCode.PRACTICE_PAID,
    "cancelled": ErrorCode.PRACTICE_CANCELLED,
    "expired": ErrorCode.PRACTICE_EXPIRED,
}

_WITHOUT_AMOUNT: Final = (ErrorCode.AMOUNT_NOT_KNOWN, ErrorCode.NOTHING_DUE)


def refuse_unprintable(practice: Practice) -> None:
    """Raise Refused when nothing is left to pay: PRACTICE_PAID, PRACTICE_CANCELLED or PRACTICE_EXPIRED.

    AMOUNT_NOT_KNOWN and NOTHING_DUE where the entity's software does not say an amount now.
    And PRACTICE_UNDERPAID where less came than is due: a notice is paid once. And PRACTICE_ONLINE_ONLY for what no PSP
    but our own Checkout can sell.
    """
    code = _REFUSALS.get(practice.state)
    if code:
        raise Refused(code)
    if practice.online_only:
        raise Refused(ErrorCode.PRACTICE_ONLINE_ONLY)
    if practice.not_payable_code in _WITHOUT_AMOUNT:
        raise Refused(ErrorCode(practice.not_payable_code))


def notice_content(
    practices: Sequence[Practice],
    entity: Entity,
    artworks: Artworks,
    language: str,
    second_language: str | None = None,
) -> NoticeContent:
    """Compose a notice from its Entity and one Practice, or the Practices of a plan (contracts.rpc.practices)."""
    first, is_plan = practices[0], len(practices) > 1
    payments = tuple(_payment(practice) for practice in practices)
    return NoticeContent(
        language=language,
        second_language=None if second_language == language else second_language,
        subject=_with_initial_capital(_plan_subject(first) if is_plan else first.description),
        payee=_payee(entity),
        recipient=_party(first.debtor),
        payment=None if is_plan else payments[0],
        instalments=payments if is_plan else (),
        postal=_postal_account(entity, payments) if all(practice.postal_slip for practice in practices) else None,
        artworks=artworks,
    )


def penalty_content(
    reduced: Practice,
    full: Practice,
    entity: Entity,
    artworks: Artworks,
    language: str,
    second_language: str | None = None,
) -> NoticeContent:
    """Compose the notice of a penalty: its reduced amount, to pay within 5 days, and its full one, within 60.

    Raises Refused(INVALID_REQUEST) when these are not two amounts of one debtor to one entity, the first the lower.
    """
    same_parties = (reduced.entity_code, reduced.debtor) == (full.entity_code, full.debtor)
    if not same_parties or reduced.amount_cents >= full.amount_cents:
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(field="full_amount_id"))
    content = notice_content([reduced, full], entity, artworks, language, second_language)
    subject = _with_initial_capital(reduced.description)
    return replace(content, subject=subject, penalty=True)


def still_to_pay(practices: Sequence[Practice]) -> list[Practice]:
    """Return those of a plan that can be paid now: none that is paid, over, or being paid at this moment."""
    return [practice for practice in practices if practice.payable]


def receipt_content(
    practice: Practice,
    entity: Entity,
    receipts: Sequence[Receipt],
    artworks: Artworks,
    language: str,
) -> ReceiptContent:
    """Compose a quietanza from a Practice, its Entity and its Receipts (contracts.rpc.payments).

    A masked practice (found by notice number alone) stays masked: the debtor is the practice's and the payers,
    whom the receipts would name, are left out. Raises Refused(RECEIPT_NOT_FOUND) when nothing was paid.
    """
    if not receipts:
        raise Refused(ErrorCode.RECEIPT_NOT_FOUND)
    beneficiary = practice.beneficiary
    paid = [_paid_receipt(receipt, masked=practice.masked) for receipt in receipts]
    paid[-1] = replace(paid[-1], missing_cents=practice.missing_cents)
    return ReceiptContent(
        language=language,
        subject=practice.description,
        payee=_payee(entity),
        debtor=_party(practice.debtor),
        beneficiary=beneficiary.full_name if beneficiary else None,
        receipts=tuple(paid),
        artworks=artworks,
    )


def cart_receipt_content(
    paid: Sequence[tuple[Practice, Sequence[Receipt]]],
    entity: Entity,
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


def day_report_content(request: DayReportRequest, creditor: Creditor, day: Day, now: datetime) -> DayReportContent:
    """Compose the report of a day from what payments' settlement adds up to."""
    return DayReportContent(
        language=request.language,
        entity_name=creditor.company_name,
        entity_fiscal_code=creditor.fiscal_code,
        day=request.day,
        made_at=now.astimezone(ROME),
        flows=tuple(_flow(flow) for flow in day.flows),
        total_cents=day.total_cents,
        credited_cents=day.credited_cents,
    )


def _flow(flow: DayFlow) -> Flow:
    return Flow(
        flow_id=flow.flow_id,
        sender=flow.sender,
        regulation_id=flow.regulation_id,
        rows=tuple(
            FlowRow(
                iuv=row.iuv,
                iur=row.iur,
                index=row.index,
                outcome=row.outcome,
                finding=row.finding,
                amount_cents=row.amount_cents,
            )
            for row in flow.rows
        ),
        total_cents=flow.total_cents,
        credited_cents=flow.credited_cents,
        credit_reference=flow.credit_reference,
        reconciled=flow.reconciled,
    )


def _payee(entity: Entity) -> Payee:
    creditor = entity.creditor
    site = re.sub(r"^https?://(www\.)?|/$", "", entity.website or "")
    return Payee(
        fiscal_code=creditor.fiscal_code,
        name=creditor.company_name,
        office=creditor.office_name,
        info=" · ".join(filter(None, (site, entity.contact_email))) or None,
        cbill=entity.cbill and entity.cbill.upper(),
        has_website=bool(site),
    )


def _party(subject: Subject) -> Party:
    street = " ".join(filter(None, (subject.street_name, subject.civic_number)))
    province = f"({subject.province})" if subject.province else None
    city = " ".join(filter(None, (subject.postal_code, subject.city, province)))
    abroad = subject.country if subject.country not in {None, "IT"} else None
    fiscal_code = subject.fiscal_code
    return Party(
        fiscal_code=None if fiscal_code == ANONYMOUS_FISCAL_CODE else fiscal_code.upper(),
        full_name=subject.full_name,
        address=tuple(filter(None, (street, city, abroad))),
    )


def _payment(practice: Practice) -> Payment:
    instalment = practice.instalment
    return Payment(
        notice_number=practice.notice_number,
        amount_cents=practice.amount_cents,
        due_date=practice.printed_date or practice.due_date,
        instalment=instalment.number if instalment and instalment.total > 1 else None,
        amounts=tuple(
            DatedAmount(one.amount_cents, one.since, one.until, one.grows, one.reduced_days) for one in practice.amounts
        ),
    )


def _with_initial_capital(text: str) -> str:
    """Return the subject as the guide wants it (pagopa.md section 2.2)."""
    return text[:1].upper() + text[1:]


def _plan_subject(practice: Practice) -> str:
    """Return the causale without which instalment it is: that stands beside each."""
    instalment = practice.instalment
    if instalment is None:
        return practice.description
    which = rf"[\s,;–-]*\brata\s+{instalment.number}\s*(?:di|/)\s*{instalment.total}\b"
    return re.sub(which, "", practice.description, flags=re.IGNORECASE).strip(" ,;–-") or practice.description


def _postal_account(entity: Entity, payments: Sequence[Payment]) -> PostalAccount | None:
    """Return the account for the slips, or None without one, or when an amount has no room in the slip's code."""
    number = re.sub(r"\D", "", entity.postal_account or "")
    has_room = all(payment.amount_cents <= POSTAL_AMOUNT_MAX_CENTS for payment in payments)
    if not 1 <= len(number) <= 12 or not has_room:
        return None
    holder = entity.postal_account_holder or entity.creditor.company_name
    return PostalAccount(number=number, holder=holder, authorisation=entity.postal_authorisation)


def _paid_receipt(receipt: Receipt, *, masked: bool) -> PaidReceipt:
    payer = receipt.payer
    # The node names the amount of every transfer; the contract would allow for one that has none.
    shares = tuple(
        Share(transfer.amount_cents, transfer.fiscal_code, transfer.company_name)
        for transfer in receipt.transfers
        if transfer.amount_cents is not None
    )
    return PaidReceipt(
        receipt_id=receipt.receipt_id,
        notice_number=receipt.notice_number,
        iuv=receipt.iuv,
        amount_cents=receipt.amount_cents,
        fee_cents=receipt.fee_cents,
        psp=receipt.psp_name or receipt.psp_id,
        payment_method=receipt.payment_method,
        paid_at=receipt.paid_at.astimezone(ROME),
        application_date=receipt.application_date,
        payer=_party(payer) if payer and not masked else None,
        duplicate=receipt.duplicate,
        shares=shares if len(shares) > 1 else (),
    )
