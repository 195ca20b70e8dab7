"""A debt that an operator types in as a plan: instalments of one debtor, made together or not at all."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import pairwise
from uuid import UUID

from chassis.storage.database import Database, Tx
from contracts.codes import NoticeNumber
from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc.office import FoundPractices, OfficePlanRequest
from contracts.rpc.practices import DebtRequest
from contracts.shapes import Instalment
from services.practices import records
from services.practices.catalogue_records import Issuer
from services.practices.domain import debt_rules
from services.practices.domain.debt import Debt
from services.practices.models import PracticeRow
from services.practices.repository import catalogue, practices
from services.practices.usecases import audited, debts, issuance
from services.practices.usecases.office_insertion import OWN_REFERENCE, content_of


def insert_plan(database: Database, request: OfficePlanRequest, now: datetime) -> FoundPractices:
    """Create a plan once per key of the same actor, and return its instalments as they stand now, the first first.

    Each is known by the entity's reference, a hyphen and its number, which makes them a plan. Raises Refused:
    UNKNOWN_SERVICE, DUPLICATE_REFERENCE, IDEMPOTENCY_CONFLICT, INVALID_DATE where one is not due after the one before,
    and what the rules of a debt refuse.
    """
    if request.service_codes is not None and request.service_code not in request.service_codes:
        raise Refused(ErrorCode.UNKNOWN_SERVICE)
    if any(one.due_date >= later.due_date for one, later in pairwise(request.instalments)):
        raise Refused(ErrorCode.INVALID_DATE)
    issuer = database.read(partial(catalogue.issuer, entity_code=request.entity_code, code=request.service_code))
    checked = [debts.checked_debt(one, issuer.rules) for one in _as_debts(request)]
    if request.external_id:
        debt_rules.checked_external_id(f"{request.external_id}-{len(checked)}")

    def put() -> FoundPractices:
        numbers = issuance.allocate(database, issuer, len(checked))
        with database.transaction() as tx:

            def make() -> dict[str, list[str]]:
                return {"practice_ids": _inserted(tx, request, checked, numbers, issuer, now)}

            made = tx.once(f"office:{request.actor.id}", request.idempotency_key, _content_of(request), make)
            ids = [UUID(one) for one in made["practice_ids"]]
            rows = practices.practices(tx.session, ids)
            return FoundPractices(practices=[records.office_practice_of(rows[one], now) for one in ids])

    return issuance.again_on_conflict(put)


def _inserted(
    tx: Tx,
    request: OfficePlanRequest,
    checked: Sequence[Debt],
    numbers: Iterator[NoticeNumber],
    issuer: Issuer,
    now: datetime,
) -> list[str]:
    """Insert the instalments, and return their ids, the first first. Raises Refused(DUPLICATE_REFERENCE).

    From the last to the first: lists show the newest first, so the plan reads as it is paid.
    """
    given = list(numbers)
    stem = request.external_id or f"{OWN_REFERENCE}{given[0]}"
    references = [f"{stem}-{number}" for number in range(1, len(checked) + 1)]
    if practices.known_external_ids(tx.session, issuer.entity.code, references):
        raise Refused(ErrorCode.DUPLICATE_REFERENCE)
    made = [
        PracticeRow(**issuance.insert(tx, reference, number, debt, issuer, now))
        for reference, number, debt in reversed(list(zip(references, given, checked, strict=True)))
    ][::-1]
    for row in made:
        audited.note(tx, row, request.actor, Operation.INSERT_PRACTICES, {}, now)
    return [str(row.id) for row in made]


def _as_debts(request: OfficePlanRequest) -> list[DebtRequest]:
    total = len(request.instalments)
    return [
        DebtRequest(
            entity_code=request.entity_code,
            external_id=request.external_id or OWN_REFERENCE,
            service_code=request.service_code,
            fiscal_code=request.fiscal_code,
            full_name=request.full_name,
            email=request.email,
            amount_cents=one.amount_cents,
            description=request.description,
            due_date=one.due_date,
            instalment=Instalment(number=number, total=total),
        )
        for number, one in enumerate(request.instalments, start=1)
    ]


def _content_of(request: OfficePlanRequest) -> Mapping[str, object]:
    """Return what a repeated send has in common with the first."""
    instalments = [[one.amount_cents, one.due_date.isoformat()] for one in request.instalments]
    return {**content_of(request), "instalments": instalments}
