"""A debt that an operator types in: one thing owed, numbered and told as one that the entity's software puts."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from chassis.storage.database import Database, Tx
from contracts.codes import NoticeNumber
from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc.office import OfficeInsertRequest, OfficePractice, TypedDebt
from contracts.rpc.practices import DebtRequest
from services.practices import records
from services.practices.catalogue_records import Issuer
from services.practices.domain import debt_rules
from services.practices.domain.debt import Debt
from services.practices.models import PracticeRow
from services.practices.repository import catalogue, practices
from services.practices.usecases import audited, debts, issuance, number_stock

OWN_REFERENCE: Final = "UFFICIO-"
"""What a reference begins with where the operator has none: the notice number follows, which nobody else has."""


def insert(database: Database, request: OfficeInsertRequest, now: datetime) -> OfficePractice:
    """Create a debt once per key of the same actor, and return it as it stands now.

    Raises Refused: UNKNOWN_SERVICE, DUPLICATE_REFERENCE, IDEMPOTENCY_CONFLICT, and what the rules of a debt refuse.
    """
    if request.service_codes is not None and request.service_code not in request.service_codes:
        raise Refused(ErrorCode.UNKNOWN_SERVICE)
    issuer = database.read(partial(catalogue.issuer, entity_code=request.entity_code, code=request.service_code))
    debt = debts.checked_debt(_as_debt(request), issuer.rules)
    reference = debt_rules.checked_external_id(request.external_id) if request.external_id else None

    def put() -> OfficePractice:
        with number_stock.one_number(database, issuer) as number, database.transaction() as tx:

            def make() -> dict[str, UUID]:
                row = _inserted(tx, reference, next(number), debt, issuer, now)
                audited.note(tx, row, request.actor, Operation.INSERT_PRACTICES, {}, now)
                return {"practice_id": row.id}

            content = {**content_of(request), "amount_cents": request.amount_cents, "due_date": request.due_date}
            made = tx.once(f"office:{request.actor.id}", request.idempotency_key, content, make)
            return records.office_practice_of(practices.practice(tx.session, made["practice_id"]), now)

    return issuance.again_on_conflict(put)


def _inserted(
    tx: Tx, reference: str | None, number: NoticeNumber, debt: Debt, issuer: Issuer, now: datetime
) -> PracticeRow:
    """Insert it. Raises Refused(DUPLICATE_REFERENCE): typing a debt in never amends another."""
    if reference and practices.known_external_ids(tx.session, issuer.entity.code, [reference]):
        raise Refused(ErrorCode.DUPLICATE_REFERENCE)
    external_id = reference or f"{OWN_REFERENCE}{number}"
    return PracticeRow(**issuance.insert(tx, external_id, number, debt, issuer, now))


def _as_debt(request: OfficeInsertRequest) -> DebtRequest:
    return DebtRequest(
        entity_code=request.entity_code,
        external_id=request.external_id or OWN_REFERENCE,
        service_code=request.service_code,
        fiscal_code=request.fiscal_code,
        full_name=request.full_name,
        email=request.email,
        amount_cents=request.amount_cents,
        description=request.description,
        due_date=request.due_date,
    )


def content_of(request: TypedDebt) -> Mapping[str, object]:
    """Return what a repeated send has in common with the first: who owes it, to whom and what for."""
    names = ("entity_code", "service_code", "fiscal_code", "full_name", "email", "description", "external_id")
    return {name: getattr(request, name) for name in names}
