"""What the summary of a year's payments says."""

from collections.abc import Sequence
from datetime import datetime

from contracts.calendar import ROME, rome_day
from contracts.rpc.notices import YearSummaryRequest
from contracts.rpc.practices import YearPayment
from contracts.shapes import Creditor, LocalisedText
from services.notices.documents.domain.content import Party, SummarisedPayment, YearSummaryContent


def year_summary_content(
    request: YearSummaryRequest, creditor: Creditor, payments: Sequence[YearPayment], now: datetime
) -> YearSummaryContent:
    """Compose the summary, the first payment first. There is at least one."""
    in_order = sorted(payments, key=lambda one: (one.paid_at, one.receipt_id))
    debtor = in_order[-1].debtor
    return YearSummaryContent(
        language=request.language,
        entity_name=creditor.company_name,
        entity_fiscal_code=creditor.fiscal_code,
        debtor=Party(debtor.fiscal_code, debtor.full_name),
        year=request.year,
        made_at=now.astimezone(ROME),
        payments=tuple(_summarised(one, request.language) for one in in_order),
    )


def _summarised(payment: YearPayment, language: str) -> SummarisedPayment:
    return SummarisedPayment(
        paid_on=rome_day(payment.paid_at),
        service=_in_language(payment.service_title, language),
        description=payment.description,
        beneficiary=payment.beneficiary.full_name if payment.beneficiary else None,
        iuv=payment.iuv,
        receipt_id=payment.receipt_id,
        amount_cents=payment.amount_cents,
        stamp_cents=payment.stamp_cents,
    )


def _in_language(text: LocalisedText, language: str) -> str:
    return (text.en if language == "en" else None) or text.it
