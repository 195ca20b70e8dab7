"""Between a practice's row, the rules that judge it, and the shapes that leave the service."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row

from contracts.amounts import AmountSchedule, ToldAmounts, printed_date
from contracts.calendar import due_day
from contracts.codes import AmountCents, CreditorFiscalCode, Iuv, NoticeNumber
from contracts.events.practices import PracticeEnded
from contracts.rpc.office import OfficePractice
from contracts.rpc.practices import BookedPractice, DatedPractice, Position, Practice
from contracts.shapes import Beneficiary, Instalment, LocalisedText, Subject, Transfer
from services.practices import catalogue_records, stored_json
from services.practices.catalogue_records import Issuer, ToldByCatalogue
from services.practices.domain import debt_rules, display, practice_status
from services.practices.domain.archive import ArchivedPractice, archive_terms
from services.practices.domain.debt import Debt, option_part
from services.practices.domain.debt_rules import ServiceRules
from services.practices.domain.extras import shown_extras
from services.practices.domain.practice_status import AmountDue, PracticeStatus
from services.practices.domain.states import State
from services.practices.domain.transfers import StampShare, divide
from services.practices.models import EntityRow, Json, PracticeRow, ServiceRow, Stored


def status_of(row: Stored) -> PracticeStatus:
    """Return the state of a practice and the facts behind it."""
    return PracticeStatus(State(row.state), stored_json.read_facts(row.facts))


def amount_due_of(row: Stored) -> AmountDue:
    """Return what arriving money is compared with."""
    schedule = stored_json.read_optional(row.schedule, AmountSchedule)
    return AmountDue(row.amount_cents, due_day(row.payable_until), due_day(row.due_date), schedule)


def write_status(row: PracticeRow, status: PracticeStatus) -> None:
    """Write a status and everything derived from it."""
    _write(row, status_values(status, amount_due_of(row), row.created_at))


def status_values(status: PracticeStatus, due: AmountDue, created_at: datetime) -> Json:
    """Return a status and everything derived from it, by column."""
    details = display.state_details(status, due, created_at)
    return {
        "state": status.state.value,
        "state_since": details.since,
        "state_until": details.until,
        "state_reason": details.reason,
        "needs_attention": bool(practice_status.unexpected_money(status, due)),
        "facts": stored_json.write_facts(status.facts),
    }


def debt_of(row: Stored) -> Debt:
    """Return the debt as it stands, to compare with what is put again."""
    stamp = stored_json.read_stamp(row.stamp)
    return Debt(
        service_code=row.service_code,
        debtor=stored_json.read(row.debtor, Subject),
        description=row.description,
        amount_cents=AmountCents(row.amount_cents),
        beneficiary=stored_json.read_optional(row.beneficiary, Beneficiary),
        # Older releases stored the day that stands for none.
        due_date=due_day(row.due_date),
        instalment=_instalment_of(row),
        stamp=stamp.stamp if stamp else None,
        schedule=stored_json.read_optional(row.schedule, AmountSchedule),
        debt_position=row.debt_position,
        option=row.option,
        extras=stored_json.read_texts(row.extras),
    )


def amended_debt(row: Stored, rules: ServiceRules, amount_cents: int, due_date: date | None) -> Debt:
    """Return the debt of a row with another amount and due date, checked by its service's rules. Raises Refused."""
    debt, day = as_put(debt_of(row)), debt_rules.checked_due_date(due_date)
    amount = rules.amounts.check(amount_cents)
    return replace(debt, amount_cents=amount, due_date=day, schedule=rules.checked_schedule(debt.schedule, amount, day))


def as_put(debt: Debt) -> Debt:
    """Return a debt as an entity puts it: without what its software has said since."""
    if debt.schedule is None or debt.schedule.told is None:
        return debt
    schedule = replace(debt.schedule, told=None)
    return replace(debt, schedule=schedule if schedule != AmountSchedule() else None)


def told_amounts_of(row: Stored) -> ToldAmounts:
    """Return what the entity's software has said of a practice so far."""
    schedule = stored_json.read_optional(row.schedule, AmountSchedule)
    return (schedule and schedule.told) or ToldAmounts()


def write_told_amounts(row: PracticeRow, told: ToldAmounts | None) -> None:
    """Write what the entity's software says of a practice; None where it does not say the amount."""
    schedule = stored_json.read_optional(row.schedule, AmountSchedule) or AmountSchedule()
    schedule = replace(schedule, told=told)
    row.schedule = stored_json.write(schedule) if schedule != AmountSchedule() else None


def write_who_says_the_amount(row: PracticeRow, rules: ServiceRules) -> None:
    """Bring a practice up to date with whether its service says that the software is asked, and what that may do."""
    told = told_amounts_of(row)
    question = rules.question
    write_told_amounts(row, replace(told, use_last_known=question.use_last_known) if question else None)


def write_debt(row: PracticeRow, debt: Debt, rules: ServiceRules) -> None:
    """Write a debt into its row, with what the service says of its money now."""
    _write(row, debt_values(debt, rules))


def debt_values(debt: Debt, rules: ServiceRules) -> Json:
    """Return a debt, and what the service says of its money now, by column."""
    return {
        "service_code": debt.service_code,
        "debtor": stored_json.write(debt.debtor),
        "debtor_fiscal_code": debt.debtor.fiscal_code,
        "beneficiary": stored_json.write_optional(debt.beneficiary),
        "description": debt.description,
        "amount_cents": debt.amount_cents,
        "due_date": debt.due_date,
        "payable_until": rules.payable_until(debt.due_date),
        "instalment_number": debt.instalment.number if debt.instalment else None,
        "instalment_total": debt.instalment.total if debt.instalment else None,
        "shares": [stored_json.write(share) for share in rules.shares],
        "stamp": stored_json.write_stamp(_stamp_share(debt, rules)),
        "schedule": stored_json.write_optional(debt.schedule),
        "debt_position": debt.debt_position,
        "option": debt.option,
        "extras": dict(debt.extras) or None,
    }


def _write(row: PracticeRow, values: Json) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def practice_of(row: Row[Any], now: datetime, *, asked: bool = False) -> Practice:
    """Return the row as it is shown, unmasked; it has `creditor_name` and `service_title`.

    `asked`: the entity's software was asked for the amount just now, where it says it.
    """
    return _practice_of(row, row.creditor_name, row.service_title, row.extra_fields, now, asked=asked)


def _practice_of(
    row: Stored,
    creditor_name: str,
    service_title: Json,
    extra_fields: Sequence[Json],
    now: datetime,
    *,
    asked: bool = False,
) -> Practice:
    debt, status, due = debt_of(row), status_of(row), amount_due_of(row)
    why_not = display.not_payable_code(status, due, now, asked=asked)
    is_short = status.state is State.UNDERPAID
    shown = display.amount_shown(status, due, now)
    return Practice(
        id=row.id,
        entity_code=row.entity_code,
        creditor_name=creditor_name,
        service_code=row.service_code,
        service_title=stored_json.read(service_title, LocalisedText),
        origin=row.origin,
        external_id=row.external_id,
        debtor=debt.debtor,
        beneficiary=debt.beneficiary,
        description=debt.description,
        amount_cents=shown.cents,
        amount_until=shown.until,
        amounts=shown.periods,
        amount_told_at=shown.told_at,
        amount_last_known=asked and display.is_last_known(status, due, now),
        notice_number=NoticeNumber(row.notice_number),
        iuv=Iuv(row.iuv),
        due_date=debt.due_date,
        payable_until=due.payable_until,
        instalment=debt.instalment,
        state=row.state,
        state_reason=row.state_reason,
        state_since=row.state_since,
        state_until=row.state_until if due.payable_until or status.state is not State.TO_PAY else None,
        overdue=display.is_overdue(status.state, debt.due_date, now),
        payable=why_not is None,
        not_payable_code=why_not and why_not.value,
        received_cents=practice_status.received_cents(status.facts) if is_short else None,
        missing_cents=practice_status.missing_cents(status.facts, due) if is_short else None,
        paid_at=display.paid_at(status, due),
        needs_attention=row.needs_attention,
        masked=False,
        online_only=debt.stamp is not None,
        postal_slip=debt.stamp is None and all(share.postal_iban for share in stored_json.read_shares(row.shares)),
        stamp=debt.stamp,
        printed_date=printed_date(debt.due_date, debt.schedule) if debt.schedule else None,
        debt_cents=debt.amount_cents if debt.schedule else None,
        schedule=debt.schedule,
        debt_position=debt.debt_position,
        option=debt.option,
        extras=shown_extras(stored_json.read_extra_fields(extra_fields), debt.extras) if debt.extras else [],
        created_at=row.created_at,
    )


def issued_practice(row: PracticeRow, issuer: Issuer, now: datetime) -> Practice:
    """Return a row just written as it is shown, unmasked, without reading it back."""
    return _practice_of(row, issuer.entity.company_name, issuer.service.title, issuer.service.extra_fields, now)


def dated_practice_of(row: Row[Any], now: datetime) -> DatedPractice:
    """Return the row as it is shown in a calendar, unmasked; it has `creditor_name` and `service_title`."""
    practice = practice_of(row, now)
    shown = {one.name: getattr(practice, one.name) for one in fields(practice)}
    return DatedPractice(**shown, revision=_revision_of(row))


def booked_practice_of(row: Row[Any], now: datetime) -> BookedPractice:
    """Return the row as its entity's software sees it, unmasked; it has what the catalogue says of its service."""
    practice = practice_of(row, now)
    shown = {one.name: getattr(practice, one.name) for one in fields(practice)}
    return BookedPractice(**shown, accounting_code=row.accounting_code)


def office_practice_of(row: Row[Any], now: datetime) -> OfficePractice:
    """Return the row as an operator sees it, unmasked."""
    practice = practice_of(row, now)
    shown = {one.name: getattr(practice, one.name) for one in fields(practice)}
    return OfficePractice(**shown, version=row.sequence, base_cents=AmountCents(row.amount_cents))


def position_of(row: PracticeRow, entity: EntityRow, service: ServiceRow) -> Position:
    """Return the row as what payments answers the node with."""
    payee = catalogue_records.payee_of(entity, service)
    shares, stamp = stored_json.read_shares(row.shares), stored_json.read_stamp(row.stamp)
    transfers = divide(row.amount_cents, row.description, payee, shares, stamp)
    return _position(vars(row), debt_of(row), transfers, catalogue_records.told_of(entity, service))


def issued_position(values: Mapping[str, Any], debt: Debt, issuer: Issuer) -> Position:
    """Return the columns of a row just written for a debt as `position_of` does, without reading them back."""
    stamp = _stamp_share(debt, issuer.rules)
    transfers = divide(debt.amount_cents, debt.description, issuer.payee, issuer.rules.shares, stamp)
    return _position(values, debt, transfers, issuer.told)


def _position(values: Mapping[str, Any], debt: Debt, transfers: Sequence[Transfer], told: ToldByCatalogue) -> Position:
    return Position(
        practice_id=values["id"],
        sequence=values["sequence"],
        creditor=told.creditor,
        service_code=values["service_code"],
        origin=values["origin"],
        notice_number=NoticeNumber(values["notice_number"]),
        iuv=Iuv(values["iuv"]),
        amount_cents=AmountCents(values["amount_cents"]),
        description=values["description"],
        debtor=debt.debtor,
        transfers=transfers,
        due_date=due_day(values["due_date"]),
        payable_until=due_day(values["payable_until"]),
        cancelled=values["state"] == State.CANCELLED,
        archive=archive_terms(told.archive, _archived_practice(values, debt.debtor)),
        public_description=display.public_description(
            told.service_title, due_day(values["due_date"]), values["created_at"]
        ),
        external_id=values["external_id"],
        accounting_code=told.accounting_code,
        instalment=debt.instalment,
        beneficiary=debt.beneficiary,
        schedule=debt.schedule,
        part=option_part(debt, values["external_id"]),
        extras=debt.extras,
        created_at=values["created_at"],
    )


def _archived_practice(values: Mapping[str, Any], debtor: Subject) -> ArchivedPractice:
    return ArchivedPractice(
        origin=values["origin"],
        debtor_code=debtor.fiscal_code,
        has_stamp=values["stamp"] is not None,
        payable_until=values["payable_until"],
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


def _revision_of(row: Stored) -> int:
    """Return a number that grows with every change: an event raises it by three, money by one, all of it by two."""
    step = {State.TO_PAY: 0, State.UNCONFIRMED: 0, State.UNDERPAID: 1}
    return 3 * row.sequence + step.get(State(row.state), 2)


def _instalment_of(row: Stored) -> Instalment | None:
    if row.instalment_number is None or row.instalment_total is None:
        return None
    return Instalment(number=row.instalment_number, total=row.instalment_total)


def _stamp_share(debt: Debt, rules: ServiceRules) -> StampShare | None:
    """Return the stamp that a debt buys; a stamp was checked against the service's rules, so it has a price."""
    if debt.stamp is None or rules.stamp_cents is None:
        return None
    return StampShare(stamp=debt.stamp, amount_cents=AmountCents(rules.stamp_cents))
