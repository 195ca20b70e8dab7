"""Practices that look like the same payment asked for twice, as far as the viewer may see them."""

from typing import Final

from sqlalchemy.orm import Session

from chassis.storage.database import Database
from contracts.codes import ANONYMOUS_FISCAL_CODE
from contracts.rpc.practices import DuplicatesReply, GetManyRequest, PracticeDuplicates
from contracts.shapes import Viewer
from services.practices import records
from services.practices.domain import viewers
from services.practices.domain.duplicates import DuplicateCandidate, are_duplicates
from services.practices.domain.viewers import Visibility
from services.practices.models import PracticeRow, Stored
from services.practices.repository import practices

_ISSUED: Final = "issued"
_DUPLICATES_MAX: Final = 20


def duplicates(database: Database, request: GetManyRequest) -> DuplicatesReply:
    """Return which of these practices have duplicates, newest first. Whether those were paid is payments' to say.

    Nobody learns of a practice here that they could not see otherwise, nor by whom a stranger's was paid.
    """
    with database.reading() as session:
        rows = practices.practices(session, request.practice_ids)
        asked = [row for row in rows.values() if _is_seen(row, request.viewer)]
        found = {row.id: _duplicates_of(session, row, request.viewer) for row in asked}
    return DuplicatesReply(
        equals=[
            PracticeDuplicates(practice_id=practice_id, equal_ids=[row.id for row in others])
            for practice_id, others in found.items()
            if others
        ]
    )


def _duplicates_of(session: Session, row: Stored, viewer: Viewer) -> list[PracticeRow]:
    seen_here = {*viewer.granted_practice_ids, *viewer.identified_practice_ids}
    code = None if row.debtor_fiscal_code == ANONYMOUS_FISCAL_CODE else row.debtor_fiscal_code
    one = _candidate_of(row)
    candidates = practices.duplicate_candidates(session, row, code, seen_here)
    found = [other for other in candidates if _is_seen(other, viewer) and are_duplicates(one, _candidate_of(other))]
    return found[:_DUPLICATES_MAX]


def _is_seen(row: Stored, viewer: Viewer) -> bool:
    seen = viewers.visibility(viewer, row.id, row.debtor_fiscal_code, row.inserted_by)
    return seen is not Visibility.NONE


def _candidate_of(row: Stored) -> DuplicateCandidate:
    return DuplicateCandidate(records.debt_of(row), row.origin == _ISSUED)
