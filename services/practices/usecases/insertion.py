"""Inserimento spontaneo: a payer creates the practice, logged in or anonymously."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chassis.storage.database import Database
from contracts.codes import ANONYMOUS_FISCAL_CODE
from contracts.errors import ErrorCode, Refused
from services.practices import records, repository
from services.practices.domain import debt_rules, viewers
from services.practices.domain.debt_rules import Debt, ServiceRules
from services.practices.usecases import debts


def insert(database: Database, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Create a practice once per idempotency key of the same payer, and return it as it stands now.

    Raises Refused(UNKNOWN_SERVICE), (ANONYMOUS_NOT_ALLOWED), (LOGIN_REQUIRED), (BENEFICIARY_REQUIRED),
    (DESCRIPTION_REQUIRED), (DESCRIPTION_TOO_LONG), (AMOUNT_OUT_OF_RANGE), (AMOUNT_NOT_ALLOWED), (STAMP_REQUIRED),
    (IDEMPOTENCY_CONFLICT).
    """
    with database.reading() as session:
        entity = repository.entity(session, request["entity_code"])
        service = repository.service(session, entity.code, request["service_code"])
    debt = _debt(request, records.rules_of(service))
    payer = viewers.name_of(request["viewer"])
    number = debts.allocate(database, entity, 1)[0]
    with database.transaction() as tx:

        def make() -> dict[str, Any]:
            row = debts.create(tx, None, number, debt, entity, service, now, inserted_by=payer)
            return {"practice_id": row.id}

        made = tx.once(f"insert:{payer}", request["idempotency_key"], _what_was_asked(request), make)
        return records.practice_of(repository.practice(tx.session, made["practice_id"]), now)


def _what_was_asked(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a repeated send has in common with the first: what the viewer has been granted since is not."""
    names = ("entity_code", "service_code", "anonymous", "beneficiary", "amount_cents", "description")
    stamp = {"stamp": request["stamp"]} if request.get("stamp") else {}
    return {name: request[name] for name in names} | stamp


def _debt(request: Mapping[str, Any], rules: ServiceRules) -> Debt:
    """Check what the form gave against the service's rules."""
    if not rules.spontaneous:
        raise Refused(ErrorCode.UNKNOWN_SERVICE)
    if request["anonymous"] and not rules.allows_anonymous:
        raise Refused(ErrorCode.ANONYMOUS_NOT_ALLOWED)
    beneficiary = debt_rules.checked_beneficiary(request["beneficiary"])
    if beneficiary is None and (rules.requires_beneficiary or request["anonymous"]):
        raise Refused(ErrorCode.BENEFICIARY_REQUIRED)
    return Debt(
        service_code=rules.code,
        debtor=_debtor(request, beneficiary),
        description=debt_rules.description_of(beneficiary, request["description"]),
        amount_cents=rules.amounts.check(request["amount_cents"]),
        beneficiary=beneficiary,
        stamp=rules.check_stamp(request.get("stamp")),
    )


def _debtor(request: Mapping[str, Any], beneficiary: Mapping[str, str] | None) -> Mapping[str, Any]:
    """Return who owes: the logged-in citizen, or nobody in particular, named after the beneficiary."""
    if request["anonymous"] and beneficiary is not None:
        return {"entity_type": "F", "fiscal_code": ANONYMOUS_FISCAL_CODE, "full_name": beneficiary["full_name"]}
    debtor: Mapping[str, Any] | None = request["debtor"]
    if debtor is None or request["viewer"]["citizen_id"] is None:
        raise Refused(ErrorCode.LOGIN_REQUIRED)
    if debtor["fiscal_code"] != request["viewer"]["fiscal_code"]:
        raise Refused(ErrorCode.INVALID_REQUEST, {"fields": ["debtor"]})
    return debtor
