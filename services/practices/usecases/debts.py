"""The entity's debts, one at a time: put, amended, annulled."""

from dataclasses import replace
from datetime import datetime
from functools import partial

from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from contracts.events.practices import PAID_ELSEWHERE
from contracts.roles import Operation
from contracts.rpc.practices import AnnulRequest, DebtRequest, Practice
from services.practices import records
from services.practices.domain import debt_rules, extras
from services.practices.domain.debt import Debt
from services.practices.domain.debt_rules import EMAIL_LEFT_OUT, ServiceRules
from services.practices.domain.states import State
from services.practices.models import PracticeRow
from services.practices.repository import catalogue, practices
from services.practices.usecases import audited, issuance, number_stock


def put_debt(database: Database, request: DebtRequest, now: datetime) -> Practice:
    """Create a debt, amend it, or leave it as it is when the same is put again.

    An e-mail that the node would not take is left out, with a warning. Raises Refused(PRACTICE_NOT_AMENDABLE) with its
    state, (DEBTOR_CHANGED), and what the rules of a debt refuse.
    """
    external_id = debt_rules.checked_external_id(request.external_id)
    code, service_code = request.entity_code, request.service_code
    issuer, is_known = database.read(
        partial(catalogue.issuer_for, entity_code=code, code=service_code, reference=external_id)
    )
    debt = checked_debt(request, issuer.rules)

    def put() -> Practice:
        nonlocal is_known
        with number_stock.one_number(database, issuer) as number, database.transaction() as tx:
            if not is_known:
                is_known = True  # at the latest when this fails, because somebody else has put it
                row = PracticeRow(**issuance.insert(tx, external_id, next(number), debt, issuer, now))
            else:
                row = practices.locked_debts(tx.session, issuer.entity.code, [external_id])[external_id]
                before = audited.fields_of(row)
                if issuance.amend(tx, row, debt, issuer, now) and request.actor is not None:
                    audited.note(tx, row, request.actor, Operation.AMEND_PRACTICES, before, now)
            return replace(records.issued_practice(row, issuer, now), warnings=_warnings(request, debt))

    return issuance.again_on_conflict(put)


def annul_debt(database: Database, request: AnnulRequest, now: datetime) -> Practice:
    """Withdraw a debt, with the reason the citizen is shown; annulling it again changes nothing.

    Raises Refused(PRACTICE_NOT_FOUND), (PRACTICE_PAID), (PRACTICE_BEING_PAID), (PRACTICE_UNDERPAID): money has come
    for it, and an amendment down to what came makes it paid.
    """
    reason = debt_rules.checked_description(request.reason)
    external_id = debt_rules.checked_external_id(request.external_id)
    with database.transaction() as tx:
        entity = catalogue.entity(tx.session, request.entity_code)
        row = practices.locked_debts(tx.session, entity.code, [external_id]).get(external_id)
        if row is None:
            raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
        if row.state != State.CANCELLED:
            before = audited.fields_of(row)
            issuance.annul(tx, row, reason, now, told=PAID_ELSEWHERE if request.paid_elsewhere else None)
            if request.actor is not None:
                audited.note(tx, row, request.actor, Operation.ANNUL_PRACTICES, before, now, reason=reason)
        return records.practice_of(practices.practice(tx.session, row.id), now)


def _warnings(request: DebtRequest, debt: Debt) -> list[str]:
    """Return what was left out of the debt that was put."""
    return [EMAIL_LEFT_OUT] if request.email and debt.debtor.email is None else []


def checked_debt(request: DebtRequest, rules: ServiceRules) -> Debt:
    """Return what an entity's software or its operator asks for, where the rules allow it. Raises Refused."""
    instalment = request.instalment
    due_date = debt_rules.checked_due_date(request.due_date)
    debt_position, option = debt_rules.checked_option(request.debt_position, request.option)
    # A stamp is bought for a document of the payer's, which the entity cannot know.
    rules.check_stamp(None)
    return Debt(
        service_code=rules.code,
        debtor=debt_rules.subject(
            rules.checked_debtor_code(request.fiscal_code),
            debt_rules.checked_name(request.full_name),
            debt_rules.usable_email(request.email),
        ),
        description=debt_rules.checked_description(request.description),
        amount_cents=rules.amounts.check(request.amount_cents),
        beneficiary=debt_rules.checked_beneficiary(request.beneficiary),
        due_date=due_date,
        instalment=debt_rules.checked_instalment(instalment.number, instalment.total) if instalment else None,
        schedule=rules.checked_schedule(request.schedule, request.amount_cents, due_date),
        debt_position=debt_position,
        option=option,
        extras=extras.checked_extras(rules.extra_fields, request.extras, is_inserted=False),
    )
