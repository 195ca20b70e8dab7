"""A citizen asks at a PSP's counter for a spontaneous payment, through the node (paDemandPaymentNotice).

The node may repeat its question and gives it no key. So what is asked is the key: the same demand gets the same
practice for as long as that is owed, and a new one after it has been paid, cancelled or has expired.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.storage import stored_values
from chassis.storage.database import Database, Tx
from contracts.codes import ANONYMOUS_FISCAL_CODE, NoticeNumber
from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import DemandRequest, Position
from services.practices import catalogue_records, records
from services.practices.catalogue_records import Issuer
from services.practices.domain import debt_rules
from services.practices.domain.debt import Debt
from services.practices.domain.debt_rules import ServiceRules
from services.practices.repository import catalogue, practices
from services.practices.usecases import issuance

_SCOPE: Final = "demand"


def demand(database: Database, request: DemandRequest, now: datetime) -> Position:
    """Return the Position of the practice demanded, made now or found.

    Raises Refused(UNKNOWN_SERVICE), (STAMP_REQUIRED) for a service that sells stamps, (INVALID_FISCAL_CODE),
    (ANONYMOUS_NOT_ALLOWED), (BENEFICIARY_REQUIRED), (INVALID_AMOUNT) and what insertion refuses.
    """
    with database.reading() as session:
        service = catalogue.demanded_service(
            session, request.creditor_fiscal_code, request.service_id, request.subject_id
        )
        entity = catalogue.entity(session, service.entity_code)
    issuer = catalogue_records.issuer_of(entity, service)
    debt = _checked_debt(request, issuer.rules)
    # Before the transaction that uses it, as everywhere; of a demand that was made before, a hole.
    number = next(issuance.allocate(database, issuer, 1))
    with database.transaction() as tx:
        row = practices.practice_with_catalogue(tx.session, _made_once(tx, number, debt, issuer, now))
        return records.position_of(row, row.entity, row.service)


def _made_once(tx: Tx, number: NoticeNumber, debt: Debt, issuer: Issuer, now: datetime) -> UUID:
    """Return the id of the practice, made once per generation: earlier ones of the same demand are no longer owed."""
    asked = _content_of(debt, issuer.entity.code)
    digest = stored_values.fingerprint({**asked, "description": debt.description})

    def make() -> dict[str, UUID]:
        return {"practice_id": issuance.insert(tx, None, number, debt, issuer, now, demand_digest=digest)["id"]}

    generation = practices.ended_demands(tx.session, digest)
    practice_id: UUID = tx.once(_SCOPE, f"{digest}:{generation}", asked, make)["practice_id"]
    return practice_id


def _content_of(debt: Debt, entity_code: str) -> Mapping[str, object]:
    """Return what makes two demands the same.

    Digests of it are stored with the practices demanded: its form must not change while they are owed.
    """
    debtor = {name: getattr(debt.debtor, name) for name in ("entity_type", "fiscal_code", "full_name")}
    if debt.debtor.fiscal_code != ANONYMOUS_FISCAL_CODE:
        debtor["email"] = None
    return {"entity": entity_code, "service": debt.service_code, "debtor": debtor, "amount": debt.amount_cents}


def _checked_debt(request: DemandRequest, rules: ServiceRules) -> Debt:
    """Check what was typed at the counter as the portal's own form is checked."""
    rules.check_stamp(None)
    beneficiary = debt_rules.checked_beneficiary(request.beneficiary)
    if beneficiary is None and rules.requires_beneficiary:
        raise Refused(ErrorCode.BENEFICIARY_REQUIRED)
    amount_cents = request.amount_cents or rules.amounts.fixed_cents
    if amount_cents is None:
        raise Refused(ErrorCode.INVALID_AMOUNT)
    return Debt(
        service_code=rules.code,
        debtor=debt_rules.subject(
            rules.checked_debtor_code(request.fiscal_code or ""), debt_rules.checked_name(request.full_name)
        ),
        description=debt_rules.description_of(beneficiary, request.description),
        amount_cents=rules.amounts.check(amount_cents),
        beneficiary=beneficiary,
    )
