"""What an entity's office does with practices: finds them, looks at one, amends, annuls and restores it.

Each write stands in the audit of the same transaction, with what it changed.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Row
from sqlalchemy.orm import Session

from chassis.audit import entries
from chassis.storage.database import Database, Tx
from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc.audit import AuditPage, AuditRequest
from contracts.rpc.office import (
    SELECTION_MAX,
    AmendRequest,
    FindRequest,
    FoundPractices,
    ImportMissingRequest,
    OfficeAnnulRequest,
    OfficePractice,
    OfficePracticeReply,
    OfficePracticeRequest,
    RestoreRequest,
    Selection,
    SelectionRequest,
    WriteRequest,
)
from services.practices import records
from services.practices.catalogue_records import Issuer, issuer_of
from services.practices.domain import debt_rules
from services.practices.domain.list_filter import ORDERS, Mark
from services.practices.domain.typed_search import TypedSearch, read_search
from services.practices.models import AuditEntry, PracticeRow
from services.practices.repository import catalogue, import_previews, imports, office, office_selection, practices
from services.practices.usecases import audited, issuance, list_cursor

_HISTORY_MAX: Final = 50


def find(database: Database, request: FindRequest, now: datetime) -> FoundPractices:
    """Find practices of an entity by what was typed. Raises Refused(INVALID_REQUEST) for a cursor that is not ours."""
    typed = read_search(request.text)
    after = list_cursor.read(request.cursor, ORDERS["newest"])
    code, services, limit = catalogue.readable_code(request.entity_code), request.service_codes, request.limit
    if not typed.reference:
        return FoundPractices(practices=[])
    if typed.fiscal_code is not None:
        ask = partial(
            office.of_debtor,
            entity_code=code,
            services=services,
            fiscal_code=typed.fiscal_code,
            before=after.place if after else None,
            limit=limit + 1,
        )
        rows = database.read(ask)
        next_cursor = list_cursor.write(Mark(None, rows[limit - 1].place)) if len(rows) > limit else None
        return FoundPractices(practices=_shown(rows[:limit], now), next_cursor=next_cursor)

    def read(session: Session) -> Any:
        found = office.by_reference(session, code, services, typed, limit)
        return found or _named(session, code, services, typed, limit + 1)

    rows = database.read(read)
    return FoundPractices(practices=_shown(rows[:limit], now), has_more=len(rows) > limit)


def _named(
    session: Session, entity_code: str, services: Sequence[str] | None, typed: TypedSearch, limit: int
) -> Sequence[Row[Any]]:
    """Find by name: first those that begin so, then those with the words anywhere."""
    if not typed.name_beginnings:
        return []
    found = list(office.by_name(session, entity_code, services, typed.name_beginnings, limit))
    if len(found) < limit:
        known = {row.id for row in found}
        by_words = office.by_words(session, entity_code, services, typed.name_words, limit)
        found += [row for row in by_words if row.id not in known]
    return found[:limit]


def show(database: Database, request: OfficePracticeRequest, now: datetime) -> OfficePracticeReply:
    """Return a practice and who changed what of it. Raises Refused(PRACTICE_NOT_FOUND)."""
    with database.reading() as session:
        row = office.practice(session, request.entity_code, request.service_codes, request.practice_id)
        if row is None:
            raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
        asked = AuditRequest(entity_code=request.entity_code, subject=str(row.id), limit=_HISTORY_MAX)
        history = entries.page(session, AuditEntry, asked).entries
    return OfficePracticeReply(practice=records.office_practice_of(row, now), history=history)


def amend(database: Database, request: AmendRequest, now: datetime) -> OfficePractice:
    """Give a practice another amount or due date; the same as they are changes nothing, and is not audited.

    Raises Refused: PRACTICE_NOT_FOUND, CHANGED_MEANWHILE, PRACTICE_NOT_AMENDABLE, and what the rules of a debt refuse.
    """

    def change(tx: Tx, row: PracticeRow) -> None:
        issuer = _issuer(tx, row)
        amended = records.amended_debt(row, issuer.rules, request.amount_cents, request.due_date)
        issuance.amend(tx, row, amended, issuer, now)

    reason = debt_rules.checked_description(request.reason) if request.reason else None
    return _written(database, request, Operation.AMEND_PRACTICES, reason, change, now)


def annul(database: Database, request: OfficeAnnulRequest, now: datetime) -> OfficePractice:
    """Withdraw a practice, with the reason the citizen is shown.

    Raises Refused: PRACTICE_NOT_FOUND, CHANGED_MEANWHILE, DESCRIPTION_REQUIRED, and those of `issuance.annul`.
    """
    reason = debt_rules.checked_description(request.reason)

    def change(tx: Tx, row: PracticeRow) -> None:
        issuance.annul(tx, row, reason, now)

    return _written(database, request, Operation.ANNUL_PRACTICES, reason, change, now)


def restore(database: Database, request: RestoreRequest, now: datetime) -> OfficePractice:
    """Take an annulment back. Raises as `annul` does, and those of `issuance.restore`."""
    reason = debt_rules.checked_description(request.reason)

    def change(tx: Tx, row: PracticeRow) -> None:
        issuance.restore(tx, row, _issuer(tx, row), now)

    return _written(database, request, Operation.RESTORE_PRACTICES, reason, change, now)


def selection(database: Database, request: SelectionRequest) -> Selection:
    """Return the references of debts to pay that are chosen, or that a filter finds. Raises Refused(IMPORT_NOT_FOUND).

    What citizens inserted has no reference, and is theirs to print.
    """
    with database.reading() as session:
        if request.import_id is not None:
            imports.imported(session, request.entity_code, request.import_id, request.service_codes)
        found = office_selection.selected(session, request, SELECTION_MAX + 1)
    return Selection(external_ids=found[:SELECTION_MAX], has_more=len(found) > SELECTION_MAX)


def import_missing(database: Database, request: ImportMissingRequest, now: datetime) -> FoundPractices:
    """Return a page of the debts that a previewed file does not name. Raises Refused(IMPORT_NOT_FOUND)."""
    with database.reading() as session:
        found = imports.imported(session, request.entity_code, request.import_id, request.service_codes)
        after = int(request.cursor) if request.cursor and request.cursor.isdecimal() else 0
        places = import_previews.missing_places(session, found.id, after, request.limit + 1)
        rows = office.at_places(session, places[: request.limit])
    next_cursor = str(places[request.limit - 1]) if len(places) > request.limit else None
    return FoundPractices(practices=_shown(rows, now), next_cursor=next_cursor)


def audit(database: Database, request: AuditRequest) -> AuditPage:
    """Return a page of the audit of practices; who may read it, the gateway has asked."""
    with database.reading() as session:
        return entries.page(session, AuditEntry, request)


def _written(
    database: Database,
    request: WriteRequest,
    operation: Operation,
    reason: str | None,
    change: Callable[[Tx, PracticeRow], None],
    now: datetime,
) -> OfficePractice:
    with database.transaction() as tx:
        row = office.locked(tx.session, request.entity_code, request.service_codes, request.practice_id)
        if row is None:
            raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
        if row.sequence != request.version:
            raise Refused(ErrorCode.CHANGED_MEANWHILE, audited.changed_meanwhile(tx, row))
        before = audited.fields_of(row)
        change(tx, row)
        if row.sequence != request.version:
            audited.note(tx, row, request.actor, operation, before, now, reason=reason)
        tx.session.flush()
        return records.office_practice_of(practices.practice(tx.session, row.id), now)


def _issuer(tx: Tx, row: PracticeRow) -> Issuer:
    """Return who issues the practice; of a service that was withdrawn too, whose practices stay."""
    read = practices.practice_with_catalogue(tx.session, row.id)
    return issuer_of(read.entity, read.service)


def _shown(rows: Any, now: datetime) -> list[OfficePractice]:
    return [records.office_practice_of(row, now) for row in rows]
