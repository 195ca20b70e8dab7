"""Debts to pay that an office chooses together: by their ids, or by a filter."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from contracts.calendar import ROME
from contracts.rpc.office import SelectionRequest
from services.practices.domain.states import State
from services.practices.models import ImportRow, PracticeRow
from services.practices.repository.office import NAME, conditions


def selected(session: Session, request: SelectionRequest, limit: int) -> Sequence[str]:
    """Return the references of debts to pay, those chosen or of a filter: by name, of one debtor as a file has them."""
    statement = select(PracticeRow.external_id).where(
        *conditions(request.entity_code, request.service_codes),
        PracticeRow.state == State.TO_PAY,
        PracticeRow.external_id.is_not(None),
        *_chosen(request),
    )
    found = session.scalars(statement.order_by(NAME, PracticeRow.place.desc()).limit(limit))
    return [external_id for external_id in found if external_id is not None]


def _chosen(request: SelectionRequest) -> Iterator[ColumnElement[bool]]:
    if request.practice_ids is not None:
        yield PracticeRow.id.in_(request.practice_ids)
    if request.service_code is not None:
        yield PracticeRow.service_code == request.service_code
    if request.due_since is not None:
        yield PracticeRow.due_date >= request.due_since
    if request.due_until is not None:
        yield PracticeRow.due_date <= request.due_until
    if request.created_since is not None:
        yield PracticeRow.created_at >= _midnight(request.created_since)
    if request.created_until is not None:
        yield PracticeRow.created_at < _midnight(request.created_until + timedelta(days=1))
    if request.import_id is not None:
        named = select(ImportRow.external_id).where(ImportRow.import_id == request.import_id)
        yield PracticeRow.external_id.in_(named)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ROME)
