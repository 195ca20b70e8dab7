"""Between a practice's row, the rules that judge it, and the shapes that leave the service."""

from dataclasses import fields
from datetime import datetime

from contracts.codes import AmountCents, CreditorFiscalCode, Iuv, NoticeNumber
from contracts.events.practices import PracticeEnded
from contracts.rpc.practices import DatedPractice, Position, Practice
from contracts.shapes import Beneficiary, Instalment, Subject
from services.practices import catalogue_records, stored_json
from services.practices.domain import display, practice_status
from services.practices.domain.debt import Debt
from services.practices.domain.debt_rules import ServiceRules
from services.practices.domain.practice_status import AmountDue, PracticeStatus
from services.practices.domain.states import State
from services.practices.domain.transfers import StampShare, divide
from services.practices.models import EntityRow, PracticeRow, ServiceRow


def status_of(row: PracticeRow) -> PracticeStatus:
    """Return the state of a practice and the facts behind it."""
    return PracticeStatus(State(row.state), stored_json.read_facts(row.facts))


def amount_due_of(row: PracticeRow) -> AmountDue:
    """Return what arriving money is compared with."""
    return AmountDue(row.amount_cents, row.payable_until)


def write_status(row: PracticeRow, status: PracticeStatus) -> None:
    """Write a status and everything derived from it."""
    due = amount_due_of(row)
    details = display.state_details(status, due, row.created_at)
    row.state = status.state.value
    row.state_since, row.state_until, row.state_reason = details.since, details.until, details.reason
    row.needs_attention = bool(practice_status.unexpected_money(status, due))
    row.facts = stored_json.write_facts(status.facts)


def debt_of(row: PracticeRow) -> Debt:
    """Return the debt as it stands, to compare with what is put again."""
    stamp = stored_json.read_stamp(row.stamp)
    return Debt(
        service_code=row.service_code,
        debtor=stored_json.read(row.debtor, Subject),
        description=row.description,
        amount_cents=AmountCents(row.amount_cents),
        beneficiary=stored_json.read_optional(row.beneficiary, Beneficiary),
        due_date=row.due_date,
        instalment=_instalment_of(row),
        stamp=stamp.stamp if stamp else None,
    )


def write_debt(row: PracticeRow, debt: Debt, rules: ServiceRules) -> None:
    """Write a debt into its row, with what the service says of its money now."""
    row.service_code = debt.service_code
    row.debtor = stored_json.write(debt.debtor)
    row.debtor_fiscal_code = debt.debtor.fiscal_code
    row.beneficiary = stored_json.write_optional(debt.beneficiary)
    row.description = debt.description
    row.amount_cents = debt.amount_cents
    row.due_date = debt.due_date
    row.payable_until = rules.payable_until(debt.due_date)
    row.instalment_number = debt.instalment.number if debt.instalment else None
    row.instalment_total = debt.instalment.total if debt.instalment else None
    row.shares = [stored_json.write(share) for share in rules.shares]
    row.stamp = stored_json.write_stamp(_stamp_share(debt, rules))


def practice_of(row: PracticeRow, now: datetime) -> Practice:
    """Return the row as it is shown, unmasked. Its entity and service must be loaded."""
    debt, status = debt_of(row), status_of(row)
    why_not = display.not_payable_code(status, amount_due_of(row), now)
    return Practice(
        id=row.id,
        entity_code=row.entity_code,
        creditor_name=row.entity.company_name,
        service_code=row.service_code,
        service_title=catalogue_records.title_of(row.service),
        origin=row.origin,
        external_id=row.external_id,
        debtor=debt.debtor,
        beneficiary=debt.beneficiary,
        description=debt.description,
        amount_cents=debt.amount_cents,
        notice_number=NoticeNumber(row.notice_number),
        iuv=Iuv(row.iuv),
        due_date=row.due_date,
        payable_until=row.payable_until,
        instalment=debt.instalment,
        state=row.state,
        state_reason=row.state_reason,
        state_since=row.state_since,
        state_until=row.state_until,
        overdue=display.is_overdue(status.state, row.due_date, now),
        payable=why_not is None,
        not_payable_code=why_not and why_not.value,
        needs_attention=row.needs_attention,
        masked=False,
        online_only=debt.stamp is not None,
        postal_slip=debt.stamp is None and all(share.postal_iban for share in stored_json.read_shares(row.shares)),
        stamp=debt.stamp,
        created_at=row.created_at,
    )


def dated_practice_of(row: PracticeRow, now: datetime) -> DatedPractice:
    """Return the row as it is shown in a calendar, unmasked. Its entity and service must be loaded."""
    practice = practice_of(row, now)
    shown = {one.name: getattr(practice, one.name) for one in fields(practice)}
    return DatedPractice(**shown, revision=_revision_of(row))


def position_of(row: PracticeRow, entity: EntityRow, service: ServiceRow) -> Position:
    """Return the row as what payments answers the node with."""
    debt, payee = debt_of(row), catalogue_records.payee_of(entity, service)
    shares, stamp = stored_json.read_shares(row.shares), stored_json.read_stamp(row.stamp)
    return Position(
        practice_id=row.id,
        sequence=row.sequence,
        creditor=catalogue_records.creditor_of(entity),
        service_code=row.service_code,
        origin=row.origin,
        notice_number=NoticeNumber(row.notice_number),
        iuv=Iuv(row.iuv),
        amount_cents=debt.amount_cents,
        description=debt.description,
        debtor=debt.debtor,
        transfers=divide(debt.amount_cents, debt.description, payee, shares, stamp),
        due_date=row.due_date,
        payable_until=row.payable_until,
        cancelled=row.state == State.CANCELLED,
        public_description=display.public_description(
            catalogue_records.title_of(service).it, row.due_date, row.created_at
        ),
        created_at=row.created_at,
    )


def ended_of(row: PracticeRow, reason: str, now: datetime) -> PracticeEnded:
    """Return the row as what is told when it is no longer payable."""
    return PracticeEnded(
        practice_id=row.id,
        sequence=row.sequence,
        entity_code=row.entity_code,
        creditor_fiscal_code=CreditorFiscalCode(row.creditor_fiscal_code),
        notice_number=NoticeNumber(row.notice_number),
        iuv=Iuv(row.iuv),
        reason=reason,
        at=now,
    )


def _revision_of(row: PracticeRow) -> int:
    """Return a number that grows with every change: an event raises it by two, and money that came in by one."""
    return 2 * row.sequence + (row.state not in {State.TO_PAY, State.UNCONFIRMED})


def _instalment_of(row: PracticeRow) -> Instalment | None:
    if row.instalment_number is None or row.instalment_total is None:
        return None
    return Instalment(number=row.instalment_number, total=row.instalment_total)


def _stamp_share(debt: Debt, rules: ServiceRules) -> StampShare | None:
    """Return the stamp that a debt buys; a stamp was checked against the service's rules, so it has a price."""
    if debt.stamp is None or rules.stamp_cents is None:
        return None
    return StampShare(stamp=debt.stamp, amount_cents=AmountCents(rules.stamp_cents))
