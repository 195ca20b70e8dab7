"""A step of a case: the new state, the event that tells of it, and the audit, all in the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.audit import entries
from chassis.audit.chain import Json
from chassis.audit.entries import Change
from chassis.storage.database import Tx
from contracts.actors import Actor
from contracts.error_details import ChangedMeanwhile
from contracts.errors import ErrorCode, Refused
from contracts.events.payments import MONEY_CASE_CHANGED, MoneyCaseChanged
from services.payments.domain.money_cases import NOTHING_ASKED, CaseState, RefundTerms, Step, after, terms_after
from services.payments.models import AuditEntry, MoneyCase
from services.payments.repository import money_cases, positions

OPERATION_PREFIX = "money."
"""What operations of the audit begin with that are steps of a case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What is to be done, by whom: `asked` has the parts of a refund that the step sets."""

    step: Step
    actor: Actor
    asked: RefundTerms = NOTHING_ASKED
    reason: str | None = None
    offset_practice_id: UUID | None = None
    export_id: UUID | None = None


def check_version(tx: Tx, case: MoneyCase, version: int) -> None:
    """Raise Refused(CHANGED_MEANWHILE), with who did what, unless the locked case is as it was shown."""
    if case.version == version:
        return
    last = entries.last_of(tx.session, AuditEntry, case.entity_code, str(case.id))
    if last is None:
        raise Refused(ErrorCode.CHANGED_MEANWHILE, ChangedMeanwhile(version=case.version))
    detail = ChangedMeanwhile(
        version=case.version,
        actor_kind=last.actor.kind,
        actor_id=last.actor.id,
        operation=last.operation,
        at=last.at,
        fields=sorted({*last.before, *last.after}),
    )
    raise Refused(ErrorCode.CHANGED_MEANWHILE, detail)


def apply(tx: Tx, case: MoneyCase, move: Move, now: datetime) -> None:
    """Move a locked case on. Several of a transaction: in the order of their receipts.

    Raises Refused(MONEY_CASE_STEP_NOT_ALLOWED).
    """
    before, previous = fields_of(case), CaseState(case.state)
    second_person = move.step is Step.REFUND and money_cases.wants_second_person(tx.session, case.entity_code)
    case.state = after(move.step, previous, second_person=second_person).value
    terms = terms_after(move.step, terms_of(case), move.asked)
    case.iban, case.holder = terms.iban, terms.holder
    case.refund_cents, case.decided_by = terms.refund_cents, terms.decided_by
    case.offset_practice_id = move.offset_practice_id
    case.export_id = move.export_id or case.export_id
    case.note, case.version, case.changed_at = move.reason, case.version + 1, now
    tx.session.flush()
    _emit(tx, case, move.step, previous, now)
    _note(tx, case, move, before, now)


def terms_of(case: MoneyCase) -> RefundTerms:
    """Return what a case knows of its refund."""
    return RefundTerms(case.iban, case.holder, case.refund_cents, case.decided_by)


def fields_of(case: MoneyCase) -> Json:
    """Return what the audit tells of a case: of the account only so much that two can be told apart."""
    return {
        "case_state": case.state,
        "refund_cents": case.refund_cents,
        "iban": case.iban.masked if case.iban else None,
        "offset_practice_id": str(case.offset_practice_id) if case.offset_practice_id else None,
        "export_id": str(case.export_id) if case.export_id else None,
    }


def _emit(tx: Tx, case: MoneyCase, step: Step, previous: CaseState, now: datetime) -> None:
    named = {case.practice_id} if case.practice_id else set()
    books = positions.bookkeeping(tx.session, named).get(case.practice_id) if case.practice_id else None
    told = MoneyCaseChanged(
        case_id=case.id,
        receipt_id=case.receipt.receipt_id,
        practice_id=case.practice_id,
        entity_code=case.entity_code,
        notice_number=case.receipt.notice_number,
        reason=case.reason,
        step=step.value,
        previous_state=previous.value,
        state=case.state,
        amount_cents=case.amount_cents,
        unexpected_cents=case.unexpected_cents,
        refund_cents=case.refund_cents,
        offset_practice_id=case.offset_practice_id,
        export_id=case.export_id,
        external_id=books.external_id if books else None,
        service_code=case.service_code,
        accounting_code=books.accounting_code if books else None,
        at=now,
    )
    tx.emit(MONEY_CASE_CHANGED, told, subject=str(case.id), sequence=case.version, now=now)


def _note(tx: Tx, case: MoneyCase, move: Move, before: Json, now: datetime) -> None:
    fields = fields_of(case)
    changed = [name for name, value in fields.items() if before[name] != value]
    change = Change(
        entity_code=case.entity_code,
        actor=move.actor,
        operation=f"{OPERATION_PREFIX}{move.step.value}",
        subject=str(case.id),
        reason=move.reason,
        before={name: before[name] for name in changed},
        after={name: fields[name] for name in changed},
    )
    entries.append(tx, change, now)
