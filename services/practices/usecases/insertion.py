"""Inserimento spontaneo: a payer creates the practice, logged in or anonymously."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from uuid import UUID

from chassis.storage.database import Database
from contracts.codes import ANONYMOUS_FISCAL_CODE
from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import InsertRequest, Practice
from contracts.shapes import Beneficiary, Subject
from services.practices import records
from services.practices.domain import debt_rules, viewers
from services.practices.domain.debt import Debt
from services.practices.domain.debt_rules import ServiceRules
from services.practices.repository import catalogue, practices
from services.practices.usecases import issuance, number_stock


def insert(database: Database, request: InsertRequest, now: datetime) -> Practice:
    """Create a practice once per idempotency key of the same payer, and return it as it stands now.

    Raises Refused(UNKNOWN_SERVICE), (ANONYMOUS_NOT_ALLOWED), (LOGIN_REQUIRED), (BENEFICIARY_REQUIRED),
    (DESCRIPTION_REQUIRED), (DESCRIPTION_TOO_LONG), (AMOUNT_OUT_OF_RANGE), (AMOUNT_NOT_ALLOWED), (STAMP_REQUIRED),
    (IDEMPOTENCY_CONFLICT).
    """
    issuer = database.read(partial(catalogue.issuer, entity_code=request.entity_code, code=request.service_code))
    debt = _checked_debt(request, issuer.rules)
    payer = viewers.viewer_key(request.viewer)
    with number_stock.one_number(database, issuer.entity) as number, database.transaction() as tx:

        def make() -> dict[str, UUID]:
            return {"practice_id": issuance.insert(tx, None, next(number), debt, issuer, now, inserted_by=payer)["id"]}

        made = tx.once(f"insert:{payer}", request.idempotency_key, _content_of(request), make)
        return records.practice_of(practices.practice(tx.session, made["practice_id"]), now)


def _content_of(request: InsertRequest) -> Mapping[str, object]:
    """Return what a repeated send has in common with the first: what the viewer has been granted since is not."""
    names = ("entity_code", "service_code", "anonymous", "beneficiary", "amount_cents", "description")
    # Without a stamp its name is left out: keys that are stored were made before there were stamps.
    return {name: getattr(request, name) for name in (*names, *(("stamp",) if request.stamp else ()))}


def _checked_debt(request: InsertRequest, rules: ServiceRules) -> Debt:
    """Check what the form gave against the service's rules."""
    if not rules.spontaneous:
        raise Refused(ErrorCode.UNKNOWN_SERVICE)
    if request.anonymous and not rules.allows_anonymous:
        raise Refused(ErrorCode.ANONYMOUS_NOT_ALLOWED)
    beneficiary = debt_rules.checked_beneficiary(request.beneficiary)
    if beneficiary is None and (rules.requires_beneficiary or request.anonymous):
        raise Refused(ErrorCode.BENEFICIARY_REQUIRED)
    return Debt(
        service_code=rules.code,
        debtor=_debtor(request, beneficiary),
        description=debt_rules.description_of(beneficiary, request.description),
        amount_cents=rules.amounts.check(request.amount_cents),
        beneficiary=beneficiary,
        stamp=rules.check_stamp(request.stamp),
    )


def _debtor(request: InsertRequest, beneficiary: Beneficiary | None) -> Subject:
    """Return who owes: the logged-in citizen, or nobody in particular, named after the beneficiary."""
    if request.anonymous and beneficiary is not None:
        return Subject(entity_type="F", fiscal_code=ANONYMOUS_FISCAL_CODE, full_name=beneficiary.full_name)
    debtor = request.debtor
    if debtor is None or request.viewer.citizen_id is None:
        raise Refused(ErrorCode.LOGIN_REQUIRED)
    if debtor.fiscal_code != request.viewer.fiscal_code:
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=["debtor"]))
    return debtor
