"""Money that nobody expected, as the entity's office and software work with it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.audit import entries
from chassis.storage.database import Database, Tx
from contracts.codes import Iban, NoticeNumber
from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused
from contracts.rpc.audit import AuditPage, AuditRequest
from contracts.rpc.money_cases import (
    CaseTotal,
    MoneyCase,
    MoneyCaseReply,
    MoneyCaseRequest,
    MoneyCases,
    MoneyCasesRequest,
    MoveCaseRequest,
)
from services.payments import models
from services.payments.domain.books import Bookkeeping
from services.payments.domain.money_cases import (
    NOTHING_ASKED,
    REASONED,
    RefundTerms,
    Step,
    check_second,
    checked_refund,
)
from services.payments.domain.positions import PositionStatus
from services.payments.models import AuditEntry
from services.payments.repository import money_cases, positions
from services.payments.usecases.case_moves import Move, apply, check_version
from services.payments.usecases.replies import case_reply

_HISTORY_MAX: Final = 100


def listed(database: Database, request: MoneyCasesRequest) -> MoneyCases:
    """Return a page of an entity's cases, oldest first. Raises Refused(INVALID_REQUEST) for a cursor of nobody's."""
    after = _read_cursor(request.cursor)
    code, services = request.entity_code, request.service_codes
    with database.reading() as session:
        found = money_cases.page(session, code, services, request.states, after, request.limit)
        totals = money_cases.totals(session, code, services)
        cases = _shown(session, found, show_iban=request.show_iban)
    has_more = len(found) == request.limit
    return MoneyCases(
        cases=cases,
        totals=[CaseTotal(state=state, count=count, amount_cents=cents) for state, count, cents in totals],
        next_cursor=str(found[-1].receipt_row_id) if has_more else None,
    )


def one(database: Database, request: MoneyCaseRequest) -> MoneyCaseReply:
    """Return a case and who did what with it. Raises Refused(MONEY_CASE_NOT_FOUND)."""
    with database.reading() as session:
        case = money_cases.one(session, request.entity_code, request.service_codes, request.case_id)
        if case is None:
            raise Refused(ErrorCode.MONEY_CASE_NOT_FOUND)
        asked = AuditRequest(entity_code=case.entity_code, subject=str(case.id), limit=_HISTORY_MAX)
        return MoneyCaseReply(
            case=_shown(session, [case], show_iban=request.show_iban)[0],
            history=entries.page(session, AuditEntry, asked).entries,
            second_person=money_cases.wants_second_person(session, case.entity_code),
        )


def move(database: Database, request: MoveCaseRequest, now: datetime) -> MoneyCase:
    """Take a step with a case. Of two at once the second is told of the first, and nothing is done twice.

    Raises Refused as MoveCaseRequest says.
    """
    step = Step(request.step)
    if step is Step.EXPORT:
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(field="step"))
    with database.transaction() as tx:
        case = money_cases.one(tx.session, request.entity_code, request.service_codes, request.case_id, lock=True)
        if case is None:
            raise Refused(ErrorCode.MONEY_CASE_NOT_FOUND)
        check_version(tx, case, request.version)
        apply(tx, case, _move(tx, case, step, request), now)
        return _shown(tx.session, [case], show_iban=True)[0]


def audit(database: Database, request: AuditRequest) -> AuditPage:
    """Return a page of the audit of payments; who may read it, the gateway has asked."""
    with database.reading() as session:
        return entries.page(session, AuditEntry, request)


def checked_holder(text: str | None) -> str:
    """Return whose account it is. Raises Refused(NAME_REQUIRED)."""
    holder = " ".join((text or "").split())
    if not holder:
        raise Refused(ErrorCode.NAME_REQUIRED)
    return holder


def _move(tx: Tx, case: models.MoneyCase, step: Step, request: MoveCaseRequest) -> Move:
    """Read what a step says. Raises Refused for what it lacks."""
    reason = " ".join((request.reason or "").split()) or None
    if step in REASONED and reason is None:
        raise Refused(ErrorCode.REASON_REQUIRED)
    if step is Step.CONFIRM:
        check_second(case.decided_by, request.actor)
    asked, offset_practice_id = NOTHING_ASKED, None
    if step is Step.ASK_REFUND:
        asked = RefundTerms(Iban.typed(request.iban or ""), checked_holder(request.holder))
    elif step is Step.REFUND:
        refund_cents = request.refund_cents or case.unexpected_cents
        asked = RefundTerms(refund_cents=checked_refund(refund_cents, case.amount_cents), decided_by=request.actor)
    elif step is Step.OFFSET:
        offset_practice_id = _practice_to_pay(tx.session, case, request.offset_notice_number or "")
    return Move(step=step, actor=request.actor, asked=asked, reason=reason, offset_practice_id=offset_practice_id)


def _practice_to_pay(session: Session, case: models.MoneyCase, typed: str) -> UUID:
    """Return the practice of the entity that the money shall count for: one that is to be paid.

    Raises Refused: INVALID_NOTICE_NUMBER, PRACTICE_NOT_FOUND, PRACTICE_PAID, PRACTICE_CANCELLED.
    """
    position = positions.by_notice(session, case.receipt.creditor_fiscal_code, NoticeNumber.typed(typed))
    if position is None or position.entity_code != case.entity_code:
        raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
    if position.paid_receipt_id is not None and not position.missing_cents:
        raise Refused(ErrorCode.PRACTICE_PAID)
    if position.status is PositionStatus.CANCELLED:
        raise Refused(ErrorCode.PRACTICE_CANCELLED)
    return position.practice_id


def _shown(session: Session, cases: Sequence[models.MoneyCase], *, show_iban: bool) -> list[MoneyCase]:
    known = positions.bookkeeping(session, {one.practice_id for one in cases if one.practice_id})
    return [
        case_reply(one, (known.get(one.practice_id) if one.practice_id else None) or Bookkeeping(), show_iban=show_iban)
        for one in cases
    ]


def _read_cursor(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 19):
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(field="cursor"))
    return int(cursor)
