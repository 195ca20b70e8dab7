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
from services.practices.domain import debt_rules, extras, viewers
from services.practices.domain.debt import Debt
from services.practices.domain.debt_rules import ServiceRules
from services.practices.repository import catalogue, practices
from services.practices.usecases import issuance, number_stock


def insert(database: Database, request: InsertRequest, now: datetime) -> Practice:
    """Create a practice once per idempotency key of the same payer, and return it as it stands now.

    Raises Refused(UNKNOWN_SERVICE), (ANONYMOUS_NOT_ALLOWED), (LOGIN_REQUIRED), (BENEFICIARY_REQUIRED),
    (DESCRIPTION_REQUIRED), (DESCRIPTION_TOO_LONG), (AMOUNT_OUT_OF_RANGE), (AMOUNT_NOT_ALLOWED), (STAMP_REQUIRED),
    (EXTRA_FIELD_NOT_ALLOWED), (PAYER_NOT_ALLOWED), (NAME_REQUIRED), (NAME_TOO_LONG), (IDEMPOTENCY_CONFLICT).
    """
    issuer = database.read(partial(catalogue.issuer, entity_code=request.entity_code, code=request.service_code))
    debt = _checked_debt(request, issuer.rules)
    payer = viewers.viewer_key(request.viewer)
    with number_stock.one_number(database, issuer) as number, database.transaction() as tx:

        def make() -> dict[str, UUID]:
            return {"practice_id": issuance.insert(tx, None, next(number), debt, issuer, now, inserted_by=payer)["id"]}

        made = tx.once(f"insert:{payer}", request.idempotency_key, _content_of(request), make)
        return records.practice_of(practices.practice(tx.session, made["practice_id"]), now)


def _content_of(request: InsertRequest) -> Mapping[str, object]:
    """Return what a repeated send has in common with the first: what the viewer has been granted since is not."""
    names = ("entity_code", "service_code", "anonymous", "beneficiary", "amount_cents", "description")
    # What is not there is left out: keys that are stored were made before there were stamps, and fields of services.
    present = [name for name in ("stamp", "extras") if getattr(request, name)]
    return {name: getattr(request, name) for name in (*names, *present)}


def _checked_debt(request: InsertRequest, rules: ServiceRules) -> Debt:
    """Check what the form gave against the service's rules."""
    if not rules.spontaneous:
        raise Refused(ErrorCode.UNKNOWN_SERVICE)
    if request.anonymous and not rules.allows_anonymous:
        raise Refused(ErrorCode.ANONYMOUS_NOT_ALLOWED)
    beneficiary = _checked_beneficiary(request, rules)
    values = extras.checked_extras(rules.extra_fields, request.extras, is_inserted=True)
    return Debt(
        service_code=rules.code,
        debtor=_debtor(request, rules, beneficiary),
        description=_description(request, rules, beneficiary, values),
        amount_cents=rules.amounts.check(request.amount_cents),
        beneficiary=beneficiary,
        stamp=rules.check_stamp(request.stamp),
        extras=values,
    )


def _checked_beneficiary(request: InsertRequest, rules: ServiceRules) -> Beneficiary | None:
    """Return for whom it is paid, where the service asks for it."""
    if not rules.takes_beneficiary:
        if request.beneficiary is not None:
            raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=["beneficiary"]))
        return None
    beneficiary = debt_rules.checked_beneficiary(request.beneficiary)
    if beneficiary is None and (rules.requires_beneficiary or request.anonymous):
        raise Refused(ErrorCode.BENEFICIARY_REQUIRED)
    return beneficiary


def _description(
    request: InsertRequest, rules: ServiceRules, beneficiary: Beneficiary | None, values: Mapping[str, str]
) -> str:
    """Return the causale: composed of the beneficiary, as typed, or of what the service must be told."""
    is_composed = not request.description and any(one.required for one in rules.extra_fields)
    if beneficiary is None and is_composed:
        return debt_rules.checked_description(extras.composed_description(rules.title, rules.extra_fields, values))
    return debt_rules.description_of(beneficiary, request.description)


def _debtor(request: InsertRequest, rules: ServiceRules, beneficiary: Beneficiary | None) -> Subject:
    """Return who owes: the logged-in citizen, or nobody in particular, named after the beneficiary or as typed."""
    debtor = request.debtor
    if request.anonymous:
        named = beneficiary.full_name if beneficiary else debt_rules.checked_name(debtor.full_name if debtor else "")
        return Subject(entity_type="F", fiscal_code=ANONYMOUS_FISCAL_CODE, full_name=named)
    if debtor is None or request.viewer.citizen_id is None:
        raise Refused(ErrorCode.LOGIN_REQUIRED)
    if debtor.fiscal_code != request.viewer.fiscal_code:
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=["debtor"]))
    rules.check_payer(debtor)
    return debtor
