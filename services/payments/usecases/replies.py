"""Rows as the contracts' messages."""

from uuid import UUID

from sqlalchemy.orm import Session

from contracts.codes import AmountCents
from contracts.rpc import money_cases, payments
from services.payments.domain.books import Bookkeeping
from services.payments.domain.checkouts import CheckoutState, shown_state
from services.payments.domain.receipts import Judgement
from services.payments.models import Checkout, CheckoutItem, MoneyCase, Receipt
from services.payments.repository import positions


def checkout_reply(session: Session, checkout: Checkout) -> payments.Checkout:
    """Return a checkout as its payer sees it, who is sent anywhere only while it is open.

    One in which less came than is due is paid in part, whatever its end.
    """
    missing = _missing(session, checkout)
    state = shown_state(CheckoutState(checkout.state))
    return payments.Checkout(
        id=checkout.id,
        entity_code=checkout.entity_code,
        payer_ref=checkout.payer_ref,
        state=CheckoutState.PARTIALLY_PAID.value if missing and state == CheckoutState.PAID else state,
        created_at=checkout.created_at,
        open_until=checkout.open_until,
        ended_at=checkout.ended_at,
        returned=checkout.returned,
        redirect_url=checkout.redirect_url if checkout.state == CheckoutState.OPEN else None,
        items=[_item(item, missing.get(item.practice_id)) for item in checkout.items],
        total_cents=sum(item.amount_cents for item in checkout.items),
    )


def receipt_reply(receipt: Receipt, books: Bookkeeping | None = None) -> payments.Receipt:
    """Return a receipt that brought money, with all it tells, and what the entity's books know its practice by."""
    details = receipt.details
    return payments.Receipt(
        receipt_id=receipt.receipt_id,
        practice_id=receipt.practice_id,
        entity_code=receipt.known_entity_code,
        creditor_fiscal_code=receipt.creditor_fiscal_code,
        company_name=details.company_name,
        notice_number=receipt.notice_number,
        iuv=receipt.iuv,
        amount_cents=AmountCents(receipt.amount_cents),
        fee_cents=details.fee_cents,
        description=details.description,
        debtor=details.debtor,
        payer=details.payer,
        psp_id=receipt.psp_id,
        psp_name=receipt.psp_name,
        payment_method=receipt.payment_method,
        transfers=details.transfers,
        paid_at=receipt.paid_at,
        application_date=receipt.application_date,
        received_at=receipt.received_at,
        duplicate=receipt.judgement == Judgement.ALREADY_PAID,
        stamps=details.stamps or [],
        stand_in=receipt.stand_in,
        flags=receipt.flags,
        **(books.fields() if books else {}),
    )


def case_reply(case: MoneyCase, books: Bookkeeping, *, show_iban: bool) -> money_cases.MoneyCase:
    """Return a case of unexpected money with what its receipt tells; the account masked, or whole."""
    receipt = case.receipt
    payer = receipt.details.payer or receipt.details.debtor
    iban = case.iban
    return money_cases.MoneyCase(
        id=case.id,
        entity_code=case.entity_code,
        version=case.version,
        state=case.state,
        reason=case.reason,
        opened_at=case.opened_at,
        changed_at=case.changed_at,
        receipt_id=receipt.receipt_id,
        first_receipt_id=case.first_receipt_id,
        notice_number=receipt.notice_number,
        iuv=receipt.iuv,
        description=receipt.details.description,
        payer_name=payer.full_name,
        psp_name=receipt.psp_name,
        paid_at=receipt.paid_at,
        amount_cents=case.amount_cents,
        unexpected_cents=case.unexpected_cents,
        practice_id=case.practice_id,
        external_id=books.external_id,
        service_code=case.service_code,
        accounting_code=books.accounting_code,
        iban=iban.masked if iban and not show_iban else iban,
        holder=case.holder,
        refund_cents=case.refund_cents,
        decided_by=case.decided_by,
        offset_practice_id=case.offset_practice_id,
        export_id=case.export_id,
        note=case.note,
    )


def _missing(session: Session, checkout: Checkout) -> dict[UUID, int]:
    """Return what is missing of practices for which money has come."""
    with_money = [item.practice_id for item in checkout.items if item.receipt_id is not None]
    known = positions.by_practice(session, with_money) if with_money else {}
    return {practice_id: known_one.missing_cents for practice_id, known_one in known.items() if known_one.missing_cents}


def _item(item: CheckoutItem, missing_cents: int | None) -> payments.CheckoutItem:
    return payments.CheckoutItem(
        practice_id=item.practice_id,
        notice_number=item.notice_number,
        description=item.description,
        amount_cents=item.amount_cents,
        paid=item.receipt_id is not None and missing_cents is None,
        paid_at=item.paid_at,
        receipt_id=item.receipt_id,
        missing_cents=missing_cents,
    )
