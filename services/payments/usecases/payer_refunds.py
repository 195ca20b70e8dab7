"""What whoever paid sees of money that nobody expected, and their asking to have it back."""

from datetime import datetime
from typing import Final

from chassis.storage.database import Database
from contracts.actors import Actor
from contracts.codes import ANONYMOUS_FISCAL_CODE, Iban
from contracts.error_details import StepNotAllowed
from contracts.errors import ErrorCode, Refused
from contracts.rpc.money_cases import PAYER_REASONS, AskRefundRequest, PayerCase, PayerCases, PayerCasesRequest
from contracts.shapes import Subject
from services.payments.domain.money_cases import CaseState, RefundTerms, Step
from services.payments.models import MoneyCase
from services.payments.repository import money_cases
from services.payments.usecases.case_moves import Move, apply, check_version
from services.payments.usecases.money_cases import checked_holder

_MAY_ASK: Final = (CaseState.OPEN, CaseState.REFUND_ASKED)


def of_payer(database: Database, request: PayerCasesRequest) -> PayerCases:
    """Return the cases of a practice that are of this person's payments."""
    with database.reading() as session:
        found = money_cases.of_practice(session, request.entity_code, request.practice_id)
        return PayerCases(cases=[_told(one) for one in found if _has_paid(one, request.fiscal_code)])


def ask(database: Database, request: AskRefundRequest, now: datetime) -> PayerCase:
    """Note where the money shall go. Raises Refused as AskRefundRequest says."""
    asked = RefundTerms(Iban.typed(request.iban), checked_holder(request.holder))
    with database.transaction() as tx:
        found = money_cases.of_practice(tx.session, request.entity_code, request.practice_id, lock=True)
        case = next((one for one in found if one.id == request.case_id), None)
        if case is None or not _has_paid(case, request.fiscal_code):
            raise Refused(ErrorCode.MONEY_CASE_NOT_FOUND)
        check_version(tx, case, request.version)
        if not _may_ask(case):
            raise Refused(ErrorCode.MONEY_CASE_STEP_NOT_ALLOWED, StepNotAllowed(state=case.state))
        actor = Actor(kind="citizen", id=str(request.citizen_id))
        apply(tx, case, Move(step=Step.ASK_REFUND, actor=actor, asked=asked), now)
        return _told(case)


def _payer(case: MoneyCase) -> Subject:
    """Return who paid, as far as the receipt says: the debtor where it names nobody else."""
    return case.receipt.details.payer or case.receipt.details.debtor


def _has_paid(case: MoneyCase, fiscal_code: str) -> bool:
    return _payer(case).fiscal_code == fiscal_code != ANONYMOUS_FISCAL_CODE


def _may_ask(case: MoneyCase) -> bool:
    return case.reason in PAYER_REASONS and case.state in _MAY_ASK and case.unexpected_cents > 0


def _told(case: MoneyCase) -> PayerCase:
    return PayerCase(
        id=case.id,
        version=case.version,
        state=case.state,
        reason=case.reason,
        receipt_id=case.receipt.receipt_id,
        paid_at=case.receipt.paid_at,
        changed_at=case.changed_at,
        unexpected_cents=case.unexpected_cents,
        refund_cents=case.refund_cents,
        iban=case.iban.masked if case.iban else None,
        holder_name=_payer(case).full_name,
        may_ask=_may_ask(case),
    )
