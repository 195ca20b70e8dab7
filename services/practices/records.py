"""Between a practice's row, the rules that judge it, and the shapes that leave the service."""

from datetime import datetime
from typing import Any

from contracts.message import schema_of
from contracts.shapes import Subject
from services.practices import stored_json
from services.practices.domain import display, practice_status
from services.practices.domain.debt_rules import AmountRules, Debt, ServiceRules
from services.practices.domain.practice_status import Standing, Terms
from services.practices.domain.states import State
from services.practices.domain.transfers import Payee, divided
from services.practices.models import EntityRow, PracticeRow, ServiceRow

_SUBJECT_FIELDS = tuple(schema_of(Subject).fields)


def rules_of(service: ServiceRow) -> ServiceRules:
    """Return a catalogue service as the rules that debts under it obey."""
    return ServiceRules(
        code=service.code,
        spontaneous=service.spontaneous,
        allows_anonymous=service.allows_anonymous,
        requires_beneficiary=service.requires_beneficiary,
        accepts_late=service.accepts_late,
        amounts=AmountRules(service.min_cents, service.max_cents, service.unit_cents, service.fixed_cents),
        shares=tuple(service.shares or ()),
        stamp_cents=service.stamp_cents,
    )


def standing_of(row: PracticeRow) -> Standing:
    """Return where the practice stands."""
    return Standing(State(row.state), stored_json.from_json(row.facts))


def terms_of(row: PracticeRow) -> Terms:
    """Return what was asked for."""
    return Terms(row.amount_cents, row.payable_until)


def keep(row: PracticeRow, now_standing: Standing) -> None:
    """Write a standing and everything derived from it."""
    told = display.story(now_standing, terms_of(row), row.created_at)
    row.state = now_standing.state.value
    row.state_since, row.state_until, row.state_reason = told.since, told.until, told.reason
    row.needs_attention = bool(practice_status.odd_money(now_standing, terms_of(row)))
    row.facts = stored_json.to_json(now_standing.facts)


def debt_of(row: PracticeRow) -> Debt:
    """Return the debt's terms as they stand, to compare with what is put again."""
    instalment = None
    if row.instalment_number is not None and row.instalment_total is not None:
        instalment = (row.instalment_number, row.instalment_total)
    return Debt(
        service_code=row.service_code,
        debtor=row.debtor,
        description=row.description,
        amount_cents=row.amount_cents,
        beneficiary=row.beneficiary,
        due_date=row.due_date,
        instalment=instalment,
        stamp=_stamp_of(row),
    )


def write_debt(row: PracticeRow, debt: Debt, rules: ServiceRules) -> None:
    """Write the terms of a debt into its row."""
    row.service_code = debt.service_code
    row.debtor = dict(debt.debtor)
    row.debtor_fiscal_code = debt.debtor["fiscal_code"]
    row.beneficiary = dict(debt.beneficiary) if debt.beneficiary else None
    row.description = debt.description
    row.amount_cents = debt.amount_cents
    row.due_date = debt.due_date
    row.payable_until = rules.payable_until(debt.due_date)
    row.instalment_number, row.instalment_total = debt.instalment or (None, None)
    row.shares = [dict(share) for share in rules.shares]
    row.stamp = {**debt.stamp, "amount_cents": rules.stamp_cents} if debt.stamp else None


def practice_of(row: PracticeRow, now: datetime) -> dict[str, Any]:
    """Return the row as contracts.rpc.practices.Practice, unmasked. Its entity and service must be loaded."""
    current, terms = standing_of(row), terms_of(row)
    why_not = display.not_payable_code(current, terms, now)
    return {
        "id": row.id,
        "entity_code": row.entity_code,
        "creditor_name": row.entity.company_name,
        "service_code": row.service_code,
        "service_title": row.service.title,
        "origin": row.origin,
        "external_id": row.external_id,
        "debtor": _debtor_of(row),
        "beneficiary": row.beneficiary,
        "description": row.description,
        "amount_cents": row.amount_cents,
        "notice_number": row.notice_number,
        "iuv": row.iuv,
        "due_date": row.due_date,
        "payable_until": row.payable_until,
        "instalment": _instalment_of(row),
        "state": row.state,
        "state_reason": row.state_reason,
        "state_since": row.state_since,
        "state_until": row.state_until,
        "overdue": display.is_overdue(current.state, row.due_date, now),
        "payable": why_not is None,
        "not_payable_code": why_not and why_not.value,
        "needs_attention": row.needs_attention,
        "masked": False,
        "online_only": row.stamp is not None,
        "postal_slip": row.stamp is None and all(share.get("postal_iban") for share in row.shares or ()),
        "stamp": _stamp_of(row),
        "created_at": row.created_at,
    }


def revision_of(row: PracticeRow) -> int:
    """Return a number that grows with every change: an event raises it by two, and money that came in by one."""
    return 2 * row.sequence + (row.state not in {State.TO_PAY, State.UNCONFIRMED})


def position_of(row: PracticeRow, entity: EntityRow, service: ServiceRow) -> dict[str, Any]:
    """Return the row as contracts.rpc.practices.Position: what payments answers the node with."""
    return {
        "practice_id": row.id,
        "sequence": row.sequence,
        "creditor": creditor_of(entity),
        "service_code": row.service_code,
        "origin": row.origin,
        "notice_number": row.notice_number,
        "iuv": row.iuv,
        "amount_cents": row.amount_cents,
        "description": row.description,
        "debtor": _debtor_of(row),
        "transfers": divided(row.amount_cents, row.description, _payee(entity, service), row.shares or (), row.stamp),
        "due_date": row.due_date,
        "payable_until": row.payable_until,
        "cancelled": row.state == State.CANCELLED,
        "created_at": row.created_at,
    }


def ended_of(row: PracticeRow, reason: str, now: datetime) -> dict[str, Any]:
    """Return contracts.events.practices.PracticeEnded of the row."""
    return {
        "practice_id": row.id,
        "sequence": row.sequence,
        "entity_code": row.entity_code,
        "creditor_fiscal_code": row.creditor_fiscal_code,
        "notice_number": row.notice_number,
        "iuv": row.iuv,
        "reason": reason,
        "at": now,
    }


def creditor_of(entity: EntityRow) -> dict[str, Any]:
    """Return the entity as contracts.fields.Creditor."""
    return {
        "code": entity.code,
        "fiscal_code": entity.creditor_fiscal_code,
        "company_name": entity.company_name,
        "office_name": entity.office_name,
        "broker_fiscal_code": entity.broker_fiscal_code,
        "station_id": entity.station_id,
    }


def _debtor_of(row: PracticeRow) -> dict[str, Any]:
    """Return contracts.fields.Subject with every key, whoever made the practice."""
    return {name: row.debtor.get(name) for name in _SUBJECT_FIELDS}


def _payee(entity: EntityRow, service: ServiceRow) -> Payee:
    return Payee(
        fiscal_code=entity.creditor_fiscal_code,
        company_name=entity.company_name,
        iban=entity.iban,
        postal_iban=entity.postal_iban,
        category=service.category,
    )


def _stamp_of(row: PracticeRow) -> dict[str, str] | None:
    """Return contracts.fields.Stamp."""
    return {name: row.stamp[name] for name in ("document_hash", "province")} if row.stamp else None


def _instalment_of(row: PracticeRow) -> dict[str, int] | None:
    if row.instalment_number is None or row.instalment_total is None:
        return None
    return {"number": row.instalment_number, "total": row.instalment_total}
