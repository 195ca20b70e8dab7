"""Practices shown: lists, by id, plans, positions for the node, the feed of events."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Row
from sqlalchemy.orm import Session

from chassis.storage import event_feed
from chassis.storage.database import Database
from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import (
    BookedPractice,
    DebtGetRequest,
    DebtListRequest,
    DebtPage,
    DebtsRequest,
    DueDates,
    DueDatesRequest,
    EventsReply,
    EventsRequest,
    GetManyRequest,
    PlanRequest,
    PositionReply,
    PositionRequest,
    Practice,
    PracticeList,
)
from contracts.shapes import Viewer
from services.practices import catalogue_records, records
from services.practices.amount_software import AmountSoftware
from services.practices.domain import display, viewers
from services.practices.domain.debt import plan_references
from services.practices.domain.viewers import Visibility
from services.practices.models import OutboxMessage
from services.practices.repository import catalogue, practices
from services.practices.usecases import told_amounts

_DATED_MAX: Final = 500


def due_dates(database: Database, request: DueDatesRequest, now: datetime) -> DueDates:
    """Return the practices with a due date that the viewing citizen is debtor of, of all entities."""
    fiscal_code = request.viewer.fiscal_code
    if not fiscal_code:
        return DueDates(practices=[])
    since = request.since
    rows = database.read(partial(practices.dated_of_debtor, fiscal_code=fiscal_code, since=since, limit=_DATED_MAX))
    return DueDates(practices=[records.dated_practice_of(row, now) for row in rows])


def get_many(
    database: Database, request: GetManyRequest, now: datetime, software: AmountSoftware | None = None
) -> PracticeList:
    """Return the practices the viewer may see, in the order asked; the others are left out.

    The entity's software is asked first for the amounts that it says: who gets a practice may be about to pay it, or to
    print it. Without `software` what it said last is shown.
    """
    rows = database.read(partial(practices.practices, practice_ids=request.practice_ids))
    due = [row.id for row in rows.values() if _is_seen(row, request.viewer) and told_amounts.is_due(row, now)]
    if software is not None and due:
        told_amounts.ask(database, software, due, now)
        rows = database.read(partial(practices.practices, practice_ids=request.practice_ids))
    found = (rows[practice_id] for practice_id in request.practice_ids if practice_id in rows)
    shown = (_seen(row, request.viewer, now, asked=software is not None) for row in found)
    return PracticeList(practices=[practice for practice in shown if practice is not None])


def plan(database: Database, request: PlanRequest, now: datetime) -> PracticeList:
    """Return all instalments of the plan that a practice is one of, by number; alone where it is of none.

    Who sees the one only masked sees no others. Raises Refused(PRACTICE_NOT_FOUND).
    """
    with database.reading() as session:
        row = practices.practices(session, [request.practice_id]).get(request.practice_id)
        shown = _seen(row, request.viewer, now) if row else None
        if row is None or shown is None:
            raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
        rows = [] if shown.masked else _plan_rows(session, row, shown, request)
    return PracticeList(practices=[records.practice_of(other, now) for other in rows] or [shown])


def _plan_rows(session: Session, row: Row[Any], shown: Practice, request: PlanRequest) -> Sequence[Row[Any]]:
    if shown.debt_position is not None:
        return practices.of_option(session, row, all_options=request.all_options)
    references = plan_references(row.external_id, shown.instalment)
    return practices.instalments(session, row, references) if references else []


def debts(database: Database, request: DebtsRequest, now: datetime) -> PracticeList:
    """Return the entity's debts with these references, whole; no viewer, the entity asks. Unknown ones are left out."""
    code, references = request.entity_code, request.external_ids
    rows = database.read(partial(practices.of_references, entity_code=code, external_ids=references))
    return PracticeList(practices=[records.practice_of(row, now) for row in rows])


def debt(database: Database, request: DebtGetRequest, now: datetime) -> BookedPractice:
    """Return the entity's debt with this reference, whole. Raises Refused(PRACTICE_NOT_FOUND)."""
    code, references = request.entity_code, [request.external_id]
    rows = database.read(partial(practices.of_references, entity_code=code, external_ids=references))
    if not rows:
        raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
    return records.booked_practice_of(rows[0], now)


def list_debts(database: Database, request: DebtListRequest, now: datetime) -> DebtPage:
    """Return a page of an entity's practices, oldest first. Raises Refused(UNKNOWN_ENTITY), (INVALID_REQUEST)."""
    after = _made(request.cursor)
    with database.reading() as session:
        rows = practices.of_entity(session, request, after, request.limit + 1)
        if not rows:
            catalogue.entity(session, request.entity_code)
    page = rows[: request.limit]
    return DebtPage(
        practices=[records.booked_practice_of(row, now) for row in page],
        next_cursor=_made_cursor(page[-1]) if len(rows) > request.limit else None,
    )


def positions(database: Database, request: PositionRequest) -> PositionReply:
    """Return what payments needs of practices, and whose domain it is; no viewer, this never leaves the system."""
    with database.reading() as session:
        domain = request.creditor_fiscal_code
        entity = catalogue.entity_of_creditor(session, domain) if domain else None
        rows = practices.positions(session, domain, request.notice_number, request.practice_ids)
        rows = [*rows, *practices.rest_of_debt_positions(session, rows)]
    return PositionReply(
        creditor=catalogue_records.creditor_of(entity) if entity else None,
        positions=[records.position_of(row, row.entity, row.service) for row in rows],
    )


def events(database: Database, request: EventsRequest) -> EventsReply:
    """Return a page of the events published."""
    with database.reading() as session:
        return event_feed.page(session, OutboxMessage, request)


def _is_seen(row: Row[Any], viewer: Viewer) -> bool:
    return viewers.visibility(viewer, row.id, row.debtor_fiscal_code, row.inserted_by) is not Visibility.NONE


def _seen(row: Row[Any], viewer: Viewer, now: datetime, *, asked: bool = False) -> Practice | None:
    """Return the practice as far as the viewer may see it, or None."""
    visibility = viewers.visibility(viewer, row.id, row.debtor_fiscal_code, row.inserted_by)
    if visibility is Visibility.NONE:
        return None
    practice = records.practice_of(row, now, asked=asked)
    return practice if visibility is Visibility.WHOLE else display.masked(practice)


def _made_cursor(row: Row[Any]) -> str:
    return urlsafe_b64encode(f"{row.created_at.isoformat()} {row.place}".encode()).decode()


def _made(cursor: str | None) -> tuple[datetime, int] | None:
    """Read a cursor that `_made_cursor` wrote. Raises Refused(INVALID_REQUEST)."""
    if not cursor:
        return None
    try:
        moment, _, place = urlsafe_b64decode(cursor).decode("ascii").rpartition(" ")
        created_at = datetime.fromisoformat(moment)
        if created_at.tzinfo is not None and len(place) < 19 and place.isascii() and place.isdigit():
            return created_at, int(place)
    except ValueError:
        pass
    raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=["cursor"]))
